"""Which networks a surrogate consists of: many are begun, the best by evidence go on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..data.samples import Samples
from ..models.normalization import Normalization
from .candidates import Candidate, first_candidates, relatives
from .fit import CandidateFit

Array = NDArray[np.float64]

#: Steps of every first candidate; enough to tell the good third from the rest.
FIRST_STEPS = 30
#: How many of these go on, and for how many steps, before the next comparison.
SECOND, SECOND_STEPS = 5, 30
#: How many of these get relatives: as good a network with another activation or seed is often better.
PARENTS = 2
#: How many go on to the end, and the most steps of each.
LAST, MOST_STEPS = 4, 180
#: The most steps of a network that goes on with more samples: it is near already.
MORE_STEPS = 60
#: The evidence of a network is believed to a tenth of a nat for each equation: weights are
#: exp(Δ / (N / 10)). Taken at its word it would nearly always choose a single one, and averages do better.
NATS_PER_EQUATION = 0.1
#: Members with less weight than this are left out.
LEAST_WEIGHT = 0.01


class Ranked(Protocol):
    """What has an evidence to be ranked by."""

    @property
    def log_evidence(self) -> float:
        """The higher the better."""
        ...


class Clock:
    """A time limit in seconds, or none."""

    def __init__(self, seconds: float | None) -> None:
        self._start = time.perf_counter()
        self._seconds = np.inf if seconds is None else seconds

    @property
    def elapsed(self) -> float:
        """Seconds so far."""
        return time.perf_counter() - self._start

    def over(self, share: float = 1.0) -> bool:
        """Whether this share of the time is used up."""
        return self.elapsed > share * self._seconds


class Search:
    """A search for networks.

    Parameters
    ----------
    samples : Samples
        What to fit, in the units of the data; nothing in it weighs 0.
    normalization : Normalization
        Of all candidates.
    n_equations : int
        Numbers to fit.
    seed : int
        Of the first candidates.
    n_threads : int
        Fits at a time; the result does not depend on it.
    clock : Clock
        When to stop.
    shown : callable
        Called after each piece of work with the number of fits begun and the best log evidence.
    """

    def __init__(
        self,
        samples: Samples,
        normalization: Normalization,
        n_equations: int,
        seed: int,
        n_threads: int,
        clock: Clock,
        shown: Callable[[int, float], None],
    ) -> None:
        self._samples, self._normalization = samples, normalization
        self._n_equations, self._seed = n_equations, seed
        self._n_threads, self._clock, self._shown = n_threads, clock, shown
        self.fits: list[CandidateFit] = []

    def run(self) -> list[CandidateFit]:
        """Return the fits that went on to the end, best first."""
        m, d = self._samples.n_outputs, self._samples.n_inputs
        self._advance(self._begin(first_candidates(self._n_equations, d, m, self._seed)), FIRST_STEPS)
        self._advance(self._best(SECOND), SECOND_STEPS, share=0.5)
        tried = [fit.candidate for fit in self.fits]
        family = [
            other
            for fit in self._best(PARENTS)
            for other in relatives(fit.candidate, self._n_equations, d, m)
            if other not in tried
        ]
        self._advance(self._begin(dict.fromkeys(family)), FIRST_STEPS + SECOND_STEPS, share=0.6)
        last = self._best(LAST)
        self._advance(last, MOST_STEPS - FIRST_STEPS - SECOND_STEPS)
        return sorted(last, key=_rank)

    def go_on(self, fits: Sequence[CandidateFit]) -> list[CandidateFit]:
        """Take fits that stand somewhere to the end."""
        self.fits = list(fits)
        self._advance(self.fits, MORE_STEPS)
        return sorted(self.fits, key=_rank)

    def _begin(self, candidates: Iterable[Candidate]) -> list[CandidateFit]:
        if self._clock.over(0.5) and self.fits:
            return []
        begun = [CandidateFit(candidate, self._samples, self._normalization) for candidate in candidates]
        self.fits += begun
        return begun

    def _best(self, count: int) -> list[CandidateFit]:
        """Those of the highest evidence; equal ones in the order in which they began."""
        return sorted(self.fits, key=_rank)[:count]

    def _advance(self, fits: Sequence[CandidateFit], n_steps: int, share: float = 1.0) -> None:
        """Let fits go on, several at a time; Ctrl-C ends all of them."""
        piece = 5

        def advance(fit: CandidateFit) -> None:
            for first in range(0, n_steps, piece):
                # One step is owed to each, so that there is something to choose from.
                if fit.finished or stopped or (self._clock.over(share) and np.isfinite(fit.log_evidence)):
                    break
                fit.run(min(piece, n_steps - first))
            self._shown(len(self.fits), max(other.log_evidence for other in self.fits))

        stopped: list[bool] = []
        with ThreadPoolExecutor(self._n_threads) as pool:
            try:
                # Long ones first.
                order = sorted(fits, key=lambda fit: -fit.model.n_parameters)
                futures = [pool.submit(advance, fit) for fit in order]
                wait(futures)
            except BaseException:
                stopped.append(True)
                pool.shutdown(cancel_futures=True)
                raise
        for future in futures:
            future.result()


def _rank(fit: CandidateFit) -> float:
    return -fit.log_evidence


def weights_of(fits: Sequence[Ranked], n_equations: int) -> Array:
    """Weights of the predictions of fits, the best first; what weighs too little is 0."""
    evidence = np.array([fit.log_evidence for fit in fits])
    weights = np.exp((evidence - evidence.max()) / max(NATS_PER_EQUATION * n_equations, 1.0))
    weights[weights < LEAST_WEIGHT * weights.sum()] = 0.0
    return np.asarray(weights / weights.sum())
