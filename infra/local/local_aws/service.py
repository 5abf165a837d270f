"""The process behind `up`: holds the local AWS until it is told to end, and writes down what the function reads, what
it does not use and why, and the alerts as they arrive.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path

from .__main__ import RUNNING, STATE, UNLIMITED
from .alerts import line
from .capacity import Limits, Throttled
from .function_settings import REGION
from .local_stack import LocalAws, Wishes
from .unused import LOG_LEVEL, Report


def main(token: str, package: Path, lateness: str, log_group: str, capacity: str) -> None:
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    parameters = {"Lateness": lateness, "LogLevel": LOG_LEVEL}
    (STATE / "function.log").unlink(missing_ok=True)
    limits = None if capacity == UNLIMITED else Limits()
    local = LocalAws(STATE, package, Wishes(parameters=parameters, log_groups=[log_group], limits=limits))
    report = Report(local.function.log, lateness, local.bucket)
    throttled = Throttled()
    try:
        local.source.start()
        local.schedule.start()
        shown = STATE / "shown.log"
        shown.write_text("")
        told = {
            "pid": os.getpid(),
            "token": token,
            "endpoint_url": local.server.plain_url,
            "region": REGION,
            "stream": local.stream,
            "bucket": local.bucket,
            "log_group": log_group,
        }
        written = RUNNING.with_suffix(".new")
        written.write_text(json.dumps(told))
        written.rename(RUNNING)
        while not ended.wait(0.5):
            lines = [line(notice["alert"]) for notice in local.queue.receive()]
            with shown.open("a") as log:
                log.writelines(f"{text}\n" for text in [*report.lines(), *throttled.lines(local.capacity()), *lines])
            if local.source.failure is not None:
                raise RuntimeError("the event source failed") from local.source.failure
    finally:
        local.close()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4], sys.argv[5])
