"""What a table takes within a second, all in all and for one partition key, and what was used of it.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html (a partition)
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html (a table on demand)

Stricter than DynamoDB: bursts are not modelled. It may let pass what was not used in the last five minutes, and
promises nothing. That it divides hot partitions is no help for one key of a table with a local index, all of which lies
in one partition. Milder: each partition key is taken to be alone in its partition, and a new table to take its whole
quota, where AWS begins with 4,000 write units and then allows twice the former peak.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from .unused import INDENT

# Of the stand-in: see `aws_server.with_capacity`.
CAPACITY_PATH = "/_local/capacity"
READ, WRITE = "Read", "Write"


@dataclass(frozen=True)
class Limits:
    """Units within a second: those of a partition cannot be raised, those of a table on demand are a quota."""

    key_write_units: int = 1_000
    key_read_units: int = 3_000
    table_write_units: int = 40_000
    table_read_units: int = 40_000

    def of_key(self, kind: str) -> int:
        return self.key_write_units if kind == WRITE else self.key_read_units

    def of_table(self, kind: str) -> int:
        return self.table_write_units if kind == WRITE else self.table_read_units


@dataclass(frozen=True)
class Charge:
    """Units of one item, or of one query; without a key where the whole table is read."""

    table: str
    kind: str
    units: float
    key: str | None = None
    item: str | None = None
    # How many of the units are for indexes.
    index_units: int = 0


@dataclass
class Used:
    """Of one table, reads or writes. Keys are told as text, binary ones in hexadecimal."""

    units: float = 0
    index_units: int = 0
    # What was refused for want of capacity: calls, and of batches each item by itself.
    throttled: int = 0
    # The most within one second: of the table, of a partition key, of an item.
    second_max: float = 0
    key_max: float = 0
    key: str | None = None
    item_max: float = 0
    item: str | None = None


class Capacity:
    """Sums within the second of its clock. Where `limits` is `None`, it counts and refuses nothing."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self.limits: Limits | None = Limits()
        # The time of tests that tell it, in place of the clock's.
        self.told_time: float | None = None
        self.lock = threading.Lock()
        self.second = 0
        self.sums: Counter[tuple[str | None, ...]] = Counter()
        self.used: dict[tuple[str, str], Used] = {}

    def refusal(self, charge: Charge) -> str | None:
        """Why the charge does not fit into this second, by DynamoDB's name for it."""
        with self.lock:
            self._turn()
            if self.limits is None:
                return None
            table, kind = charge.table, charge.kind
            of_key = self.sums[table, kind, charge.key] + charge.units
            if charge.key is not None and of_key > self.limits.of_key(kind):
                return f"Table{kind}KeyRangeThroughputExceeded"
            if self.sums[table, kind] + charge.units > self.limits.of_table(kind):
                return f"Table{kind}AccountLimitExceeded"
            return None

    def add(self, charge: Charge) -> None:
        with self.lock:
            self._turn()
            used = self._used(charge)
            used.units += charge.units
            used.index_units += charge.index_units
            place = charge.table, charge.kind
            self.sums[place] += charge.units
            used.second_max = max(used.second_max, self.sums[place])
            if charge.key is not None:
                place += (charge.key,)
                self.sums[place] += charge.units
                if self.sums[place] > used.key_max:
                    used.key_max, used.key = self.sums[place], charge.key
            if charge.item is not None:
                place += (charge.item,)
                self.sums[place] += charge.units
                if self.sums[place] > used.item_max:
                    used.item_max, used.item = self.sums[place], charge.item

    def add_throttled(self, charge: Charge) -> None:
        with self.lock:
            self._used(charge).throttled += 1

    def report(self) -> dict[str, Any]:
        """`{"limits", "tables": {NAME: {"Read": …, "Write": …}}}` as [`Used`] has it."""
        with self.lock:
            tables: dict[str, dict[str, Any]] = {}
            for (table, kind), used in sorted(self.used.items()):
                tables.setdefault(table, {})[kind] = asdict(used)
            return {"limits": self.limits and asdict(self.limits), "tables": tables}

    def forget(self) -> None:
        """All sums begin anew, also those of this second."""
        with self.lock:
            self.sums.clear()
            self.used.clear()

    def _used(self, charge: Charge) -> Used:
        return self.used.setdefault((charge.table, charge.kind), Used())

    def _turn(self) -> None:
        now = int(self.clock() if self.told_time is None else self.told_time)
        if now != self.second:
            self.second = now
            self.sums.clear()


class Throttled:
    """Tells for people when something has been throttled since it was last asked."""

    def __init__(self) -> None:
        self.known = 0

    def lines(self, report: dict[str, Any], now: datetime | None = None) -> list[str]:
        all_used = [used for kinds in report["tables"].values() for used in kinds.values()]
        before, self.known = self.known, sum(used["throttled"] for used in all_used)
        if self.known <= before:
            return []
        at = (now or datetime.now()).strftime("%H:%M:%S")
        return [f"{at}  the table throttles, as DynamoDB would", *(f"{INDENT}{line}" for line in lines(report))]


def lines(report: dict[str, Any]) -> list[str]:
    """A report for people."""
    told = []
    for table, kinds in report["tables"].items():
        for kind, used in kinds.items():
            line = f"table {table}: {used['units']:,.0f} {kind.lower()} units"
            if used["index_units"]:
                line += f" ({used['index_units']:,} for the index)"
            line += f", at most {used['second_max']:,.0f} within a second"
            if used["key"]:
                line += f", {used['key_max']:,.0f} of one partition key ({used['key']})"
            told.append(f"{line}; {used['throttled']:,} throttled")
    return told
