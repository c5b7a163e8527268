"""By how much the standard deviations of a surrogate are too small or too large, by leaving samples out.

In closed form, e = (M⁻¹)_ss⁻¹ r̃_s for the residuals of sample s, from the matrix M of the fit (see the
compiled core), or, where that cannot tell, from fits without the sample (see `again`). What is left out is
predicted by all members together, and the factor c is such that 68.3 % of the errors are within c standard
deviations. With exact data what a fit calls noise is its own misfit, part of what its error bars are for, so
that errors are compared with the posterior alone. Where there is noise to speak of, that would blame the
noise on the network: it is then part of what is expected.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from .posterior import mixture

Array = NDArray[np.float64]

#: Share of a normal distribution within one standard deviation.
ONE_DEVIATION = 0.6827
#: Factors are not believed beyond.
SMALLEST, LARGEST = 0.2, 10.0
#: Numbers left out that count as much as the factor of the slopes does for the values.
PRIOR_COUNT = 4.0
#: Noise of less than this share of an output's spread is taken for misfit.
NOISE_TO_SPEAK_OF = 3e-3
#: Only this share of what is left out counts, that of which the posterior is surest: without a sample at the
#: rim some directions are not determined at all, as hardly any is at a point among the samples.
SUREST = 0.5
#: What is believed of the logarithm of a factor. Leaving a sample out of a linearised network tells too much
#: of the good and of the bad; over nine problems this, with the share above, came closest to new data.
TRUST = 0.6


class Calibration(NamedTuple):
    """Factors of standard deviations, and errors of what was left out, in the units of the network."""

    value_factor: Array  # (m,)
    slope_factor: Array  # (m,)
    value_errors: Array  # (n, m)
    slope_errors: Array  # (n, m, t)
    value_deviations: Array  # expected of these, calibrated, noise included
    slope_deviations: Array
    value_noise: Array  # (n, m), variances
    slope_noise: Array


class LeftOutErrors(Protocol):
    """What `LeftOut` has; noise is part of the variances."""

    @property
    def values(self) -> Array:
        """Errors of the values (n, m)."""
        ...

    @property
    def value_variances(self) -> Array:
        """What is expected of these (n, m)."""
        ...

    @property
    def value_noise(self) -> Array:
        """The noise in that (n, m)."""
        ...

    @property
    def slopes(self) -> Array:
        """Errors of the slopes (n, m, t)."""
        ...

    @property
    def slope_variances(self) -> Array:
        """What is expected of these (n, m, t)."""
        ...

    @property
    def slope_noise(self) -> Array:
        """The noise in that (n, m, t)."""
        ...


def calibrate(weights: Sequence[float], left_out: Sequence[LeftOutErrors]) -> Calibration:
    """Compare what was left out with what the members say of it together."""

    def both(errors: list[Array], variances: list[Array], noise: list[Array]) -> tuple[Array, Array, Array]:
        own = [np.maximum(total - part, 0.0) for total, part in zip(variances, noise, strict=True)]
        mean, spread = mixture(weights, errors, own)
        return mean, spread, np.sum([w * part for w, part in zip(weights, noise, strict=True)], axis=0)

    values = both(
        [part.values for part in left_out],
        [part.value_variances for part in left_out],
        [part.value_noise for part in left_out],
    )
    slopes = both(
        [part.slopes for part in left_out],
        [part.slope_variances for part in left_out],
        [part.slope_noise for part in left_out],
    )
    m = values[0].shape[1]
    of_slopes = np.array([_factor(slopes[0][:, o], slopes[1][:, o], slopes[2][:, o], 1.0) for o in range(m)])
    # Values are few: what is known of the slopes counts for them too.
    of_values = np.array(
        [_factor(values[0][:, o], values[1][:, o], values[2][:, o], of_slopes[o]) for o in range(m)]
    )
    return Calibration(
        of_values,
        of_slopes,
        values[0],
        slopes[0],
        np.sqrt(of_values**2 * values[1] + values[2]),
        np.sqrt(of_slopes[:, np.newaxis] ** 2 * slopes[1] + slopes[2]),
        values[2],
        slopes[2],
    )


def _factor(errors: Array, variances: Array, noise: Array, prior: float) -> float:
    """Find the factor c of the standard deviations; towards `prior` as there are few numbers."""
    there = ~np.isnan(errors)
    count = int(np.count_nonzero(there))
    if count == 0:
        return prior
    errors, variances, noise = errors[there], variances[there], noise[there]
    surest = variances <= np.quantile(variances, SUREST)
    found = _solve(errors[surest], variances[surest], np.zeros_like(noise[surest]))
    if np.sqrt(np.median(noise)) > NOISE_TO_SPEAK_OF:
        found = min(found, max(1.0, _solve(errors, variances, noise)))
    found = found**TRUST
    share = count / (count + PRIOR_COUNT)
    return float(np.exp(share * np.log(found) + (1.0 - share) * np.log(prior)))


def _solve(errors: Array, variances: Array, noise: Array) -> float:
    """Find c by bisection, so that the share of |e| ≤ √(c² v + noise) is that of one deviation."""

    def too_small(c: float) -> bool:
        scale = np.sqrt(c**2 * variances + noise)
        ratios = np.abs(errors) / np.where(scale > 0, scale, np.finfo(np.float64).tiny)
        return bool(np.quantile(ratios, ONE_DEVIATION) > 1.0)

    low, high = SMALLEST, LARGEST
    if not too_small(low):
        return low
    if too_small(high):
        return high
    for _ in range(50):
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if too_small(middle) else (low, middle)
    return high
