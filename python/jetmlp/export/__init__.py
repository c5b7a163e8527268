"""What has been fitted, for other programs."""

from .c_file import c

__all__ = ["c"]
