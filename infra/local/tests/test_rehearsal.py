"""The rehearsal, by the commands of replay/README, infra/README and `up` as they are written there, on what `up` brings
up: the alert is there within ten seconds, and what is not used is told with its reason.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_aws.template import REPOSITORY
from local_aws.unused import Report

from .conftest import PROFILE, Programs
from .documents import commands, section, shell, shims

ALERT_SECONDS_MAX = 10


class Terminals:
    """One in which `up` runs, and one for the commands."""

    def __init__(self, folder: Path, programs: Programs) -> None:
        self.environment = shims(folder / "programs", programs.replay)
        self.environment["VEDETTE_LOCAL_AWS"] = str(folder / "local-aws")
        self.lines: list[str] = []
        # With the program that the tests have built.
        command = [REPOSITORY / "infra" / "local" / "up", *(["--debug"] if PROFILE == "dev" else [])]
        self.up = subprocess.Popen(
            command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        threading.Thread(target=self._read, daemon=True).start()
        self.wait_for("as they come", 150)
        # The blocks of what it says to try, without the indentation; what cargo says is indented, too.
        told = "\n".join(self.lines).partition("In another terminal:")[2]
        self.blocks = [
            re.sub(r"^    ", "", block, flags=re.MULTILINE)
            for block in re.split(r"\n\s*\n", told)
            if block.startswith("    ")
        ]
        self.exports = next(block for block in self.blocks if block.startswith("export "))

    def _read(self) -> None:
        assert self.up.stdout is not None
        for line in self.up.stdout:
            self.lines.append(line.rstrip("\n"))

    def wait_for(self, part: str, seconds: float, since: int = 0) -> float:
        """Waits until a line has it; gives the seconds that it took."""
        begun = time.monotonic()
        while not any(part in line for line in self.lines[since:]):
            assert time.monotonic() < begun + seconds, f"no `{part}` in {seconds:.0f} s:\n" + "\n".join(
                self.lines[since:]
            )
            time.sleep(0.05)
        return time.monotonic() - begun

    def run(self, text: str) -> subprocess.CompletedProcess[str]:
        ran = shell(f"{self.exports}\n{text}", self.environment)
        assert ran.returncode == 0, f"{text}\n{ran.stdout}{ran.stderr}"
        return ran

    def down(self) -> None:
        ran = shell("infra/local/down", self.environment)
        assert "is down" in ran.stdout, ran.stdout + ran.stderr
        self.up.send_signal(signal.SIGINT)
        self.up.wait(20)


@pytest.fixture(scope="module")
def terminals(programs: Programs, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminals]:
    terminals = Terminals(tmp_path_factory.mktemp("rehearsal"), programs)
    yield terminals
    terminals.down()


@pytest.fixture
def fresh_terminals(programs: Programs, tmp_path: Path) -> Iterator[Terminals]:
    """With no episode open yet."""
    terminals = Terminals(tmp_path, programs)
    yield terminals
    terminals.down()


def rehearsals(terminals: Terminals) -> dict[str, str]:
    (replay,) = commands("replay/README.md", "Rehearse against the service")
    (infra,) = commands("infra/README.md", "Rehearse")
    sends = [block for block in terminals.blocks if " send " in block]
    assert len(sends) == 2
    return {"replay/README.md": replay, "infra/README.md": infra, "up": sends[0], "up, a longer one": sends[1]}


@pytest.mark.parametrize("where", ["replay/README.md", "infra/README.md", "up", "up, a longer one"])
def test_the_alert_is_there_within_ten_seconds(fresh_terminals: Terminals, where: str) -> None:
    terminals = fresh_terminals
    since = len(terminals.lines)
    begun = time.monotonic()
    ran = terminals.run(rehearsals(terminals)[where])
    assert "warning" not in ran.stderr, ran.stderr
    assert ("too late" in ran.stderr) == (where == "up, a longer one"), ran.stderr
    terminals.wait_for("  open  ", ALERT_SECONDS_MAX - (time.monotonic() - begun), since)
    assert time.monotonic() - begun < ALERT_SECONDS_MAX
    # What it says stands in replay/README as it is, but for its numbers.
    if where == "replay/README.md":
        (shown,) = re.findall(
            r"^```text\n(times shifted.*?)^```", section(where, "Rehearse against the service"), re.M | re.S
        )
        assert _without_numbers(ran.stderr) == _without_numbers(shown)
        counts = re.compile(r"sent (\S+) records with (\S+) events")
        assert counts.search(ran.stderr).groups() == counts.search(shown).groups(), ran.stderr


def _without_numbers(text: str) -> str:
    return re.sub(r"[\d,.]+", "0", text)


def test_the_other_lines_of_up_work_twice(terminals: Terminals, tmp_path: Path) -> None:
    others = [b for b in terminals.blocks if " send " not in b and not b.startswith(("export ", "infra/local/down"))]
    assert sum("aws " in block for block in others) == 2
    for _ in range(2):
        for block in others:
            # The recording that is captured is nobody's.
            terminals.run(block.replace("-o recording.ndjson", f"-o {tmp_path}/recording.ndjson"))
    assert "a line" in (tmp_path / "recording.ndjson").read_text()


def test_what_is_too_late_is_told_by_send_and_by_up(terminals: Terminals) -> None:
    (command,) = [text for where, text in rehearsals(terminals).items() if where == "up, a longer one"]
    whole = re.sub(r"--until \S+ ", "", command)
    assert whole != command
    since = len(terminals.lines)
    ran = terminals.run(whole)
    assert re.search(r"warning: [\d,]+ of [\d,]+ events will be too late", ran.stderr), ran.stderr
    terminals.wait_for("too late: ", ALERT_SECONDS_MAX, since)


def test_up_names_each_reason(fresh_terminals: Terminals, tmp_path: Path) -> None:
    terminals = fresh_terminals
    now_ms = int(time.time() * 1000)
    denied = {"event": "vehicle.read", "decision": "deny", "request_id": "r", "sub": "s", "timestamp": now_ms}
    nameless = {name: value for name, value in denied.items() if name != "sub"}
    cases = {
        "no rule: no rule hits": json.dumps(denied | {"event": "nothing.of.note", "decision": "allow"}),
        "no group: `sub` is missing": json.dumps(nameless),
        "clock ahead: 1 event": json.dumps(denied | {"timestamp": now_ms + 3_600_000}),
        "too late: 2 hits that arrived more than 15m": json.dumps(denied | {"timestamp": now_ms - 3_600_000}),
        "unreadable: 1 record, kept in s3://": '{"event":"vehicle.read",',
    }
    for reason, text in cases.items():
        since = len(terminals.lines)
        recording = tmp_path / "one.ndjson"
        recording.write_text(f"{text}\n")
        terminals.run(f'replay send --quiet --stream "$STREAM" {recording}')
        terminals.wait_for(reason, ALERT_SECONDS_MAX, since)


def test_a_report_is_of_what_is_new_and_takes_no_torn_line(tmp_path: Path) -> None:
    log = tmp_path / "function.log"
    report = Report(log, "15m", "bucket")
    assert report.lines() == []
    batch = '{"_aws":{},"Records":2,"Events":3,"Hits":1,"HitsTooLate":1}\n'
    log.write_text(batch + batch[:20])
    first = report.lines()
    assert first[0].endswith("read 2 records, 3 events: 1 hit") and "too late: 1 hit that" in first[1]
    assert report.lines() == []
    log.write_text(batch + batch)
    assert report.lines()[0].endswith("read 2 records, 3 events: 1 hit")
