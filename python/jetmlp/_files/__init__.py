"""Files: the one writer, and the one container of models."""

from .container import Container, pack, read_container, unpack, write_container
from .errors import ModelFileError
from .writing import replacing, write_bytes

__all__ = [
    "Container",
    "ModelFileError",
    "pack",
    "read_container",
    "replacing",
    "unpack",
    "write_bytes",
    "write_container",
]
