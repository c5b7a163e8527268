"""How large the columns of samples in parts are: moments of each part, put together in the parts' order.

Moments of two parts give those of both (Chan, Golub and LeVeque, 1983; Pébay, "Formulas for robust, one-pass
parallel computation of covariances and arbitrary-order statistical moments", 2008), so one look at each part
is enough for most: the scales are what `SizesOfSamples` finds in all samples together, but for rounding.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .arrays import SampleNames
from .presence import weights_of
from .samples import Samples
from .sizes import LEAST_SKEWNESS, ROUNDING, row_weights, slopes_of

Array = NDArray[np.float64]
#: Calls a function with each part and further arguments, and returns what it gives in the order of the parts.
EachPart = Callable[..., Sequence[Any]]


#: The exponent of a column of zeros: below that of any number, as it must not be the unit of others.
OF_ZEROS = -1100


class Moments(NamedTuple):
    """Weighted moments of columns, (c,) each; sums are in units of 2^exponent, so that no cube overflows."""

    exponent: NDArray[np.int64]
    weight: Array  # Σω
    mean: Array
    second: Array  # Σω(x − mean)²
    third: Array  # Σω(x − mean)³
    least: Array  # of the numbers themselves, as the other two
    largest: Array
    first: Array

    def __add__(self, other: Moments) -> Moments:  # type: ignore[override]
        """Return the moments of both, those of `other` being of later samples."""
        exponent = np.maximum(self.exponent, other.exponent)
        a, b = self._in_units(exponent), other._in_units(exponent)
        weight = a.weight + b.weight
        share_a, share_b = (
            np.divide(w, weight, where=weight > 0, out=np.zeros_like(w)) for w in (a[1], b[1])
        )
        step = b.mean - a.mean
        second = a.second + b.second + step**2 * a.weight * share_b
        third = (
            a.third
            + b.third
            + step**3 * a.weight * share_b * (share_a - share_b)
            + 3 * step * (share_a * b.second - share_b * a.second)
        )
        mean = np.where(a.weight > 0, a.mean + step * share_b, b.mean)
        return Moments(
            exponent,
            weight,
            mean,
            second,
            third,
            np.minimum(a.least, b.least),
            np.maximum(a.largest, b.largest),
            np.where(a.weight > 0, a.first, b.first),
        )

    def _in_units(self, exponent: NDArray[np.int64]) -> Moments:
        by = self.exponent - exponent
        return self._replace(
            mean=np.ldexp(self.mean, by),
            second=np.ldexp(self.second, 2 * by),
            third=np.ldexp(self.third, 3 * by),
        )


def moments_of(columns: NDArray[Any], weights: Array, *, central: bool) -> Moments:
    """Return the moments of columns (n, c) with weights (n,) or (n, c), about 0 unless central."""
    numbers = columns.astype(np.float64)
    weights = np.broadcast_to(_as_columns(weights), numbers.shape)
    there = ~np.isnan(numbers) & (weights > 0)
    counted, numbers = np.where(there, weights, 0.0), np.where(there, numbers, 0.0)
    sizes = np.abs(numbers).max(axis=0, initial=0.0)
    exponent = np.where(sizes > 0, np.frexp(sizes)[1], OF_ZEROS).astype(np.int64)
    scaled = np.ldexp(numbers, -exponent)
    weight = counted.sum(axis=0)
    mean = np.zeros(len(weight))
    if central:
        mean = np.divide((counted * scaled).sum(axis=0), weight, where=weight > 0, out=mean)
    off = scaled - mean
    squares = counted * off * off
    return Moments(
        exponent,
        weight,
        mean,
        squares.sum(axis=0),
        (squares * off).sum(axis=0),
        np.min(numbers, axis=0, where=there, initial=np.inf),
        np.max(numbers, axis=0, where=there, initial=-np.inf),
        numbers[np.argmax(there, axis=0), np.arange(len(weight))] if len(numbers) else mean,
    )


def _as_columns(weights: Array) -> Array:
    """Return weights (n,) or (n, c) as (n, 1) or (n, c)."""
    return weights if weights.ndim == 2 else weights[:, np.newaxis]


class PartMoments(NamedTuple):
    """The moments of one part, or of several: of its arrays in the order of their entries."""

    n_samples: int
    X: Moments
    Y: Moments | None
    derivatives: Moments | None
    d2YdX2: Moments | None  # noqa: N815

    def __add__(self, other: PartMoments) -> PartMoments:  # type: ignore[override]
        """Return the moments of both."""
        pairs = zip(self[2:], other[2:], strict=True)
        targets = (b if a is None else a if b is None else a + b for a, b in pairs)
        return PartMoments(self.n_samples + other.n_samples, self.X + other.X, *targets)


def moments_of_part(samples: Samples, counts: Array) -> PartMoments:
    """Look at one part, of which what does not count is absent; so much each of its rows counts."""
    found: list[Moments | None] = []
    for array, weights in (
        (samples.Y, samples.sample_weight),
        (samples.derivatives, samples.derivative_sample_weight),
        (samples.d2YdX2, samples.sample_weight),
    ):
        if array is None:
            found.append(None)
            continue
        columns = array.reshape(len(array), math.prod(array.shape[1:]))  # of no rows, too
        of_entries = weights_of(weights, array).reshape(columns.shape)
        found.append(moments_of(columns, of_entries, central=array is samples.Y))
    return PartMoments(len(samples), moments_of(samples.X, counts, central=True), *found)


class Kinds(NamedTuple):
    """What parts are made of, the same in all of them."""

    n_outputs: int
    directed: bool
    x_type: np.dtype[Any]
    y_type: np.dtype[Any]
    slope_type: np.dtype[Any]

    @classmethod
    def of(cls, samples: Samples) -> Kinds:
        """Look at samples as they were given."""
        x = samples.X.dtype
        y, slopes = (x if a is None else a.dtype for a in (samples.Y, samples.derivatives))
        return cls(samples.n_outputs, samples.directions is not None, x, y, slopes)


class SizesOfParts:
    """What scales are learned from, of samples that come in parts.

    Each part is looked at once, and a second time for slopes along directions, and for the orientation of
    columns that are as symmetric as a grid.
    """

    def __init__(self, each: EachPart, names: SampleNames, kinds: Kinds, moments: PartMoments) -> None:
        self._each, self._kinds, self._moments = each, kinds, moments
        self.names, self.n_outputs, self.has_values = names, kinds.n_outputs, moments.Y is not None

    def inputs(self) -> tuple[Array, Array]:
        """Mean and spread of each input."""
        return self._means_and_spreads("X", self._moments.X, self._kinds.x_type)

    def values(self, o: int) -> tuple[float, float]:
        """Mean and spread of the values of an output; zeros without any."""
        assert self._moments.Y is not None
        means, spreads = self._means_and_spreads("Y", self._moments.Y, self._kinds.y_type)
        return float(means[o]), float(spreads[o])

    def derivatives(self, o: int, x_scale: Array) -> float:
        """Root mean square of ∂y/∂x̃, or along directions of length 1 in x̃; 0 without any."""
        if self._moments.derivatives is None:
            return 0.0
        if self._kinds.directed:
            moments = reduce(Moments.__add__, self._each(_moments_of_slopes, o, x_scale))
            units = np.ones(1)
        else:
            moments = _columns(self._moments.derivatives, self.n_outputs, o)
            moments = moments._replace(weight=np.where(x_scale != 0, moments.weight, 0.0))
            units = x_scale
        root, skewness = _pooled(moments, units)
        if root == 0:
            return 0.0
        if not abs(skewness) >= LEAST_SKEWNESS:
            largest = np.max(np.maximum(np.abs(moments.least), np.abs(moments.largest)) * np.abs(units))
            skewness = float(_first(self._each(_first_large_slope, o, x_scale, largest / 2))[0])
        return float(np.copysign(root, skewness))

    def second_derivatives(self, o: int, x_scale: Array) -> float:
        """Root mean square of ∂²y/∂x̃∂x̃; 0 without any."""
        if self._moments.d2YdX2 is None:
            return 0.0
        moments, units = _columns(self._moments.d2YdX2, self.n_outputs, o), np.outer(x_scale, x_scale).ravel()
        root, skewness = _pooled(moments, units)
        if root == 0:
            return 0.0
        if not abs(skewness) >= LEAST_SKEWNESS:
            largest = np.max(np.maximum(np.abs(moments.least), np.abs(moments.largest)) * np.abs(units))
            skewness = float(_first(self._each(_first_large_bend, o, x_scale, largest / 2))[0])
        return float(np.copysign(root, skewness))

    def effects(self, x_scale: Array, y_scale: Array) -> tuple[Array, float] | None:
        """Root mean square of J̃ along each input, and the rounding of J; None where there is no telling."""
        if self._kinds.directed or self._moments.derivatives is None:
            return None
        m, d = self.n_outputs, len(x_scale)
        moments = self._moments.derivatives
        sizes = np.ldexp(np.abs(x_scale / y_scale[:, np.newaxis]), moments.exponent.reshape(m, d))
        roots = sizes * np.sqrt(moments.second.reshape(m, d))
        largest = roots.max()
        if not 0 < largest < np.inf:
            return None
        totals = moments.weight.reshape(m, d).sum(axis=0)
        squares = ((roots / largest) ** 2).sum(axis=0) / np.where(totals > 0, totals, 1.0)
        return np.sqrt(squares) * largest, float(np.finfo(self._kinds.slope_type).eps)

    def _means_and_spreads(self, which: str, moments: Moments, dtype: np.dtype[Any]) -> tuple[Array, Array]:
        """Means and oriented standard deviations; 0 for what is constant to rounding."""
        size = np.maximum(np.abs(moments.least), np.abs(moments.largest))
        found = moments.weight > 0
        unit = np.ldexp(0.5, np.frexp(np.where(found, size, 1.0))[1])
        spacing = np.maximum(np.finfo(dtype).eps * size, float(np.finfo(dtype).smallest_subnormal)) / unit
        varies = found & (moments.largest / unit - moments.least / unit > ROUNDING * spacing)
        weight = np.where(found, moments.weight, 1.0)
        means = np.where(
            varies, np.ldexp(moments.mean, moments.exponent), np.where(found, moments.first, 0.0)
        )
        root = np.sqrt(moments.second / weight)
        skewness = np.divide(
            moments.third / weight, root**3, where=varies & (root > 0), out=np.zeros_like(root)
        )
        level = varies & ~(np.abs(skewness) >= LEAST_SKEWNESS)
        if level.any():
            off = np.maximum(np.abs(moments.least - means), np.abs(moments.largest - means))
            skewness = np.where(level, _first(self._each(_first_far, which, means, off / 2)), skewness)
        return means, np.where(varies, np.copysign(np.ldexp(root, moments.exponent), skewness), 0.0)


def _columns(moments: Moments, n_outputs: int, o: int) -> Moments:
    """Take those of one output."""
    return Moments(*(array.reshape(n_outputs, -1)[o] for array in moments))


def _pooled(moments: Moments, units: Array) -> tuple[float, float]:
    """Root mean square of all columns together, each in a unit of its own, and its third moment."""
    sizes = np.ldexp(units, moments.exponent)
    there = moments.weight > 0
    largest = np.max(np.abs(sizes), where=there, initial=0.0)
    if not (there & (moments.second > 0) & (units != 0)).any():
        return 0.0, 0.0
    ratios, total = np.where(there, sizes / largest, 0.0), moments.weight.sum()
    root = np.sqrt((ratios**2 * moments.second).sum() / total)
    return float(root * largest), float((ratios**3 * moments.third).sum() / total / root**3)


def _first(signs: Sequence[Array]) -> Array:
    """Take the first that is not 0, column by column."""
    return reduce(lambda before, later: np.where(before != 0, before, later), signs)


def _sign_of_first(numbers: NDArray[Any], least: Array | float) -> Array:
    """Sign of the first of (n, c) whose magnitude is above this, 0 if none is."""
    if len(numbers) == 0:
        return np.zeros(numbers.shape[1])
    far = np.abs(numbers) > least
    places = np.argmax(far, axis=0)
    return np.where(far.any(axis=0), np.sign(np.take_along_axis(numbers, places[np.newaxis], axis=0)[0]), 0.0)


def _first_far(samples: Samples, which: str, means: Array, least: Array) -> Array:
    array = samples.X.astype(np.float64)
    weights = row_weights(samples)
    if which == "Y":
        assert samples.Y is not None
        array, weights = samples.Y.astype(np.float64), weights_of(samples.sample_weight, samples.Y)
    counts = np.broadcast_to(_as_columns(weights) > 0, array.shape)
    return _sign_of_first(np.where(counts & ~np.isnan(array), array - means, 0.0), least)


def _first_large_slope(samples: Samples, o: int, x_scale: Array, least: float) -> Array:
    if samples.derivatives is None:
        return np.zeros(1)
    slopes = slopes_of(samples, o, x_scale)[0][:, np.newaxis]
    return _sign_of_first(slopes, least)


def _first_large_bend(samples: Samples, o: int, x_scale: Array, least: float) -> Array:
    if samples.d2YdX2 is None:
        return np.zeros(1)
    bends = samples.d2YdX2[:, o] * x_scale[:, np.newaxis] * x_scale
    return _sign_of_first(np.nan_to_num(bends, nan=0.0).reshape(-1, 1), least)


def _moments_of_slopes(samples: Samples, o: int, x_scale: Array) -> Moments:
    """Moments of the slopes of an output along directions of length 1 in the inputs' scales."""
    slopes, weights = (
        slopes_of(samples, o, x_scale) if samples.derivatives is not None else (np.zeros(0),) * 2
    )
    return moments_of(slopes[:, np.newaxis], weights, central=False)
