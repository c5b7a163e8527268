"""A space of settings, and its grid."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any

from .. import _checks
from .plain import plain

Space = Mapping[str, Iterable[Any]]
Combination = dict[str, Any]

_EXPECTED = (
    'a mapping of settings to their values such as {"layer_sizes": [[2, 16, 1], [2, 32, 1]], "seed": '
    "range(5)}, or a sequence of such mappings"
)


def grid(space: Space | Sequence[Space]) -> list[Combination]:
    """Return all combinations of the values of a space, or of several spaces, each once.

    The last setting changes first.

    Raises
    ------
    TypeError, ValueError
        If the space is none, has no run, or the values of a setting are not a sequence of different ones.
    """
    if callable(space):
        raise TypeError(f"space: expected {_EXPECTED}, got a function; pass it as function=")
    spaces = [space] if isinstance(space, Mapping) else space
    if not isinstance(spaces, Sequence) or isinstance(spaces, (str, bytes)):
        raise TypeError(f"space: expected {_EXPECTED}, got {_checks.brief(space)}")
    found: dict[str, Combination] = {}
    for one in spaces:
        if not isinstance(one, Mapping):
            raise TypeError(f"space: expected {_EXPECTED}, got {_checks.brief(one)} among them")
        values = {name: _values(name, given) for name, given in one.items()}
        for combination in product(*values.values()) if values else ():
            named = dict(zip(values, combination, strict=True))
            found.setdefault(_text({name: plain(name, value) for name, value in named.items()}), named)
    if not found:
        raise ValueError("space: expected at least one setting with a value, got none")
    return list(found.values())


def _values(name: object, given: Any) -> list[Any]:  # noqa: ANN401  what a user passes
    """Take the values of a setting."""
    if not isinstance(name, str) or not name.isidentifier():
        raise TypeError(f"space: expected names of settings, got {name!r}")
    if not isinstance(given, Iterable) or isinstance(given, (str, bytes, Mapping)):
        raise TypeError(
            f"{name}: expected a sequence of the values that it takes, got {_checks.brief(given)}; a single "
            f"one is {_checks.brief([given])}"
        )
    values = list(given)
    if not values:
        raise ValueError(f"{name}: expected at least one value, got none")
    seen: dict[str, Any] = {}
    for value in values:
        text = _text(plain(name, value))
        if text in seen:
            raise ValueError(f"{name}: expected different values, got {_checks.brief(value)} twice")
        seen[text] = value
    return values


def _text(value: Any) -> str:  # noqa: ANN401  what JSON can hold
    return json.dumps(value, sort_keys=True)
