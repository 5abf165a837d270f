"""What a query or a scan has looked at, which its answer does not tell: a filter and a projection hide the rest."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from moto.dynamodb.models.table import Table

from .item_size import Attributes


class WhatWasRead:
    """Of the last query or scan. Calls are made one at a time."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self.items: list[Attributes] = []
        # The partition key of a query; a scan has none.
        self.partition: Any = None

    def install(self) -> None:
        Table.query = self._noting(Table.query)
        Table.scan = self._noting(Table.scan)

    def _noting(self, read: Callable) -> Callable:
        signature = inspect.signature(read)
        hiding = [name for name in signature.parameters if name.startswith(("filter_expression", "projection"))]

        @functools.wraps(read)
        def noting(*args: Any, **kwargs: Any) -> Any:
            answer = read(*args, **kwargs)
            asked = signature.bind(*args, **kwargs)
            self.partition = asked.arguments.get("hash_key")
            whole = answer
            if any(asked.arguments.get(name) for name in hiding):
                asked.arguments.update(dict.fromkeys(hiding))
                whole = read(*asked.args, **asked.kwargs)
            self.items = [item.attrs for item in whole[0]]
            return answer

        return noting
