"""How large the columns of samples are: means, spreads, and sizes of derivatives, absent entries left out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._parts import average, chosen, most, row_by_row, total
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
        weights = weights_of(self._samples.sample_weight, values)
        return _mean_and_spread(values, row_by_row(np.multiply, weights, present(values)))

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
        bends = row_by_row(lambda rows: rows * x_scale[:, np.newaxis] * x_scale, samples.d2YdX2[:, o])
        weights, there = weights_of(samples.sample_weight, bends), present(bends)
        return _size(chosen(bends, there), chosen(weights, there))

    def effects(self, x_scale: Array, y_scale: Array) -> tuple[Array, float] | None:
        """Root mean square of J̃ along each input, and the rounding of J; None where there is no telling."""
        samples = self._samples
        if samples.dYdX is None:
            return None
        there = present(samples.dYdX)
        weights = row_by_row(np.multiply, there, weights_of(samples.derivative_sample_weight, samples.dYdX))
        totals = total(weights, 2)
        of_outputs = y_scale[:, np.newaxis]
        with np.errstate(over="ignore", under="ignore"):
            slopes = row_by_row(
                lambda there, rows: np.where(there, rows, 0.0) / of_outputs * x_scale, there, samples.dYdX
            )
            largest = most(np.abs, slopes)
            if not 0 < largest < np.inf:
                return None
            squares = total(row_by_row(lambda w, rows: w * (rows / largest) ** 2, weights, slopes), 2)
            squares = squares / np.where(totals > 0, totals, 1.0)
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
            of_rows = row_by_row(
                lambda weights, there: np.max(weights * there, axis=tuple(range(1, there.ndim))),
                weights_of(weights, array),
                present(array),
            )
            counts = row_by_row(lambda one, other: np.asarray(np.where(one > 0, one, other)), counts, of_rows)
    return counts


def slopes_of(samples: Samples, o: int, x_scale: Array) -> tuple[Array, Array]:
    """Return derivatives of an output by x̃, or along directions of length 1 in x̃, and their weights."""
    derivatives = samples.derivatives
    assert derivatives is not None
    slopes = row_by_row(lambda rows: rows.astype(np.float64), derivatives[:, o])
    there = present(slopes)
    if samples.directions is None:
        slopes = row_by_row(lambda rows: rows * x_scale, slopes)
        there = row_by_row(lambda rows: rows & (x_scale != 0), there)
    else:
        units = np.where(x_scale != 0, x_scale, np.inf)
        lengths = row_by_row(lambda rows: np.linalg.norm(rows / units, axis=-1), samples.directions)
        there = row_by_row(lambda rows, lengths: rows & (lengths > 0), there, lengths)
        slopes = row_by_row(
            lambda rows, by: np.divide(rows, by, where=by > 0, out=np.zeros_like(rows)), slopes, lengths
        )
    weights = weights_of(samples.derivative_sample_weight, derivatives)[:, o]
    return chosen(slopes, there), chosen(weights, there)


def epsilon_of(array: NDArray[Any]) -> float:
    """Spacing of the numbers at 1, in the type of the data as given."""
    return float(np.finfo(array.dtype).eps)


def _mean_and_spread(column: NDArray[Any], weights: Array) -> tuple[float, float]:
    """Mean and standard deviation with its orientation; 0 for what is constant to rounding."""
    counting = weights > 0
    if not counting.any():
        return 0.0, 0.0
    epsilon = epsilon_of(column)
    numbers = row_by_row(lambda rows: rows.astype(np.float64), chosen(column, counting))
    weights = chosen(weights, counting)
    largest = most(np.abs, numbers)
    # Their sum may be beyond what float64 holds; a power of two changes no digit.
    unit = np.ldexp(0.5, np.frexp(largest)[1])
    spacing = max(epsilon * largest, float(np.finfo(column.dtype).smallest_subnormal)) / unit
    scaled = row_by_row(lambda rows: rows / unit, numbers)
    if most(np.asarray, scaled) + most(np.negative, scaled) <= ROUNDING * spacing:
        return float(numbers[0]), 0.0
    mean = average(scaled, weights)
    deviations = row_by_row(lambda rows: rows - mean, scaled)
    return float(mean * unit), float(_oriented_root_mean_square(deviations, weights) * unit)


def _size(numbers: Array, weights: Array) -> float:
    """Oriented root mean square; 0 of nothing, or of nothing but zeros."""
    return _oriented_root_mean_square(numbers, weights) if (numbers != 0).any() else 0.0


def _oriented_root_mean_square(deviations: Array, weights: Array) -> float:
    """Root mean square, with the sign that makes the third moment positive.

    So a fit does not change if an axis is turned round. Where there is no skewness to speak of, as on a
    grid, the first large deviation takes its place.
    """
    largest = most(np.abs, deviations)  # squares of the ratios neither overflow nor vanish
    ratios = row_by_row(lambda rows: rows / largest, deviations)
    root = np.sqrt(average(row_by_row(np.square, ratios), weights))
    # Its sign is what counts; `**` takes half a second for ten million.
    skewness = average(row_by_row(lambda rows: (unit := rows / root) * unit * unit, ratios), weights)
    if abs(skewness) < LEAST_SKEWNESS:
        skewness = float(ratios[np.argmax(row_by_row(lambda rows: np.abs(rows) > 0.5, ratios))])
    return float(np.copysign(root * largest, skewness))
