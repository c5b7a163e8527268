"""What a fit leaves behind: everything that a fitted surrogate knows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..data.samples import Samples
from .again import leave_out_again
from .calibration import Calibration, calibrate
from .candidates import Candidate
from .fit import CandidateFit, LeftOut, Standing
from .mixture import Mixture
from .open_constant import hold_constant
from .posterior import Member
from .rows import CandidateRow
from .search import Clock, weights_of

Array = NDArray[np.float64]

#: More numbers to fit than this are beyond a fit by evidence.
MOST_EQUATIONS = 5000
#: The start of a candidate that is not fitted by evidence.
BEYOND = "beyond"
#: That of one that went on with all samples and the noise as it was found in them.
NOISY = "varying noise"


class Outcome(NamedTuple):
    """What a fit leaves behind.

    Parameters
    ----------
    samples : Samples
        As they were given.
    mixture : Mixture
        What predicts.
    calibration : Calibration
        Errors of what was left out, and what follows from them for the error bars.
    candidates : tuple of Candidate
        What the members of the mixture are, in their order.
    standings : tuple of Standing
        Where their fits by evidence stand; empty beyond these and with varying noise.
    rows : tuple of CandidateRow
        Of the summary: all networks that were tried, members first.
    seconds : float
        That it took.
    """

    samples: Samples
    mixture: Mixture
    calibration: Calibration
    candidates: tuple[Candidate, ...]
    standings: tuple[Standing, ...]
    rows: tuple[CandidateRow, ...]
    seconds: float


def n_equations(samples: Samples) -> int:
    """How many numbers there are to fit."""
    return sum(int(np.count_nonzero(~np.isnan(array))) for array in samples.targets if array is not None)


def outcome_of(
    samples: Samples,
    counted: Samples,
    fits: Sequence[CandidateFit],
    tried: Sequence[CandidateFit],
    clock: Clock,
) -> Outcome:
    """Make a mixture of the fits by evidence that went to the end, best first."""
    fits = [fit for fit in fits if np.isfinite(fit.log_evidence)]
    if not fits:
        raise RuntimeError("none of the networks could be fitted: no evidence was finite")
    shares = weights_of(fits, n_equations(counted))
    kept = [(fit, float(w)) for fit, w in zip(fits, shares, strict=True) if w > 0]
    reports = [fit.report() for fit, _ in kept]
    weights = [weight for _, weight in kept]
    left_out = [LeftOut(counted, report) for report in reports]
    leave_out_again([fit for fit, _ in kept], reports, left_out, counted, n_equations(counted), clock.over)
    calibration = calibrate(weights, left_out)
    members = tuple(
        hold_constant(Member(fit.model, report["covariance_factor"], weight), counted)
        for (fit, weight), report in zip(kept, reports, strict=True)
    )
    rows = [
        CandidateRow.of(fit, len(counted), report, part, weight)
        for (fit, weight), report, part in zip(kept, reports, left_out, strict=True)
    ]
    chosen = {id(fit) for fit, _ in kept}
    rest = sorted(
        (fit for fit in tried if id(fit) not in chosen), key=lambda fit: (-fit.n_samples, -fit.score)
    )
    standings = [
        Standing(member.model.parameters, report["prior_precisions"], report["noise_precisions"])
        for member, report in zip(members, reports, strict=True)
    ]
    return Outcome(
        samples,
        Mixture(members, calibration.value_factor, calibration.slope_factor),
        calibration,
        tuple(fit.candidate for fit, _ in kept),
        tuple(standings),
        (*rows, *(CandidateRow.of(fit, len(counted)) for fit in rest)),
        clock.elapsed,
    )
