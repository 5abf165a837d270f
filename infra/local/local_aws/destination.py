"""Where a batch goes that failed to the end: an object in the bucket, as Lambda writes it.

https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
"""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any

from .batches import Record, event_of
from .runtime_api import Outcome


class BucketDestination:
    """An S3 bucket, by its ARN."""

    def __init__(self, s3: Any, bucket_arn: str, function_arn: str, stream_arn: str) -> None:
        if not bucket_arn.startswith("arn:aws:s3:::"):
            raise ValueError(f"{bucket_arn} is no bucket: this destination knows buckets only")
        self.s3 = s3
        self.bucket = bucket_arn.removeprefix("arn:aws:s3:::")
        self.function_arn = function_arn
        self.stream_arn = stream_arn
        self.mapping = str(uuid.uuid4())

    def give_up(self, batch: list[Record], condition: str, invocations: int, outcome: Outcome | None) -> None:
        now = datetime.now(UTC)
        message: dict[str, Any] = {
            "requestContext": {
                "requestId": str(uuid.uuid4()),
                "functionArn": f"{self.function_arn}:$LATEST",
                "condition": condition,
                "approximateInvokeCount": invocations,
            },
            "version": "1.0",
            "timestamp": _time(now.timestamp()),
            "KinesisBatchInfo": {
                "shardId": batch[0].shard,
                "startSequenceNumber": batch[0].sequence_number,
                "endSequenceNumber": batch[-1].sequence_number,
                "approximateArrivalOfFirstRecord": _time(batch[0].arrived_at),
                "approximateArrivalOfLastRecord": _time(batch[-1].arrived_at),
                "batchSize": len(batch),
                "streamArn": self.stream_arn,
            },
            "payload": event_of(batch, self.stream_arn).decode(),
        }
        if outcome is not None:
            message["responseContext"] = {"statusCode": 200, "executedVersion": "$LATEST"}
            if outcome.failed:
                message["responseContext"]["functionError"] = "Unhandled"
        day, moment = now.strftime("%Y/%m/%d"), now.strftime("%Y-%m-%dT%H.%M.%S")
        key = f"aws/lambda/{self.mapping}/{batch[0].shard}/{day}/{moment}-{uuid.uuid4()}"
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=json.dumps(message).encode())


def _time(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
