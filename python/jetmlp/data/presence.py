"""The one rule of absence: what is NaN is not there, and neither is what weighs 0.

After `counting` only the first half of it is left to know, here and in the compiled core.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .samples import Samples


def counting(samples: Samples, dtype: np.dtype[Any]) -> Samples:
    """Turn what weighs 0 into NaN, and leave out the samples of which nothing counts.

    Weights become ratios to the largest, since only these matter to a mean. They are taken in the type of
    the fit: one too small for it is 0 there. Samples left out do not fill a batch either.
    """
    if samples.sample_weight is None and samples.derivative_sample_weight is None:
        return samples
    by_sample = _ratios(samples.sample_weight, dtype)
    by_derivative = _ratios(samples.derivative_sample_weight, dtype)
    Y = _mark(samples.Y, by_sample)
    second_derivatives = _mark(samples.d2YdX2, by_sample)
    derivatives = _mark(samples.derivatives, by_derivative)
    names = samples._names
    kept = np.zeros(len(samples), dtype=bool)
    for name, array, weights in (
        (names.Y, Y, "sample_weight"),
        (names.second_derivatives, second_derivatives, "sample_weight"),
        (names.derivatives, derivatives, "sample_weight, derivative_sample_weight"),
    ):
        if array is None:
            continue
        counts = ~np.isnan(array)
        if not counts.any():
            raise ValueError(
                f"{weights}: expected a weight above 0 for at least one entry of {name}, "
                "got 0 for all that are not NaN"
            )
        kept |= counts.any(axis=tuple(range(1, array.ndim)))
    slopes = "dYdX" if samples.directions is None else "dYdV"
    marked = samples.replace(
        Y=Y,
        d2YdX2=second_derivatives,
        sample_weight=by_sample,
        derivative_sample_weight=by_derivative,
        **{slopes: derivatives},
    )
    return marked if kept.all() else marked[kept]


def present(array: NDArray[Any]) -> NDArray[np.bool_]:
    """Say which entries of `counting` samples are there."""
    return np.asarray(~np.isnan(array))


def weights_of(weights: NDArray[np.float64] | None, array: NDArray[Any]) -> NDArray[np.float64]:
    """Weights of the entries of an array: by its first axes, 1 where none were given."""
    if weights is None:
        return np.ones(array.shape)
    return np.broadcast_to(weights.reshape(weights.shape + (1,) * (array.ndim - weights.ndim)), array.shape)


def _ratios(weights: NDArray[np.float64] | None, dtype: np.dtype[Any]) -> NDArray[np.float64] | None:
    if weights is None:
        return None
    with np.errstate(under="ignore"):
        return np.asarray((weights / weights.max()).astype(dtype), dtype=np.float64)


def _mark(array: NDArray[Any] | None, weights: NDArray[np.float64] | None) -> NDArray[Any] | None:
    if array is None or weights is None or weights.all():
        return array
    return np.where(weights_of(weights, array) == 0, np.asarray(np.nan, dtype=array.dtype), array)
