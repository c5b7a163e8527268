"""The fields of a description: what they are called in messages, and what there may be."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from .canonical import canonical
from .container import Container
from .errors import brief, refusal

Made = TypeVar("Made")

#: Bytes that are compared at a time.
_BLOCK = 2**20


@contextmanager
def of(field: str) -> Iterator[None]:
    """Put the name of a field before what is said of its parts."""
    try:
        yield
    except (TypeError, ValueError) as error:
        raise ValueError(f"{field}.{error}") from error


def object_of(
    value: Any,  # noqa: ANN401  whatever the file says
    field: str,
    keys: Collection[str],
    optional: Collection[str] = (),
) -> dict[str, Any]:
    """Return a value that has these keys and no others; else raise a ``ValueError``."""
    if not isinstance(value, dict):
        raise ValueError(f"{field}: expected {' and '.join(keys)} by name, got {brief(value)}")
    for key in keys:
        if key not in value:
            raise ValueError(f"{field}.{key}: expected a value, got none among {brief(sorted(value))}")
    for key in value:
        if key not in keys and key not in optional:
            raise ValueError(f"{field}: expected the keys {brief(sorted(keys))}, got {brief(key)} besides")
    return value


def list_of(value: Any, field: str, most: int) -> list[Any]:  # noqa: ANN401  whatever the file says
    """Return a value that is a list of one to so many entries; else raise a ``ValueError``."""
    if not isinstance(value, list) or not value:
        raise ValueError(f"{field}: expected a list with at least one entry, got {brief(value)}")
    if len(value) > most:
        raise ValueError(f"{field}: expected at most {most} entries, got {len(value)}")
    return value


def made_of(
    container: Container, place: str, make: Callable[[Container], Made], packed: Callable[[Made], Container]
) -> Made:
    """Return what a container describes; `place` is what messages call it.

    Raises
    ------
    ModelFileError
        If `make` refuses it with a ``TypeError`` or ``ValueError``, or what was made would be written in
        another way.
    """
    try:
        made = make(container)
        check_same(packed(made), container)
    except (TypeError, ValueError) as error:
        raise refusal(place, f"{error}") from error
    return made


def check_same(expected: Container, got: Container) -> None:
    """Raise a ``ValueError`` unless two containers have the same bytes in a file.

    What was read is compared so with what the model that was made of it would write: then nothing has been
    rounded, converted or left out, and only one file says the same.
    """
    if canonical(expected.description) != canonical(got.description):
        # As JSON has it, where tuples are lists.
        _check_value(json.loads(canonical(expected.description)), got.description, "description")
    for name in {**expected.tensors, **got.tensors}:
        one, other = expected.tensors.get(name), got.tensors.get(name)
        if one is None or other is None or not _same_bytes(one, other):
            raise ValueError(f"{name}: expected {_tensor(one)}, got {_tensor(other)} with other numbers")


def _check_value(expected: Any, got: Any, field: str) -> None:  # noqa: ANN401  any JSON
    """Raise a ``ValueError`` that names the first place where two values differ."""
    if isinstance(expected, dict) and isinstance(got, dict) and set(expected) == set(got):
        for key, value in expected.items():
            _check_value(value, got[key], f"{field}.{key}")
    elif isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
        for place, (one, other) in enumerate(zip(expected, got, strict=True)):
            _check_value(one, other, f"{field}[{place}]")
    elif canonical(expected) != canonical(got):
        raise ValueError(f"{field}: expected {brief(expected)}, got {brief(got)}")


def _same_bytes(one: NDArray[Any], other: NDArray[Any]) -> bool:
    """Whether all bits are the same: NaN is itself, and 0 is not −0."""
    if one.dtype != other.dtype or one.shape != other.shape:
        return False
    if one.nbytes <= _BLOCK:
        return one.tobytes() == other.tobytes()
    flat, others = (np.ascontiguousarray(tensor).reshape(-1).view(np.uint8) for tensor in (one, other))
    starts = range(0, len(flat), _BLOCK)
    return all(np.array_equal(flat[at : at + _BLOCK], others[at : at + _BLOCK]) for at in starts)


def _tensor(tensor: NDArray[Any] | None) -> str:
    return "none" if tensor is None else f"{tensor.dtype} {tensor.shape}"
