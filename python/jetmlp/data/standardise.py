"""What a model's normalization learns from samples, and samples in the units that it gives the network.

Whatever is learned here is the same in any units: a scale is compared with the rounding of its own column, or
with what other scales come to, never with a number of its own.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._parts import row_by_row
from ..models.normalization import Normalization
from .presence import present, weights_of
from .samples import Samples

Array = NDArray[np.float64]

#: A spread below so many units in the last place of the largest number is rounding: not four bits are left.
ROUNDING = 16.0
#: Standardised derivatives along an input are to be at least this, as a root mean square over samples and
#: outputs. Errors of slopes are about alike along all inputs, so this is how much worse the relative error
#: along an input of no effect may be. Larger numbers teach the network slopes at the cost of the values.
LEAST_EFFECT = 0.1
#: An output's scale is at least this part of the root mean square of its derivatives in the inputs' scales.
LEAST_OF_SLOPES = 0.1
#: How many of an output's scales a prediction may be off before it is more than float64 holds.
MOST_DEVIATIONS = 2.0**20
#: A third moment below this, of entries of unit variance, is no preference for either side.
LEAST_SKEWNESS = 1e-6


def standardised(samples: Samples, normalization: Normalization) -> Samples:
    """Turn samples into what the network is to map, in float64.

    J̃ = J s_x / s_y; along directions, J̃·(v / s_x) = J·v / s_y; H̃ = H s_x s_x / s_y.
    """
    x_scale, y_scale = normalization.x_scale, normalization.y_scale
    Y, dYdX, dYdV, directions = samples.Y, samples.dYdX, samples.dYdV, samples.directions
    second_derivatives = samples.d2YdX2
    of_outputs = y_scale[:, np.newaxis]
    with np.errstate(all="ignore"):  # whoever takes the samples says what is not finite
        return samples.replace(
            X=normalization.inputs(samples.X),
            Y=None if Y is None else row_by_row(lambda rows: (rows - normalization.y_mean) / y_scale, Y),
            dYdX=None if dYdX is None else row_by_row(lambda J: _in_units(J, x_scale, of_outputs), dYdX),
            dYdV=None if dYdV is None else row_by_row(lambda rows: rows / of_outputs, dYdV),
            d2YdX2=None if second_derivatives is None else second_derivatives / normalization.hessian_units(),
            directions=None if directions is None else row_by_row(lambda rows: rows / x_scale, directions),
        )


def _in_units(slopes: NDArray[Any], x_scale: Array, of_outputs: Array) -> Array:
    """J s_x / s_y, powers of two apart: one factor alone may leave what float64 holds, where both do not."""
    (x_fraction, x_exponent), (y_fraction, y_exponent) = np.frexp(x_scale), np.frexp(of_outputs)
    return np.asarray(np.ldexp(slopes / y_fraction * x_fraction, x_exponent - y_exponent))


def learn(samples: Samples, least_effect: float = LEAST_EFFECT) -> Normalization:
    """Take means and scales of samples, absent ones left out; what does not count in the loss is not passed.

    A scale is a standard deviation. Where an output has next to none, for the size of its derivatives, they
    give it; where an input has next to none, or next to no effect, it is enlarged until the derivatives
    along it have a size that a fit sees, `least_effect`. So a slope is right also along an input that hardly
    varies. What weighs kinds of data and inputs by itself needs none of that for an input that does vary: 0.
    """
    with np.errstate(all="ignore"):  # scales that are not finite are refused below
        return _learned(samples, least_effect)


def _learned(samples: Samples, least_effect: float) -> Normalization:
    counts = _row_weights(samples)
    x_mean, spread = np.array([_mean_and_spread(column, counts) for column in samples.X.T]).T
    x_scale = np.where(spread != 0, spread, _size_or_one(x_mean))
    y_mean, y_spread = np.zeros((2, samples.n_outputs))
    for o in range(samples.n_outputs if samples.Y is not None else 0):
        y_mean[o], y_spread[o] = _values_of(samples, o)
    y_scale = _output_scales(samples, x_scale, spread, y_mean, y_spread)
    _check_scales(samples, "Y", y_scale)
    x_scale = _enlarged(samples, x_scale, spread, y_scale, least_effect)
    _check_scales(samples, "X", x_scale)
    return Normalization(x_mean, x_scale, y_mean, y_scale)


def _check_scales(samples: Samples, of: str, scales: Array) -> None:
    """Raise a ``ValueError`` where slopes give an input or output a scale beyond what float64 holds."""
    bad = ~np.isfinite(scales) | (scales == 0)
    if bad.any():
        k = int(np.argmax(bad))
        names = samples._names
        raise ValueError(
            f"{names.derivatives}: expected derivatives that are of a size with {names.X} and {names.Y}, got "
            f"some that ask for a scale of {scales[k]} of {of}[:, {k}]; other units bring them together"
        )


def check_units(samples: Samples, normalization: Normalization) -> None:
    """Raise a ``ValueError`` where the network's results could not be undone within float64.

    Predictions of `MOST_DEVIATIONS` are to be finite, and derivatives that are fitted are to have a unit.
    """
    largest, least = np.finfo(np.float64).max, np.finfo(np.float64).tiny
    names = samples._names
    with np.errstate(all="ignore"):
        reach = np.abs(normalization.y_mean) + MOST_DEVIATIONS * np.abs(normalization.y_scale)
        units = {
            names.of_target("dYdX"): None if samples.dYdX is None else normalization.jacobian_units(),
            names.second_derivatives: None if samples.d2YdX2 is None else normalization.hessian_units(),
        }
    if not (reach <= largest).all():
        o = int(np.argmax(~(reach <= largest)))
        raise ValueError(
            f"{names.Y}: expected numbers far from the largest of float64, as predictions overshoot, got "
            f"mean {normalization.y_mean[o]:.3g} and scale {normalization.y_scale[o]:.3g} of output {o}; "
            "divide by a power of ten"
        )
    for name, unit in units.items():
        if unit is None:
            continue
        bad = ~((np.abs(unit) >= least) & (np.abs(unit) < largest))
        if bad.any():
            place = tuple(int(i) for i in np.argwhere(bad)[0])
            raise ValueError(
                f"{name}: expected units that float64 holds, got {unit[place]} for {list(place)} from scales "
                f"{normalization.x_scale[place[-1]]:.3g} of {names.X}[:, {place[-1]}] and "
                f"{normalization.y_scale[place[0]]:.3g} of output {place[0]}; other units bring them together"
            )


def _values_of(samples: Samples, o: int) -> tuple[float, float]:
    """Mean and spread of the values of an output; zeros without any."""
    assert samples.Y is not None
    values = samples.Y[:, o]
    return _mean_and_spread(values, weights_of(samples.sample_weight, values) * present(values))


def _output_scales(
    samples: Samples, x_scale: Array, x_spread: Array, y_mean: Array, y_spread: Array
) -> Array:
    """Take the spreads of the values, or where they are too small, sizes of the derivatives."""
    # Along an input that does not vary, derivatives say nothing about values, unless there are no others.
    varying = x_spread != 0 if (x_spread != 0).any() else np.ones(len(x_spread), dtype=bool)
    scales = np.empty(len(y_mean))
    for o, (mean, spread) in enumerate(zip(y_mean, y_spread, strict=True)):
        by_slopes = _size_of_derivatives(samples, o, np.where(varying, x_scale, 0.0))
        if spread == 0:
            spread = by_slopes or _size_of_second_derivatives(samples, o, x_scale)
        scale = spread or float(_size_or_one(mean))
        scales[o] = np.copysign(max(abs(scale), LEAST_OF_SLOPES * abs(by_slopes)), scale)
    return scales


def _enlarged(samples: Samples, x_scale: Array, spread: Array, y_scale: Array, least_effect: float) -> Array:
    """Enlarge the scales of inputs with little effect: s_k max(1, least / e_k), e_k the size of J̃ along k.

    An input that does not vary gets the scale at which e_k is 1. One whose effect is below rounding has none.
    """
    if samples.dYdX is None:
        return x_scale
    there = present(samples.dYdX)
    weights = there * weights_of(samples.derivative_sample_weight, samples.dYdX)
    totals = weights.sum(axis=(0, 1))
    with np.errstate(over="ignore", under="ignore"):
        slopes = np.where(there, samples.dYdX, 0.0) / y_scale[:, np.newaxis] * x_scale
        largest = np.abs(slopes).max()
        if not 0 < largest < np.inf:
            return x_scale
        squares = np.sum(weights * (slopes / largest) ** 2, axis=(0, 1)) / np.where(totals > 0, totals, 1.0)
    effect = np.sqrt(squares) * largest
    seen = effect > ROUNDING * _epsilon(samples.dYdX) * effect.max()
    wanted = np.where(spread != 0, least_effect, 1.0)
    factor = np.divide(wanted, effect, where=seen, out=np.ones_like(effect))
    return np.asarray(x_scale * np.where(spread != 0, np.maximum(factor, 1.0), factor))


def _row_weights(samples: Samples) -> Array:
    """How much each sample counts: as its values do, or where it has none as its derivatives do.

    Where it has no first derivatives either, as its second ones do.
    """
    row_weights = np.zeros(len(samples))
    for array, weights in (
        (samples.Y, samples.sample_weight),
        (samples.derivatives, samples.derivative_sample_weight),
        (samples.d2YdX2, samples.sample_weight),
    ):
        if array is not None:
            of_rows = np.max(weights_of(weights, array) * present(array), axis=tuple(range(1, array.ndim)))
            row_weights = np.where(row_weights > 0, row_weights, of_rows)
    return row_weights


def _mean_and_spread(column: NDArray[Any], weights: Array) -> tuple[float, float]:
    """Mean and standard deviation with its orientation; 0 for what is constant to rounding."""
    counting = weights > 0
    if not counting.any():
        return 0.0, 0.0
    epsilon = _epsilon(column)
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


def _epsilon(array: NDArray[Any]) -> float:
    """Spacing of the numbers at 1, in the type of the data as given."""
    return float(np.finfo(array.dtype).eps)


def _size_or_one(numbers: Array | float) -> Array:
    """Absolute values, 1 for a 0: the scale of what does not vary and has no derivatives either."""
    return np.where(np.asarray(numbers) == 0, 1.0, np.abs(numbers))


def _size_of_derivatives(samples: Samples, o: int, x_scale: Array) -> float:
    """Root mean square of ∂y/∂x̃, or of the derivatives along directions of length 1 in x̃; 0 without any."""
    derivatives = samples.derivatives
    if derivatives is None or not present(derivatives[:, o]).any():
        return 0.0
    slopes = derivatives[:, o].astype(np.float64)
    there = present(slopes)
    if samples.directions is None:
        slopes, there = slopes * x_scale, there & (x_scale != 0)
    else:
        lengths = np.linalg.norm(samples.directions / np.where(x_scale != 0, x_scale, np.inf), axis=-1)
        there = there & (lengths > 0)
        slopes = np.divide(slopes, lengths, where=lengths > 0, out=np.zeros_like(slopes))
    weights = weights_of(samples.derivative_sample_weight, derivatives)[:, o]
    return _size(slopes[there], weights[there])


def _size_of_second_derivatives(samples: Samples, o: int, x_scale: Array) -> float:
    """Root mean square of ∂²y/∂x̃∂x̃; 0 without any."""
    if samples.d2YdX2 is None:
        return 0.0
    bends = samples.d2YdX2[:, o] * x_scale[:, np.newaxis] * x_scale
    weights, there = weights_of(samples.sample_weight, bends), present(bends)
    return _size(bends[there], weights[there])


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
