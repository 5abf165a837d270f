"""Faults between the function and AWS: throttling, errors before and after the effect, parts of batches, slowness.

No stand-in throttles or fails by itself. The faults sit in front of the stand-in and not in the SDK, so that all of the
function's own handling is put to the test.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl, urlencode

from .calls import Call

App = Callable[[dict, Callable], Iterable[bytes]]

KINDS = ("throttle", "error_before", "error_after", "drop_after", "partial", "slow")
BATCH_GET_KEYS_MAX = 100
ITEM_BYTES_MAX = 400 * 1024


@dataclass(frozen=True)
class Fault:
    """With this `chance`, a call of the service (and operation, `*` for any) goes wrong in this way."""

    service: str
    kind: str
    chance: float
    operation: str = "*"
    slow_ms: int = 200

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no such fault: `{self.kind}`; there are {', '.join(KINDS)}")

    def concerns(self, call: Call) -> bool:
        return self.service == call.service and self.operation in ("*", call.operation)


class FaultPlan:
    """The faults of now, the chance by which they strike, and a count of calls and faults."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.faults: list[Fault] = []
        self.random = random.Random(0)
        self.calls: Counter[str] = Counter()
        self.struck: Counter[str] = Counter()

    def set(self, seed: int, faults: list[Fault]) -> None:
        with self.lock:
            self.random = random.Random(seed)
            self.faults = faults

    def strike(self, call: Call) -> Fault | None:
        """Counts the call and says what is to go wrong with it."""
        with self.lock:
            self.calls[str(call)] += 1
            for fault in self.faults:
                if fault.concerns(call) and self.random.random() < fault.chance:
                    self.struck[f"{call} {fault.kind}"] += 1
                    return fault
        return None

    def half(self, parts: list) -> tuple[list, list]:
        """Divides a batch by chance: what goes through, and at least one that does not."""
        with self.lock:
            refused = {self.random.randrange(len(parts))}
            refused |= {at for at in range(len(parts)) if self.random.random() < 0.5}
        return (
            [part for at, part in enumerate(parts) if at not in refused],
            [part for at, part in enumerate(parts) if at in refused],
        )

    def told(self) -> dict[str, Any]:
        with self.lock:
            return {
                "faults": [asdict(fault) for fault in self.faults],
                "calls": dict(self.calls),
                "struck": dict(self.struck),
            }

    def forget_counts(self) -> None:
        with self.lock:
            self.calls.clear()
            self.struck.clear()


