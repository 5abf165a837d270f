"""The way through CloudWatch Logs: a subscription brings lines to the function, `replay capture` gets them back."""

from __future__ import annotations

import gzip
import json
import time
from datetime import datetime, timedelta
from pathlib import Path

from local_aws.local_stack import Wishes

from .conftest import Programs, Up
from .recordings import attack, episode, expected, on_stream, replay, run, send
from .test_attacks import close_all

GROUP = "/aws/lambda/fleet"


def attack_itself(programs: Programs, folder: Path) -> Path:
    """Of a recording of four hours, the lines of the attack: an event counts as arrived when its log took it in, so
    what is written now must not have happened long ago."""
    recording = attack("cross_owner_access") / "vehicles.json.gz"
    alerts = run(programs.replay, recording)
    begin = datetime.fromisoformat(min(alert["first_event_time"] for alert in alerts))
    payloads = [json.loads(line) for line in gzip.decompress(recording.read_bytes()).splitlines()]
    lines = [event["message"] for payload in payloads for event in payload["logEvents"]]
    kept = [
        line for line in lines if line.startswith("{") and begin <= written_at(line) < begin + timedelta(minutes=12)
    ]
    file = folder / "attack.ndjson"
    file.write_text("".join(f"{line.strip()}\n" for line in kept))
    return file


def written_at(line: str) -> datetime:
    return datetime.fromisoformat(json.loads(line)["timestamp"])


def test_a_log_group_is_watched_and_captured(up: Up, programs: Programs, tmp_path: Path) -> None:
    wishes = Wishes(parameters={"Lateness": "24h"}, log_groups=[GROUP], mapping={"window_seconds": 0.2})
    aws = up(programs.package, wishes)
    # Lines as the application would have written them in the last minutes.
    aws.client("kinesis").create_stream(StreamName="staging", ShardCount=1)
    send(programs.replay, aws, "staging", attack_itself(programs, tmp_path))
    (carried,) = on_stream(aws, "staging").values()
    wanted = {episode(alert): alert for alert in expected(programs.replay, carried, tmp_path)}
    assert len(wanted) >= 2
    logs = aws.client("logs")
    logs.create_log_stream(logGroupName=GROUP, logStreamName="one")
    now_ms = int(time.time() * 1000)
    lines = [{"timestamp": now_ms, "message": line.decode()} for line in carried]
    for at in range(0, len(lines), 40):
        logs.put_log_events(logGroupName=GROUP, logStreamName="one", logEvents=lines[at : at + 40])

    # The subscription delivers payloads as AWS does, and the function reads them.
    payloads = [data for records in on_stream(aws, aws.stream).values() for data in records]
    assert json.loads(gzip.decompress(payloads[0]))["messageType"] == "DATA_MESSAGE"
    aws.source.start()
    aws.source.wait_until_read(len(payloads), 60)
    close_all(aws)
    closed = [n["alert"] for n in aws.queue.receive() if n["alert"]["status"] == "closed"]
    assert {episode(alert) for alert in closed} == wanted.keys()

    capture = ("capture", "--quiet", "--log-group", GROUP, "--since", "2h")
    captured = tmp_path / "captured.ndjson"
    replay(programs.replay, *capture, "--output", captured, url=aws.server.plain_url)
    assert {episode(alert) for alert in run(programs.replay, captured)} == wanted.keys()

    # With stand-ins the rules hit as before, and nobody is in it.
    nameless = tmp_path / "nameless.ndjson"
    replay(programs.replay, *capture, "--pseudonymise", "--output", nameless, url=aws.server.plain_url)
    found = run(programs.replay, nameless)
    assert sorted((a["rule"]["name"], a["opened_at"], a["count"]) for a in found) == sorted(
        (a["rule"]["name"], a["opened_at"], a["count"]) for a in wanted.values()
    )
    users = {value for alert in wanted.values() for value in alert["group"].values()}
    assert users and not any(user in nameless.read_text() for user in users)
