"""Reports of experiments: folders with figures and numbers, and a summary beside what was published."""

from ._reproduce import reproduce
from ._table import Table
from ._terminal import print_tables
from ._writer import Summary

__all__ = ["Summary", "Table", "print_tables", "reproduce"]
