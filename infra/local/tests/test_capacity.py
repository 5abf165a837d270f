"""What calls of DynamoDB cost, by AWS's own examples, and what is refused: hot partition keys, and no others."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.capacity import CAPACITY_PATH, READ, WRITE, Limits, Throttled, lines
from local_aws.faults import Fault
from local_aws.item_size import write_units
from local_aws.local_stack import LocalAws, Wishes

from .charged_table import KB, Table, item, key, throttled
from .conftest import Programs, Up
from .recordings import attack, episode, expected, on_stream, send
from .test_attacks import close_all
from .test_faults import check_alerts


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    """One for all of these tests; there is no function in it, and nobody calls one."""
    folder = tmp_path_factory.mktemp("capacity")
    aws = LocalAws(folder / "aws", folder / "no-package")
    yield aws
    aws.close()


@pytest.fixture
def table(local: LocalAws) -> Table:
    """Empty, with nothing used, at second 0."""
    local.set_limits(None)
    local.set_faults(1, [])
    table = Table(local)
    plain = local.client("dynamodb")
    for found in plain.scan(TableName=table.name)["Items"]:
        plain.delete_item(TableName=table.name, Key={name: found[name] for name in ("bucket", "group")})
    table.at(0)
    local.set_limits(Limits())
    local.server.control("DELETE", path=CAPACITY_PATH)
    return table


def test_what_calls_cost(table: Table) -> None:
    """With the numbers of the documentation, through the SDK."""
    put, get, cost = table.put, table.get, table.cost
    assert cost(WRITE, lambda: put(item("a", int(1.6 * KB)))) == 2
    # The larger of before and after, whichever it is.
    assert cost(WRITE, lambda: put(item("a", 5 * KB))) == 5
    assert cost(WRITE, lambda: put(item("a", 500))) == 5
    update = {"UpdateExpression": "SET #v = :v", "ExpressionAttributeNames": {"#v": "version"}}
    update["ExpressionAttributeValues"] = {":v": {"B": bytes(2 * KB)}}
    change = {"TableName": table.name, "Key": key("a")} | update
    assert cost(WRITE, lambda: table.dynamodb.update_item(**change)) == 3
    assert cost(WRITE, lambda: table.dynamodb.delete_item(TableName=table.name, Key=key("a"))) == 3
    assert cost(WRITE, lambda: table.dynamodb.delete_item(TableName=table.name, Key=key("a"))) == 1
    # Each of a batch for itself: 500 bytes and 3.5 KB are five units, 1.5 and 6.5 KB are three.
    writes = [{"PutRequest": {"Item": item("a", size, at)}} for at, size in enumerate((500, int(3.5 * KB)))]
    batch = {table.name: writes}
    assert cost(WRITE, lambda: table.dynamodb.batch_write_item(RequestItems=batch)) == 5
    for at, size in enumerate((int(1.5 * KB), int(6.5 * KB))):
        put(item("b", size, at))
    assert cost(READ, lambda: table.batch_get([key("b", 0), key("b", 1)])) == 3
    assert cost(READ, lambda: table.batch_get([key("b", 7)])) == 1
    assert cost(READ, lambda: get(key("b", 1), ConsistentRead=True)) == 2
    assert cost(READ, lambda: get(key("b", 1))) == 1
    assert cost(READ, lambda: get(key("nobody"))) == 0.5
    # A projection saves nothing.
    assert cost(READ, lambda: get(key("b", 1), ConsistentRead=True, ProjectionExpression="version")) == 2


def test_a_query_costs_the_sum_of_what_it_reads(table: Table) -> None:
    """Ten items of 40.8 KB together are 44 KB, whatever of them is filtered away, left out or only counted."""
    for at in range(10):
        table.put(item("q", int(4.08 * KB), at))
    query, cost = table.query, table.cost
    assert cost(READ, lambda: query("q", ConsistentRead=True)) == 11
    assert cost(READ, lambda: query("q")) == 5.5

    def few() -> dict[str, Any]:
        names, values = {"#version": "version"}, {":version": {"N": "2"}}
        return query("q", ConsistentRead=True, FilterExpression="#version = :version", names=names, values=values)

    table.put(item("q", int(4.08 * KB), 3, version=2))
    assert (few()["Count"], few()["ScannedCount"]) == (1, 10)
    assert cost(READ, few) == 11
    assert cost(READ, lambda: query("q", ConsistentRead=True, ProjectionExpression="version")) == 11
    assert cost(READ, lambda: query("q", ConsistentRead=True, Select="COUNT")) == 11
    assert cost(READ, lambda: query("q", ConsistentRead=True, Limit=5)) == 6
    assert cost(READ, lambda: query("nobody", ConsistentRead=True)) == 1
    assert table.used(READ)["key"] == b"q".hex()


def test_the_index_costs_when_its_entry_comes_changes_or_goes(table: Table) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LSI.html#LSI.ThroughputConsiderations.Writes"""

    def index_cost(due: int | None, size: int = 500) -> float:
        before = table.used(WRITE)
        units = table.cost(WRITE, lambda: table.put(item("i", size, due=due)))
        index = table.used(WRITE)["index_units"] - before["index_units"]
        assert units == index + write_units(size)
        return index

    assert index_cost(None) == 0
    assert index_cost(7) == 1
    # The item changes, its entry does not.
    assert index_cost(7) == 0
    assert index_cost(8) == 2
    assert index_cost(None) == 1
    assert index_cost(9, size=9 * KB) == 1
    # Nine units for the item and one for its entry.
    assert table.cost(WRITE, lambda: table.dynamodb.delete_item(TableName=table.name, Key=key("i"))) == 10
    # An entry holds the keys alone: 30 bytes each, whatever the items have.
    for at in range(20):
        table.put(item("i", 30 * KB, at, due=9))
    assert table.cost(READ, lambda: table.query("i", IndexName="due", ConsistentRead=True)) == 1


