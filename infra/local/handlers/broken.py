"""A function that fails while it starts."""

raise KeyError("TABLE_NAME")
