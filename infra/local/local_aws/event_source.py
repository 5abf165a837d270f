"""The event source mapping: reads the shards of a stream and invokes the function with batches, as Lambda does.

All shards at once, children after their parents; a batch ends by count, bytes or window; partial failures come again
from the lowest one; on an error the batch is halved; what fails too often or grows too old goes to the destination.
https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import ClientError

from .batches import Record, event_of, first_batch, first_failed
from .cloudwatch import Emit, Metrics
from .runtime_api import Outcome


@dataclass(frozen=True)
class MappingSettings:
    """What the template says, by the words of the template."""

    stream_arn: str
    batch_size: int
    window_seconds: float
    retries_max: int
    record_age_seconds_max: float
    bisects: bool
    reports_failures: bool
    starting_position: str
    # AWS asks each shard once a second; a test has less time.
    poll_seconds: float = 0.2
    backoff_seconds_max: float = 1.0
    # By this chance a batch that was done is delivered once more, half of the time while others are under way.
    repeat_chance: float = 0.0
    seed: int = 0

    @classmethod
    def of(cls, properties: dict[str, Any], **changes: Any) -> MappingSettings:
        if properties.get("ParallelizationFactor", 1) != 1:
            raise ValueError("this event source reads a shard with one worker: ParallelizationFactor must be 1")
        settings: dict[str, Any] = {
            "stream_arn": properties["EventSourceArn"],
            "batch_size": properties.get("BatchSize", 100),
            "window_seconds": properties.get("MaximumBatchingWindowInSeconds", 0),
            "retries_max": properties["MaximumRetryAttempts"],
            "record_age_seconds_max": properties["MaximumRecordAgeInSeconds"],
            "bisects": properties.get("BisectBatchOnFunctionError", False),
            "reports_failures": "ReportBatchItemFailures" in properties.get("FunctionResponseTypes", []),
            "starting_position": properties["StartingPosition"],
        }
        return cls(**(settings | changes))


class MappingMetrics:
    """What Lambda tells of a mapping: of the function, and by the mapping's own name."""

    def __init__(self, metrics: Metrics, function: str, mapping: str) -> None:
        self.clock = metrics.clock
        self.of_function: Emit = metrics.emitter("AWS/Lambda", FunctionName=function)
        self.of_mapping: Emit = metrics.emitter("AWS/Lambda", EventSourceMappingUUID=mapping)

    def tell_age(self, batch: list[Record]) -> None:
        """How old the last record of a batch is when the function gets it."""
        self.of_function("IteratorAge", (self.clock.now() - batch[-1].arrived_at) * 1000)


class Destination(Protocol):
    """Takes batches that failed to the end."""

    def give_up(self, batch: list[Record], condition: str, invocations: int, outcome: Outcome | None) -> None: ...


@dataclass(frozen=True)
class Attempt:
    """A batch on its way; `failed` counts the invocations that failed since it last got ahead."""

    batch: list[Record]
    failed: int = 0
    invoked: int = 0
    outcome: Outcome | None = None