def test_a_failed_condition_is_paid_for(table: Table) -> None:
    """An item of 300 KB that was to become one of 310 KB costs 310, whether it does or not.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithItems.html#WorkingWithItems.ConditionalUpdate
    """

    def conditional(bucket: str, size: int, expected: int) -> None:
        condition = {"ConditionExpression": "#v = :v", "ExpressionAttributeNames": {"#v": "version"}}
        values = {":v": {"N": str(expected)}}
        table.put(item(bucket, size, version=expected + 1), ExpressionAttributeValues=values, **condition)

    def fails(bucket: str, size: int) -> None:
        with pytest.raises(ClientError, match="ConditionalCheckFailed"):
            conditional(bucket, size, 5)

    table.put(item("c", 300 * KB))
    assert table.cost(WRITE, lambda: fails("c", 310 * KB)) == 310
    assert table.cost(WRITE, lambda: fails("c", 500)) == 300
    table.at(1)
    assert table.cost(WRITE, lambda: conditional("c", 310 * KB, 1)) == 310
    assert table.cost(WRITE, lambda: fails("none", 2 * KB)) == 2
    # Where it fails, the index does not change.
    table.put(item("c", 500, due=3))
    assert table.used(WRITE)["index_units"] == 1
    assert table.cost(WRITE, lambda: fails("c", 500)) == 1
    assert table.used(WRITE)["index_units"] == 1
    # What is refused as wrong costs nothing.
    wrong = {"TableName": table.name, "Item": {"bucket": {"B": b"c"}}}
    with pytest.raises(ClientError, match="ValidationException"):
        table.dynamodb.put_item(**wrong)
    assert table.cost(WRITE, lambda: throttled(lambda: table.dynamodb.put_item(**wrong))) == 0


def test_a_hot_partition_key_is_throttled_while_others_go_on(table: Table) -> None:
    for group in range(4):
        table.put(item("hot", 230 * KB, group))
    refused = throttled(lambda: table.put(item("hot", 230 * KB, 4)))
    # What tables on demand answer, and why.
    assert refused["Error"]["Code"] == "ThrottlingException"
    assert refused["ResponseMetadata"]["HTTPStatusCode"] == 400
    (reason,) = refused["throttlingReasons"]
    assert reason["reason"] == "TableWriteKeyRangeThroughputExceeded"
    assert reason["resource"].endswith(f"table/{table.name}")
    throttled(lambda: table.dynamodb.delete_item(TableName=table.name, Key=key("hot")))
    # It had no effect. Reads are apart, as are other keys, and what still fits into the second.
    assert "Item" not in table.get(key("hot", 4))
    assert "Item" in table.get(key("hot", 0))
    table.put(item("cool", 230 * KB))
    table.put(item("hot", 80 * KB, 5))
    throttled(lambda: table.put(item("hot", 500, 6)))
    used = table.used(WRITE)
    assert (used["key"], used["key_max"], used["throttled"]) == (b"hot".hex(), 1000, 3)
    assert (used["second_max"], used["item_max"]) == (1230, 230)
    # The next second has room again.
    table.at(1)
    table.put(item("hot", 230 * KB, 4))
    assert "Item" in table.get(key("hot", 4))


def test_reads_are_throttled_by_what_they_would_read(table: Table) -> None:
    table.aws.set_limits(Limits(key_read_units=30))
    for at in range(3):
        table.put(item("r", 40 * KB, at))
    table.query("r", ConsistentRead=True)
    reasons = [
        throttled(lambda: table.query("r"))["throttlingReasons"][0]["reason"],
        throttled(lambda: table.get(key("r")))["throttlingReasons"][0]["reason"],
    ]
    assert set(reasons) == {"TableReadKeyRangeThroughputExceeded"}
    table.query("another")
    assert table.used(READ)["throttled"] == 2


