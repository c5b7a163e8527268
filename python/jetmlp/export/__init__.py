"""What has been fitted, for other programs."""

from .c_file import c
from .fmu_file import fmu

__all__ = ["c", "fmu"]
