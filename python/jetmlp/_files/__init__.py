"""Files: the one writer, and the one container of models."""

from .container import Container, pack, packed, read_container, unpack, write_container
from .errors import ModelFileError
from .writing import remove_leftovers, try_folder, try_writing, write_bytes

__all__ = [
    "Container",
    "ModelFileError",
    "pack",
    "packed",
    "read_container",
    "remove_leftovers",
    "try_folder",
    "try_writing",
    "unpack",
    "write_bytes",
    "write_container",
]
