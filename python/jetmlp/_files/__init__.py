"""Files: the one writer, and the one container of models."""

from .container import Container, read_container, write_container
from .writing import try_folder, try_writing, write_bytes

__all__ = ["Container", "read_container", "try_folder", "try_writing", "write_bytes", "write_container"]
