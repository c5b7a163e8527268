"""Files: the one writer, and the one container of models."""

from .container import Container, read_container, write_container
from .writing import remove_leftovers, replacing, write_bytes

__all__ = ["Container", "read_container", "remove_leftovers", "replacing", "write_bytes", "write_container"]
