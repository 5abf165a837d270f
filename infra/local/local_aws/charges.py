"""What a write costs: the item itself, and its places in local indexes.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LSI.html#LSI.ThroughputConsiderations.Writes
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from moto.dynamodb.models.table import LocalSecondaryIndex, Table

from .item_size import Attributes, binary, item_bytes, typed, write_units

Content = dict[str, tuple[str, Any]]


@dataclass(frozen=True)
class Entry:
    """An item's place in an index: what it is found by, and all that is projected."""

    key: Content
    projected: Content
    bytes: int


@dataclass(frozen=True)
class Image:
    """An item at one moment, as far as costs go: the same one before a write and after it."""

    bytes: int
    entries: dict[str, Entry]

    @classmethod
    def of(cls, table: Table, attributes: Attributes | None) -> Image:
        """`None` where there is no item."""
        if attributes is None:
            return cls(0, {})
        entries = {index.name: _entry(index, attributes) for index in table.indexes or []}
        return cls(item_bytes(attributes), {name: entry for name, entry in entries.items() if entry})


@dataclass(frozen=True)
class WriteUnits:
    item: int
    indexes: int = 0


def of_write(before: Image, after: Image) -> WriteUnits:
    """The larger of both counts, also where only a part of the item is changed."""
    item = write_units(max(before.bytes, after.bytes))
    names = before.entries.keys() | after.entries.keys()
    return WriteUnits(item, sum(_of_entry(before.entries.get(n), after.entries.get(n)) for n in names))


def of_failed_condition(before: Image, wanted: Image) -> WriteUnits:
    """The same for the item, though nothing is written; indexes are not touched.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithItems.html#WorkingWithItems.ConditionalUpdate
    """
    return WriteUnits(write_units(max(before.bytes, wanted.bytes)))


def _entry(index: LocalSecondaryIndex, attributes: Attributes) -> Entry | None:
    """An item without the index's sort key has no place in it."""
    if not all(name in attributes for name in index.schema_key_attrs):
        return None
    wanted = {*index.table_key_attrs, *index.schema_key_attrs, *index.projection.get("NonKeyAttributes", [])}
    everything = index.projection["ProjectionType"] == "ALL"
    projected = {name: value for name, value in attributes.items() if everything or name in wanted}
    contents = {name: _content(value) for name, value in projected.items()}
    return Entry({name: contents[name] for name in index.schema_key_attrs}, contents, item_bytes(projected))


def _content(value: Any) -> tuple[str, Any]:
    """Comparable, whichever form the value has."""
    kind, content = typed(value)
    return kind, binary(content) if kind == "B" else str(content)


def _of_entry(before: Entry | None, after: Entry | None) -> int:
    """Under another key it is two writes: one takes the old entry away, one puts the new one in."""
    if before == after:
        return 0
    if before and after and before.key != after.key:
        return write_units(before.bytes) + write_units(after.bytes)
    return write_units(max(entry.bytes for entry in (before, after) if entry))