def test_a_batch_comes_back_in_part(table: Table) -> None:
    table.aws.set_limits(Limits(key_read_units=20))
    for at in range(3):
        table.put(item("hot", 40 * KB, at))
    table.put(item("cool", 40 * KB))
    keys = [key("hot", at) for at in range(3)] + [key("cool")]
    found, left = table.batch_get(keys)
    assert sorted((one["bucket"]["B"], one["group"]["B"]) for one in found) == [
        (b"cool", b"\0\0"),
        (b"hot", b"\0\0"),
        (b"hot", b"\0\1"),
    ]
    assert left == [key("hot", 2)]
    # Where there is no room for any, the call is refused.
    assert throttled(lambda: table.batch_get(left))["Error"]["Code"] == "ThrottlingException"
    table.at(1)
    found, left = table.batch_get(left)
    assert (len(found), left) == (1, [])

    table.aws.set_limits(Limits(key_write_units=3))
    writes = {table.name: [{"PutRequest": {"Item": item("w", 2 * KB, at)}} for at in range(3)]}
    answer = table.dynamodb.batch_write_item(RequestItems=writes)
    assert [one["PutRequest"]["Item"]["group"]["B"] for one in answer["UnprocessedItems"][table.name]] == [
        b"\0\1",
        b"\0\2",
    ]
    assert "Item" in table.get(key("w", 0)) and "Item" not in table.get(key("w", 1))


