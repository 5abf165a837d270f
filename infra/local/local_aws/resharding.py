"""Kinesis as AWS has it, where moto has it not: resharding, the end of closed shards, sequence numbers.

moto 5.2 moves or repeats records when a shard is split or merged, and goes on writing into the closed one. Here a
closed shard keeps its records, ends, and its children take what comes after.
"""

from __future__ import annotations

import bisect
import itertools
from typing import Any

from moto.kinesis import models

# Sequence numbers have 56 digits, grow over all shards, and leave gaps, as those of AWS.
_FIRST_SEQUENCE_NUMBER = 49_600_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000
_sequence_numbers = itertools.count(_FIRST_SEQUENCE_NUMBER, 16)
_ANSWER_BYTES_MAX = 10 * 1024 * 1024
_ANSWER_RECORDS_MAX = 10_000


class EndingShard(models.Shard):
    """A shard whose sequence numbers never repeat, and which ends when it is closed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.first = next(_sequence_numbers)
        self.last: int | None = None
        self.numbers: list[int] = []

    def close(self) -> None:
        self.last = next(_sequence_numbers)

    def put_record(self, partition_key: str, data: str, explicit_hash_key: str) -> str:
        number = next(_sequence_numbers)
        self.records[number] = models.Record(partition_key, data, number, explicit_hash_key)
        self.numbers.append(number)
        return str(number)

    def get_records(self, last_sequence_id: str, limit: int | None) -> tuple[list[models.Record], int, int]:
        start = bisect.bisect_right(self.numbers, int(last_sequence_id))
        found: list[models.Record] = []
        size = 0
        for number in self.numbers[start : start + min(limit or _ANSWER_RECORDS_MAX, _ANSWER_RECORDS_MAX)]:
            record = self.records[number]
            size += len(record.data) * 3 // 4
            if found and size > _ANSWER_BYTES_MAX:
                break
            found.append(record)
        last = found[-1].sequence_number if found else int(last_sequence_id)
        lag_ms = int((self.records[self.numbers[-1]].created_at - found[-1].created_at) * 1000) if found else 0
        return found, last, lag_ms

    def is_read_to(self, sequence_number: int) -> bool:
        """Whether the shard is closed and has nothing after that number."""
        return self.last is not None and (not self.numbers or sequence_number >= self.numbers[-1])

    def to_json(self) -> dict[str, Any]:
        json = super().to_json()
        numbers = {"StartingSequenceNumber": str(self.first)}
        if self.last is not None:
            numbers["EndingSequenceNumber"] = str(self.last)
        return json | {"SequenceNumberRange": numbers}


class ReshardingStream(models.Stream):
    """A stream whose closed shards keep what they have."""

    def get_shard_for_key(self, partition_key: str, explicit_hash_key: str) -> models.Shard | None:
        key = int(explicit_hash_key) if explicit_hash_key else None
        if key is None:
            key = int(models.md5_hash(partition_key.encode()).hexdigest(), 16)
        open_shards = (shard for shard in self.shards.values() if shard.is_open)
        return next(s for s in open_shards if s.starting_hash <= key <= s.ending_hash)

    def split_shard(self, shard_to_split: str, new_starting_hash_key: str) -> None:
        with _Kept(self, [shard_to_split]):
            super().split_shard(shard_to_split, new_starting_hash_key)

    def merge_shards(self, shard_to_merge: str, adjacent_shard_to_merge: str) -> None:
        with _Kept(self, [shard_to_merge, adjacent_shard_to_merge]):
            super().merge_shards(shard_to_merge, adjacent_shard_to_merge)


class _Kept:
    """Hides the records of shards from moto while it divides or joins them, and closes them."""

    def __init__(self, stream: ReshardingStream, shards: list[str]) -> None:
        self.shards = [stream.get_shard(shard) for shard in shards]

    def __enter__(self) -> None:
        self.records = [shard.records for shard in self.shards]
        for shard in self.shards:
            shard.records = {}

    def __exit__(self, failure: object, *_: object) -> None:
        for shard, records in zip(self.shards, self.records, strict=True):
            shard.records = records
            if failure is None:
                shard.close()


def install() -> None:
    """Makes every stream created from now on one of ours."""
    models.Shard = EndingShard
    models.Stream = ReshardingStream
    get_records = models.KinesisBackend.get_records

    def ending(
        self: models.KinesisBackend, stream_arn: str | None, shard_iterator: str, limit: int | None
    ) -> tuple[str | None, list[models.Record], int]:
        following, records, lag_ms = get_records(self, stream_arn, shard_iterator, limit)
        stream_name, shard_id, last = models.decompose_shard_iterator(following)
        shard = self.describe_stream(stream_arn, stream_name).get_shard(shard_id)
        at_end = isinstance(shard, EndingShard) and shard.is_read_to(int(last))
        return (None if at_end else following), records, lag_ms

    models.KinesisBackend.get_records = ending
