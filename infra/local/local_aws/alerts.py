"""A queue that is subscribed to the alert topic, and what arrives in it."""

from __future__ import annotations

import json
import time
from typing import Any


class AlertQueue:
    """Messages as SNS delivers them raw: one JSON object for each notice. The queue of a FIFO topic is one, too."""

    def __init__(self, sqs: Any, sns: Any, topic_arn: str, name: str) -> None:
        self.sqs = sqs
        is_fifo = topic_arn.endswith(".fifo")
        attributes = {"FifoQueue": "true"} if is_fifo else {}
        self.url = sqs.create_queue(QueueName=f"{name}.fifo" if is_fifo else name, Attributes=attributes)["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])
        sns.subscribe(
            TopicArn=topic_arn,
            Protocol="sqs",
            Endpoint=attributes["Attributes"]["QueueArn"],
            Attributes={"RawMessageDelivery": "true"},
        )

    def receive(self) -> list[dict[str, Any]]:
        """All that has arrived, once: the notice under `alert`, the message attributes under `attributes`, those that
        the queue itself knows under `system`."""
        received: list[dict[str, Any]] = []
        while True:
            answer = self.sqs.receive_message(
                QueueUrl=self.url,
                MaxNumberOfMessages=10,
                AttributeNames=["All"],
                MessageAttributeNames=["All"],
                WaitTimeSeconds=0,
            )
            messages = answer.get("Messages", [])
            if not messages:
                return received
            for message in messages:
                attributes = message.get("MessageAttributes", {})
                received.append(
                    {
                        # A finding; our own line is under `unmapped`.
                        "alert": json.loads(message["Body"])["unmapped"],
                        "attributes": {name: value.get("StringValue") for name, value in attributes.items()},
                        "system": message.get("Attributes", {}),
                    }
                )
                self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])

    def wait_for(self, notices: int, seconds: float) -> list[dict[str, Any]]:
        """Waits until so many have arrived."""
        received: list[dict[str, Any]] = []
        until = time.monotonic() + seconds
        while True:
            received += self.receive()
            if len(received) >= notices:
                return received
            if time.monotonic() > until:
                raise TimeoutError(f"{len(received)} of {notices} notices in {seconds:.0f} s")
            time.sleep(0.1)


def line(alert: dict[str, Any]) -> str:
    """An alert on one line of a terminal."""
    rule = alert["rule"]
    group = " ".join(f"{name}={value}" for name, value in alert["group"].items())
    counted = f"{alert['count']} events"
    if alert.get("distinct") is not None:
        counted += f", {alert['distinct']} distinct"
    text = f"{alert['opened_at']}  {alert['status']:6}  {rule['level']:8}  {rule['title']}  {group}  {counted}"
    # What a log says is not to be trusted with a terminal.
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
