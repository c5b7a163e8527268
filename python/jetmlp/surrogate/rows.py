"""What is kept of every network that was tried."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .fit import CandidateFit, LeftOut


@dataclass(frozen=True)
class CandidateRow:
    """A network that was tried.

    Attributes
    ----------
    network : str
        Layers, activation, start and seed; and how many samples it was given up with, if not with all.
    n_parameters : int
        How many it has.
    effective_parameters : float
        How many of these the data determine; NaN for one that was given up early.
    log_evidence : float
        By which it was chosen: less the doubt in the noise that it sees (`CandidateFit.score`).
    leave_one_out : float
        Root mean square error of values left out, over their standard deviation; of slopes where there are no
        values. NaN for one that was given up early. Beyond a fit by evidence, of the samples held out.
    weight : float
        Of its predictions; 0 for one that is not a member.
    n_steps : int
        Steps of its fit.
    seconds : float
        Processor time of its fit.
    """

    network: str
    n_parameters: int
    effective_parameters: float
    log_evidence: float
    leave_one_out: float
    weight: float
    n_steps: int
    seconds: float

    @classmethod
    def of(
        cls,
        fit: CandidateFit,
        n_samples: int,
        report: dict[str, Any] | None = None,
        left_out: LeftOut | None = None,
        weight: float = 0.0,
    ) -> CandidateRow:
        """Describe a fit, of so many samples if it saw all; one that is not a member has no report."""
        error = np.nan
        if left_out is not None:
            known = left_out.values if np.isfinite(left_out.values).any() else left_out.slopes
            error = float(np.sqrt(np.nanmean(known**2))) if known.size else np.nan
        some = "" if fit.n_samples == n_samples else f", {fit.n_samples} samples"
        return cls(
            f"{fit.candidate}{some}",
            fit.model.n_parameters,
            np.nan if report is None else float(report["effective_parameters"]),
            fit.score,
            error,
            weight,
            fit.n_steps,
            fit.seconds,
        )

    def cells(self) -> tuple[object, ...]:
        """As the columns have them."""

        def shown(number: float, form: str) -> str:
            return "" if np.isnan(number) else format(number, form)

        return (
            self.network,
            self.n_parameters,
            shown(self.effective_parameters, ".0f"),
            shown(self.log_evidence, ".1f"),
            shown(self.leave_one_out, ".1e"),
            f"{self.weight:.2f}" if self.weight else "",
            self.n_steps,
            f"{self.seconds:.2f}",
        )
