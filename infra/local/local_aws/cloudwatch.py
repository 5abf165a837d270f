"""CloudWatch's metrics: what the function, the services around it and the stand-in have emitted, by AWS's own names.

Time is that of a clock that can be put forward, so that what takes minutes or a day need not be waited for.
"""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

Emit = Callable[[str, float], None]


class Clock:
    """The time of this machine, put forward by `ahead_seconds`."""

    def __init__(self) -> None:
        self.ahead_seconds = 0.0

    def now(self) -> float:
        return time.time() + self.ahead_seconds


@dataclass(frozen=True)
class Metric:
    """What a value belongs to. Another set of dimensions is another metric."""

    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, namespace: str, name: str, dimensions: dict[str, str]) -> Metric:
        return cls(namespace, name, frozenset(dimensions.items()))


class Metrics:
    """All values, with their times."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.lock = threading.Lock()
        self.values: dict[Metric, list[tuple[float, float]]] = defaultdict(list)

    def add(self, metric: Metric, value: float, at: float | None = None) -> None:
        with self.lock:
            self.values[metric].append((self.clock.now() if at is None else at, value))

    def emitter(self, namespace: str, **dimensions: str) -> Emit:
        """Adds to metrics of these dimensions."""
        return lambda name, value: self.add(Metric.of(namespace, name, dimensions), value)

    def between(self, metric: Metric, begin: float, end: float) -> list[float]:
        """Values from `begin` to before `end`."""
        with self.lock:
            return [value for at, value in self.values.get(metric, []) if begin <= at < end]

    def add_log(self, lines: Iterable[str]) -> None:
        """Takes the metrics out of a function's log, as CloudWatch does (embedded metric format)."""
        for line in lines:
            try:
                told = json.loads(line)
            except ValueError:
                continue
            if isinstance(told, dict) and "_aws" in told:
                self._add_embedded(told)

    def _add_embedded(self, told: dict[str, Any]) -> None:
        at = told["_aws"]["Timestamp"] / 1000 + self.clock.ahead_seconds
        for directive in told["_aws"]["CloudWatchMetrics"]:
            for names in directive["Dimensions"]:
                dimensions = {name: str(told[name]) for name in names}
                for metric in directive["Metrics"]:
                    named = Metric.of(directive["Namespace"], metric["Name"], dimensions)
                    self.add(named, told[metric["Name"]], at)
