"""How large an item is, and what it takes to read or write that much.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html (sizes)
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html (units)
"""

from __future__ import annotations

import math
from base64 import b64decode
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from moto.dynamodb.models.dynamo_type import DynamoType

WRITE_UNIT_BYTES = 1024
READ_UNIT_BYTES = 4096
# Of a list or map, and of each thing in it.
NESTED_BYTES = 3
NESTED_ELEMENT_BYTES = 1

# Names with values as a request has them (`{"S": "text"}`) or as moto keeps them.
Attributes = Mapping[str, Any]


def write_units(size: int) -> int:
    """One for each KB begun; one at least."""
    return max(1, math.ceil(size / WRITE_UNIT_BYTES))


def read_units(size: int, consistent: bool) -> float:
    """One for each 4 KB begun, half of that where the read need not be consistent; also for what is not there."""
    return max(1, math.ceil(size / READ_UNIT_BYTES)) * (1.0 if consistent else 0.5)


def item_bytes(attributes: Attributes) -> int:
    """Names and values. The 100 bytes for an item's place in the table are counted as storage only."""
    return sum(_text_bytes(name) + _value_bytes(value) for name, value in attributes.items())


def typed(value: Any) -> tuple[str, Any]:
    """The type and the content of a value, of either form."""
    if isinstance(value, DynamoType):
        return value.type, value.value
    ((kind, content),) = value.items()
    return kind, content


def binary(content: bytes | str) -> bytes:
    """Of a request it is base64; moto keeps it as one or the other."""
    return content if isinstance(content, bytes) else b64decode(content)


def _value_bytes(value: Any) -> int:
    kind, content = typed(value)
    match kind:
        case "S":
            return _text_bytes(content)
        case "N":
            return _number_bytes(content)
        case "B":
            return _binary_bytes(content)
        case "BOOL" | "NULL":
            return 1
        case "SS" | "NS" | "BS":
            # What a set takes beside its elements is not documented.
            return sum(_value_bytes({kind[0]: one}) for one in content)
        case "L":
            return NESTED_BYTES + sum(NESTED_ELEMENT_BYTES + _value_bytes(one) for one in content)
        case "M":
            return NESTED_BYTES + NESTED_ELEMENT_BYTES * len(content) + item_bytes(content)
    raise NotImplementedError(f"values of type `{kind}` are not known here: add them")


def _text_bytes(text: str) -> int:
    return len(text.encode())


def _number_bytes(text: str) -> int:
    """One, and one for two significant digits: zeros in front and at the end do not count."""
    digits = "".join(map(str, Decimal(text).as_tuple().digits)).strip("0")
    return 1 + math.ceil(len(digits) / 2)


def _binary_bytes(content: bytes | str) -> int:
    if isinstance(content, bytes):
        return len(content)
    # Four characters for three bytes: told without decoding, since it is most of what is written.
    return len(content) // 4 * 3 - content[-2:].count("=")
