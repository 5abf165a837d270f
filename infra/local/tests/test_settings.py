"""The function's other settings: a FIFO topic, a queue as quarantine, no quarantine, rules from a bucket."""

from __future__ import annotations

import base64
import itertools
import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from local_aws.alerts import AlertQueue
from local_aws.batches import Record, event_of
from local_aws.function import Function
from local_aws.local_stack import LocalAws, Wishes
from local_aws.runtime_api import Outcome

from .conftest import Programs, Up
from .recordings import attack, expected, on_stream, send
from .test_attacks import close_all

# The function looks at a bucket no more often than this.
CHECK_SECONDS = 60
NUMBERS = itertools.count(10**55)

RULES = """
title: Refused
id: 11111111-1111-4111-8111-111111111111
name: refused
level: low
logsource: {product: aws, service: lambda}
detection:
    refused: {decision: deny}
    condition: refused
"""
OFTEN = """---
title: Often refused
id: 22222222-2222-4222-8222-222222222222
name: often_refused
level: high
correlation:
    type: event_count
    rules: [refused]
    group-by: [sub]
    timespan: 10m
    condition: {gte: 2}
"""
VERY_OFTEN = OFTEN.replace("2222", "3333").replace("often_refused", "very_often_refused").replace("gte: 2", "gte: 3")
BROKEN = OFTEN.replace("timespan: 10m", "timespan: 10 mins")


def refused(user: str, times: int) -> list[Record]:
    """Records of a user who is refused so often."""
    now = time.time()
    lines = [
        {
            "timestamp": int(now * 1000),
            "event": "vehicle.read",
            "request_id": f"{user}-{at}",
            "sub": user,
            "decision": "deny",
        }
        for at in range(times)
    ]
    return [record(json.dumps(line).encode()) for line in lines]


def record(data: bytes) -> Record:
    return Record("shardId-000000000000", str(next(NUMBERS)), "1", data, round(time.time(), 3))


def invoke(function: Function, records: list[Record], aws: LocalAws) -> Outcome:
    outcome = function.invoke(event_of(records, aws.source.settings.stream_arn))
    assert json.loads(outcome.payload) == {"batchItemFailures": []}, outcome
    return outcome


def log_lines(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines()]


class WatchedRules:
    """Two functions with rules of their own in a bucket. Those of one change to better ones, those of the other to
    broken ones; both functions had read them before."""

    def __init__(self, folder: Path, package: Path) -> None:
        self.aws = LocalAws(folder, package)
        self.s3 = self.aws.client("s3")
        self.s3.create_bucket(Bucket="rules", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        self.functions = {name: self._function(name) for name in ("better", "broken", "broken-from-the-start")}
        for name in ("better", "broken"):
            self.put(name, RULES + OFTEN)
            invoke(self.functions[name], refused(f"{name} before", 2), self.aws)
        self.changed_at = time.monotonic()
        self.put("better", RULES + VERY_OFTEN)
        self.put("broken", RULES + BROKEN)
        self.put("broken-from-the-start", RULES + BROKEN)

    def _function(self, name: str) -> Function:
        settings = self.aws.function.settings
        variables = settings.variables | {"RULES": f"s3://rules/{name}"}
        return Function(replace(settings, variables=variables), self.log(name))

    def put(self, name: str, text: str) -> None:
        self.s3.put_object(Bucket="rules", Key=f"{name}/detectors/refused.yml", Body=text.encode())

    def log(self, name: str) -> Path:
        return self.aws.folder / f"{name}.log"

    def metric(self, name: str, metric: str) -> int:
        """Of the last invocation."""
        return [line for line in log_lines(self.log(name)) if "_aws" in line][-1][metric]

    def told(self) -> set[tuple[str, str]]:
        """Rule and user of what has arrived since the last time."""
        alerts = [notice["alert"] for notice in self.aws.queue.receive()]
        return {(alert["rule"]["name"], alert["group"]["sub"]) for alert in alerts}

    def close(self) -> None:
        for function in self.functions.values():
            function.close()
        self.aws.close()


@pytest.fixture(scope="module", autouse=True)
def watched_rules(programs: Programs, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WatchedRules]:
    """Begun before all tests of this file, so that the minute passes while the others run."""
    watched = WatchedRules(tmp_path_factory.mktemp("rules"), programs.package)
    yield watched
    watched.close()


def test_a_fifo_topic_gets_each_notice_once_and_in_order(up: Up, programs: Programs, tmp_path: Path) -> None:
    aws = up(programs.package, Wishes(parameters={"Lateness": "24h"}, mapping={"repeat_chance": 1.0}))
    topic = aws.client("sns").create_topic(Name="alerts.fifo", Attributes={"FifoTopic": "true"})["TopicArn"]
    queue = AlertQueue(aws.client("sqs"), aws.client("sns"), topic, "ordered")
    aws.function.settings.variables["TOPIC_ARN"] = topic
    # Of this attack, one rule has four groups.
    send(programs.replay, aws, aws.stream, attack("error_leak"))
    data = [one for records in on_stream(aws, aws.stream).values() for one in records]
    wanted = expected(programs.replay, data, tmp_path)
    aws.source.start()
    aws.source.wait_until_read(len(data), 60)
    close_all(aws)
    received = queue.receive()
    notices = [(notice["alert"]["alert_id"], notice["alert"]["status"]) for notice in received]
    assert Counter(notices) == Counter(dict.fromkeys(notices, 1)), "something came twice"
    assert len(notices) == 2 * len(wanted) > 0
    groups = defaultdict(list)
    for notice in received:
        alert, system = notice["alert"], notice["system"]
        assert system["MessageDeduplicationId"] == f"{alert['alert_id']}-{alert['status']}"
        groups[system["MessageGroupId"]].append((alert["rule"]["id"], alert["group"], alert["status"]))
    for told in groups.values():
        assert all((rule, group) == told[0][:2] for rule, group, _ in told), "two groups under one id"
        statuses = [status for _, _, status in told]
        assert statuses == sorted(statuses, reverse=True), "closed before it opened"
    assert len(groups) == len({json.dumps([a["rule"]["id"], a["group"]]) for a in wanted})


def test_a_queue_keeps_bad_records_byte_for_byte(up: Up, programs: Programs) -> None:
    aws = up(programs.package)
    url = aws.client("sqs").create_queue(QueueName="bad")["QueueUrl"]
    aws.function.settings.variables["QUARANTINE"] = url
    # Text that a message may hold, text that it may not, bytes, and more than one message takes.
    bad = [b'{"Records":[{"eventID":', b'{"a":"\x00', b"\x1f\x8b no gzip", b"\x1f\x8b" + bytes(range(256)) * 3000]
    records = [record(data) for data in bad]
    invoke(aws.function, [*records, *refused("somebody", 1)], aws)
    pieces = defaultdict(dict)
    for message in received(aws.client("sqs"), url):
        told = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
        assert told["shard"] == "shardId-000000000000" and told["reason"] and told["arrived_at"]
        text = message["Body"]
        data = text.encode() if told["encoding"] == "text" else base64.b64decode(text)
        at, _, of = told["piece"].partition("/")
        pieces[told["sequence_number"], int(of)][int(at)] = data
    kept = {}
    for (number, of), found in pieces.items():
        assert sorted(found) == list(range(1, of + 1))
        kept[number] = b"".join(found[at] for at in sorted(found))
    assert kept == {one.sequence_number: one.data for one in records}


def received(sqs: Any, url: str) -> Iterator[dict[str, Any]]:
    while messages := sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], WaitTimeSeconds=0
    ).get("Messages"):
        for message in messages:
            yield message
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


