"""What Kinesis, DynamoDB, CloudWatch Logs and SNS tell CloudWatch about themselves. moto tells next to nothing, so its
functions are wrapped where AWS would count. What is used of DynamoDB's capacity, `capacity_app` tells.
"""

from __future__ import annotations

import json
import threading
import time
from datetime import timedelta
from typing import Any

from moto.kinesis import models as kinesis
from moto.logs import models as logs
from moto.sns import models as sns

from .calls import Call
from .faults import FaultPlan

# A delivery of CloudWatch Logs to a subscriber, which is no call of ours, by this name in faults.
DELIVERY = Call("logs", "Deliver")
READS = ("GetItem", "BatchGetItem", "Query")


class Emitted:
    """Values that were not fetched yet, in the time of this machine."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.values: list[dict[str, Any]] = []
        # By how much the clock of the local AWS is ahead.
        self.ahead_seconds = 0.0

    def add(self, namespace: str, name: str, value: float, **dimensions: str) -> None:
        told = {"namespace": namespace, "name": name, "dimensions": dimensions, "value": value, "at": time.time()}
        with self.lock:
            self.values.append(told)

    def fetched(self) -> list[dict[str, Any]]:
        with self.lock:
            values, self.values = self.values, []
        return values


def install(emitted: Emitted, plan: FaultPlan) -> None:
    _watch_kinesis(emitted)
    _watch_logs(emitted, plan)
    _watch_sns(emitted)


def _watch_kinesis(emitted: Emitted) -> None:
    put_record = kinesis.Stream.put_record
    get_records = kinesis.KinesisBackend.get_records

    def put(self: Any, partition_key: str, explicit_hash_key: str, data: str) -> tuple[str, str]:
        emitted.add("AWS/Kinesis", "IncomingRecords", 1, StreamName=self.stream_name)
        emitted.add("AWS/Kinesis", "IncomingBytes", len(data) * 3 // 4, StreamName=self.stream_name)
        number, shard = put_record(self, partition_key, explicit_hash_key, data)
        record = self.shards[shard].records[int(number)]
        record.created_at += emitted.ahead_seconds
        record.created_at_datetime += timedelta(seconds=emitted.ahead_seconds)
        return number, shard

    def get(self: Any, stream_arn: str | None, shard_iterator: str, limit: int | None) -> Any:
        answer = get_records(self, stream_arn, shard_iterator, limit)
        name = kinesis.decompose_shard_iterator(shard_iterator)[0]
        # The age of the last record of the answer; 0 where all was read before.
        age = time.time() + emitted.ahead_seconds - answer[1][-1].created_at if answer[1] else 0.0
        emitted.add("AWS/Kinesis", "GetRecords.IteratorAgeMilliseconds", age * 1000, StreamName=name)
        return answer

    kinesis.Stream.put_record = put
    kinesis.KinesisBackend.get_records = get


def _watch_logs(emitted: Emitted, plan: FaultPlan) -> None:
    deliver = logs.LogStream._send_log_events

    def send(self: Any, service: str, destination_arn: str, filter_name: str, log_events: list[Any]) -> None:
        def tell(name: str) -> None:
            group, kind = self.log_group.name, {"kinesis": "Kinesis"}.get(service, service)
            # CloudWatch has each value twice: of the group, and of the filter by itself.
            emitted.add("AWS/Logs", name, len(log_events), LogGroupName=group)
            emitted.add(
                "AWS/Logs", name, len(log_events), LogGroupName=group, DestinationType=kind, FilterName=filter_name
            )

        fault = plan.strike(DELIVERY)
        if fault is not None and fault.kind != "throttle":
            tell("DeliveryErrors")
            return
        if fault is not None:
            # Told of, and tried again until it is taken.
            tell("DeliveryThrottling")
        deliver(self, service, destination_arn, filter_name, log_events)
        tell("ForwardedLogEvents")

    logs.LogStream._send_log_events = send


def _watch_sns(emitted: Emitted) -> None:
    publish = sns.Subscription.publish

    def published(self: Any, *args: Any, **kwargs: Any) -> None:
        """As in AWS, a message that cannot be delivered is nothing that its sender hears of."""
        name = "NumberOfNotificationsDelivered"
        try:
            publish(self, *args, **kwargs)
        except Exception:
            name = "NumberOfNotificationsFailed"
        emitted.add("AWS/SNS", name, 1, TopicName=self.topic.name)

    sns.Subscription.publish = published


def tell_throttled(emitted: Emitted, call: Call, body: bytes) -> None:
    """DynamoDB refuses a call."""
    if call.service == "dynamodb":
        kind = "Read" if call.operation in READS else "Write"
        for table in _tables(json.loads(body)):
            emitted.add("AWS/DynamoDB", f"{kind}ThrottleEvents", 1, TableName=table)


def tell_capacity(emitted: Emitted, name: str, value: float, table: str) -> None:
    emitted.add("AWS/DynamoDB", name, value, TableName=table)


def _tables(request: dict[str, Any]) -> list[str]:
    return [request["TableName"]] if "TableName" in request else list(request.get("RequestItems", {}))
