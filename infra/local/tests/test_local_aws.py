"""The local AWS itself, with a stub in the place of the function: what it delivers, repeats, gives up and breaks."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local_aws.faults import Fault
from local_aws.function_settings import CREDENTIALS, REGION
from local_aws.local_stack import LocalAws, Wishes

from .conftest import Up

QUICK = {"window_seconds": 0.1, "poll_seconds": 0.05, "backoff_seconds_max": 0.05}


class Stubbed:
    """A local AWS with the stub, and what the stub noted."""

    def __init__(self, up: Up, stub: Path, **mapping: Any) -> None:
        self.notes = stub / "notes"
        self.notes.touch()
        variables = {"STUB_NOTES": str(self.notes)}
        wishes = Wishes(mapping=QUICK | mapping, variables=variables, timeout_seconds=1)
        self.aws: LocalAws = up(stub, wishes)
        self.kinesis = self.aws.client("kinesis")

    def put(self, *records: str) -> None:
        """Puts records, each at a key of its own."""
        entries = [{"Data": record.encode(), "PartitionKey": record} for record in records]
        answer = self.kinesis.put_records(StreamName=self.aws.stream, Records=entries)
        assert answer["FailedRecordCount"] == 0

    def batches(self) -> list[list[str]]:
        return [json.loads(line) for line in self.notes.read_text().splitlines()]

    def delivered(self) -> list[str]:
        return [record.split(" ", 1)[1] for batch in self.batches() for record in batch]

    def given_up(self) -> list[dict[str, Any]]:
        s3 = self.aws.client("s3")
        keys = [found["Key"] for found in s3.list_objects_v2(Bucket=self.aws.bucket).get("Contents", [])]
        assert all(key.startswith("aws/lambda/") for key in keys)
        return [json.load(s3.get_object(Bucket=self.aws.bucket, Key=key)["Body"]) for key in keys]


def test_every_record_comes_once_and_in_order_through_splits_and_merges(up: Up, stub: Path) -> None:
    stubbed = Stubbed(up, stub)
    stubbed.aws.source.start()
    kinesis, stream = stubbed.kinesis, stubbed.aws.stream
    records = [f"ok:{number:04}" for number in range(400)]
    stubbed.put(*records[:100])
    shards = stubbed.aws.source.shards()
    middle = (int(shards[1]["HashKeyRange"]["StartingHashKey"]) + int(shards[1]["HashKeyRange"]["EndingHashKey"])) // 2
    kinesis.split_shard(StreamName=stream, ShardToSplit=shards[1]["ShardId"], NewStartingHashKey=str(middle))
    stubbed.put(*records[100:200])
    kinesis.merge_shards(
        StreamName=stream, ShardToMerge=shards[2]["ShardId"], AdjacentShardToMerge=shards[3]["ShardId"]
    )
    stubbed.put(*records[200:])
    stubbed.aws.source.wait_until_read(len(records), 30)
    assert sorted(stubbed.delivered()) == records
    seen: dict[str, list[int]] = {}
    for batch in stubbed.batches():
        for record in batch:
            shard, _, number = record.split(" ")[0].partition(":")
            seen.setdefault(shard, []).append(int(number))
    assert len(seen) == 7
    assert all(numbers == sorted(numbers) for numbers in seen.values())
    # Children begin after their parents have ended: numbers grow over the whole stream.
    assert max(seen["shardId-000000000001"]) < min(seen["shardId-000000000004"] + seen["shardId-000000000005"])
    assert max(seen["shardId-000000000002"] + seen["shardId-000000000003"]) < min(seen["shardId-000000000006"])


def test_what_failed_comes_again_from_the_lowest_failure(up: Up, stub: Path) -> None:
    stubbed = Stubbed(up, stub)
    for record in ("ok:1", "fail-once:2", "ok:3"):
        stubbed.kinesis.put_record(StreamName=stubbed.aws.stream, Data=record.encode(), PartitionKey="one")
    stubbed.aws.source.start()
    stubbed.aws.source.wait_until_read(3, 20)
    assert stubbed.delivered() == ["ok:1", "fail-once:2", "ok:3", "fail-once:2", "ok:3"]


@pytest.mark.parametrize(("poison", "function_error"), [("crash", True), ("slow", True), ("fail", False)])
def test_a_record_that_always_fails_goes_aside_and_the_shard_goes_on(
    up: Up, stub: Path, poison: str, function_error: bool
) -> None:
    stubbed = Stubbed(up, stub, retries_max=1)
    for record in ("ok:1", "ok:2", f"{poison}:3", "ok:4"):
        stubbed.kinesis.put_record(StreamName=stubbed.aws.stream, Data=record.encode(), PartitionKey="one")
    stubbed.aws.source.start()
    stubbed.aws.source.wait_until_read(4, 40)
    told = stubbed.given_up()
    assert told[0]["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert ("functionError" in told[0]["responseContext"]) == function_error
    given_up = [r for message in told for r in json.loads(message["payload"])["Records"]]
    assert f"{poison}:3" in [_data(record) for record in given_up]
    if function_error:
        # Halving leaves the one record that is to blame.
        assert [message["KinesisBatchInfo"]["batchSize"] for message in told] == [1]
    assert Counter(stubbed.delivered())["ok:4"] >= 1


def _data(record: dict[str, Any]) -> str:
    import base64

    return base64.b64decode(record["kinesis"]["data"]).decode()


def test_faults_strike_where_they_should(up: Up, stub: Path) -> None:
    aws = up(stub, Wishes())
    faulty = {
        name: boto3.client(
            name,
            endpoint_url=aws.server.faulty_url,
            region_name=REGION,
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            config=boto3.session.Config(retries={"total_max_attempts": 1}),
        )
        for name in ("dynamodb", "sns")
    }
    table, topic = aws.stack.ref("Table"), aws.stack.ref("AlertTopic")
    key = {"bucket": {"B": b"a"}, "group": {"B": b"b"}}
    aws.set_faults(1, [Fault("dynamodb", "throttle", 1.0, "PutItem")])
    with pytest.raises(ClientError, match="ProvisionedThroughputExceeded"):
        faulty["dynamodb"].put_item(TableName=table, Item=key)
    plain = aws.client("dynamodb")
    assert plain.scan(TableName=table)["Items"] == []
    aws.set_faults(1, [Fault("dynamodb", "error_after", 1.0, "PutItem")])
    with pytest.raises(ClientError, match="InternalError"):
        faulty["dynamodb"].put_item(TableName=table, Item=key)
    assert plain.scan(TableName=table)["Items"] == [key]
    aws.set_faults(1, [Fault("dynamodb", "partial", 1.0, "BatchGetItem")])
    answer = faulty["dynamodb"].batch_get_item(RequestItems={table: {"Keys": [key]}})
    assert answer["UnprocessedKeys"][table]["Keys"] == [key]
    aws.set_faults(1, [Fault("sns", "partial", 1.0, "PublishBatch")])
    entries = [{"Id": str(at), "Message": json.dumps({"unmapped": {"at": at}})} for at in range(10)]
    answer = faulty["sns"].publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
    done = {entry["Id"] for entry in answer["Successful"]}
    refused = {entry["Id"] for entry in answer["Failed"]}
    assert refused and done and done | refused == {entry["Id"] for entry in entries}
    assert {str(notice["alert"]["at"]) for notice in aws.queue.receive()} == done
    aws.set_faults(1, [])
    with pytest.raises(ClientError, match="at most 100"):
        keys = [{"bucket": {"B": b"a"}, "group": {"B": bytes([at])}} for at in range(101)]
        faulty["dynamodb"].batch_get_item(RequestItems={table: {"Keys": keys}})
    assert aws.told()["struck"]["dynamodb:PutItem throttle"] == 1
