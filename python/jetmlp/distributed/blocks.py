"""Dask arrays as parts: which blocks belong together, and how a worker makes samples of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import dask.array
import numpy as np
from dask.delayed import delayed

from .. import _checks
from ..data.arrays import ARRAYS, USUAL_NAMES, SampleNames, names_of
from ..data.samples import Samples, as_samples, from_checked


def as_parts(
    given: Mapping[str, Any], names: Mapping[str, str], *, sizes: tuple[int, int], dtype: str, missing: bool
) -> tuple[list[Any], list[int]]:
    """Check Dask arrays against each other; return a delayed part for each chunk of rows, and its rows.

    `names` is what messages call the arrays.
    """
    arrays = {name: array for name, array in given.items() if array is not None}
    for name, array in arrays.items():
        _expect_dask(names[name], array)
    lengths = _rows("X", names, arrays["X"], None)
    for name, array in arrays.items():
        _rows(name, names, array, lengths)
    blocks = {name: array.to_delayed().ravel() for name, array in arrays.items()}
    make = delayed(samples_of, pure=False)
    parts = [
        make({name: of_array[i] for name, of_array in blocks.items()}, dict(names), i, sizes, dtype, missing)
        for i in range(len(lengths))
    ]
    return parts, lengths


def samples_of(
    arrays: Mapping[str, Any],
    names: Mapping[str, str],
    number: int,
    sizes: tuple[int, int],
    dtype: str,
    missing: bool,
) -> Samples:
    """Make samples of the blocks of one part; errors say which it is."""
    called = SampleNames(*(f"{names[name]}, partition {number}" for name in ("X", "Y", "dYdX", "d2YdX2")))
    given: dict[str, Any] = {name: arrays.get(name) for name in ARRAYS}
    samples = as_samples(
        **given,
        allow_missing_values=missing,
        sizes=sizes,
        precision=np.dtype(dtype),
        names=called,
        part=True,
    )
    return from_checked(samples.arrays(), names_of(USUAL_NAMES, samples.directions))


def _expect_dask(name: str, array: object) -> None:
    if isinstance(array, dask.array.Array):
        return
    hint = ""
    if hasattr(array, "to_dask_array"):
        hint = f"; {name}.to_dask_array(lengths=True) makes one of a data frame"
    elif hasattr(array, "shape"):
        hint = (
            f"; dask.array.from_array({name}, chunks=...) makes one, jetmlp.Trainer fits to what is at hand"
        )
    raise TypeError(f"{name}: expected a Dask array, got {_checks.brief(array)}{hint}")


def _rows(of: str, names: Mapping[str, str], array: Any, expected: list[int] | None) -> list[int]:  # noqa: ANN401
    """Return how many rows each block of an array has; those of X, if they are known."""
    name, first = names[of], names["X"]
    if array.ndim == 0:
        raise ValueError(f"{name}: expected samples along the first axis, got shape ()")
    if any(math.isnan(size) for axis in array.chunks for size in axis):
        raise ValueError(
            f"{name}: expected chunks of known sizes, got {array.chunks}; {name}.compute_chunk_sizes() finds "
            "them"
        )
    if any(len(axis) > 1 for axis in array.chunks[1:]):
        whole = ", ".join(f"{axis}: -1" for axis in range(1, array.ndim))
        raise ValueError(
            f"{name}: expected chunks along the samples alone, got {array.chunks}; "
            f"{name}.rechunk({{{whole}}}) joins the others"
        )
    lengths = list(array.chunks[0])
    if expected is not None and lengths != expected:
        if sum(lengths) != sum(expected):
            raise ValueError(f"{name}: expected {sum(expected)} samples, as {first} has, got {sum(lengths)}")
        raise ValueError(
            f"{name}: expected the chunks of {first} along the samples, {_brief(expected)}, got "
            f"{_brief(lengths)}; {name}.rechunk({{0: {first}.chunks[0]}}) makes them so"
        )
    if 0 in lengths:
        raise ValueError(
            f"{name}: expected chunks with samples in them, got one of 0, chunk {lengths.index(0)}; "
            f"{name}.rechunk() makes others"
        )
    return lengths


def _brief(lengths: list[int]) -> str:
    shown = ", ".join(map(str, lengths[:4]))
    return f"({shown}{', ...' if len(lengths) > 4 else ''})"