def test_an_injected_part_and_a_throttled_one_add_up(table: Table) -> None:
    """No key is lost between the two: each comes back as an item, or as unprocessed."""
    table.aws.set_limits(Limits(key_read_units=25))
    for at in range(8):
        table.put(item("p", 36 * KB, at))
    table.aws.set_faults(1, [Fault("dynamodb", "partial", 1.0, "BatchGetItem")])
    left = [key("p", at) for at in range(8)]
    groups: Counter[bytes] = Counter()
    # Of a single key, nothing is done while the fault strikes.
    for call in range(40):
        # Of three calls in a second, the last ones find no room at all.
        table.at(call // 3)
        wanted = {table.name: {"Keys": left, "ConsistentRead": True}}
        answer = table.dynamodb.batch_get_item(RequestItems=wanted)
        found = [one["group"]["B"] for one in answer["Responses"][table.name]]
        groups.update(found)
        still = answer["UnprocessedKeys"][table.name]["Keys"]
        assert len(found) + len(still) == len(left)
        left = still
    table.aws.set_faults(1, [])
    groups.update(one["group"]["B"] for one in table.batch_get(left)[0])
    assert groups == Counter(at.to_bytes(2, "big") for at in range(8))
    assert table.used(READ)["throttled"] > 0


def test_a_table_has_a_limit_too(table: Table) -> None:
    table.aws.set_limits(Limits(table_write_units=10))
    for at in range(5):
        table.put(item(f"key {at}", 2 * KB))
    refused = throttled(lambda: table.put(item("another", 500)))
    assert refused["Error"]["Code"] == "RequestLimitExceeded"
    assert refused["ThrottlingReasons"][0]["reason"] == "TableWriteAccountLimitExceeded"


def test_the_switch(table: Table, tmp_path: Path) -> None:
    """Without limits it counts all the same."""
    table.aws.set_limits(None)
    for at in range(6):
        table.put(item("hot", 230 * KB, at))
    used = table.used(WRITE)
    assert (used["units"], used["throttled"], table.aws.capacity()["limits"]) == (1380, 0, None)
    table.aws.set_limits(Limits())
    throttled(lambda: table.put(item("hot", KB)))
    unlimited = LocalAws(tmp_path / "aws", tmp_path, Wishes(limits=None))
    try:
        assert unlimited.capacity()["limits"] is None
    finally:
        unlimited.close()


def test_time_is_that_of_the_local_aws(table: Table) -> None:
    """Unless it is told; put forward, a new second begins."""
    table.at(None)
    table.aws.set_limits(Limits(key_write_units=300))
    table.put(item("t", 290 * KB))
    table.aws.put_forward(60)
    table.put(item("t", 290 * KB))
    throttled(lambda: table.put(item("t", 290 * KB)))


def test_what_it_does_not_know_is_an_error(table: Table) -> None:
    writes = [{"Put": {"TableName": table.name, "Item": item("t", 500)}}]
    refused = throttled(lambda: table.dynamodb.transact_write_items(TransactItems=writes))
    assert "what TransactWriteItems costs is not known to the local AWS" in refused["Error"]["Message"]


def test_cloudwatch_hears_of_it(table: Table) -> None:
    table.aws.gather_metrics()
    begun = table.aws.clock.now()
    table.put(item("m", 600 * KB // 2, due=5))
    table.aws.set_limits(Limits(key_write_units=1))
    throttled(lambda: table.put(item("m", 500)))
    metrics = table.aws.gather_metrics()
    values = {
        metric.name: metrics.between(metric, begun, begun + 60)
        for metric in list(metrics.values)
        if metric.namespace == "AWS/DynamoDB" and dict(metric.dimensions) == {"TableName": table.name}
    }
    assert values["ConsumedWriteCapacityUnits"] == [301]
    assert values["WriteThrottleEvents"] == [1]


def test_a_report_is_told_to_people(table: Table) -> None:
    watch = Throttled()
    table.put(item("m", 2 * KB, due=5))
    assert watch.lines(table.aws.capacity()) == []
    line = (
        f"table {table.name}: 3 write units (1 for the index), at most 3 within a second, 3 of one partition key (6d)"
    )
    assert lines(table.aws.capacity()) == [f"{line}; 0 throttled"]
    table.aws.set_limits(Limits(key_write_units=3))
    throttled(lambda: table.put(item("m", 500)))
    told = watch.lines(table.aws.capacity(), datetime(2026, 5, 3, 12))
    assert told == ["12:00:00  the table throttles, as DynamoDB would", f"          {line}; 1 throttled"]
    assert watch.lines(table.aws.capacity()) == []


def written(table: Table, writers: int) -> Counter[bool]:
    """How many of so many writers of one item of 230 KB, all at once, get through in this second."""

    def write(version: int) -> bool:
        try:
            table.put(item("pool", 230 * KB, version=version))
        except ClientError as refused:
            assert refused.response["Error"]["Code"] == "ThrottlingException"
            return False
        return True

    with ThreadPoolExecutor(writers) as threads:
        return Counter(threads.map(write, range(1, writers + 1)))


def test_one_large_item_is_a_wall(table: Table, told: Callable[[str], None]) -> None:
    """An item of 230 KB, as that of a rule with one group for a whole user pool, takes four writes a second.

    Each shard's worker writes it once in a batch of two seconds. Eight do, with 920 of 1,000 units; the ninth does
    not, and of sixteen a half has to wait, however large the table's own limit is.
    """
    shares = {}
    for at, shards in enumerate((4, 8, 9, 16)):
        counts: Counter[bool] = Counter()
        for second in range(2):
            table.at(10 * at + second)
            counts += written(table, (shards + 1 - second) // 2)
        shares[shards] = counts[False]
    assert shares == {4: 0, 8: 0, 9: 1, 16: 8}
    used = table.used(WRITE)
    assert (used["key_max"], used["second_max"], used["throttled"]) == (920, 920, 9)
    # Spread over partition keys, the same load is none.
    table.at(100)
    for at in range(16):
        table.put(item(f"lane {at}", 230 * KB))
    assert table.used(WRITE)["throttled"] == 9
    told(f"writers of one item of 230 KB every two seconds, and how many are throttled: {shares}")


def test_the_function_tells_the_same_where_the_table_has_little_room(
    up: Up, programs: Programs, tmp_path: Path, told: Callable[[str], None]
) -> None:
    """Refused writes, and batches that come back in part, are tried again until all is there."""
    mapping = {"window_seconds": 0.2, "poll_seconds": 0.05, "backoff_seconds_max": 0.5}
    wishes = Wishes(parameters={"Lateness": "24h"}, mapping=mapping, limits=Limits(key_read_units=8))
    aws = up(programs.package, wishes)
    table = Table(aws)
    send(programs.replay, aws, aws.stream, attack("cross_owner_access"))
    data = [one for records in on_stream(aws, aws.stream).values() for one in records]
    wanted = {episode(alert): alert for alert in expected(programs.replay, data, tmp_path)}
    # No second ends until something has been refused: first reads, then writes.
    table.at(0)
    aws.source.start()
    # A part of the log alone may take a hundred units of its key.
    for kind, limits in ((READ, Limits(table_write_units=100)), (WRITE, Limits(key_write_units=100))):
        until = time.monotonic() + 60
        while table.used(kind)["throttled"] == 0:
            assert time.monotonic() < until, f"nothing throttled: {table.aws.capacity()}"
            time.sleep(0.05)
        aws.set_limits(limits)
    table.at(None)
    aws.source.wait_until_read(len(data), 60)
    told("; ".join(lines(aws.capacity())))
    close_all(aws)
    check_alerts([notice["alert"] for notice in aws.queue.receive()], wanted)
