"""Reports of experiments: folders with figures and numbers, and a summary beside what was published."""

from ._reproduce import Summary, reproduce
from ._tables import Table
from ._terminal import print_tables

__all__ = ["Summary", "Table", "print_tables", "reproduce"]
