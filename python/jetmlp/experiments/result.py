"""What a fit came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..fitting.history import History
from ..models.mlp import MLP
from .published import ERRORS
from .samples import Samples

if TYPE_CHECKING:
    from .fit import FitExperiment

Evaluation = dict[str, dict[str, float]]

_METRICS = {"mse": "mse", "max": "max_error"}


@dataclass(frozen=True, eq=False)
class FitResult:
    """A fitted model with its errors.

    Attributes
    ----------
    experiment : FitExperiment
        What was run.
    seed : int
        Of the run.
    model : MLP
        The fitted model. Where values were not trained but are known, the output bias has been moved by
        `value_shift`.
    history : History
        Losses of every epoch; those of a free constant are before it was fixed.
    samples : dict of str to Samples
        "train", "validation", sometimes "test", and the points to measure on, by name; the densest last.
    evaluations : dict of str to evaluation
        What `jetmlp.metrics.evaluate` says for each of the samples.
    value_shift : ndarray (m,), or None
        Where derivatives alone were trained: the mean residual of the values over the training samples,
        which fixes the constant that the loss does not see. Errors of values mean little more than how
        well the integral of the derivative fits. None where values were trained or are not known.
    time_s : float
        Duration of the fit, with one validation an epoch, on the wall's clock [s]. It contains what the fit
        had to wait for others.
    cpu_time_s : float
        What the thread of the fit worked [s]: with one thread, what the fit takes on an idle machine.
    """

    experiment: FitExperiment
    seed: int
    model: MLP
    history: History
    samples: dict[str, Samples]
    evaluations: dict[str, Evaluation]
    value_shift: NDArray[np.float64] | None
    time_s: float
    cpu_time_s: float

    @property
    def points(self) -> str:
        """Name of the samples on which errors are compared: the published ones, or else `dense_points`."""
        published = self.experiment.published
        return self.dense_points if published is None else published.points

    @property
    def dense_points(self) -> str:
        """Name of the many points on which every fit is measured; for arrays the validation samples."""
        return list(self.samples)[-1]

    @property
    def errors(self) -> dict[str, float | None]:
        """Errors on `points`: "value_mse", "value_max", "derivative_mse", "derivative_max"."""
        return self.errors_on(self.points)

    def errors_on(self, points: str) -> dict[str, float | None]:
        """Return the four errors on samples of a name; None for what is not known."""
        errors: dict[str, float | None] = {}
        for name in ERRORS:
            quantity, _, metric = name.partition("_")
            errors[name] = self.evaluations[points].get(quantity, {}).get(_METRICS[metric])
        return errors

    @property
    def ratios(self) -> dict[str, float | None]:
        """Measured errors divided by the published ones; None where there is nothing to compare."""
        published = self.experiment.published
        return dict.fromkeys(ERRORS) if published is None else published.ratios(self.errors)
