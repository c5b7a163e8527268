"""What is wrong with a table."""

from __future__ import annotations


class TableError(ValueError):
    """A table that cannot be used; the message names file, row and column, as far as there are such."""
