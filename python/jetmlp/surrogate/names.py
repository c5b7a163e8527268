"""What the inputs and outputs of a surrogate are called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .._files.errors import brief


def as_names(name: str, value: Sequence[str] | None, count: int) -> tuple[str, ...] | None:
    """Take names, each another text that is not empty, or None.

    Raises
    ------
    TypeError, ValueError
        If they are not that; `name` is what messages call them.
    """
    if value is None:
        return None
    listed = isinstance(value, Iterable) and not isinstance(value, (str, bytes))
    names = tuple(value) if listed else ()
    if not listed or not all(isinstance(entry, str) for entry in names):
        raise TypeError(f"{name}: expected a sequence of texts, got {value!r:.60}")
    if len(names) != count or len(set(names)) < count or not all(names):
        raise ValueError(f"{name}: expected {count} different names, got {list(names)!r:.60}")
    return names


def described_names(inputs: Sequence[str] | None, outputs: Sequence[str] | None) -> dict[str, Any]:
    """Return what the description of a file says of names: nothing where there are none."""
    names = {"inputs": inputs, "outputs": outputs}
    given = {kind: list(entries) for kind, entries in names.items() if entries is not None}
    return {"names": given} if given else {}


def names_from(description: Mapping[str, Any]) -> tuple[Any, Any]:
    """Return the names of inputs and outputs that `described_names` described, for `as_names` to check."""
    names = description.get("names", {})
    if not isinstance(names, dict) or not set(names) <= {"inputs", "outputs"}:
        raise ValueError(f"names: expected those of inputs and outputs, got {brief(names)}")
    return names.get("inputs"), names.get("outputs")
