"""What a surrogate did, to be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _html
from ..data.samples import Samples
from .calibration import Calibration
from .fit import CandidateFit, LeftOut
from .mixture import Mixture

Array = NDArray[np.float64]

HEADS = ("network", "parameters", "effective", "log evidence", "leave-one-out", "weight", "steps", "seconds")


@dataclass(frozen=True)
class CandidateRow:
    """A network that was tried.

    Attributes
    ----------
    network : str
        Layers, activation, start and seed.
    n_parameters : int
        How many it has.
    effective_parameters : float
        How many of these the data determine; NaN for one that was given up early.
    log_evidence : float
        By which it was chosen.
    leave_one_out : float
        Root mean square error of values left out, over their standard deviation; of slopes where there are no
        values. NaN for one that was given up early.
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
        cls, fit: CandidateFit, report: dict[str, Any] | None, left_out: LeftOut | None, weight: float
    ) -> CandidateRow:
        """Describe a fit; one that is not a member has no report."""
        error = np.nan
        if left_out is not None:
            known = left_out.values if np.isfinite(left_out.values).any() else left_out.slopes
            error = float(np.sqrt(np.nanmean(known**2))) if known.size else np.nan
        return cls(
            str(fit.candidate),
            fit.model.n_parameters,
            np.nan if report is None else float(report["effective_parameters"]),
            fit.log_evidence,
            error,
            weight,
            fit.n_steps,
            fit.seconds,
        )

    def cells(self) -> tuple[object, ...]:
        """As the columns have them."""
        known = self.leave_one_out == self.leave_one_out
        return (
            self.network,
            self.n_parameters,
            f"{self.effective_parameters:.0f}" if known else "",
            f"{self.log_evidence:.1f}",
            f"{self.leave_one_out:.1e}" if known else "",
            f"{self.weight:.2f}" if self.weight else "",
            self.n_steps,
            f"{self.seconds:.2f}",
        )


@dataclass(frozen=True)
class SurrogateSummary:
    """What a surrogate did; print it to read it.

    Attributes
    ----------
    title : str
        What was fitted.
    remarks : tuple of str
        How it was chosen, how good it is and how that is known.
    candidates : tuple of CandidateRow
        All networks that were tried, members first.
    """

    title: str
    remarks: tuple[str, ...]
    candidates: tuple[CandidateRow, ...]

    def __str__(self) -> str:
        rows = [row.cells() for row in self.candidates]
        return "\n".join([self.title, *(f"  {remark}" for remark in self.remarks), *_lines(HEADS, rows)])

    def _repr_html_(self) -> str:
        rows = [row.cells() for row in self.candidates]
        return _html.block(self.title, *map(_html.line, self.remarks), _html.table(HEADS, rows))


def summarise(
    samples: Samples,
    mixture: Mixture,
    calibration: Calibration,
    rows: tuple[CandidateRow, ...],
    seconds: float,
) -> SurrogateSummary:
    """Say what a fit did, how good it is, and how that is known."""
    members = len(mixture.members)
    remarks = [
        f"{len(rows)} networks tried in {seconds:.1f} s, {members} used; chosen by evidence, nothing held out",
        *_errors("values", calibration.value_errors, calibration.value_noise),
        *_errors("slopes", calibration.slope_errors, calibration.slope_noise),
        "error bars multiplied by "
        + ", ".join(
            f"{factor:.2f} ({what})"
            for what, factors in (("values", calibration.value_factor), ("slopes", calibration.slope_factor))
            for factor in factors
        )
        + " after the errors of samples left out",
    ]
    return SurrogateSummary(f"Surrogate of {samples!r}", tuple(remarks), rows)


def _errors(what: str, errors: Array, noise: Array) -> list[str]:
    """Say how well left-out numbers are predicted, in units of the standardised outputs."""
    if not np.isfinite(errors).any():
        return []
    size = float(np.sqrt(np.nanmean(errors**2)))
    typical = float(np.nanmedian(np.abs(errors)))
    level = float(np.sqrt(np.nanmean(noise)))
    return [
        f"{what} of samples left out: error {size:.1e} (root mean square), {typical:.1e} (median), "
        f"noise {level:.1e}, in standard deviations of the outputs"
    ]


def _lines(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """Return columns of even width, the first to the left."""
    if not rows:
        return []
    table = [tuple(map(str, row)) for row in (heads, *rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    ]
