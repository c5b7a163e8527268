"""What is known of a fitted surrogate, in numbers, for its report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...data.presence import counting
from ...data.samples import Samples
from ...surrogate.goodness import Goodness, goodness_of
from ...surrogate.surrogate import Surrogate
from .sensitivity import Sensitivity, sensitivity

Array = NDArray[np.float64]

#: Shares of a normal distribution within so many standard deviations.
COVERAGES = {1.0: 0.6827, 1.96: 0.95}


class Met(NamedTuple):
    """How well one output, or one derivative of it, is met."""

    quantity: str
    #: At the samples themselves, to which the networks were fitted.
    at_samples: Goodness
    #: With each of them left out, or of those that were held out; None where there is none.
    left_out: Goodness | None
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
    values, slopes : list of Met
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
    values: list[Met]
    slopes: list[Met]
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
    rows = _rows(surrogate, samples, inputs, outputs)
    return SurrogateFacts(
        surrogate,
        samples,
        inputs,
        outputs,
        [row for row in rows if row.at_samples.along is None],
        [row for row in rows if row.at_samples.along is not None],
        sensitivity(surrogate),
        surrogate.sensitivities(),
    )


def _rows(surrogate: Surrogate, samples: Samples, inputs: list[str], outputs: list[str]) -> list[Met]:
    """Compare what is predicted at the samples, and what would have been without each, with what is there."""
    predicted, slopes = surrogate.predict_with_jacobian(samples.X)
    names = inputs
    if samples.directions is not None:
        slopes = np.einsum("nmd,nkd->nmk", slopes, samples.directions)
        names = [f"direction {k + 1}" for k in range(slopes.shape[2])]
    value_errors = predicted if samples.Y is None else predicted - samples.Y
    slope_errors = slopes if samples.derivatives is None else slopes - samples.derivatives
    left_out = {(row.output, row.along): row for row in surrogate.goodness()}
    rows = []
    for row in goodness_of(samples, value_errors, slope_errors, "fitted samples"):
        name = outputs[row.output]
        quantity = name if row.along is None else f"slope of {name} by {names[row.along]}"
        within = _within(surrogate, row.output, row.along)
        rows.append(Met(quantity, row, left_out.get((row.output, row.along)), within))
    return rows


def _within(surrogate: Surrogate, output: int, along: int | None) -> tuple[float, float]:
    """Return which shares of the errors left out are within 1 and 1.96 of the deviations expected."""
    calibration = surrogate._fitted().calibration
    if along is None:
        errors, expected = calibration.value_errors[:, output], calibration.value_deviations[:, output]
    else:
        errors = calibration.slope_errors[:, output, along]
        expected = calibration.slope_deviations[:, output, along]
    known = ~np.isnan(errors)
    if not known.any():
        return float("nan"), float("nan")
    one, two = (float(np.mean(np.abs(errors[known]) <= c * expected[known])) for c in COVERAGES)
    return one, two
