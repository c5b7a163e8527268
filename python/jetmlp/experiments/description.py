"""What determines a fit, in plain numbers, strings, lists and dicts."""

from __future__ import annotations

from dataclasses import asdict, is_dataclass
from typing import Any


def described(value: object) -> Any:  # noqa: ANN401  numbers, strings, lists, dicts
    """Turn a dataclass into a dictionary with its kind; name other callables."""
    if is_dataclass(value) and not isinstance(value, type):
        fields = {
            name: list(entry) if isinstance(entry, tuple) else name_of(entry) if callable(entry) else entry
            for name, entry in asdict(value).items()
        }
        return {"kind": type(value).__name__, **fields}
    return name_of(value) if callable(value) else value


def name_of(function: object) -> str | None:
    """Return the name of a function as it was defined; None for None."""
    if function is None:
        return None
    return str(
        getattr(function, "__qualname__", None) or getattr(function, "__name__", None) or repr(function)
    )
