"""Queries of a local index in the time that they take, and not in that of the whole table.

moto 5.2 sorts and looks through all items for each query of an index. A local index has the table's own partition key,
so it is enough to let moto see that partition.
"""

from __future__ import annotations

import functools
import inspect
from typing import Any

from moto.dynamodb.models.table import Table


def install() -> None:
    query = Table.query
    signature = inspect.signature(query)

    @functools.wraps(query)
    def within_partition(self: Table, *args: Any, **kwargs: Any) -> Any:
        asked = signature.bind(self, *args, **kwargs).arguments
        local = {index.name for index in self.indexes or []}
        if asked.get("index_name") not in local:
            return query(self, *args, **kwargs)
        items, partition = self.items, asked["hash_key"]
        # Nothing else runs meanwhile: calls are made one at a time.
        self.items = {partition: items[partition]} if partition in items else {}
        try:
            return query(self, *args, **kwargs)
        finally:
            self.items = items

    Table.query = within_partition
