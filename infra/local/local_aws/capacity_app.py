"""DynamoDB's capacity in front of the stand-in: each call is charged, and refused where the second has no room for it.

A read is refused by what it has read. A write is refused by what is known before it, the item that is there and the one
that is to be put, and charged by what has come of it: what an update adds may so go beyond a limit, once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

from moto.dynamodb.exceptions import ResourceNotFoundException
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.table import Table

from .calls import Call
from .capacity import READ, WRITE, Capacity, Charge
from .charges import Image, WriteUnits, of_failed_condition, of_write
from .faults import App
from .function_settings import REGION
from .item_size import Attributes, binary, item_bytes, read_units, typed
from .resources import ACCOUNT
from .what_was_read import WhatWasRead

# What touches items and is not charged here; who needs one of these adds it.
NOT_MODELLED = (
    "TransactWriteItems",
    "TransactGetItems",
    "ExecuteStatement",
    "BatchExecuteStatement",
    "ExecuteTransaction",
)
# Emits a metric of a table: name, value, table.
Tell = Callable[[str, float, str], None]
Answer = tuple[str, bytes]


class NotModelledError(Exception):
    """A call whose costs are not known here."""


class MalformedError(Exception):
    """A call that the stand-in will refuse."""


class CapacityApp:
    """The WSGI application behind it with capacity. It has to be called one at a time."""

    def __init__(self, app: App, capacity: Capacity, read: WhatWasRead, tell: Tell) -> None:
        self.app = app
        self.capacity = capacity
        self.read = read
        self.tell = tell
        self.handlers: dict[str, Callable[[dict, dict[str, Any]], Answer]] = {
            "PutItem": self._write,
            "UpdateItem": self._write,
            "DeleteItem": self._write,
            "BatchWriteItem": self._batch_write,
            "GetItem": self._get,
            "BatchGetItem": self._batch_get,
            "Query": self._query,
            "Scan": self._query,
        }

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ = environ | {"wsgi.input": BytesIO(body)}
        call = Call.of(environ, body)
        if call.service != "dynamodb" or call.operation not in self.handlers.keys() | {*NOT_MODELLED}:
            return self.app(environ, start_response)
        try:
            if call.operation in NOT_MODELLED:
                raise NotModelledError(f"what {call.operation} costs is not known to the local AWS: add it")
            status, answer = self.handlers[call.operation](environ, json.loads(body))
        except NotModelledError as failure:
            status, answer = _error("com.amazon.coral.validate#ValidationException", str(failure))
        except (MalformedError, ResourceNotFoundException):
            return self.app(environ | {"wsgi.input": BytesIO(body)}, start_response)
        headers = [("Content-Type", "application/x-amz-json-1.0"), ("Content-Length", str(len(answer)))]
        start_response(status, headers)
        return [answer]

    def _pass_on(self, environ: dict, request: dict[str, Any]) -> Answer:
        body = json.dumps(request).encode()
        statuses: list[str] = []
        passed = environ | {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        answer = b"".join(self.app(passed, lambda status, *_: statuses.append(status)))
        return statuses[-1], answer

    def _write(self, environ: dict, request: dict[str, Any]) -> Answer:
        table = _table(request["TableName"])
        key = _key(table, request.get("Item") or request["Key"])
        before = _stored(table, key)
        wanted = Image.of(table, request["Item"]) if "Item" in request else before
        reason = self._refused(_write_charge(table, key, of_write(before, wanted)))
        if reason:
            return _throttled(reason, table)
        status, answer = self._pass_on(environ, request)
        if status.startswith("200"):
            self._add(_write_charge(table, key, of_write(before, _stored(table, key))))
        elif b"ConditionalCheckFailedException" in answer:
            self._add(_write_charge(table, key, of_failed_condition(before, wanted)))
        return status, answer

    def _batch_write(self, environ: dict, request: dict[str, Any]) -> Answer:
        """Each item is a write for itself; what finds no room comes back as unprocessed."""
        passed: dict[str, list] = {}
        left: dict[str, list] = {}
        reasons = []
        for name, writes in request["RequestItems"].items():
            table = _table(name)
            for write in writes:
                item = write["PutRequest"]["Item"] if "PutRequest" in write else None
                key = _key(table, item or write["DeleteRequest"]["Key"])
                charge = _write_charge(table, key, of_write(_stored(table, key), Image.of(table, item)))
                reason = self._add_or_refuse(charge)
                if reason:
                    reasons.append((reason, table))
                (left if reason else passed).setdefault(name, []).append(write)
        if reasons and not passed:
            return _throttled(*reasons[0])
        status, answer = self._pass_on(environ, request | {"RequestItems": passed})
        return status, _with_left(answer, "UnprocessedItems", left)

    def _get(self, environ: dict, request: dict[str, Any]) -> Answer:
        table = _table(request["TableName"])
        charge = _read_charge(table, _key(table, request["Key"]), request)
        reason = self._add_or_refuse(charge)
        return _throttled(reason, table) if reason else self._pass_on(environ, request)

    def _batch_get(self, environ: dict, request: dict[str, Any]) -> Answer:
        """Each item is a read for itself; what finds no room comes back as unprocessed.

        Where no room is left for any, the whole call is refused.
        https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
        """
        passed: dict[str, Any] = {}
        left: dict[str, Any] = {}
        reasons = []
        for name, wanted in request["RequestItems"].items():
            table = _table(name)
            for key in wanted["Keys"]:
                charge = _read_charge(table, key, wanted)
                reason = self._add_or_refuse(charge)
                if reason:
                    reasons.append((reason, table))
                part = (left if reason else passed).setdefault(name, wanted | {"Keys": []})
                part["Keys"].append(key)
        if reasons and not passed:
            return _throttled(*reasons[0])
        status, answer = self._pass_on(environ, request | {"RequestItems": passed})
        return status, _with_left(answer, "UnprocessedKeys", left)

    def _query(self, environ: dict, request: dict[str, Any]) -> Answer:
        """By all that was looked at, whatever a filter leaves of it; entries of an index by their own size."""
        table = _table(request["TableName"])
        self.read.forget()
        status, answer = self._pass_on(environ, request)
        if not status.startswith("200"):
            return status, answer
        units = read_units(sum(map(item_bytes, self.read.items)), request.get("ConsistentRead", False))
        key = self.read.partition
        charge = Charge(table.name, READ, units, None if key is None else _text(key))
        reason = self._add_or_refuse(charge)
        return _throttled(reason, table) if reason else (status, answer)

    def _add_or_refuse(self, charge: Charge) -> str | None:
        reason = self._refused(charge)
        if reason is None:
            self._add(charge)
        return reason

    def _refused(self, charge: Charge) -> str | None:
        reason = self.capacity.refusal(charge)
        if reason:
            self.capacity.add_throttled(charge)
            self.tell(f"{charge.kind}ThrottleEvents", 1, charge.table)
        return reason

    def _add(self, charge: Charge) -> None:
        self.capacity.add(charge)
        self.tell(f"Consumed{charge.kind}CapacityUnits", charge.units, charge.table)


def _table(name: str) -> Table:
    table = dynamodb_backends[ACCOUNT][REGION].get_table(name)
    if table.global_indexes:
        raise NotModelledError("what global indexes cost is not known to the local AWS: add it")
    return table


def _key(table: Table, attributes: Attributes) -> Attributes:
    """The primary key alone."""
    names = [name for name in (table.hash_key_attr, table.range_key_attr) if name]
    if not all(name in attributes for name in names):
        raise MalformedError
    return {name: attributes[name] for name in names}


def _attributes(table: Table, key: Attributes) -> Attributes | None:
    # moto keeps binary keys as bytes.
    plain = {name: {"B": binary(value["B"])} if "B" in value else value for name, value in key.items()}
    item = dynamodb_backends[ACCOUNT][REGION].get_item(table.name, plain)
    return item.attrs if item else None


def _stored(table: Table, key: Attributes) -> Image:
    return Image.of(table, _attributes(table, key))


def _write_charge(table: Table, key: Attributes, units: WriteUnits) -> Charge:
    texts = [_text(value) for value in key.values()]
    return Charge(table.name, WRITE, units.item + units.indexes, texts[0], "/".join(texts), units.indexes)


def _read_charge(table: Table, key: Attributes, asked: dict[str, Any]) -> Charge:
    """By the whole item, whatever part of it is asked for."""
    texts = [_text(value) for value in _key(table, key).values()]
    units = read_units(item_bytes(_attributes(table, key) or {}), asked.get("ConsistentRead", False))
    return Charge(table.name, READ, units, texts[0], "/".join(texts))


def _text(value: Any) -> str:
    kind, content = typed(value)
    return binary(content).hex() if kind == "B" else str(content)


def _with_left(answer: bytes, name: str, left: dict[str, Any]) -> bytes:
    """An answer with what was not processed besides."""
    if not left:
        return answer
    told = json.loads(answer)
    for table, part in left.items():
        already = told.setdefault(name, {}).get(table)
        if isinstance(part, list):
            told[name][table] = (already or []) + part
        else:
            told[name][table] = part | {"Keys": (already or {"Keys": []})["Keys"] + part["Keys"]}
    return json.dumps(told).encode()


def _throttled(reason: str, table: Table) -> Answer:
    """As the SDKs read it; a table's quota has an exception of its own.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ThrottlingReason.html
    """
    reasons = [{"reason": reason, "resource": table.table_arn}]
    if reason.endswith("AccountLimitExceeded"):
        kind = "com.amazonaws.dynamodb.v20120810#RequestLimitExceeded"
        return _error(
            kind, "Throughput exceeds the current throughput quota for your account.", ThrottlingReasons=reasons
        )
    message = (
        "Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your table "
        "or index so please try again shortly. If exceptions persist, check if you have a hot key."
    )
    return _error("com.amazon.coral.availability#ThrottlingException", message, throttlingReasons=reasons)


def _error(kind: str, message: str, **more: Any) -> Answer:
    return "400 Bad Request", json.dumps({"__type": kind, "message": message, **more}).encode()
