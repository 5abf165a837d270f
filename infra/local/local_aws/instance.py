"""One execution environment of the function: a process of its own, started when needed, and again after a crash."""

from __future__ import annotations

import queue
import signal
import subprocess
import threading
import time
import uuid
from dataclasses import replace
from pathlib import Path

from .function_settings import FunctionSettings
from .runtime_api import Invocation, Outcome, RuntimeApi

# Lambda's own bound for starting.
INIT_SECONDS_MAX = 10.0


class Instance:
    """Handles one invocation at a time."""

    def __init__(self, settings: FunctionSettings, number: int, log: Path) -> None:
        self.settings = settings
        self.number = number
        self.log = log
        self.api = RuntimeApi()
        self.process: subprocess.Popen[bytes] | None = None
        self.current: str | None = None
        # Seconds from the start of each process to its first call of `next`.
        self.init_seconds: list[float] = []
        # The largest resident set of any of its processes.
        self.memory_bytes_max = 0

    def invoke(self, payload: bytes) -> Outcome:
        """Runs the function to its answer, its end, or its timeout."""
        begun = time.monotonic()
        outcome = self._start() or self._handle(payload)
        return replace(outcome, seconds=time.monotonic() - begun)

    def kill(self) -> bool:
        """Ends the process at once, as a crash would; says whether it was at work."""
        process, busy = self.process, self.current is not None
        if process is None:
            return False
        self._note_memory()
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        return busy

    def close(self) -> None:
        process = self.process
        if process is not None and process.poll() is None:
            process.kill()
            process.wait(10)
        self.api.close()

    def _start(self) -> Outcome | None:
        """Starts the process where none is alive; answers with the error where it does not come up."""
        if self.process is not None and self.process.poll() is None:
            return None
        self.api.expect_new_process()
        self._drain()
        begun = time.monotonic()
        environment = self.settings.environment(self.api.address, self.number)
        # Its output is its log in CloudWatch: log lines and metrics.
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [str(self.settings.package / "bootstrap")],
                cwd=self.settings.package,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        threading.Thread(target=self._watch, args=(self.process,), daemon=True).start()
        while time.monotonic() - begun < INIT_SECONDS_MAX:
            if self.api.asked_at.wait(0.005):
                self.init_seconds.append((self.api.first_asked or begun) - begun)
                return None
            try:
                return self.api.outcomes.get_nowait()[1]
            except queue.Empty:
                continue
        self._end()
        return Outcome.of_error("Sandbox.Timedout", f"not started within {INIT_SECONDS_MAX:.0f} s")

    def _handle(self, payload: bytes) -> Outcome:
        request_id = str(uuid.uuid4())
        self.current = request_id
        seconds = self.settings.timeout_seconds
        deadline_ms = int((time.time() + seconds) * 1000)
        self.api.pending.put(Invocation(request_id, self.settings.arn, deadline_ms, payload))
        until = time.monotonic() + seconds
        try:
            while True:
                answered, outcome = self.api.outcomes.get(timeout=max(0.0, until - time.monotonic()))
                if answered in (request_id, _told_by(self.process)):
                    return outcome
        except queue.Empty:
            self._end()
            return Outcome.of_error("Sandbox.Timedout", f"{request_id} Task timed out after {seconds:.2f} seconds")
        finally:
            self.current = None
            self._note_memory()
            # An invocation that nobody fetched must not go to the next process.
            while not self.api.pending.empty():
                self.api.pending.get_nowait()

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        status = process.wait()
        if process is self.process:
            why = f"signal: {-status}" if status < 0 else f"exit status {status}"
            outcome = Outcome.of_error("Runtime.ExitError", f"the process ended ({why})")
            self.api.outcomes.put((_told_by(process), outcome))

    def _end(self) -> None:
        if self.process is not None:
            self._note_memory()
            self.process.kill()
            self.process.wait(10)

    def _drain(self) -> None:
        while not self.api.outcomes.empty():
            self.api.outcomes.get_nowait()

    def _note_memory(self) -> None:
        if self.process is None:
            return
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text()
        except OSError:
            return  # It has gone, or this is no Linux.
        peak = [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")]
        self.memory_bytes_max = max([self.memory_bytes_max, *(kib * 1024 for kib in peak)])


def _told_by(process: subprocess.Popen[bytes] | None) -> str:
    """Marks an outcome as the end of this very process."""
    return f"process {process.pid if process else 0}"