@pytest.mark.parametrize("place", ["", "s3://no-such-bucket/records"])
def test_without_a_place_that_takes_them_bad_records_go_to_the_log(up: Up, programs: Programs, place: str) -> None:
    aws = up(programs.package)
    aws.function.settings.variables["QUARANTINE"] = place
    bad = record(b"\x1f\x8b" + bytes(range(256)) * 3000)
    invoke(aws.function, [bad], aws)
    lines = [line for line in log_lines(aws.folder / "function.log") if line.get("target") == "quarantine"]
    texts = [line["base64"] for line in lines]
    assert len(texts) > 1
    assert base64.b64decode("".join(texts)) == bad.data


def test_a_wrong_variable_stops_the_start_and_is_named(up: Up, programs: Programs) -> None:
    aws = up(programs.package)
    aws.function.settings.variables.update({"LATENESS": "15 mins", "TOPIC_ARN": "alerts"})
    outcome = aws.function.invoke(b"{}")
    assert outcome.error == "Runtime.ExitError"
    problems = [line.get("problem", "") for line in log_lines(aws.folder / "function.log")]
    assert any(problem.startswith("LATENESS=`15 mins`: ") for problem in problems), problems
    assert any(problem.startswith("TOPIC_ARN=`alerts`: ") for problem in problems), problems


def test_changed_rules_come_into_force_and_broken_ones_never(watched_rules: WatchedRules) -> None:
    watched = watched_rules
    aws, functions = watched.aws, watched.functions
    # Without rules there is nothing that could go on.
    assert functions["broken-from-the-start"].invoke(b"{}").error == "Runtime.ExitError"
    assert names_the_mistake(watched.log("broken-from-the-start"))

    assert watched.told() == {("often_refused", "better before"), ("often_refused", "broken before")}
    early = time.monotonic() - watched.changed_at
    invoke(functions["better"], refused("better early", 2), aws)
    if early < CHECK_SECONDS - 5:
        assert watched.told() == {("often_refused", "better early")}, "looked at more than once a minute"
    time.sleep(max(0.0, CHECK_SECONDS + 1 - (time.monotonic() - watched.changed_at)))
    watched.told()

    for name in ("better", "broken"):
        invoke(functions[name], refused(f"{name} twice", 2) + refused(f"{name} thrice", 3), aws)
    assert watched.told() == {
        ("very_often_refused", "better thrice"),
        ("often_refused", "broken twice"),
        ("often_refused", "broken thrice"),
    }
    assert watched.metric("better", "RulesRefused") == 0
    assert watched.metric("broken", "RulesRefused") == 1
    assert names_the_mistake(watched.log("broken"))
    assert not names_the_mistake(watched.log("better"))


def names_the_mistake(log: Path) -> bool:
    problems = [line.get("problem", "") for line in log_lines(log)]
    return any("/detectors/refused.yml:" in problem and "10 mins" in problem for problem in problems)
