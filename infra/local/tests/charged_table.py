"""The template's table of a local AWS as the function sees it, with items of known sizes, at a time that is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local_aws.capacity import CAPACITY_PATH
from local_aws.function_settings import CREDENTIALS, REGION
from local_aws.local_stack import LocalAws

KB = 1024


def key(bucket: str, group: int = 0) -> dict[str, Any]:
    return {"bucket": {"B": bucket.encode()}, "group": {"B": group.to_bytes(2, "big")}}


def item(bucket: str, size: int, group: int = 0, due: int | None = None, version: int = 1) -> dict[str, Any]:
    """An item of exactly so many bytes, by our own count of them."""
    attributes = key(bucket, group) | {"version": {"N": str(version)}}
    taken = len("bucket") + len(bucket) + len("group") + 2 + len("version") + 2
    if due is not None:
        attributes["due"] = {"N": str(due)}
        # One digit, or two.
        taken += len("due") + 2
    return attributes | {"state": {"B": bytes(size - taken - len("state"))}}


class Table:
    """Calls through the port of the function, each once."""

    def __init__(self, aws: LocalAws) -> None:
        self.aws = aws
        self.name = aws.stack.ref("Table")
        self.dynamodb = boto3.client(
            "dynamodb",
            endpoint_url=aws.server.faulty_url,
            region_name=REGION,
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            config=boto3.session.Config(retries={"total_max_attempts": 1}, max_pool_connections=20),
        )

    def at(self, seconds: float | None) -> None:
        self.aws.server.control("PUT", {"time": seconds}, CAPACITY_PATH)

    def used(self, kind: str) -> dict[str, Any]:
        tables = self.aws.capacity()["tables"]
        return tables.get(self.name, {}).get(kind, {"units": 0, "index_units": 0, "throttled": 0})

    def cost(self, kind: str, call: Callable[[], Any]) -> float:
        before = self.used(kind)["units"]
        call()
        return self.used(kind)["units"] - before

    def put(self, attributes: dict[str, Any], **more: Any) -> None:
        self.dynamodb.put_item(TableName=self.name, Item=attributes, **more)

    def get(self, of: dict[str, Any], **more: Any) -> dict[str, Any]:
        return self.dynamodb.get_item(TableName=self.name, Key=of, **more)

    def query(self, bucket: str, names: Any = None, values: Any = None, **more: Any) -> dict[str, Any]:
        return self.dynamodb.query(
            TableName=self.name,
            KeyConditionExpression="#bucket = :bucket",
            ExpressionAttributeNames={"#bucket": "bucket"} | (names or {}),
            ExpressionAttributeValues={":bucket": {"B": bucket.encode()}} | (values or {}),
            **more,
        )

    def batch_get(self, keys: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """The items, and the keys that were not processed."""
        wanted = {self.name: {"Keys": keys, "ConsistentRead": True}}
        answer = self.dynamodb.batch_get_item(RequestItems=wanted)
        left = answer["UnprocessedKeys"].get(self.name, {"Keys": [], "ConsistentRead": True})
        assert left["ConsistentRead"] is True
        return answer["Responses"][self.name], left["Keys"]


def throttled(call: Callable[[], Any]) -> dict[str, Any]:
    """The refusal, as an SDK has it."""
    with pytest.raises(ClientError) as refused:
        call()
    return refused.value.response
