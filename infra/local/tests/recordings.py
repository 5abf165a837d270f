"""Recordings on their way: sent over a stream, read back from it, and what `replay run` finds in them."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from local_aws.function_settings import CREDENTIALS, REGION
from local_aws.local_stack import LocalAws
from local_aws.template import REPOSITORY

ATTACKS = ("credential_stuffing", "registration_flood", "cross_owner_access", "error_leak")
TIMES = ("first_event_time", "opened_at", "held_until", "last_event_time")

Alert = dict[str, Any]


def attack(family: str) -> Path:
    return REPOSITORY / "fixtures" / family / "attack"


def replay(program: Path, *arguments: str | Path, url: str | None = None) -> subprocess.CompletedProcess[str]:
    """Runs the program; an error of it is an error of the test."""
    environment = os.environ | CREDENTIALS | {"AWS_REGION": REGION}
    address = ["--endpoint-url", url] if url else []
    ran = subprocess.run(
        [program, *arguments, *address],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, f"replay {arguments}: {ran.stderr}"
    return ran


def send(program: Path, aws: LocalAws, stream: str, recording: Path, *options: str) -> timedelta:
    """Sends a recording as if it ended now; tells by how much its times were shifted."""
    ran = replay(program, "send", "--now", "--quiet", *options, "--stream", stream, recording, url=aws.server.plain_url)
    shifted = re.search(r"shifted by \+?(-?\d+) s", ran.stderr)
    assert shifted, f"replay send does not tell the shift: {ran.stderr}"
    return timedelta(seconds=int(shifted.group(1)))


def on_stream(aws: LocalAws, stream: str) -> dict[str, list[bytes]]:
    """The data of all records, by shard."""
    kinesis = aws.client("kinesis")
    found: dict[str, list[bytes]] = {}
    for shard in kinesis.list_shards(StreamName=stream)["Shards"]:
        start = kinesis.get_shard_iterator(
            StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )
        answer = kinesis.get_records(ShardIterator=start["ShardIterator"])
        assert answer["MillisBehindLatest"] == 0
        found[shard["ShardId"]] = [record["Data"] for record in answer["Records"]]
    return found


def expected(program: Path, data: list[bytes], folder: Path) -> list[Alert]:
    """What `replay run` finds in the records as a set."""
    # Without arrival times: those of the stream would make old events too late.
    records = [{"kinesis": {"data": base64.b64encode(one).decode()}, "eventSource": "aws:kinesis"} for one in data]
    saved = folder / "carried.json"
    saved.write_text(json.dumps({"Records": records}))
    return run(program, saved)


def run(program: Path, recording: Path) -> list[Alert]:
    """The lines of `replay run --format json`."""
    ran = replay(program, "run", "--quiet", "--format", "json", "--rules", REPOSITORY / "rules", recording)
    return [json.loads(line) for line in ran.stdout.splitlines()]


def episode(alert: Alert) -> str:
    """What tells a closed episode from any other, whatever its id."""
    return json.dumps([alert["rule"]["id"], alert["group"], alert["opened_at"]], sort_keys=True)


def line_of(notice: Alert, like: Alert) -> Alert:
    """The fields of a notice that a line of `replay run` has. The incident is known there by all alerts together."""
    return {name: notice[name] for name in like} | {"incident_id": like["incident_id"]}


def shifted(alert: Alert, by: timedelta) -> Alert:
    """An alert with its times shifted, without what depends on the bytes of its events."""
    moved = {name: _moved(alert[name], by) for name in TIMES}
    return {k: v for k, v in alert.items() if k not in ("alert_id", "incident_id", "event_ids", "status")} | moved


def _moved(time: str, by: timedelta) -> str:
    moment = datetime.fromisoformat(time) + by
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