class FaultyApp:
    """The WSGI application behind it, with faults. What moto lets pass and AWS does not is refused here."""

    def __init__(self, app: App, plan: FaultPlan, throttled: Callable[[Call, bytes], None]) -> None:
        self.app = app
        self.plan = plan
        # Told of each call that is refused for want of capacity.
        self.throttled = throttled

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        call = Call.of(environ, body)
        refusal = beyond_limits(call, body)
        if refusal:
            return _answer(start_response, "400 Bad Request", _error(call, "ValidationException", refusal))
        fault = self.plan.strike(call)
        kind = fault.kind if fault else "none"
        if kind == "throttle":
            self.throttled(call, body)
            return _answer(start_response, "400 Bad Request", _error(call, _throttled(call), "injected: slow down"))
        if kind == "error_before":
            return _answer(start_response, "500 Internal Server Error", _error(call, "InternalError", "injected"))
        if kind == "slow" and fault:
            time.sleep(fault.slow_ms / 1000)
        if kind == "partial":
            answer = self._partly(call, environ, body)
            if answer is not None:
                return _answer(start_response, "200 OK", answer)
        answered = self._pass_on(environ, body, start_response if kind in ("none", "slow", "partial") else None)
        if kind == "drop_after":
            environ["werkzeug.socket"].shutdown(2)
        if kind == "error_after":
            return _answer(start_response, "500 Internal Server Error", _error(call, "InternalError", "injected"))
        return answered

    def _pass_on(self, environ: dict, body: bytes, start_response: Callable | None) -> Iterable[bytes]:
        passed = environ | {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        return self.app(passed, start_response or (lambda *_: None))

    def _partly(self, call: Call, environ: dict, body: bytes) -> tuple[str, bytes] | None:
        """Does a part of a batch and answers so; `None` where there is no batch."""
        if call.operation == "BatchGetItem":
            request = json.loads(body)
            ((table, wanted),) = request["RequestItems"].items()
            done, left = self.plan.half(wanted["Keys"])
            answer: dict[str, Any] = {"Responses": {table: []}}
            if done:
                request["RequestItems"][table] = wanted | {"Keys": done}
                told = json.loads(b"".join(self._pass_on(environ, json.dumps(request).encode(), None)))
                if "Responses" in told:
                    answer = told
                    # What the table itself has no capacity for.
                    left = left + told.get("UnprocessedKeys", {}).get(table, {"Keys": []})["Keys"]
                else:
                    left = wanted["Keys"]
            answer["UnprocessedKeys"] = {table: wanted | {"Keys": left}}
            return "application/x-amz-json-1.0", json.dumps(answer).encode()
        if call.operation == "PublishBatch":
            return self._publish_partly(environ, body)
        return None

    def _publish_partly(self, environ: dict, body: bytes) -> tuple[str, bytes]:
        fields = parse_qsl(body.decode(), keep_blank_values=True)
        entries = sorted({name.split(".")[2] for name, _ in fields if ".member." in name}, key=int)
        done, left = self.plan.half(entries)
        prefix = "PublishBatchRequestEntries.member."
        kept = [(n, v) for n, v in fields if not any(n.startswith(f"{prefix}{at}.") for at in left)]
        for new, old in enumerate(done, 1):
            kept = [(n.replace(f"{prefix}{old}.", f"{prefix}{new}.", 1), v) for n, v in kept]
        ids = [value for name, value in fields for at in left if name == f"{prefix}{at}.Id"]
        failed = "".join(
            f"<member><Id>{i}</Id><Code>InternalError</Code><Message>injected</Message>"
            "<SenderFault>false</SenderFault></member>"
            for i in ids
        )
        successful = ""
        if done:
            text = b"".join(self._pass_on(environ, urlencode(kept).encode(), None)).decode()
            successful = text.partition("<Successful>")[2].partition("</Successful>")[0]
        xml = (
            '<PublishBatchResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishBatchResult>'
            f"<Successful>{successful}</Successful><Failed>{failed}</Failed></PublishBatchResult>"
            "<ResponseMetadata><RequestId>injected</RequestId></ResponseMetadata></PublishBatchResponse>"
        )
        return "text/xml", xml.encode()


def beyond_limits(call: Call, body: bytes) -> str | None:
    """Why AWS would refuse what moto does not; sizes are those of the request, a little above what AWS counts."""
    if call.operation == "BatchGetItem":
        keys = sum(len(wanted["Keys"]) for wanted in json.loads(body)["RequestItems"].values())
        if keys > BATCH_GET_KEYS_MAX:
            return f"{keys} keys in BatchGetItem, at most {BATCH_GET_KEYS_MAX}"
    # Binary values are base64 on the way: four characters for three bytes.
    if call.operation == "PutItem" and len(body) * 3 // 4 > ITEM_BYTES_MAX + 4096:
        return f"Item size has exceeded the maximum allowed size of {ITEM_BYTES_MAX} bytes"
    return None


def _throttled(call: Call) -> str:
    return "Throttled" if call.service == "sns" else "ProvisionedThroughputExceededException"


def _error(call: Call, code: str, message: str) -> tuple[str, bytes]:
    if call.service in ("dynamodb", "kinesis"):
        body = json.dumps({"__type": f"com.amazonaws.{call.service}#{code}", "message": message})
        return "application/x-amz-json-1.1", body.encode()
    error = f"<Error><Type>Receiver</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    if call.service == "sns":
        error = f"<ErrorResponse>{error}<RequestId>injected</RequestId></ErrorResponse>"
    return "text/xml", error.encode()


def _answer(start_response: Callable, status: str, content: tuple[str, bytes]) -> Iterable[bytes]:
    kind, body = content
    start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return [body]