class EventSource:
    """Runs from `start` to `stop`. `invoke` is the function."""

    def __init__(
        self,
        kinesis: Any,
        settings: MappingSettings,
        invoke: Callable[[bytes], Outcome],
        destination: Destination,
        metrics: MappingMetrics,
    ) -> None:
        self.metrics = metrics
        self.kinesis = kinesis
        self.settings = settings
        self.invoke = invoke
        self.destination = destination
        self.stopping = threading.Event()
        # While it is set, no shard is read, as by a mapping that is switched off.
        self.paused = threading.Event()
        self.lock = threading.Lock()
        self.workers: dict[str, threading.Thread] = {}
        self.finished: set[str] = set()
        # The last record that is done with, by shard.
        self.done: dict[str, int] = {}
        self.counts: Counter[str] = Counter()
        self.repeats: list[threading.Thread] = []
        self.random = random.Random(settings.seed)
        self.failure: BaseException | None = None

    def start(self) -> None:
        threading.Thread(target=self._guarded, args=(self._watch_shards,), daemon=True).start()

    def stop(self) -> None:
        self.stopping.set()
        for worker in [*self.workers.values(), *self.repeats]:
            worker.join(90)

    def _guarded(self, work: Callable[..., None], *arguments: Any) -> None:
        """An error of our own ends the source and is told of, instead of a thread that silently is no more."""
        try:
            work(*arguments)
        except Exception as failure:
            if not self.stopping.is_set():
                self.failure = failure
                self.stopping.set()
                raise

    def _watch_shards(self) -> None:
        while not self.stopping.is_set():
            shards = self.shards()
            known = {shard["ShardId"] for shard in shards}
            for shard in shards:
                parents = {shard.get("ParentShardId"), shard.get("AdjacentParentShardId")} & known
                if shard["ShardId"] not in self.workers and parents <= self.finished:
                    worker = threading.Thread(target=self._guarded, args=(self._read, shard["ShardId"]), daemon=True)
                    self.workers[shard["ShardId"]] = worker
                    worker.start()
            self.stopping.wait(self.settings.poll_seconds)

    def shards(self) -> list[dict[str, Any]]:
        pages = self.kinesis.get_paginator("list_shards").paginate(StreamName=self._stream_name)
        return [shard for page in pages for shard in page["Shards"]]

    @property
    def _stream_name(self) -> str:
        return self.settings.stream_arn.rsplit("/", 1)[1]

    def _read(self, shard: str) -> None:
        """Reads a shard to its end, batch by batch."""
        start = self.kinesis.get_shard_iterator(
            StreamName=self._stream_name, ShardId=shard, ShardIteratorType=self.settings.starting_position
        )
        iterator: str | None = start["ShardIterator"]
        waiting: list[Record] = []
        since = 0.0
        while not self.stopping.is_set():
            batch, full = first_batch(waiting, self.settings.batch_size)
            waited = time.monotonic() - since >= self.settings.window_seconds
            if batch and (full or waited or iterator is None):
                self._deliver(batch)
                waiting = waiting[len(batch) :]
                since = time.monotonic()
                continue
            if iterator is None:
                with self.lock:
                    self.finished.add(shard)
                return
            if self.paused.is_set():
                self.stopping.wait(self.settings.poll_seconds)
                continue
            answer = self.kinesis.get_records(ShardIterator=iterator, Limit=10_000)
            iterator = answer.get("NextShardIterator")
            if answer["Records"] and not waiting:
                since = time.monotonic()
            waiting += [Record.of(shard, record) for record in answer["Records"]]
            if not answer["Records"]:
                self.stopping.wait(self.settings.poll_seconds)

    def _deliver(self, batch: list[Record]) -> None:
        """Invokes the function until every record of the batch is done or given up."""
        attempts = [Attempt(batch)]
        while attempts and not self.stopping.is_set():
            attempt = self._without_old_records(attempts.pop(0))
            if not attempt.batch:
                continue
            outcome = self.invoke(event_of(attempt.batch, self.settings.stream_arn))
            if outcome.was_throttled:
                # That is no attempt: it waits for the function, and the records grow old meanwhile.
                self.counts["throttled"] += 1
                attempts.insert(0, attempt)
                self.stopping.wait(self.settings.backoff_seconds_max)
                continue
            self.metrics.tell_age(attempt.batch)
            self.counts["invocations"] += 1
            if outcome.failed:
                attempts[:0] = self._after_error(attempt, outcome)
            else:
                attempts[:0] = self._after_answer(attempt, outcome)

    def _after_answer(self, attempt: Attempt, outcome: Outcome) -> list[Attempt]:
        batch = attempt.batch
        failed = first_failed(batch, outcome) if self.settings.reports_failures else None
        if failed is None:
            # Only then: who waits for the last record is to find its repeat, too.
            self._repeat(batch)
            self._note_done(batch)
            return []
        self.counts["partial failures"] += 1
        if failed > 0:
            self._note_done(batch[:failed])
        tries = 1 if failed > 0 else attempt.failed + 1
        return self._again(Attempt(batch[failed:], tries, attempt.invoked + 1, outcome))

    def _after_error(self, attempt: Attempt, outcome: Outcome) -> list[Attempt]:
        self.counts["errors"] += 1
        batch, invoked = attempt.batch, attempt.invoked + 1
        if self.settings.bisects and len(batch) > 1:
            # Halving does not count as a retry.
            self.counts["bisected"] += 1
            half = len(batch) // 2
            return [Attempt(part, attempt.failed, invoked, outcome) for part in (batch[:half], batch[half:])]
        return self._again(Attempt(batch, attempt.failed + 1, invoked, outcome))

    def _again(self, attempt: Attempt) -> list[Attempt]:
        if attempt.failed > self.settings.retries_max:
            self._give_up(attempt, "RetryAttemptsExhausted")
            return []
        pause = min(0.02 * 2 ** min(attempt.failed, 10), self.settings.backoff_seconds_max)
        self.stopping.wait(pause)
        return [attempt]

    def _without_old_records(self, attempt: Attempt) -> Attempt:
        oldest = self.metrics.clock.now() - self.settings.record_age_seconds_max
        old = [record for record in attempt.batch if record.arrived_at < oldest]
        if not old:
            return attempt
        self._give_up(Attempt(old, attempt.failed, attempt.invoked, attempt.outcome), "RecordAgeExceeded")
        kept = [record for record in attempt.batch if record.arrived_at >= oldest]
        return Attempt(kept, attempt.failed, attempt.invoked, attempt.outcome)

    def _give_up(self, attempt: Attempt, condition: str) -> None:
        self.counts["given up"] += 1
        told = "OnFailureDestinationDeliveredEventCount"
        try:
            self.destination.give_up(attempt.batch, condition, attempt.invoked, attempt.outcome)
        except ClientError:
            # Lambda goes on all the same: the batch is lost.
            self.counts["lost"] += 1
            told = "DroppedEventCount"
        self.metrics.of_mapping(told, len(attempt.batch))
        self._note_done(attempt.batch)

    def _note_done(self, batch: list[Record]) -> None:
        with self.lock:
            self.counts["records"] += len(batch)
            self.done[batch[-1].shard] = int(batch[-1].sequence_number)

    def _repeat(self, batch: list[Record]) -> None:
        """Kinesis delivers at least once: sometimes the same again, as a second worker on the shard would."""
        with self.lock:
            repeats = self.random.random() < self.settings.repeat_chance
            meanwhile = self.random.random() < 0.5
        if not repeats:
            return
        self.counts["repeated"] += 1
        payload = event_of(batch, self.settings.stream_arn)
        if not meanwhile:
            self.invoke(payload)
            return
        thread = threading.Thread(target=self._guarded, args=(self.invoke, payload), daemon=True)
        # Who waits for the repeats finds only threads that can be joined.
        thread.start()
        self.repeats.append(thread)

    def wait_until_read(self, records: int, seconds: float) -> None:
        """Waits until so many records are done with; an error tells how far it came."""
        until = time.monotonic() + seconds
        while self.counts["records"] < records:
            if self.failure is not None:
                raise RuntimeError("the event source failed") from self.failure
            if time.monotonic() > until:
                raise TimeoutError(f"{self.counts['records']} of {records} records in {seconds:.0f} s: {self.counts}")
            time.sleep(0.05)
        for thread in self.repeats:
            thread.join(90)
