"""JSON in the one form in which this library writes it: what is spelled in another way is refused."""

from __future__ import annotations

import json
import sys
from typing import Any

from .errors import brief, refusal

#: Most commas and opening brackets of a text; they bound its values, some 100 bytes each once parsed.
MOST_VALUES = 25_000
#: Digits of an integer of 64 bits, with its sign.
_MOST_DIGITS = 20


def canonical(value: object, *, ordered: bool = True) -> str:
    """Return the one text of a value: ASCII without spaces, and unless told otherwise its keys in order.

    Raises a ``TypeError`` or ``ValueError`` for what JSON has no form for, NaN and infinity among them.
    """
    return json.dumps(value, separators=(",", ":"), sort_keys=ordered, allow_nan=False)


def check_count(text: str, place: str, field: str) -> None:
    """Raise a `ModelFileError` where a text has too many values, before it is parsed."""
    count = text.count(",") + text.count("[") + text.count("{")
    if count > MOST_VALUES:
        raise refusal(place, f"{field}: expected at most {MOST_VALUES} values, got {count}")


def parse_canonical(text: str, place: str, field: str) -> Any:  # noqa: ANN401  any value
    """Return the value of a text that `canonical` gives.

    Raises
    ------
    ModelFileError
        If the text is not JSON, has too many values, or is spelled in another way.
    """
    check_count(text, place, field)
    try:
        value = _DECODER.decode(text)
        if canonical(value) == text:
            return value
    except (RecursionError, ValueError) as error:
        raise refusal(place, f"{field}: expected JSON as jetmlp writes it, got {said(error)}") from None
    raise refusal(place, f"{field}: expected JSON as jetmlp writes it, got {_otherwise(text)}")


def said(error: Exception) -> str:
    """Say what JSON says, in one line."""
    if isinstance(error, RecursionError):
        return "brackets within brackets beyond measure"
    return f"{error}".splitlines()[0]


def _otherwise(text: str) -> str:
    """Say in what a text is not canonical."""
    try:
        json.JSONDecoder(object_pairs_hook=_unique).decode(text)
    except ValueError as error:
        return str(error)
    return "other spaces, spellings of numbers or letters, or order of keys"


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {brief(key)} twice")
        found[key] = value
    return found


def _constant(text: str) -> float:
    raise ValueError(f"the number {text}")


def _integer(text: str) -> int:
    if len(text) > _MOST_DIGITS:
        raise ValueError(f"an integer of {len(text)} digits")
    return int(text)


# Reading an integer takes the square of its length, of which newer Pythons have a limit themselves.
_DECODER = json.JSONDecoder(
    parse_int=None if hasattr(sys, "set_int_max_str_digits") else _integer, parse_constant=_constant
)
