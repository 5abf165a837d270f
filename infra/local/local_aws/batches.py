"""Records of a shard, the batches and the event that Lambda makes of them."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from .runtime_api import Outcome

# Lambda's bound for the payload of an invocation.
PAYLOAD_BYTES_MAX = 6 * 1024 * 1024
# What a record takes in the event besides its data, a little above the truth.
RECORD_ENVELOPE_BYTES = 600


@dataclass(frozen=True)
class Record:
    """A record as the stream gave it; `arrived_at` in seconds since 1970."""

    shard: str
    sequence_number: str
    partition_key: str
    data: bytes
    arrived_at: float

    @classmethod
    def of(cls, shard: str, answer: dict[str, Any]) -> Record:
        arrived_at = round(answer["ApproximateArrivalTimestamp"].timestamp(), 3)
        return cls(shard, answer["SequenceNumber"], answer["PartitionKey"], answer["Data"], arrived_at)

    @property
    def payload_bytes(self) -> int:
        return (len(self.data) + 2) // 3 * 4 + RECORD_ENVELOPE_BYTES


def first_batch(records: list[Record], records_max: int) -> tuple[list[Record], bool]:
    """The records that go into the next batch, and whether the batch is full."""
    size = 0
    for at, record in enumerate(records):
        size += record.payload_bytes
        if at == records_max or (at > 0 and size > PAYLOAD_BYTES_MAX):
            return records[:at], True
    return records, len(records) == records_max


def event_of(records: list[Record], stream_arn: str) -> bytes:
    """The event that the function gets."""
    region, account = stream_arn.split(":")[3:5]
    return json.dumps(
        {
            "Records": [
                {
                    "kinesis": {
                        "kinesisSchemaVersion": "1.0",
                        "partitionKey": record.partition_key,
                        "sequenceNumber": record.sequence_number,
                        "data": base64.b64encode(record.data).decode(),
                        "approximateArrivalTimestamp": record.arrived_at,
                    },
                    "eventSource": "aws:kinesis",
                    "eventVersion": "1.0",
                    "eventID": f"{record.shard}:{record.sequence_number}",
                    "eventName": "aws:kinesis:record",
                    "invokeIdentityArn": f"arn:aws:iam::{account}:role/local",
                    "awsRegion": region,
                    "eventSourceARN": stream_arn,
                }
                for record in records
            ]
        },
        separators=(",", ":"),
    ).encode()


def first_failed(records: list[Record], outcome: Outcome) -> int | None:
    """Where in the batch the lowest failure is that the answer reports; `None` where there is none.

    As Lambda has it: an answer that cannot be understood, or names a record that is not in the batch, is a failure of
    the whole batch.
    """
    try:
        answer = json.loads(outcome.payload)
        failures = (answer or {}).get("batchItemFailures") or []
        named = [failure["itemIdentifier"] for failure in failures]
    except (ValueError, AttributeError, KeyError, TypeError):
        return 0
    places = {record.sequence_number: at for at, record in enumerate(records)}
    return min((places.get(name, 0) for name in named), default=None)
