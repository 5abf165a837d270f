"""The Lambda Runtime API for one process: `next`, `response`, `error`, `init/error`.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import json
import queue
import sys
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

VERSION = "/2018-06-01/runtime"


@dataclass(frozen=True)
class Invocation:
    """What a process is given; the deadline is in milliseconds since 1970."""

    request_id: str
    function_arn: str
    deadline_ms: int
    payload: bytes


# The error of an invocation for which there was no concurrency left.
THROTTLED = "TooManyRequestsException"


@dataclass(frozen=True)
class Outcome:
    """What became of an invocation: the function's answer, or the error as Lambda tells of it."""

    payload: bytes
    error: str | None = None
    seconds: float = 0.0

    @property
    def failed(self) -> bool:
        return self.error is not None

    @property
    def was_throttled(self) -> bool:
        """The function never got it."""
        return self.error == THROTTLED

    @classmethod
    def of_error(cls, kind: str, message: str) -> Outcome:
        told = {"errorType": kind, "errorMessage": message}
        return cls(json.dumps(told).encode(), kind)


class Server(ThreadingHTTPServer):
    """Says nothing of a process that went away in the middle of a request: processes are killed here."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class RuntimeApi:
    """Serves one process. `outcomes` has what it answers, or what its supervisor puts there."""

    def __init__(self) -> None:
        self.pending: queue.Queue[Invocation] = queue.Queue()
        self.outcomes: queue.Queue[tuple[str, Outcome]] = queue.Queue()
        self.asked_at = threading.Event()
        self.first_asked: float | None = None
        self.server = Server(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server.server_port}"

    def expect_new_process(self) -> None:
        self.asked_at.clear()
        self.first_asked = None

    def told_next(self) -> None:
        """The process asks for work: it has started."""
        if self.first_asked is None:
            self.first_asked = time.monotonic()
        self.asked_at.set()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def _handler(api: RuntimeApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_GET(self) -> None:
            if self.path != f"{VERSION}/invocation/next":
                return self.answer(404, b"{}")
            api.told_next()
            invocation = self.wait()
            if invocation is None:
                self.close_connection = True
                return None
            headers = {
                "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
                "Lambda-Runtime-Deadline-Ms": str(invocation.deadline_ms),
                "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
                "Lambda-Runtime-Trace-Id": "Root=1-00000000-000000000000000000000000;Sampled=0",
            }
            return self.answer(200, invocation.payload, headers)

        def wait(self) -> Invocation | None:
            """The next invocation; `None` when the process has gone meanwhile, so that it takes none along."""
            while True:
                try:
                    invocation = api.pending.get(timeout=0.1)
                except queue.Empty:
                    invocation = None
                if self.is_gone():
                    if invocation is not None:
                        api.pending.put(invocation)
                    return None
                if invocation is not None:
                    return invocation

        def is_gone(self) -> bool:
            self.connection.setblocking(False)
            try:
                return self.connection.recv(1, 2) == b""  # 2: MSG_PEEK
            except BlockingIOError:
                return False
            except OSError:
                return True
            finally:
                self.connection.setblocking(True)

        def do_POST(self) -> None:
            body = self.body()
            parts = self.path.removeprefix(VERSION).strip("/").split("/")
            if parts == ["init", "error"]:
                api.outcomes.put(("", Outcome(body, "Runtime.InitError")))
            elif len(parts) == 3 and parts[0] == "invocation" and parts[2] in ("response", "error"):
                kind = None if parts[2] == "response" else "Unhandled"
                api.outcomes.put((parts[1], Outcome(body, kind)))
            else:
                return self.answer(404, b"{}")
            return self.answer(202, b'{"status":"OK"}')

        def body(self) -> bytes:
            if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            return body

        def answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()

        def log_message(self, *_: Any) -> None:
            pass

    return Handler
