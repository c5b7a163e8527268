"""What a surrogate did, to be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .. import _html
from .outcome import NOISY, Outcome, n_equations
from .rows import CandidateRow

Array = NDArray[np.float64]

HEADS = ("network", "parameters", "effective", "log evidence", "leave-one-out", "weight", "steps", "seconds")
#: Networks that are shown; of few samples more than a hundred are tried.
SHOWN = 20


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

    def _shown(self) -> tuple[list[tuple[object, ...]], list[str]]:
        """Return the rows that are shown, and a word on the others."""
        others = len(self.candidates) - SHOWN
        rest = f"and {others} more, which were given up: `candidates` has all"
        return [row.cells() for row in self.candidates[:SHOWN]], [rest] if others > 0 else []

    def __str__(self) -> str:
        rows, rest = self._shown()
        remarks = [f"  {remark}" for remark in self.remarks]
        return "\n".join([self.title, *remarks, *_lines(HEADS, rows), *rest])

    def _repr_html_(self) -> str:
        rows, rest = self._shown()
        return _html.block(
            self.title, *map(_html.line, self.remarks), _html.table(HEADS, rows), *map(_html.line, rest)
        )


def summarise(outcome: Outcome) -> SurrogateSummary:
    """Say what a fit did, how good it is, and how that is known."""
    calibration = outcome.calibration
    rows = outcome.rows
    remarks = [
        _how(outcome),
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
    return SurrogateSummary(f"Surrogate of {outcome.samples!r}", tuple(remarks), rows)


def _how(outcome: Outcome) -> str:
    """Say how the networks were chosen."""
    members, tried, seconds = len(outcome.mixture.members), len(outcome.rows), outcome.seconds
    if outcome.standings:
        return (
            f"{tried} networks tried in {seconds:.1f} s, {members} used; chosen by evidence, nothing held out"
        )
    if outcome.candidates[0].start == NOISY:
        return (
            f"{tried} networks tried in {seconds:.1f} s, {members} used; fitted by evidence to all samples, "
            "with their noise as it varies among them; nothing held out"
        )
    calibration = outcome.calibration
    held = np.isfinite(calibration.value_errors).any(axis=1) | np.isfinite(calibration.slope_errors).any(
        axis=(1, 2)
    )
    return (
        f"{n_equations(outcome.samples)} numbers are beyond a fit by evidence; {members} networks fitted in "
        f"{seconds:.1f} s, {np.count_nonzero(held)} samples held out to end the fits, weigh them and "
        "calibrate the error bars"
    )


def _errors(what: str, errors: Array, noise: Array) -> list[str]:
    """Say how well left-out numbers are predicted, in units of the standardised outputs."""
    if not np.isfinite(errors).any():
        return []
    size = float(np.sqrt(np.nanmean(errors**2)))
    typical = float(np.nanmedian(np.abs(errors)))
    level = f"noise {np.sqrt(np.nanmean(noise)):.1e}, " if np.isfinite(noise).any() else ""
    return [
        f"{what} of samples left out: error {size:.1e} (root mean square), {typical:.1e} (median), "
        f"{level}in standard deviations of the outputs"
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
