"""What a model's normalization learns from samples, and samples in the units that it gives the network.

Whatever is learned here is the same in any units: a scale is compared with the rounding of its own column, or
with what other scales come to, never with a number of its own.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .._parts import row_by_row
from ..models.normalization import Normalization
from .arrays import SampleNames
from .samples import Samples
from .sizes import ROUNDING, SizesOfSamples

Array = NDArray[np.float64]

#: Standardised derivatives along an input are to be at least this, as a root mean square over samples and
#: outputs. Errors of slopes are about alike along all inputs, so this is how much worse the relative error
#: along an input of no effect may be. Larger numbers teach the network slopes at the cost of the values.
LEAST_EFFECT = 0.1
#: An output's scale is at least this part of the root mean square of its derivatives in the inputs' scales.
LEAST_OF_SLOPES = 0.1
#: How many of an output's scales a prediction may be off before it is more than float64 holds.
MOST_DEVIATIONS = 2.0**20


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
    return learn_from(SizesOfSamples(samples), least_effect)


class Sizes(Protocol):
    """What scales are learned from: `SizesOfSamples`, or those of samples in parts."""

    names: SampleNames
    n_outputs: int
    has_values: bool

    def inputs(self) -> tuple[Array, Array]:
        """Mean and spread of each input."""

    def values(self, o: int) -> tuple[float, float]:
        """Mean and spread of the values of an output."""

    def derivatives(self, o: int, x_scale: Array) -> float:
        """Root mean square of ∂y/∂x̃ of an output, with an orientation."""

    def second_derivatives(self, o: int, x_scale: Array) -> float:
        """Root mean square of ∂²y/∂x̃∂x̃ of an output, with an orientation."""

    def effects(self, x_scale: Array, y_scale: Array) -> tuple[Array, float] | None:
        """Root mean square of J̃ along each input, and the rounding of J; None where there is no telling."""


def learn_from(sizes: Sizes, least_effect: float = LEAST_EFFECT) -> Normalization:
    """Take means and scales as `learn` does, of whatever knows how large the columns are."""
    with np.errstate(all="ignore"):  # scales that are not finite are refused below
        x_mean, spread = sizes.inputs()
        x_scale = np.where(spread != 0, spread, _size_or_one(x_mean))
        y_mean, y_spread = np.zeros((2, sizes.n_outputs))
        for o in range(sizes.n_outputs if sizes.has_values else 0):
            y_mean[o], y_spread[o] = sizes.values(o)
        y_scale = _output_scales(sizes, x_scale, spread, y_mean, y_spread)
        _check_scales(sizes.names, "Y", y_scale)
        x_scale = _enlarged(sizes, x_scale, spread, y_scale, least_effect)
        _check_scales(sizes.names, "X", x_scale)
        return Normalization(x_mean, x_scale, y_mean, y_scale)


def _check_scales(names: SampleNames, of: str, scales: Array) -> None:
    """Raise a ``ValueError`` where slopes give an input or output a scale beyond what float64 holds."""
    bad = ~np.isfinite(scales) | (scales == 0)
    if bad.any():
        k = int(np.argmax(bad))
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


def _output_scales(sizes: Sizes, x_scale: Array, x_spread: Array, y_mean: Array, y_spread: Array) -> Array:
    """Take the spreads of the values, or where they are too small, sizes of the derivatives."""
    # Along an input that does not vary, derivatives say nothing about values, unless there are no others.
    varying = x_spread != 0 if (x_spread != 0).any() else np.ones(len(x_spread), dtype=bool)
    scales = np.empty(len(y_mean))
    for o, (mean, spread) in enumerate(zip(y_mean, y_spread, strict=True)):
        by_slopes = sizes.derivatives(o, np.where(varying, x_scale, 0.0))
        if spread == 0:
            spread = by_slopes or sizes.second_derivatives(o, x_scale)
        scale = spread or float(_size_or_one(mean))
        scales[o] = np.copysign(max(abs(scale), LEAST_OF_SLOPES * abs(by_slopes)), scale)
    return scales


def _size_or_one(numbers: Array | float) -> Array:
    """Absolute values, 1 for a 0: the scale of what does not vary and has no derivatives either."""
    return np.where(np.asarray(numbers) == 0, 1.0, np.abs(numbers))


def _enlarged(sizes: Sizes, x_scale: Array, spread: Array, y_scale: Array, least_effect: float) -> Array:
    """Enlarge the scales of inputs with little effect: s_k max(1, least / e_k), e_k the size of J̃ along k.

    An input that does not vary gets the scale at which e_k is 1. One whose effect is below rounding has none.
    """
    known = sizes.effects(x_scale, y_scale)
    if known is None:
        return x_scale
    effect, epsilon = known
    seen = effect > ROUNDING * epsilon * effect.max()
    wanted = np.where(spread != 0, least_effect, 1.0)
    factor = np.divide(wanted, effect, where=seen, out=np.ones_like(effect))
    return np.asarray(x_scale * np.where(spread != 0, np.maximum(factor, 1.0), factor))
