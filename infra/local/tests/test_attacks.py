"""The attack recordings through the real function: sent with `replay send`, each episode arrives in the queue."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from local_aws import capacity
from local_aws.local_stack import LocalAws, Wishes
from local_aws.template import as_written

from .conftest import Programs, Up
from .recordings import ATTACKS, attack, episode, expected, line_of, on_stream, run, send, shifted

LATENESS = timedelta(hours=24)


def close_all(aws: LocalAws) -> dict[str, Any]:
    """Sweeps as the schedule will when everything is over, until one gets through; tells what that one answered."""
    until = time.monotonic() + 60
    while True:
        outcome = aws.schedule.sweep(datetime.now(UTC) + 2 * LATENESS)
        answer = json.loads(outcome.payload)
        if answer.get("complete"):
            return answer
        assert time.monotonic() < until, answer


def test_each_episode_of_the_attacks_arrives_with_the_numbers_of_a_backtest(
    up: Up, programs: Programs, tmp_path: Path, told: Callable[[str], None]
) -> None:
    aws = up(programs.package, Wishes(parameters={"Lateness": "24h"}))
    # From now on batches leave to the log what only sweeps judge.
    assert json.loads(aws.schedule.sweep(datetime.now(UTC)).payload)["complete"]
    by_shard: dict[str, list[bytes]] = {}
    for family in ATTACKS:
        shift = send(programs.replay, aws, aws.stream, attack(family))
        before, by_shard = by_shard, on_stream(aws, aws.stream)
        added = [one for shard, records in by_shard.items() for one in records[len(before.get(shard, [])) :]]
        # What the stream carries is the recording, but for the time.
        as_recorded = [shifted(alert, shift) for alert in run(programs.replay, attack(family))]
        as_carried = [shifted(alert, timedelta()) for alert in expected(programs.replay, added, tmp_path)]
        assert as_recorded and sorted(as_recorded, key=str) == sorted(as_carried, key=str)
    assert len(by_shard) == 4 and all(len(records) > 20 for records in by_shard.values())
    data = [one for records in by_shard.values() for one in records]
    wanted = expected(programs.replay, data, tmp_path)
    assert len(wanted) >= 12  # All four at the same time: a total over a user pool counts them together.

    aws.source.start()
    aws.source.wait_until_read(len(data), 60)
    at_once = [notice["alert"] for notice in aws.queue.receive()]
    assert {alert["status"] for alert in at_once} == {"open"}
    close_all(aws)
    notices = at_once + [notice["alert"] for notice in aws.queue.receive()]
    opened = [alert for alert in notices if alert["status"] == "open"]
    closed = [alert for alert in notices if alert["status"] == "closed"]
    # Some conditions could be undone by later events, so that only the watermark decides them.
    assert len(at_once) >= 12

    # Everything is told of once when it begins, and once when it is over, also where all four workers see it begin.
    ids = {episode(alert): alert["alert_id"] for alert in closed}
    assert Counter(alert["alert_id"] for alert in closed) == Counter(ids.values())
    assert Counter(alert["alert_id"] for alert in opened) == Counter(ids.values())

    # The numbers of a backtest over what the stream carried. An id keeps the opening that was known first.
    final = {episode(alert): alert for alert in closed}
    assert final.keys() == {episode(alert) for alert in wanted}
    for alert in wanted:
        notice = line_of(final[episode(alert)], alert)
        assert {**notice, "alert_id": ""} == {**alert, "alert_id": "", "status": "closed"}
    same_id = sum(final[episode(alert)]["alert_id"] == alert["alert_id"] for alert in wanted)

    calls, (used,) = aws.told()["calls"], aws.capacity()["tables"].values()
    assert [kind["throttled"] for kind in used.values()] == [0, 0]
    told(
        f"{len(data)} records, {aws.source.counts['invocations']} invocations, {len(wanted)} episodes, "
        f"{len(at_once)} told of at once, {same_id} under the id of the backtest; calls: {calls}; "
        f"{'; '.join(capacity.lines(aws.capacity()))}"
    )
    check_metrics(aws)
    check_log(aws)


def check_metrics(aws: LocalAws) -> None:
    """What alarms and dashboard look at is what the function writes."""
    lines = [json.loads(line) for line in (aws.folder / "function.log").read_text().splitlines()]
    directives = [line["_aws"]["CloudWatchMetrics"][0] for line in lines if "_aws" in line]
    assert {d["Namespace"] for d in directives} == {"Vedette"}
    assert {tuple(map(tuple, d["Dimensions"])) for d in directives} == {(("FunctionName",),)}
    written = {metric["Name"] for d in directives for metric in d["Metrics"]}
    resources = as_written()["Resources"]
    wanted = set()
    for resource in resources.values():
        alarm = resource["Properties"]
        if alarm.get("Namespace") == "Vedette":
            wanted.add(alarm["MetricName"])
        metrics = [m["MetricStat"]["Metric"] for m in alarm.get("Metrics", []) if "MetricStat" in m]
        wanted |= {metric["MetricName"] for metric in metrics}
    for widget in json.loads(aws.stack.properties("Dashboard")["DashboardBody"])["widgets"]:
        namespace = ""
        for metric in widget["properties"].get("metrics", []):
            namespace = namespace if metric[0] == "." else metric[0]
            if namespace == "Vedette":
                wanted.add(metric[1])
    assert len(wanted) > 8
    assert wanted <= written, f"nobody writes {wanted - written}"


def check_log(aws: LocalAws) -> None:
    """Log lines are JSON, and hold nothing of what was logged in."""
    text = (aws.folder / "function.log").read_text()
    for hidden in ("synthetic-user", "Mozilla/", "203.0.113.", "2001:db8"):
        assert hidden not in text, f"the function's log holds {hidden}"


def test_the_role_grants_what_the_function_calls_and_no_more(up: Up, programs: Programs) -> None:
    aws = up(programs.package, Wishes(parameters={"Lateness": "24h"}))
    aws.client("kinesis").put_record(StreamName=aws.stream, Data=b"\x1f\x8b no gzip", PartitionKey="1")
    # After the first sweep, batches leave something to the log.
    aws.schedule.sweep(datetime.now(UTC))
    send(programs.replay, aws, aws.stream, attack("cross_owner_access"))
    aws.source.start()
    aws.source.wait_until_read(sum(map(len, on_stream(aws, aws.stream).values())), 60)
    close_all(aws)
    called = {_action(call) for call in aws.told()["calls"]}
    (policy,) = aws.stack.properties("DetectorRole")["Policies"]
    granted = set()
    for statement in policy["PolicyDocument"]["Statement"]:
        actions = statement["Action"]
        granted |= {actions} if isinstance(actions, str) else set(actions)
    assert called <= granted, f"the role does not grant {called - granted}"
    # Used by the event source mapping, by Lambda's logging, and by the services with the role's permission.
    for_others = {
        "kinesis:DescribeStream",
        "kinesis:DescribeStreamSummary",
        "kinesis:ListStreams",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "s3:ListBucket",
        "kms:Decrypt",
        "kms:DescribeKey",
        "kms:Encrypt",
        "kms:GenerateDataKey",
    }
    assert granted == called | for_others


def _action(call: str) -> str:
    """The permission that a call needs."""
    return {"sns:PublishBatch": "sns:Publish", "s3:ListObjectsV2": "s3:ListBucket"}.get(call, call)
