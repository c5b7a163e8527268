"""What stands before every name in C."""

from __future__ import annotations

import re

#: Neither "__" nor a "_" at either end: the names made of it would be kept for compilers.
_PREFIX = re.compile("[A-Za-z](_?[A-Za-z0-9])*")
_LONGEST = 100


def as_name(value: object, argument: str = "name") -> str:
    """Check what every name in C begins with, so that no two models have the same.

    Raises
    ------
    TypeError, ValueError
        If it is no identifier of C that others can be made of.
    """
    if not isinstance(value, str):
        raise TypeError(f"{argument}: expected a text, got {value!r:.100}")
    if len(value) > _LONGEST or not _PREFIX.fullmatch(value):
        raise ValueError(
            f"{argument}: expected a letter and then letters, digits and single '_' between them, at most "
            f"{_LONGEST}, as every name in C begins with it, got {value!r:.100}"
        )
    return value
