"""Samples that something serves better than a search by evidence: noisy ones, and very many."""

from __future__ import annotations

from .. import _checks
from ..data.samples import Samples
from .beyond import fit_beyond
from .noisy import fit_noisy
from .outcome import BEYOND, MOST_EQUATIONS, Outcome, n_equations
from .progress import SearchProgress
from .search import Clock


def too_many(samples: Samples) -> bool:
    """Whether there are more numbers than a search by evidence can hold."""
    return n_equations(samples) > MOST_EQUATIONS


def fit_plenty(
    samples: Samples,
    counted: Samples,
    seed: int,
    n_threads: int | None,
    clock: Clock,
    shown: SearchProgress,
    before: Outcome | None = None,
) -> Outcome | None:
    """Fit small networks where there is noise, larger ones where there are many numbers; else return None.

    An outcome of larger ones is gone on with; all others are begun anew.
    """
    go_on = before is not None and before.candidates[0].start == BEYOND
    outcome = None
    if not go_on:
        threads = _checks.as_threads(n_threads)
        outcome = fit_noisy(samples, counted, seed, threads, clock, shown)
    if outcome is None and too_many(counted):
        before = before if go_on else None
        outcome = fit_beyond(samples, counted, seed, n_threads, clock, shown, before)
    return outcome
