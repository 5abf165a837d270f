"""The process with the stand-in for AWS: moto on two ports, one of them with faults.

`python -m local_aws.aws_server PORTS_FILE` writes the two ports into the file when it is ready, and ends when its
standard input does, so that it never outlives whoever started it.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable
from functools import partial
from io import BytesIO
from pathlib import Path

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

from . import local_index, resharding, service_metrics
from .capacity import CAPACITY_PATH, Capacity, Limits
from .capacity_app import CapacityApp
from .faults import App, Fault, FaultPlan, FaultyApp
from .service_metrics import Emitted, tell_capacity, tell_throttled
from .what_was_read import WhatWasRead

CONTROL_PATH = "/_local/faults"
METRICS_PATH = "/_local/metrics"


class KeepAliveHandler(WSGIRequestHandler):
    """Keeps connections open, answers without delay, writes no log of requests."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_request(self, *_: object) -> None:
        pass


def one_at_a_time(app: App) -> App:
    """moto checks a condition and writes in two steps, which threads must not interleave."""
    lock = threading.Lock()

    def locked(environ: dict, start_response: Callable) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        with lock:
            return [b"".join(app(environ | {"wsgi.input": BytesIO(body)}, start_response))]

    return locked


def with_control(app: App, plan: FaultPlan) -> App:
    """GET tells of calls and faults, PUT `{"seed", "faults"}` sets faults, DELETE forgets the counts."""

    def controlled(environ: dict, start_response: Callable) -> Iterable[bytes]:
        if environ["PATH_INFO"] != CONTROL_PATH:
            return app(environ, start_response)
        if environ["REQUEST_METHOD"] == "PUT":
            wanted = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
            plan.set(wanted["seed"], [Fault(**fault) for fault in wanted["faults"]])
        told = json.dumps(plan.told()).encode()
        if environ["REQUEST_METHOD"] == "DELETE":
            plan.forget_counts()
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(told)))])
        return [told]

    return controlled


def with_metrics(app: App, emitted: Emitted) -> App:
    """GET gives the values that were emitted since the last time, PUT `{"ahead_seconds"}` puts the clock forward."""

    def watched(environ: dict, start_response: Callable) -> Iterable[bytes]:
        if environ["PATH_INFO"] != METRICS_PATH:
            return app(environ, start_response)
        if environ["REQUEST_METHOD"] == "PUT":
            wanted = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
            emitted.ahead_seconds = wanted["ahead_seconds"]
        values = emitted.fetched() if environ["REQUEST_METHOD"] == "GET" else []
        told = json.dumps({"values": values}).encode()
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(told)))])
        return [told]

    return watched


def with_capacity(app: App, capacity: Capacity) -> App:
    """GET reports what was used of DynamoDB's capacity, DELETE as well and then counts anew.

    PUT `{"limits", "time"}`, both or one: limits of `null` refuse nothing; a time of `null` is that of the clock.
    """

    def counted(environ: dict, start_response: Callable) -> Iterable[bytes]:
        if environ["PATH_INFO"] != CAPACITY_PATH:
            return app(environ, start_response)
        if environ["REQUEST_METHOD"] == "PUT":
            wanted = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
            if "limits" in wanted:
                capacity.limits = wanted["limits"] and Limits(**wanted["limits"])
            if "time" in wanted:
                capacity.told_time = wanted["time"]
        told = json.dumps(capacity.report()).encode()
        if environ["REQUEST_METHOD"] == "DELETE":
            capacity.forget()
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(told)))])
        return [told]

    return counted


def main(ports_file: Path) -> None:
    resharding.install()
    local_index.install()
    read = WhatWasRead()
    read.install()
    plan, emitted = FaultPlan(), Emitted()
    service_metrics.install(emitted, plan)
    capacity = Capacity(lambda: time.time() + emitted.ahead_seconds)
    stand_in = DomainDispatcherApplication(create_backend_app)
    moto = one_at_a_time(CapacityApp(stand_in, capacity, read, partial(tell_capacity, emitted)))
    plain = with_capacity(with_metrics(with_control(moto, plan), emitted), capacity)
    faulty = FaultyApp(moto, plan, partial(tell_throttled, emitted))
    ports = {}
    for name, app in (("plain", plain), ("faulty", faulty)):
        server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=KeepAliveHandler)
        ports[name] = server.server_port
        threading.Thread(target=server.serve_forever, daemon=True).start()
    written = ports_file.with_suffix(".new")
    written.write_text(json.dumps(ports))
    written.rename(ports_file)
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
