"""`up` and `down`: the local AWS for people."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from .capacity import CAPACITY_PATH, lines
from .package import ALL, FUNCTION, assembled, built
from .template import REPOSITORY

# Another folder, for a second one beside it.
STATE = Path(os.environ.get("VEDETTE_LOCAL_AWS", REPOSITORY / "target" / "local-aws"))
RUNNING = STATE / "running.json"
UP_SECONDS_MAX = 90.0
AS_AWS, UNLIMITED = "as-aws", "unlimited"
# Short enough for a service that takes what is up to 15 minutes late.
REHEARSAL = "error_leak/attack_chosen_request_id"


def main() -> int:
    parser = argparse.ArgumentParser(prog="infra/local", description="The local AWS of Vedette, on 127.0.0.1 only.")
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="bring it up and show alerts, and what was not used, as they arrive")
    up.add_argument("--detach", action="store_true", help="show nothing: return when it is up")
    up.add_argument("--debug", action="store_true", help="build the function without optimisation, which is quicker")
    up.add_argument("--lateness", default="15m", help="how late an event may arrive (default 15m)")
    up.add_argument("--log-group", default="/local/application", help="name of the log group that is watched")
    up.add_argument(
        "--capacity", choices=(AS_AWS, UNLIMITED), default=AS_AWS, help=f"what DynamoDB takes (default {AS_AWS})"
    )
    commands.add_parser("down", help="take it down")
    arguments = parser.parse_args()
    return bring_up(arguments) if arguments.command == "up" else take_down()


def running() -> dict[str, Any] | None:
    """What `up` wrote down about the process that runs, if it does."""
    try:
        told = json.loads(RUNNING.read_text())
    except (OSError, ValueError):
        return None
    return told if _is_ours(told["pid"], told["token"]) else None


def _is_ours(pid: int, token: str) -> bool:
    """Whether the process is the one we started: the number may long belong to another one."""
    found = subprocess.run(["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return token in found.stdout


def bring_up(arguments: argparse.Namespace) -> int:
    told = running()
    if told is None:
        # The quick build shares what the tests have built.
        made = built(ALL, "dev") if arguments.debug else built(FUNCTION, "release")
        package = assembled(made["bootstrap"], STATE / "package")
        told = _start(package, arguments)
    else:
        print("It is up already. Take it down first where it should run another program or with other settings.")
        print("\n".join(_used(told)))
    print(_what_to_try(told))
    if arguments.detach:
        return 0
    print(
        "What is read, what is not used, and alerts, as they come (Ctrl-C stops showing; everything runs on):\n",
        flush=True,
    )
    try:
        _follow(STATE / "shown.log", told)
    except KeyboardInterrupt:
        print()
    return 0


def _start(package: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    RUNNING.unlink(missing_ok=True)
    token = f"local-aws-{time.time_ns()}"
    log = STATE / "service.log"
    settings = [arguments.lateness, arguments.log_group, arguments.capacity]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "local_aws.service", token, str(package), *settings],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    until = time.monotonic() + UP_SECONDS_MAX
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        told = running()
        if told is not None and told["token"] == token:
            return told
        time.sleep(0.1)
    process.kill()
    raise SystemExit(f"it did not come up; the last it said:\n{log.read_text()[-2000:]}")


def _what_to_try(told: dict[str, Any]) -> str:
    url, stream, group, region = told["endpoint_url"], told["stream"], told["log_group"], told["region"]
    return f"""
The local AWS is up at {url} (region {region}, any credentials); its files are in {STATE}.
In another terminal:

    export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local AWS_REGION={region} AWS_DEFAULT_REGION={region}
    export AWS_ENDPOINT_URL={url} STREAM={stream}

    # send an attack as if it ended just now: the alert comes within seconds (once, as long as its episode is open)
    cargo run --release -p replay --features aws -- send --now --stream "$STREAM" fixtures/{REHEARSAL}

    # a longer recording: up to an alert's `opened_at`, as `replay run` tells it
    cargo run --release -p replay --features aws -- send --now --until 2026-07-09T16:02:30Z --stream "$STREAM" \\
        fixtures/error_leak/attack_provocation

    # write a line to the log group that is watched, and read the group back into a recording
    aws logs create-log-stream --log-group-name {group} --log-stream-name one || true
    aws logs put-log-events --log-group-name {group} --log-stream-name one \\
        --log-events "timestamp=$(date +%s)000,message='a line'"
    cargo run --release -p replay --features aws -- capture --log-group {group} --since 2h -o recording.ndjson

    # look around
    aws kinesis list-shards --stream-name "$STREAM"
    aws s3 ls --recursive s3://{told["bucket"]}/

    infra/local/down
"""


def _used(told: dict[str, Any]) -> list[str]:
    """What has been used of DynamoDB's capacity since it came up."""
    with urllib.request.urlopen(told["endpoint_url"] + CAPACITY_PATH, timeout=30) as answer:
        return lines(json.load(answer))


def _follow(log: Path, told: dict[str, Any]) -> None:
    with log.open() as lines:
        while True:
            line = lines.readline()
            if line:
                print(line, end="", flush=True)
            elif not _is_ours(told["pid"], told["token"]):
                print("It has been taken down.")
                return
            else:
                time.sleep(0.3)


def take_down() -> int:
    told = running()
    if told is None:
        print("It is not up.")
        return 0
    os.kill(told["pid"], signal.SIGTERM)
    until = time.monotonic() + 30
    while _is_ours(told["pid"], told["token"]):
        if time.monotonic() > until:
            os.kill(told["pid"], signal.SIGKILL)
            break
        time.sleep(0.1)
    RUNNING.unlink(missing_ok=True)
    print("The local AWS is down.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
