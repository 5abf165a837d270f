"""Every alarm of the template goes off on the local AWS: judged by its own definition over what was really emitted,
first when all is well, then in the trouble that it is for. Time is put forward, nothing is made up.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from local_aws.alarms import ALARM, OK, Alarm
from local_aws.capacity import Limits
from local_aws.faults import Fault
from local_aws.function import Function
from local_aws.local_stack import LocalAws, Wishes

from .conftest import Programs
from .test_settings import BROKEN, CHECK_SECONDS, OFTEN, RULES, invoke, refused

# What the names of their alarms have of them, and what they are called.
GROUPS = {**{str(at): f"/app/{at}" for at in range(1, 9)}, "Bedrock": "/app/bedrock", "CloudFront": "/app/cloudfront"}
QUICK = {"window_seconds": 0.05, "poll_seconds": 0.02, "backoff_seconds_max": 0.2, "retries_max": 1}
MINUTE = 60.0


class Watched:
    """A local AWS whose rules lie in a bucket, and its alarms."""

    def __init__(self, folder: Path, package: Path) -> None:
        names = list(GROUPS.values())
        alone = {"BedrockLogGroup": GROUPS["Bedrock"], "CloudFrontLogGroup": GROUPS["CloudFront"]}
        parameters = {"RulesBucket": "rules", "LogGroupNames": ",".join(names[:8]), **alone}
        wishes = Wishes(parameters=parameters, log_groups=names, mapping=QUICK, timeout_seconds=2)
        self.aws = LocalAws(folder, package, wishes)
        self.s3 = self.aws.client("s3")
        self.make_bucket()
        stack = self.aws.stack
        kinds = stack.template["Resources"].items()
        names = [name for name, resource in kinds if resource["Type"] == "AWS::CloudWatch::Alarm"]
        self.alarms = {name: Alarm(name, stack.properties(name)) for name in names}
        self.gone_off: set[str] = set()
        self.users = 0
        self.retries_max = self.aws.source.settings.retries_max
        self.concurrency_max = self.aws.function.concurrency_max
        self.variables = dict(self.aws.function.settings.variables)
        # They have looked at the rules once, and look again after a minute.
        settings = self.aws.function.settings
        self.other_functions = [Function(settings, self.aws.function.log) for _ in range(4)]
        for at, function in enumerate(self.other_functions):
            invoke(function, refused(f"first {at}", 1), self.aws)
        self.looked_at = time.monotonic()
        self.aws.source.start()

    def make_bucket(self) -> None:
        self.s3.create_bucket(Bucket="rules", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        self.put_rules(RULES + OFTEN)

    def wait_for_next_look(self) -> None:
        time.sleep(max(0.0, CHECK_SECONDS + 1 - (time.monotonic() - self.looked_at)))

    def mend(self) -> None:
        """Ends every trouble, and waits until what was held up is done."""
        aws, source = self.aws, self.aws.source
        variables = aws.function.settings.variables
        if variables != self.variables:
            variables.update(self.variables)
            aws.function.replace_processes()
        aws.destination.bucket = aws.bucket
        aws.set_faults(1, [])
        aws.function.concurrency_max = self.concurrency_max
        source.paused.clear()
        self.read()
        source.settings = replace(source.settings, retries_max=self.retries_max)

    def close(self) -> None:
        for function in self.other_functions:
            function.close()
        self.aws.close()

    def put_rules(self, text: str) -> None:
        self.s3.put_object(Bucket="rules", Key="rules/detectors/refused.yml", Body=text.encode())

    def put_records(self, *records: bytes) -> None:
        kinesis = self.aws.client("kinesis")
        for at, data in enumerate(records):
            kinesis.put_record(StreamName=self.aws.stream, Data=data, PartitionKey=str(at))

    def put_events(self) -> None:
        """A record as the application writes it, of another user each time."""
        self.users += 1
        self.put_records(*self.refused(f"user-{self.users}", 1))

    def refused(self, user: str, times: int, seconds_ago: float = 0.0) -> list[bytes]:
        """A user is refused so often, by the clock that is put forward."""
        lines = [json.loads(record.data) for record in refused(user, times)]
        at_ms = int((self.aws.clock.now() - seconds_ago) * 1000)
        return [json.dumps(line | {"timestamp": at_ms}).encode() for line in lines]

    def log(self, group: str) -> None:
        """A line in a log group, which its subscription brings to the stream."""
        logs = self.aws.client("logs")
        with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
            logs.create_log_stream(logGroupName=group, logStreamName="one")
        event = {"timestamp": int(time.time() * 1000), "message": '{"event":"a"}'}
        logs.put_log_events(logGroupName=group, logStreamName="one", logEvents=[event])

    def sweep(self) -> dict[str, Any]:
        """What the function answers; nothing where it fails."""
        outcome = self.aws.schedule.sweep(datetime.fromtimestamp(self.aws.clock.now(), UTC))
        answer = json.loads(outcome.payload or "{}")
        return answer if isinstance(answer, dict) else {}

    def read(self) -> None:
        """Waits until the event source has done with all that was put."""
        source, kinesis = self.aws.source, self.aws.client("kinesis")
        shards = kinesis.list_shards(StreamName=self.aws.stream)["Shards"]
        until = time.monotonic() + 30
        for shard in shards:
            start = kinesis.get_shard_iterator(
                StreamName=self.aws.stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
            )
            records = kinesis.get_records(ShardIterator=start["ShardIterator"])["Records"]
            while records and source.done.get(shard["ShardId"], -1) < int(records[-1]["SequenceNumber"]):
                assert time.monotonic() < until, f"not read in time: {source.counts}"
                time.sleep(0.02)

    def states(self) -> dict[str, str]:
        metrics = self.aws.gather_metrics()
        states = {name: alarm.state(metrics) for name, alarm in self.alarms.items()}
        self.gone_off |= {name for name, state in states.items() if state == ALARM}
        return states

    def minutes(self, number: int, trouble: Callable[[], object]) -> dict[str, str]:
        """Lets minutes pass with the trouble in each of them; tells how the alarms stand then."""
        for at in range(number):
            if at:
                self.aws.put_forward(MINUTE)
            trouble()
        return self.states()


@pytest.fixture(scope="module")
def watched(programs: Programs, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    watched = Watched(tmp_path_factory.mktemp("alarms") / "aws", programs.package)
    yield watched
    watched.close()


def settled(watched: Watched) -> None:
    """After so long that nothing of before is in any alarm's sight, and some minutes in which all is well: a sweep, an
    event by each way. Then all alarms are quiet.
    """
    watched.aws.put_forward(6 * 3600 + MINUTE)
    watched.minutes(4, lambda: time.sleep(0.1))
    watched.put_events()
    for group in GROUPS.values():
        watched.log(group)
    watched.read()
    # Later: a batch that was given up holds sweeps back until the next one of its shard is done.
    watched.sweep()
    assert [name for name, state in watched.states().items() if state != OK] == []


def unread_for_long(watched: Watched) -> None:
    """The table takes nothing: a record stays undone, and each sweep sees how old it is."""
    watched.aws.set_faults(1, [Fault("dynamodb", "error_before", 1.0, "PutItem")])
    watched.put_events()
    watched.aws.put_forward(11 * MINUTE)
    watched.sweep()
    watched.aws.put_forward(5 * MINUTE)
    watched.minutes(3, watched.sweep)


def nobody_reads(watched: Watched) -> None:
    """Only time passes; the event source does nothing."""
    watched.aws.source.paused.set()
    time.sleep(0.5)
    watched.aws.put_forward(11 * MINUTE)


def function_does_not_start(watched: Watched) -> None:
    """A wrong variable. The batch comes again and again, older each time, and is given up in the end."""
    function = watched.aws.function
    function.settings.variables["LATENESS"] = "15 mins"
    function.replace_processes()
    watched.aws.source.settings = replace(watched.aws.source.settings, retries_max=10_000)
    watched.put_events()
    watched.aws.put_forward(6 * MINUTE)
    watched.minutes(5, lambda: (time.sleep(0.5), watched.sweep()))


def given_up(watched: Watched) -> None:
    function_does_not_start(watched)
    watched.aws.put_forward(7 * 60 * MINUTE)
    watched.read()


def lost(watched: Watched) -> None:
    """The quarantine bucket is no more, or may not be written to."""
    watched.aws.destination.bucket = "no-such-bucket"
    given_up(watched)


def without_concurrency(watched: Watched) -> None:
    """Where somebody sets it to 0, or an attack has taken all of it."""
    watched.aws.function.concurrency_max = 0
    watched.minutes(12, watched.sweep)


def throttled(watched: Watched) -> None:
    watched.aws.set_faults(1, [Fault("dynamodb", "throttle", 0.7)])
    watched.minutes(4, lambda: (watched.put_events(), watched.read()))


def busy_table(watched: Watched) -> None:
    """Large items, written and read 66,000 units a minute."""
    dynamodb, table = watched.aws.client("dynamodb"), watched.aws.stack.ref("Table")
    keys = [{"bucket": {"B": b"large"}, "group": {"B": bytes([at])}} for at in range(40)]
    items = [key | {"filler": {"B": bytes(390_000)}} for key in keys]
    # The load of a minute comes at once, and under one partition key.
    watched.aws.set_limits(None)

    def minute() -> None:
        for _ in range(5):
            for at in range(0, 40, 20):
                requests = [{"PutRequest": {"Item": item}} for item in items[at : at + 20]]
                dynamodb.batch_write_item(RequestItems={table: requests})
        # What is not asked for is paid for all the same.
        wanted = {"Keys": keys, "ConsistentRead": True, "ProjectionExpression": "#group"}
        wanted["ExpressionAttributeNames"] = {"#group": "group"}
        for _ in range(17):
            dynamodb.batch_get_item(RequestItems={table: wanted})

    watched.minutes(3, minute)
    for key in keys:
        dynamodb.delete_item(TableName=table, Key=key)
    watched.aws.set_limits(Limits())


def bad_record(watched: Watched) -> None:
    watched.put_records(b"\x1f\x8b no gzip")
    watched.read()


def damaged_state(watched: Watched) -> None:
    """Somebody has written into the table: what stands there is no state."""
    watched.put_events()
    watched.read()
    dynamodb, table = watched.aws.client("dynamodb"), watched.aws.stack.ref("Table")
    for item in dynamodb.scan(TableName=table)["Items"]:
        # `items` are those of several rules.
        states = item.keys() & {"state", "items"}
        if states:
            dynamodb.put_item(TableName=table, Item=item | {state: {"S": "no state"} for state in states})
    watched.users -= 1
    watched.put_events()
    watched.read()
    for item in dynamodb.scan(TableName=table)["Items"]:
        if {"S": "no state"} in item.values():
            dynamodb.delete_item(TableName=table, Key={name: item[name] for name in ("bucket", "group")})


def late_events(watched: Watched) -> None:
    watched.put_records(*watched.refused("somebody", 1, seconds_ago=3600))
    watched.read()


def unknown_forms(watched: Watched) -> None:
    watched.put_records(
        *[f"2 111122223333 eni-0a 203.0.113.{at} 10.0.0.1 443 5000 6 1 40 1 2 ACCEPT OK".encode() for at in range(9)]
    )
    watched.read()


def silence(watched: Watched) -> None:
    """Nothing comes any more, by no way, and everything else goes on."""
    watched.aws.put_forward(6 * 3600 + MINUTE)
    watched.minutes(4, watched.sweep)


def without_schedule(watched: Watched) -> None:
    watched.aws.put_forward(11 * MINUTE)
    watched.put_events()
    watched.read()


def failing_sweeps(watched: Watched) -> None:
    watched.aws.function.settings.variables["STREAM_NAME"] = "no-such-stream"
    watched.aws.function.replace_processes()
    watched.minutes(11, watched.sweep)


def deaf_subscriber(watched: Watched) -> None:
    """The queue that is subscribed is no more."""
    sqs = watched.aws.client("sqs")
    sqs.delete_queue(QueueUrl=watched.aws.queue.url)
    watched.put_records(*watched.refused("a thief", 2))
    watched.read()
    sqs.create_queue(QueueName="alerts")


def delivery(kind: str) -> Callable[[Watched], None]:
    """CloudWatch Logs cannot hand events on."""

    def trouble(watched: Watched) -> None:
        watched.aws.set_faults(1, [Fault("logs", kind, 1.0, "Deliver")])
        for at in range(3):
            if at:
                watched.aws.put_forward(5 * MINUTE)
            for group in GROUPS.values():
                watched.log(group)

    return trouble


def rules_unreadable(watched: Watched) -> None:
    watched.wait_for_next_look()
    watched.s3.delete_object(Bucket="rules", Key="rules/detectors/refused.yml")
    watched.s3.delete_bucket(Bucket="rules")
    for at, function in enumerate(watched.other_functions[:3]):
        if at:
            watched.aws.put_forward(5 * MINUTE)
        invoke(function, refused(f"unreadable {at}", 1), watched.aws)
    watched.make_bucket()


def rules_broken(watched: Watched) -> None:
    watched.wait_for_next_look()
    watched.put_rules(RULES + BROKEN)
    invoke(watched.other_functions[3], refused("broken", 1), watched.aws)
    watched.put_rules(RULES + OFTEN)


# The trouble, and the alarms that it sets off; the last ones wait for the function's next look at the bucket.
TROUBLES: list[tuple[Callable[[Watched], None], set[str]]] = [
    (bad_record, {"QuarantineAlarm"}),
    (damaged_state, {"EvictionsAlarm"}),
    (late_events, {"TooLateAlarm"}),
    (unknown_forms, {"UnrecognisedAlarm"}),
    (deaf_subscriber, {"AlertsNotDeliveredAlarm"}),
    (silence, {"SilenceAlarm", *(f"LogSilence{of}Alarm" for of in GROUPS)}),
    (delivery("error_before"), {f"LogErrors{of}Alarm" for of in GROUPS}),
    (delivery("throttle"), {f"LogThrottling{of}Alarm" for of in GROUPS}),
    (throttled, {"StoreThrottledAlarm", "TableWritesThrottledAlarm", "TableReadsThrottledAlarm"}),
    (busy_table, {"TableWritesAlarm", "TableReadsAlarm"}),
    (unread_for_long, {"WatermarkAlarm", "ReadLagAlarm"}),
    (nobody_reads, {"WatermarkAlarm", "ReadLagAlarm", "SweepAlarm"}),
    (function_does_not_start, {"ErrorsAlarm", "RecordsLagAlarm", "WatermarkAlarm"}),
    (given_up, {"BatchesGivenUpAlarm"}),
    (lost, {"RecordsLostAlarm"}),
    (without_concurrency, {"ThrottlesAlarm", "WatermarkAlarm"}),
    (without_schedule, {"SweepAlarm", "WatermarkAlarm"}),
    (failing_sweeps, {"SweepsIncompleteAlarm", "ErrorsAlarm", "WatermarkAlarm"}),
    (rules_unreadable, {"RulesUncheckedAlarm"}),
    (rules_broken, {"RulesRefusedAlarm"}),
]


@pytest.mark.parametrize(
    ("trouble", "alarms"), TROUBLES, ids=[f"{t.__name__}-{at}" for at, (t, _) in enumerate(TROUBLES)]
)
def test_the_alarm_goes_off(watched: Watched, trouble: Callable[[Watched], None], alarms: set[str]) -> None:
    settled(watched)
    try:
        trouble(watched)
        states = watched.states()
    finally:
        watched.mend()
    assert {name for name in alarms if states[name] != ALARM} == set()


def test_what_the_mapping_has_given_up_is_not_waited_for(watched: Watched) -> None:
    """Also where it is the last of its shard, so that nothing after it is ever done."""
    settled(watched)
    try:
        given_up(watched)
    finally:
        watched.mend()
    answer = watched.sweep()
    assert (answer["complete"], answer["shards_behind"]) == (True, 0)


def test_every_alarm_went_off_and_looks_at_what_is_emitted(watched: Watched) -> None:
    """The last one: it needs what the others did."""
    metrics = watched.aws.gather_metrics()
    assert {name for alarm in watched.alarms.values() for name in alarm.never_emitted(metrics)} == set()
    assert watched.alarms.keys() - watched.gone_off == set()
    told = {name for _, alarms in TROUBLES for name in alarms}
    assert watched.alarms.keys() == told, "an alarm without a trouble that it is for, or the other way round"


@pytest.mark.parametrize(
    "wrong",
    [
        {"MetricName": "WatermarkAges"},
        {"Namespace": "vedette"},
        {"Dimensions": [{"Name": "Function", "Value": "vedette-detector"}]},
        {"Dimensions": [{"Name": "FunctionName", "Value": "another"}]},
        {"Dimensions": []},
    ],
)
def test_an_alarm_on_what_nothing_emits_is_refused(watched: Watched, wrong: dict[str, object]) -> None:
    """One that is breaching without data would else seem to work: it is never quiet."""
    right = watched.aws.stack.properties("WatermarkAlarm")
    settled(watched)
    metrics = watched.aws.gather_metrics()
    assert Alarm("right", right).never_emitted(metrics) == []
    alarm = Alarm("wrong", right | wrong)
    assert len(alarm.never_emitted(metrics)) == 1
    assert (Alarm("right", right).state(metrics), alarm.state(metrics)) == (OK, ALARM)
