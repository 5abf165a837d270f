"""How large items are, and what that costs: with AWS's own examples."""

from __future__ import annotations

from typing import Any

import pytest

from local_aws.capacity import READ, Capacity, Charge
from local_aws.item_size import item_bytes, read_units, write_units

KB = 1024


@pytest.mark.parametrize(
    ("value", "size"),
    [
        # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
        ({"S": "text"}, 4),
        ({"S": "Übung"}, 6),
        ({"N": "27"}, 2),
        ({"N": "0"}, 1),
        ({"N": "-1234567"}, 5),
        ({"N": "00120.00"}, 2),
        ({"N": "1790000000123"}, 8),
        ({"B": "AAEC"}, 3),
        ({"B": "AAE="}, 2),
        ({"B": "AA=="}, 1),
        ({"B": b"\0" * 230}, 230),
        ({"BOOL": True}, 1),
        ({"NULL": True}, 1),
        ({"L": []}, 3),
        ({"M": {}}, 3),
        ({"L": [{"S": "ab"}, {"N": "1"}]}, 3 + 1 + 2 + 1 + 2),
        ({"M": {"key": {"S": "ab"}}}, 3 + 1 + 3 + 2),
        ({"SS": ["a", "bc"]}, 3),
        ({"NS": ["1", "234"]}, 2 + 3),
    ],
)
def test_an_item_is_as_large_as_its_names_and_values(value: dict[str, Any], size: int) -> None:
    assert item_bytes({"name": value}) == len("name") + size


def test_units_are_those_of_the_examples_in_the_documentation() -> None:
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
    assert [read_units(size, consistent=True) for size in (0, 3_500, int(3.5 * KB), 8 * KB, 10 * KB)] == [1, 1, 1, 2, 3]
    assert [read_units(size, consistent=False) for size in (0, 8 * KB, 80 * KB)] == [0.5, 1, 10]
    assert [write_units(size) for size in (0, 500, KB, KB + 1, int(1.6 * KB), int(3.5 * KB))] == [1, 1, 1, 2, 2, 4]
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
    capacity = Capacity(lambda: 0.0)
    read = Charge("table", READ, read_units(20 * KB, consistent=True), "key", "key/1")
    assert read.units == 5
    passed = 0
    while capacity.refusal(read) is None:
        capacity.add(read)
        passed += 1
    assert passed == 600
