"""What a report says of one experiment; each kind of experiment says how."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import singledispatch
from typing import Any, NamedTuple

import numpy as np

from ..experiments import FitResult
from ._table import Table

Document = dict[str, Any]

#: A table of a CSV file: its header, and its rows.
Rows = tuple[Sequence[str], Iterable[Sequence[object]]]

#: Draws a figure and returns its axes.
Figure = Callable[[], Any]

#: Results by the name of the fit, one for each seed: those of the experiment's kind.
Runs = dict[str, list[Any]]


class Compared(NamedTuple):
    """Fits that are compared with what was published, one for each seed."""

    measured: list[FitResult]
    #: What is possible on the same samples; nothing where there is no such fit.
    possible: list[FitResult]


@dataclass(frozen=True, kw_only=True)
class Section:
    """Everything that a report has of one experiment.

    Parameters
    ----------
    document : dict
        What metrics.json says, besides name, description and versions.
    csv_files : dict of str to rows
        By the name of the file.
    figures : dict of str to callable
        By the name of the file, what draws it once its turn has come.
    tables : list of Table
        For the terminal and summary.md.
    summary : dict
        What summary.json says, under the name of the experiment; nothing if this is empty.
    compared : dict of str to Compared
        Fits for the table of published errors, by the name that it shows.
    """

    document: Document
    csv_files: Mapping[str, Rows] = field(default_factory=dict)
    figures: Mapping[str, Figure] = field(default_factory=dict)
    tables: Sequence[Table] = ()
    summary: Document = field(default_factory=dict)
    compared: Mapping[str, Compared] = field(default_factory=dict)


@singledispatch
def section_of(study: object, runs: Runs) -> Section:
    """Say what there is to say of an experiment whose fits are all done.

    Dispatches on the kind of the experiment; a file in `kinds` registers each.
    """
    raise TypeError(f"study: expected a kind of experiment that reports know, got {study!r}")


def spread(values: Iterable[float | None]) -> dict[str, float | None]:
    """Return median, minimum and maximum of errors over the seeds; None where there is none."""
    known = [value for value in values if value is not None]
    if not known:
        return {"median": None, "minimum": None, "maximum": None}
    return {"median": float(np.median(known)), "minimum": min(known), "maximum": max(known)}
