"""The schedule: invokes the function once a minute with what EventBridge sends, or on demand."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

from .cloudwatch import Emit
from .function_settings import REGION
from .resources import ACCOUNT
from .runtime_api import Outcome


def scheduled_event(at: datetime, rule_arn: str) -> bytes:
    """The event; its time has whole seconds, as that of EventBridge."""
    return json.dumps(
        {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": ACCOUNT,
            "time": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": REGION,
            "resources": [rule_arn],
            "detail": {},
        }
    ).encode()


class Schedule:
    """Sweeps once in every period, from `start` to `stop`."""

    def __init__(self, rule_arn: str, expression: str, invoke: Callable[[bytes], Outcome], emit: Emit) -> None:
        if expression != "rate(1 minute)":
            raise NotImplementedError(f"the local schedule knows `rate(1 minute)` only, not `{expression}`")
        self.rule_arn = rule_arn
        self.period_seconds = 60.0
        self.invoke = invoke
        self.emit = emit
        self.stopping = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._run, daemon=True).start()

    def stop(self) -> None:
        self.stopping.set()

    def sweep(self, at: datetime) -> Outcome:
        """One sweep, as if it were that time."""
        # Also where the function has no concurrency left: the event was handed over.
        self.emit("Invocations", 1)
        return self.invoke(scheduled_event(at, self.rule_arn))

    def _run(self) -> None:
        while not self.stopping.wait(self.period_seconds):
            self.sweep(datetime.now(UTC))
