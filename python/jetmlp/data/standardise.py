"""What a model's normalization learns from samples, and samples in the units that it gives the network.

Whatever is learned here is the same in any units: a scale is compared with the rounding of its own column, or
with what other scales come to, never with a number of its own.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._parts import average, chosen, most, row_by_row, total
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
        bends = normalization.hessian_units()
        return samples.replace(
            X=normalization.inputs(samples.X),
            Y=None if Y is None else row_by_row(lambda rows: (rows - normalization.y_mean) / y_scale, Y),
            dYdX=None if dYdX is None else row_by_row(lambda J: _in_units(J, x_scale, of_outputs), dYdX),
            dYdV=None if dYdV is None else row_by_row(lambda rows: rows / of_outputs, dYdV),
            d2YdX2=None
            if second_derivatives is None
            else row_by_row(lambda rows: rows / bends, second_derivatives),
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
    weights = row_by_row(np.multiply, weights_of(samples.sample_weight, values), present(values))
    return _mean_and_spread(values, weights)


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
    weights = row_by_row(np.multiply, there, weights_of(samples.derivative_sample_weight, samples.dYdX))
    totals = total(weights, 2)
    of_outputs = y_scale[:, np.newaxis]
    with np.errstate(over="ignore", under="ignore"):
        slopes = row_by_row(
            lambda there, rows: np.where(there, rows, 0.0) / of_outputs * x_scale, there, samples.dYdX
        )
        largest = most(np.abs, slopes)
        if not 0 < largest < np.inf:
            return x_scale
        squares = total(row_by_row(lambda w, rows: w * (rows / largest) ** 2, weights, slopes), 2)
        squares = squares / np.where(totals > 0, totals, 1.0)
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
            of_rows = row_by_row(
                lambda weights, there: np.max(weights * there, axis=tuple(range(1, there.ndim))),
                weights_of(weights, array),
                present(array),
            )
            row_weights = row_by_row(
                lambda one, other: np.asarray(np.where(one > 0, one, other)), row_weights, of_rows
            )
    return row_weights


def _mean_and_spread(column: NDArray[Any], weights: Array) -> tuple[float, float]:
    """Mean and standard deviation with its orientation; 0 for what is constant to rounding."""
    counting = weights > 0
    if not counting.any():
        return 0.0, 0.0
    epsilon = _epsilon(column)
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
    return _size(chosen(slopes, there), chosen(weights, there))


def _size_of_second_derivatives(samples: Samples, o: int, x_scale: Array) -> float:
    """Root mean square of ∂²y/∂x̃∂x̃; 0 without any."""
    if samples.d2YdX2 is None:
        return 0.0
    bends = row_by_row(lambda rows: rows * x_scale[:, np.newaxis] * x_scale, samples.d2YdX2[:, o])
    weights, there = weights_of(samples.sample_weight, bends), present(bends)
    return _size(chosen(bends, there), chosen(weights, there))


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
