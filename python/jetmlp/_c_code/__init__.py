"""C for a sum of networks: one file of C99 that is C++17 as well, without allocation."""

from .coded import Coded
from .source import c_code

__all__ = ["Coded", "c_code"]
