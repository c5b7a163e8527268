"""Long arrays in parts: Python looks for Ctrl-C between two calls of NumPy, and not within one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

#: Numbers of a part: a millisecond or two.
NUMBERS = 2**18


def row_by_row(function: Callable[..., NDArray[Any]], *arrays: NDArray[Any]) -> NDArray[Any]:
    """Call a function whose result at each row follows from that row of the arrays alone."""
    if arrays[0].size <= NUMBERS:
        return function(*arrays)
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
    if size <= NUMBERS:  # many short ones, mostly
        return np.concatenate([array.reshape(-1) for array in arrays]).astype(dtype, copy=False)
    numbers, at = np.empty(size, dtype), 0
    for array in arrays:
        flat = array.reshape(-1)
        for part in _parts(flat):
            numbers[at : at + flat.size][part] = flat[part]
        at += flat.size
    return numbers


def of_type(array: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return an array as one of another type; itself where it has that type."""
    return array if array.dtype == dtype else row_by_row(lambda rows: rows.astype(dtype), array)


def chosen(array: NDArray[Any], mask: NDArray[np.bool_]) -> NDArray[Any]:
    """Return ``array[mask]`` for a mask of the shape of its first axes; it is not to be changed."""
    shape = array.shape[mask.ndim :]
    if mask.all():  # nothing is copied
        return array.reshape(mask.size, *shape)
    if mask.size * math.prod(shape) <= NUMBERS:
        return np.asarray(array[mask])
    counts = [int(np.count_nonzero(mask[rows])) for rows in _parts(array)]
    numbers, at = np.empty((sum(counts), *shape), array.dtype), 0
    for rows, count in zip(_parts(array), counts, strict=True):
        numbers[at : at + count] = array[rows][mask[rows]]
        at += count
    return numbers


def anywhere(function: Callable[..., NDArray[np.bool_]], *arrays: NDArray[Any]) -> bool:
    """Say whether a function of rows is true anywhere; what lies behind may not be looked at."""
    if arrays[0].size <= NUMBERS:
        return bool(function(*arrays).any())
    return any(bool(function(*(array[rows] for array in arrays)).any()) for rows in _parts(arrays[0]))


def most(function: Callable[..., NDArray[Any]], *arrays: NDArray[Any]) -> float:
    """Return the largest number of a function of rows; NaN if there is one."""
    if arrays[0].size <= NUMBERS:
        return float(np.max(function(*arrays)))
    parts = [np.max(function(*(array[rows] for array in arrays))) for rows in _parts(arrays[0])]
    return float(np.max(parts))


def total(array: NDArray[Any], axes: int = 1) -> NDArray[Any]:
    """Return the sum over the first axes, to the last bit what NumPy gives for an array in one piece."""
    if array.size <= NUMBERS:
        return np.asarray(array.sum(axis=tuple(range(axes))))
    array = np.ascontiguousarray(array)
    shape = array.shape[axes:]
    rows = array.reshape(math.prod(array.shape[:axes]), math.prod(shape))
    if rows.shape[1] == 1:
        return np.asarray(_pairwise(rows.reshape(-1))).reshape(shape)
    sums = rows[:0]
    for part in _parts(rows):  # row after row
        sums = np.concatenate((sums, rows[part])).sum(axis=0, keepdims=True)
    return np.asarray(sums).reshape(shape)


def _pairwise(numbers: NDArray[Any]) -> Any:  # noqa: ANN401  a number of NumPy's
    """Sum as NumPy does: halves apart, the first of a multiple of 8."""
    if numbers.size <= NUMBERS:
        return numbers.sum()
    half = numbers.size // 2
    half -= half % 8
    return _pairwise(numbers[:half]) + _pairwise(numbers[half:])


def average(numbers: NDArray[Any], weights: NDArray[Any]) -> float:
    """Return the weighted mean of vectors, as ``np.average``."""
    return float(total(row_by_row(np.multiply, numbers, weights)) / total(weights))


class InParts:
    """A long array in a pickle, whose parts the pickler asks Python for one by one."""

    def __init__(self, array: NDArray[Any]) -> None:
        self.array = array

    def __reduce__(self) -> tuple[Any, ...]:
        flat = self.array.reshape(-1)
        parts = tuple(_Part(flat[part]) for part in _parts(flat))
        return _rejoined, (self.array.shape, self.array.dtype, *parts)


class _Part(NamedTuple):
    array: NDArray[Any]

    def __reduce__(self) -> tuple[Any, ...]:
        return _unchanged, (self.array,)


def _unchanged(array: NDArray[Any]) -> NDArray[Any]:
    return array


def _rejoined(shape: tuple[int, ...], dtype: np.dtype[Any], *parts: NDArray[Any]) -> NDArray[Any]:
    return joined(parts, math.prod(shape), dtype).reshape(shape)


def for_pickle(array: NDArray[Any]) -> NDArray[Any] | InParts:
    """Return what to pickle in place of an array."""
    return array if array.size <= NUMBERS else InParts(array)


def from_pickle(value: Any) -> Any:  # noqa: ANN401  an array, or bytes
    """Return what `for_pickle` was given; it comes back itself where a copy was made without a pickle."""
    return value.array if isinstance(value, InParts) else value


def _parts(array: NDArray[Any]) -> Iterator[slice]:
    n = len(array)
    some = max(1, NUMBERS * n // max(array.size, 1))
    for begin in range(0, n, some):
        yield slice(begin, begin + some)
