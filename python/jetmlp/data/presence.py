"""The one rule of absence: what is NaN is not there, and neither is what weighs 0.

After `counting` only the first half of it is left to know, here and in the compiled core.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._parts import anywhere, most, row_by_row
from .arrays import TARGETS
from .samples import Samples

WEIGHTS = ("sample_weight", "derivative_sample_weight")


def counting(samples: Samples, dtype: np.dtype[Any], largest: Mapping[str, float] | None = None) -> Samples:
    """Turn what weighs 0 into NaN, and leave out the samples of which nothing counts.

    Weights become ratios to the largest, since only these matter to a mean. They are taken in the type of
    the fit: one too small for it is 0 there. Samples left out do not fill a batch either. Of a part of the
    samples, `largest` are the weights of all by name, and nothing of it need count.
    """
    if samples.sample_weight is None and samples.derivative_sample_weight is None:
        return samples
    changed: dict[str, NDArray[Any] | None] = {
        name: _ratios(getattr(samples, name), dtype, None if largest is None else largest[name])
        for name in WEIGHTS
    }
    kept = np.zeros(len(samples), dtype=bool)
    for target, weights in TARGETS.items():
        array = _mark(getattr(samples, target), changed[weights])
        if array is None:
            continue
        changed[target] = array
        counts = present(array)
        if largest is None and not counts.any():
            names = weights if weights == "sample_weight" else f"sample_weight, {weights}"
            raise ValueError(
                f"{names}: expected a weight above 0 for at least one entry of "
                f"{samples._names.of_target(target)}, got 0 for all that are not NaN"
            )
        kept |= counts.any(axis=tuple(range(1, array.ndim)))
    marked = samples.replace(**changed)
    return marked if kept.all() else marked[kept]


def present(array: NDArray[Any]) -> NDArray[np.bool_]:
    """Say which entries of `counting` samples are there."""
    return row_by_row(lambda rows: np.asarray(~np.isnan(rows)), array)


def weights_of(weights: NDArray[np.float64] | None, array: NDArray[Any]) -> NDArray[np.float64]:
    """Weights of the entries of an array: by its first axes, 1 where none were given."""
    if weights is None:
        return np.broadcast_to(1.0, array.shape)
    return np.broadcast_to(weights.reshape(weights.shape + (1,) * (array.ndim - weights.ndim)), array.shape)


def largest_weights(samples: Samples) -> dict[str, float]:
    """Return the largest of each kind of weights by name, 1 where there are none."""
    arrays = ((name, getattr(samples, name)) for name in WEIGHTS)
    return {name: 1.0 if array is None else float(array.max(initial=0.0)) for name, array in arrays}


def _ratios(
    weights: NDArray[np.float64] | None, dtype: np.dtype[Any], largest: float | None
) -> NDArray[np.float64] | None:
    if weights is None:
        return None
    with np.errstate(under="ignore"):
        above = most(np.asarray, weights) if largest is None else largest
        return row_by_row(lambda rows: np.asarray((rows / above).astype(dtype), dtype=np.float64), weights)


def _mark(array: NDArray[Any] | None, weights: NDArray[np.float64] | None) -> NDArray[Any] | None:
    if array is None or weights is None or not anywhere(np.logical_not, weights):
        return array
    absent = np.asarray(np.nan, dtype=array.dtype)
    return row_by_row(
        lambda rows, weights: np.where(weights == 0, absent, rows), array, weights_of(weights, array)
    )
