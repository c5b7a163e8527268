"""What is known of a fitted surrogate, in numbers, for its report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ... import metrics
from ...data.presence import counting
from ...data.samples import Samples
from ...surrogate.surrogate import Surrogate
from .sensitivity import Sensitivity, sensitivity

Array = NDArray[np.float64]

#: Shares of a normal distribution within so many standard deviations.
COVERAGES = {1.0: 0.6827, 1.96: 0.95}


class Goodness(NamedTuple):
    """How well one column of numbers is met: at the samples, and with each of them left out."""

    quantity: str
    n_numbers: int
    spread: float
    rmse: float
    r2: float
    left_out_rmse: float
    left_out_r2: float
    #: Shares of the errors left out within 1 and 1.96 standard deviations.
    within: tuple[float, float]


@dataclass(frozen=True, eq=False)
class SurrogateFacts:
    """Everything that a report says of a surrogate.

    Attributes
    ----------
    surrogate : Surrogate
        Fitted.
    samples : Samples
        Those that count.
    inputs, outputs : list of str
        Their names.
    values, slopes : list of Goodness
        By output, and by output and input or direction.
    sensitivity : Sensitivity
        In the box of the samples.
    shares : ndarray, (m, d)
        `Surrogate.sensitivities`.
    """

    surrogate: Surrogate
    samples: Samples
    inputs: list[str]
    outputs: list[str]
    values: list[Goodness]
    slopes: list[Goodness]
    sensitivity: Sensitivity
    shares: Array

    @property
    def by_evidence(self) -> bool:
        """Whether samples were left out in closed form; if not, some were held out."""
        return bool(self.surrogate._fitted().standings)


def facts_of(surrogate: Surrogate, inputs: list[str], outputs: list[str]) -> SurrogateFacts:
    """Measure a surrogate at its samples and in their box."""
    outcome = surrogate._fitted()
    samples = counting(outcome.samples, np.dtype(np.float64))
    calibration, scales = outcome.calibration, outcome.mixture.normalization
    left_values, left_slopes = surrogate.left_out()
    predicted, jacobian = surrogate.predict_with_jacobian(samples.X)
    values, slopes = [], []
    for o, name in enumerate(outputs):
        if samples.Y is not None:
            deviations = calibration.value_deviations[:, o] * abs(scales.y_scale[o])
            values.append(_goodness(name, samples.Y[:, o], predicted[:, o], left_values[:, o], deviations))
    if samples.derivatives is not None:
        along, names = jacobian, inputs
        units = np.abs(np.divide.outer(scales.y_scale, scales.x_scale))
        if samples.directions is not None:
            along = np.einsum("nmd,nkd->nmk", jacobian, samples.directions)
            names = [f"direction {k + 1}" for k in range(along.shape[2])]
            units = np.broadcast_to(np.abs(scales.y_scale)[:, np.newaxis], along.shape[1:])
        for o, name in enumerate(outputs):
            for k, by in enumerate(names):
                slopes.append(
                    _goodness(
                        f"slope of {name} by {by}",
                        samples.derivatives[:, o, k],
                        along[:, o, k],
                        left_slopes[:, o, k],
                        calibration.slope_deviations[:, o, k] * units[o, k],
                    )
                )
    return SurrogateFacts(
        surrogate,
        samples,
        inputs,
        outputs,
        [one for one in values if one.n_numbers],
        [one for one in slopes if one.n_numbers],
        sensitivity(surrogate),
        surrogate.sensitivities(),
    )


def _goodness(
    quantity: str, observed: Array, predicted: Array, left_out: Array, deviations: Array
) -> Goodness:
    there = ~np.isnan(observed)
    if not there.any():
        return Goodness(quantity, 0, *(float("nan"),) * 5, (float("nan"),) * 2)
    truth = np.asarray(observed[there], dtype=np.float64)
    # Of errors, those that are there: beyond a fit by evidence only some samples were held out.
    errors, expected = left_out[there], deviations[there]
    known = ~np.isnan(errors)
    spread = float(np.std(truth))
    # What does not vary has no variance to explain.
    constant = spread <= 1e-12 * float(np.max(np.abs(truth)))
    left_rmse, left_r2, within = float("nan"), float("nan"), (float("nan"), float("nan"))
    if known.any():
        left_rmse = float(np.sqrt(np.mean(errors[known] ** 2)))
        left_r2 = float("nan") if constant else metrics.r2(truth[known], truth[known] + errors[known])
        one, two = (float(np.mean(np.abs(errors[known]) <= c * expected[known])) for c in COVERAGES)
        within = one, two
    return Goodness(
        quantity,
        int(there.sum()),
        0.0 if constant else spread,
        metrics.rmse(truth, predicted[there]),
        float("nan") if constant else metrics.r2(truth, predicted[there]),
        left_rmse,
        left_r2,
        within,
    )
