"""How large the columns of samples are: means, spreads, and sizes of derivatives, absent entries left out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._parts import row_by_row
from .presence import present, weights_of
from .samples import Samples

Array = NDArray[np.float64]

#: A spread below so many units in the last place of the largest number is rounding: not four bits are left.
ROUNDING = 16.0
#: A third moment below this, of entries of unit variance, is no preference for either side.
LEAST_SKEWNESS = 1e-6


class SizesOfSamples:
    """What scales are learned from, of samples that are at hand; see `jetmlp.data.standardise`."""

    def __init__(self, samples: Samples) -> None:
        self._samples = samples
        self.names, self.n_outputs = samples._names, samples.n_outputs
        self.has_values = samples.Y is not None

    def inputs(self) -> tuple[Array, Array]:
        """Mean and spread of each input."""
        counts = row_weights(self._samples)
        means, spreads = np.array([_mean_and_spread(column, counts) for column in self._samples.X.T]).T
        return means, spreads

    def values(self, o: int) -> tuple[float, float]:
        """Mean and spread of the values of an output; zeros without any."""
        assert self._samples.Y is not None
        values = self._samples.Y[:, o]
        return _mean_and_spread(values, weights_of(self._samples.sample_weight, values) * present(values))

    def derivatives(self, o: int, x_scale: Array) -> float:
        """Root mean square of ∂y/∂x̃, or along directions of length 1 in x̃; 0 without any."""
        samples, derivatives = self._samples, self._samples.derivatives
        if derivatives is None or not present(derivatives[:, o]).any():
            return 0.0
        return _size(*slopes_of(samples, o, x_scale))

    def second_derivatives(self, o: int, x_scale: Array) -> float:
        """Root mean square of ∂²y/∂x̃∂x̃; 0 without any."""
        samples = self._samples
        if samples.d2YdX2 is None:
            return 0.0
        bends = samples.d2YdX2[:, o] * x_scale[:, np.newaxis] * x_scale
        weights, there = weights_of(samples.sample_weight, bends), present(bends)
        return _size(bends[there], weights[there])

    def effects(self, x_scale: Array, y_scale: Array) -> tuple[Array, float] | None:
        """Root mean square of J̃ along each input, and the rounding of J; None where there is no telling."""
        samples = self._samples
        if samples.dYdX is None:
            return None
        there = present(samples.dYdX)
        weights = there * weights_of(samples.derivative_sample_weight, samples.dYdX)
        totals = weights.sum(axis=(0, 1))
        with np.errstate(over="ignore", under="ignore"):
            slopes = np.where(there, samples.dYdX, 0.0) / y_scale[:, np.newaxis] * x_scale
            largest = np.abs(slopes).max()
            if not 0 < largest < np.inf:
                return None
            squares = np.sum(weights * (slopes / largest) ** 2, axis=(0, 1)) / np.where(
                totals > 0, totals, 1.0
            )
        return np.sqrt(squares) * largest, epsilon_of(samples.dYdX)


def row_weights(samples: Samples) -> Array:
    """How much each sample counts: as its values do, or where it has none as its derivatives do.

    Where it has no first derivatives either, as its second ones do.
    """
    counts = np.zeros(len(samples))
    for array, weights in (
        (samples.Y, samples.sample_weight),
        (samples.derivatives, samples.derivative_sample_weight),
        (samples.d2YdX2, samples.sample_weight),
    ):
        if array is not None:
            of_rows = np.max(weights_of(weights, array) * present(array), axis=tuple(range(1, array.ndim)))
            counts = np.where(counts > 0, counts, of_rows)
    return counts


def slopes_of(samples: Samples, o: int, x_scale: Array) -> tuple[Array, Array]:
    """Return derivatives of an output by x̃, or along directions of length 1 in x̃, and their weights."""
    derivatives = samples.derivatives
    assert derivatives is not None
    slopes = derivatives[:, o].astype(np.float64)
    there = present(slopes)
    if samples.directions is None:
        slopes, there = slopes * x_scale, there & (x_scale != 0)
    else:
        lengths = np.linalg.norm(samples.directions / np.where(x_scale != 0, x_scale, np.inf), axis=-1)
        there = there & (lengths > 0)
        slopes = np.divide(slopes, lengths, where=lengths > 0, out=np.zeros_like(slopes))
    weights = weights_of(samples.derivative_sample_weight, derivatives)[:, o]
    return slopes[there], weights[there]


def epsilon_of(array: NDArray[Any]) -> float:
    """Spacing of the numbers at 1, in the type of the data as given."""
    return float(np.finfo(array.dtype).eps)


def _mean_and_spread(column: NDArray[Any], weights: Array) -> tuple[float, float]:
    """Mean and standard deviation with its orientation; 0 for what is constant to rounding."""
    counting = weights > 0
    if not counting.any():
        return 0.0, 0.0
    epsilon = epsilon_of(column)
    numbers, weights = column[counting].astype(np.float64), weights[counting]
    largest = np.abs(numbers).max()
    # Their sum may be beyond what float64 holds; a power of two changes no digit.
    unit = np.ldexp(0.5, np.frexp(largest)[1])
    spacing = max(epsilon * largest, float(np.finfo(column.dtype).smallest_subnormal)) / unit
    scaled = numbers / unit
    if np.ptp(scaled) <= ROUNDING * spacing:
        return float(numbers[0]), 0.0
    mean = float(np.average(scaled, weights=weights))
    return float(mean * unit), float(_oriented_root_mean_square(scaled - mean, weights) * unit)


def _size(numbers: Array, weights: Array) -> float:
    """Oriented root mean square; 0 of nothing, or of nothing but zeros."""
    return _oriented_root_mean_square(numbers, weights) if (numbers != 0).any() else 0.0


def _oriented_root_mean_square(deviations: Array, weights: Array) -> float:
    """Root mean square, with the sign that makes the third moment positive.

    So a fit does not change if an axis is turned round. Where there is no skewness to speak of, as on a
    grid, the first large deviation takes its place.
    """
    largest = np.abs(deviations).max()  # squares of the ratios neither overflow nor vanish
    ratios = deviations / largest
    root = np.sqrt(np.average(ratios**2, weights=weights))
    # Its sign is what counts; `**` takes half a second for ten million.
    skewness = np.average(
        row_by_row(lambda rows: (unit := rows / root) * unit * unit, ratios), weights=weights
    )
    if abs(skewness) < LEAST_SKEWNESS:
        skewness = ratios[np.argmax(np.abs(ratios) > 0.5)]
    return float(np.copysign(root * largest, skewness))
