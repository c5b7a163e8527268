"""Samples left out for real, where the closed form cannot tell how well they would be predicted.

The closed form is linearised about the fit. A sample that alone says what the function does somewhere leaves
directions of the parameters to the prior: its deviation is then beyond the spread of the data, and the error
is that of a linear function far from where it was taken. Such samples are few; the networks go on without
each of them, from where they stand, and predict it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.presence import present
from ..data.samples import Samples
from ..data.standardise import standardised
from .fit import CandidateFit, LeftOut, Standing
from .posterior import Jets, Member, variances

Array = NDArray[np.float64]

#: Beyond this deviation, over the size of what was observed, the closed form is not believed.
UNSURE = 0.1
#: So many over the number of equations are left out for real, within these bounds; the most unsure ones.
AGAIN, LEAST_AGAIN, MOST_AGAIN = 2000, 1, 16
#: Steps without a sample.
STEPS = 30


def leave_out_again(
    fits: Sequence[CandidateFit],
    reports: Sequence[dict[str, Any]],
    left_out: Sequence[LeftOut],
    samples: Samples,
    n_equations: int,
    over: Callable[[], bool],
) -> None:
    """Put what fits without a sample say where the closed form is unsure, until the time is over."""
    if len(samples) < 2:
        return
    normalization = fits[0].model.normalization
    assert normalization is not None
    units = standardised(samples, normalization)
    doubts = np.max([_doubt(part, units) for part in left_out], axis=0)
    count = min(max(round(AGAIN / n_equations), LEAST_AGAIN), MOST_AGAIN)
    for s in np.argsort(-doubts, kind="stable")[:count]:
        if not doubts[s] > UNSURE or over():
            break
        rest = samples[np.arange(len(samples)) != s]
        for fit, report, part in zip(fits, reports, left_out, strict=True):
            standing = Standing(report["parameters"], report["prior_precisions"], report["noise_precisions"])
            without = CandidateFit(fit.candidate, rest, normalization, standing)
            without.run(STEPS)
            if np.isfinite(without.log_evidence):
                _replace(part, s, without, units)


def _doubt(part: LeftOut, units: Samples) -> Array:
    """Return the largest deviation of each sample (n,), noise apart, over the size of its column."""
    result = np.zeros(len(units))
    for variances_, noise, observed in (
        (part.value_variances, part.value_noise, units.Y),
        (part.slope_variances, part.slope_noise, units.derivatives),
    ):
        if observed is None:
            continue
        there = present(observed)
        count = np.maximum(np.count_nonzero(there, axis=0), 1)
        size = np.sqrt(np.sum(np.where(there, observed, 0.0) ** 2, axis=0) / count)
        deviations = np.sqrt(np.where(there, np.maximum(variances_ - noise, 0.0), 0.0))
        # Of a column of zeros there is nothing to be sure of.
        ratios = np.where(size > 0, deviations / np.where(size > 0, size, 1.0), 0.0)
        result = np.maximum(result, ratios.reshape(len(units), -1).max(axis=1, initial=0.0))
    return result


def _replace(part: LeftOut, s: int, without: CandidateFit, units: Samples) -> None:
    """Take what a fit without sample s says of it; what was not observed stays NaN."""
    report = without.report()
    inputs = np.ascontiguousarray(units.X[s : s + 1])
    predicted = Jets(*without.model._computation(jacobian=True)(inputs, 1))
    member = Member(without.model, report["covariance_factor"], 1.0)
    spread = variances(member, inputs, slopes=True)
    if units.Y is not None:
        part.values[s] = predicted.values[0] - units.Y[s]
        part.value_variances[s] = spread.values[0] + part.value_noise[s]
    if units.dYdX is not None:
        assert predicted.slopes is not None
        assert spread.slopes is not None
        part.slopes[s] = predicted.slopes[0] - units.dYdX[s]
        part.slope_variances[s] = spread.slopes[0] + part.slope_noise[s]
    elif units.dYdV is not None:
        # Variances along directions would take the covariance of the slopes: those in closed form stay.
        assert predicted.slopes is not None
        assert units.directions is not None
        part.slopes[s] = predicted.slopes[0] @ units.directions[s].T - units.dYdV[s]
