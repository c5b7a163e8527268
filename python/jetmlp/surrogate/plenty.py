"""More numbers than a search by evidence can hold: which of two ways serves them."""

from __future__ import annotations

from .. import _checks
from ..data.samples import Samples
from .beyond import fit_beyond
from .noisy import fit_noisy
from .outcome import BEYOND, Outcome
from .progress import SearchProgress
from .search import Clock


def fit_plenty(
    samples: Samples,
    counted: Samples,
    seed: int,
    n_threads: int | None,
    clock: Clock,
    shown: SearchProgress,
    before: Outcome | None = None,
) -> Outcome:
    """Fit small networks exactly where there is noise, else larger ones; or go on with these."""
    go_on = before is not None and before.candidates[0].start == BEYOND
    outcome = None
    if not go_on:
        threads = _checks.as_threads(n_threads)
        outcome = fit_noisy(samples, counted, seed, threads, clock, shown)
    if outcome is not None:
        return outcome
    return fit_beyond(samples, counted, seed, n_threads, clock, shown, before if go_on else None)
