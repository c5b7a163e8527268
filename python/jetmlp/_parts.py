"""Long arrays in parts: Python looks for Ctrl-C between two calls of NumPy, and not within one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Numbers of a part: a millisecond or two.
NUMBERS = 2**18


def row_by_row(function: Callable[..., NDArray[Any]], *arrays: NDArray[Any]) -> NDArray[Any]:
    """Call a function whose result at each row follows from that row of the arrays alone."""
    n, first = len(arrays[0]), None
    for rows in _parts(arrays[0]):
        part = function(*(array[rows] for array in arrays))
        if first is None:
            if len(part) == n:
                return part
            first = np.empty((n, *part.shape[1:]), part.dtype)
        first[rows] = part
    return function(*arrays) if first is None else first


def copied(array: NDArray[Any]) -> NDArray[Any]:
    """Return an independent array of the same numbers."""
    copy = np.empty_like(array)
    for rows in _parts(array):
        copy[rows] = array[rows]
    return copy


def joined(arrays: Iterable[NDArray[Any]], size: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return the numbers of arrays one after the other."""
    numbers, at = np.empty(size, dtype), 0
    for array in arrays:
        flat = array.reshape(-1)
        for part in _parts(flat):
            numbers[at : at + flat.size][part] = flat[part]
        at += flat.size
    return numbers


def _parts(array: NDArray[Any]) -> Iterator[slice]:
    n = len(array)
    some = max(1, NUMBERS * n // max(array.size, 1))
    for begin in range(0, n, some):
        yield slice(begin, begin + some)
