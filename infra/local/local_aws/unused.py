"""What the function read, what it did not use and why, as lines for a person: from its metrics and its log."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

# What the function is to tell besides: which rule misses which field.
LOG_LEVEL = "info,detector_lambda::unused=debug"
INDENT = " " * 10
# Metrics of what was not used, with what each means.
REASONS = {
    "HitsTooLate": "too late: {} that arrived more than {lateness} (Lateness) after their time",
    "HitsUntimed": "no time: {} of events that do not say when they happened",
    "EventsSkewed": "clock ahead: {} more than five minutes in the future count as of their arrival",
    "RecordsBad": "unreadable: {}, kept in s3://{bucket}/records/",
    "RecordsRepeated": "not done: {} that come again",
    "GroupsTooLarge": "too large: {} of which the oldest part is lost",
    "StateDamaged": "state cannot be read: {} skipped",
}


class Report:
    """Follows the log; `lines` gives what is new."""

    def __init__(self, log: Path, lateness: str, bucket: str) -> None:
        self.log = log
        self.lateness = lateness
        self.bucket = bucket
        self.read_to = 0

    def lines(self, now: datetime | None = None) -> list[str]:
        told = [line for line in map(_parsed, self._new()) if line]
        at = (now or datetime.now()).strftime("%H:%M:%S")
        batches = [line for line in told if "_aws" in line and "Records" in line]
        lines = self._of_batches(batches, told, at) if batches else []
        return lines + [f"{at}  {line}" for line in _troubles(told)]

    def _new(self) -> Iterable[str]:
        if not self.log.exists():
            return []
        with self.log.open("rb") as log:
            log.seek(self.read_to)
            text = log.read()
        # The last line may be under way.
        whole = text[: text.rfind(b"\n") + 1]
        self.read_to += len(whole)
        return whole.decode("utf-8", "replace").splitlines()

    def _of_batches(self, batches: list[dict[str, Any]], told: list[dict[str, Any]], at: str) -> list[str]:
        sums: Counter[str] = Counter()
        for batch in batches:
            sums.update({name: value for name, value in batch.items() if isinstance(value, int)})
        read = ", ".join(_counted(sums[name], noun) for name, noun in (("Records", "record"), ("Events", "event")))
        lines = [f"{at}  read {read}: {_counted(sums['Hits'], 'hit')}"]
        if sums["Events"] and not sums["Hits"]:
            lines.append(f"{INDENT}no rule: no rule hits any of these events (`replay match` tells for a recording)")
        elif not sums["Events"] and not sums["RecordsBad"]:
            lines.append(f"{INDENT}no event in them")
        for name, text in REASONS.items():
            if sums[name]:
                noun = {"H": "hit", "E": "event", "R": "record", "G": "group", "S": "item"}[name[0]]
                counted = _counted(sums[name], noun)
                lines.append(INDENT + text.format(counted, lateness=self.lateness, bucket=self.bucket))
        return lines + [INDENT + line for line in _by_rule(told)]


def _by_rule(told: list[dict[str, Any]]) -> list[str]:
    """Hits that a rule could not use, united over batches."""
    unused: Counter[str] = Counter()
    for line in told:
        if line.get("message") == "hits without a group":
            unused[f"no group: `{line['field']}` is {line['why']}, for rule {line['rule']}"] += line["hits"]
        elif line.get("message") == "hits that a list allows":
            unused[f"allowed: by the allowlist of rule {line['rule']}"] += line["hits"]
    return [f"{text}: {_counted(hits, 'hit')}" for text, hits in unused.items()]


def _troubles(told: list[dict[str, Any]]) -> list[str]:
    """Warnings and errors, each once."""
    lines: Counter[str] = Counter()
    for line in told:
        if line.get("level") in ("WARN", "ERROR") and line.get("target") != "quarantine":
            about = {k: v for k, v in line.items() if k not in ("timestamp", "level", "message", "target")}
            lines[f"{line['level'].lower()}: {line.get('message', '')} {_short(about)}".rstrip()] += 1
    return [text if times == 1 else f"{text} ({times} times)" for text, times in lines.items()]


def _short(about: dict[str, Any]) -> str:
    text = ", ".join(f"{name}={value}" for name, value in about.items())
    # What a log says is not to be trusted with a terminal.
    safe = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return safe if len(safe) <= 300 else safe[:300] + "…"


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        told = json.loads(line)
    except ValueError:
        return None
    return told if isinstance(told, dict) else None


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
