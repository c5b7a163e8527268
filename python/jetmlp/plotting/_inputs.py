"""Check what is to be drawn; every complaint names the argument."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]


def as_numbers(name: str, values: ArrayLike) -> FloatArray:
    """Return `values` as a float64 array of any shape, or raise a ValueError that names `name`."""
    try:
        array = np.asarray(values)
    except (ValueError, TypeError, RuntimeError) as error:
        raise ValueError(
            f"{name}: expected an array of real numbers, got one that makes none: {error}"
        ) from error
    if array.dtype.kind not in "iuf":
        raise ValueError(f"{name}: expected real numbers, got dtype {array.dtype}")
    return array.astype(np.float64)


def as_curve(
    name: str, values: ArrayLike, *, length: int | None = None, like: str = "x", finite: bool = True
) -> FloatArray:
    """Return `values` as a 1-D float64 array.

    Trailing axes of length one are dropped: (n, 1) of ``predict`` and (n, 1, 1) of ``jacobian`` are curves.
    """
    array = as_numbers(name, values)
    if array.ndim == 0 or array.size != array.shape[0]:
        raise ValueError(f"{name}: expected shape (n,), (n, 1) or (n, 1, 1), got {array.shape}")
    if array.size == 0:
        raise ValueError(f"{name}: expected at least one entry, got shape {array.shape}")
    if length is not None and array.size != length:
        raise ValueError(f"{name}: expected as many entries as {like}, {length}, got {array.size}")
    if finite and not np.isfinite(array).all():
        raise ValueError(
            f"{name}: expected finite numbers, got NaN or Inf in {np.sum(~np.isfinite(array))} entries"
        )
    return array.reshape(-1)


def as_places(name: str, values: ArrayLike) -> tuple[FloatArray, NDArray[np.intp]]:
    """Return at least two places of a curve in rising order, and the order that makes them so."""
    places = as_curve(name, values)
    if places.size < 2:
        raise ValueError(f"{name}: expected at least two points, got 1")
    order = np.argsort(places, kind="stable")
    return places[order], order


def evenly_chosen(count: int, most: int) -> NDArray[np.intp]:
    """Return the indices of at most `most` of `count` entries, the first and the last among them."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.intp))


def as_mapping(values: object) -> dict[str, Any] | None:
    """Return the items of a dict, a training history or a table of columns as a dict; else None.

    A labelled 1-D series has keys too, yet is an array.
    """
    if not hasattr(values, "keys") or not hasattr(values, "__getitem__") or getattr(values, "ndim", 2) == 1:
        return None
    keys = list(values.keys())
    return {str(key): values[key] for key in keys}


def as_names(argument: str, given: Sequence[str] | None, count: int, symbol: str) -> list[str]:
    """Return names, or symbols with a number where there are several."""
    if given is None:
        return [f"${symbol}$"] if count == 1 else [f"${symbol}_{{{k + 1}}}$" for k in range(count)]
    names = [given] if isinstance(given, str) else [str(name) for name in given]
    if len(names) != count:
        raise ValueError(f"{argument}: expected {count} names, got {len(names)}: {', '.join(names)}")
    return names
