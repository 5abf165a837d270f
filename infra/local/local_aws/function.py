"""The function: as many instances as are needed at once, up to a bound."""

from __future__ import annotations

import random
import threading
from collections import Counter
from pathlib import Path

from .cloudwatch import Metrics
from .function_settings import FunctionSettings
from .instance import Instance
from .runtime_api import THROTTLED, Outcome

INSTANCES_MAX = 12


class Function:
    """Invocations wait where all instances are at work: a laptop has no thousand environments."""

    def __init__(self, settings: FunctionSettings, log: Path, metrics: Metrics | None = None) -> None:
        self.settings = settings
        self.log = log
        self.emit = (metrics or Metrics()).emitter("AWS/Lambda", FunctionName=settings.name)
        # The reserved concurrency; 0 stops the function, as in AWS.
        self.concurrency_max = settings.concurrency_max
        self.running = 0
        self.instances: list[Instance] = []
        self.idle: list[Instance] = []
        self.freed = threading.Condition()
        self.outcomes: Counter[str] = Counter()
        self.closed = False

    def invoke(self, payload: bytes) -> Outcome:
        """Hands the payload to an instance and waits for what comes of it."""
        with self.freed:
            if self.concurrency_max is not None and self.running >= self.concurrency_max:
                self.emit("Throttles", 1)
                return Outcome.of_error(THROTTLED, "Rate Exceeded.")
            self.running += 1
        try:
            instance = self._take()
            try:
                outcome = instance.invoke(payload)
            finally:
                with self.freed:
                    self.idle.append(instance)
                    self.freed.notify()
        finally:
            with self.freed:
                self.running -= 1
        for name, value in (("Invocations", 1), ("Errors", int(outcome.failed)), ("Throttles", 0)):
            self.emit(name, value)
        self.emit("Duration", outcome.seconds * 1000)
        with self.freed:
            self.outcomes[outcome.error or "done"] += 1
        return outcome

    @property
    def is_busy(self) -> bool:
        with self.freed:
            return any(instance.current is not None for instance in self.instances)

    def kill_one(self, chance: random.Random) -> bool:
        """Kills a process that is at work, if there is one."""
        with self.freed:
            busy = [instance for instance in self.instances if instance.current is not None]
        return bool(busy) and chance.choice(busy).kill()

    def replace_processes(self) -> None:
        """Ends the idle processes, so that the next invocations start cold."""
        with self.freed:
            for instance in self.idle:
                instance.kill()

    @property
    def memory_bytes_max(self) -> int:
        return max((instance.memory_bytes_max for instance in self.instances), default=0)

    @property
    def init_seconds(self) -> list[float]:
        return [seconds for instance in self.instances for seconds in instance.init_seconds]

    def close(self) -> None:
        with self.freed:
            self.closed = True
            self.freed.notify_all()
        for instance in self.instances:
            instance.close()

    def _take(self) -> Instance:
        with self.freed:
            while True:
                if self.closed:
                    raise RuntimeError("the function is closed")
                if self.idle:
                    # The one used last is warm.
                    return self.idle.pop()
                if len(self.instances) < INSTANCES_MAX:
                    instance = Instance(self.settings, len(self.instances), self.log)
                    self.instances.append(instance)
                    return instance
                self.freed.wait()
