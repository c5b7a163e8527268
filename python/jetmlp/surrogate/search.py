"""Which networks a surrogate consists of: many are begun, the best by evidence go on."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import wait
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .._threads import Threads
from ..data.samples import Samples
from ..models.normalization import Normalization
from ..random import Generator
from .candidates import Candidate, first_candidates, relatives
from .fit import CandidateFit
from .rounds import Rounds

Array = NDArray[np.float64]

#: Steps from one comparison to the next; enough to tell the good third from the rest.
ROUND = 30
#: Where there are many more equations than these, the first round is fitted to as many samples as make about
#: these: which networks are good shows, and those that are go on with all.
FIRST_EQUATIONS = 600
#: How many networks go on to the end: so many over the number of equations, within these bounds. One more
#: is given a second round.
KEPT, LEAST_KEPT, MOST_KEPT = 2400, 4, 12
#: At most so many have the same layers: larger networks are slower to show what they are worth.
MOST_ALIKE = 3
#: How many of these get relatives: as good a network with another activation or seed is often better.
PARENTS = 2
#: The most rounds of those that go on, and of those that go on with more samples: they are near already.
LAST_ROUNDS, MORE_ROUNDS = 12, 2
#: The evidence of a network is believed to a tenth of a nat for each equation: weights are
#: exp(Δ / (N / 10)). Taken at its word it would nearly always choose a single one, and averages do better.
NATS_PER_EQUATION = 0.1
#: Members with less weight than this are left out.
LEAST_WEIGHT = 0.01
#: A fit whose score rose by less than so many nats for each equation in a round has arrived.
LEAST_RISE = 0.2 * NATS_PER_EQUATION
#: The stream of random numbers that says which samples a first round is fitted to.
FIRST_ROUND = 20


class Ranked(Protocol):
    """What has a number to be ranked by."""

    @property
    def score(self) -> float:
        """The higher the better."""
        ...


class Clock:
    """A time limit in seconds, or none."""

    def __init__(self, seconds: float | None) -> None:
        self._start = time.perf_counter()
        self._seconds = np.inf if seconds is None else seconds
        self.limited = seconds is not None

    def go_on_from(self, seconds: float) -> None:
        """Count from so many seconds on."""
        self._start = time.perf_counter() - seconds

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
    rounds : Rounds, optional
        Where rounds are kept, and come from in a search that is resumed.
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
        rounds: Rounds | None = None,
    ) -> None:
        self._samples, self._normalization = samples, normalization
        self._n_equations, self._seed = n_equations, seed
        self._n_threads, self._clock, self._shown = n_threads, clock, shown
        self._rounds = rounds
        self.fits: list[CandidateFit] = []
        self._dropped: list[CandidateFit] = []

    @property
    def tried(self) -> list[CandidateFit]:
        """All fits, those too that were given up after a first round with some of the samples."""
        return [*self.fits, *self._dropped]

    def run(self) -> list[CandidateFit]:
        """Return the fits that went on to the end, best first."""
        m, d = self._samples.n_outputs, self._samples.n_inputs
        kept = min(max(round(KEPT / self._n_equations), LEAST_KEPT), MOST_KEPT)
        first = first_candidates(self._n_equations, d, m, self._seed)
        tried = set(first)
        self._advance(self._begin(first, self._some()))
        self._take_all(_promising(self.fits, kept + 1))
        self._advance(_promising(self.fits, kept + 1), share=0.5)
        family = [
            other
            for fit in _best(self.fits, PARENTS)
            for other in relatives(fit.candidate, self._n_equations, d, m)
            if other not in tried
        ]
        begun = self._begin(dict.fromkeys(family))
        self._advance(begun, share=0.55)
        self._advance(_best(begun, len(begun) // 2), share=0.6)
        return self._finish(_promising(self.fits, kept), LAST_ROUNDS)

    def go_on(self, fits: Sequence[CandidateFit]) -> list[CandidateFit]:
        """Take fits that stand somewhere to the end."""
        self.fits = list(fits)
        return self._finish(self.fits, MORE_ROUNDS)

    def _finish(self, fits: Sequence[CandidateFit], n_rounds: int) -> list[CandidateFit]:
        """Take fits to the end, but those that have arrived or fall back so far that they will not count."""
        running = list(fits)
        least_rise = LEAST_RISE * self._n_equations
        far = -np.log(LEAST_WEIGHT) * NATS_PER_EQUATION * self._n_equations
        for _ in range(n_rounds):
            if not running:
                break
            before = [fit.score for fit in running]
            highest_before = max(fit.score for fit in fits)
            self._advance(running)
            highest = max(fit.score for fit in fits)
            running = [
                fit
                for fit, score in zip(running, before, strict=True)
                if not fit.finished
                and not fit.score - score < least_rise
                and not far < highest - fit.score > highest_before - score
            ]
        return _best(fits, len(fits))

    def _some(self) -> Samples:
        """Return the samples of the first round."""
        n = len(self._samples)
        count = round(n * FIRST_EQUATIONS / self._n_equations)
        if count > n // 2:
            return self._samples
        order = np.argsort(Generator(self._seed, FIRST_ROUND, 0).uniform(n))
        return self._samples[np.sort(order[:count])]

    def _take_all(self, fits: Sequence[CandidateFit]) -> None:
        """Let fits go on with all samples if they have seen only some, and drop the others."""
        if not fits or fits[0].n_samples == len(self._samples):
            return
        self._dropped = [fit for fit in self.fits if fit not in fits]
        self.fits = [
            CandidateFit(fit.candidate, self._samples, self._normalization, fit.standing())
            for fit in fits
            if np.isfinite(fit.log_evidence)
        ]

    def _begin(self, candidates: Iterable[Candidate], samples: Samples | None = None) -> list[CandidateFit]:
        if self._clock.over(0.5) and self.fits:
            return []
        samples = self._samples if samples is None else samples
        begun = [CandidateFit(candidate, samples, self._normalization) for candidate in candidates]
        self.fits += begun
        return begun

    def _advance(self, fits: Sequence[CandidateFit], share: float = 1.0) -> None:
        """Let fits go on for a round, several at a time; Ctrl-C ends all of them."""
        if self._rounds is not None and self._rounds.give_back(self.fits, fits, self._clock):
            return
        piece = 5

        def advance(fit: CandidateFit) -> None:
            for first in range(0, ROUND, piece):
                # Whatever the time, there must be something to choose from.
                over = self._clock.over(share) and any(np.isfinite(other.log_evidence) for other in self.fits)
                if fit.finished or stopped or over:
                    break
                fit.run(min(piece, ROUND - first))
            self._shown(len(self.fits), max(other.log_evidence for other in self.fits))

        stopped: list[bool] = []
        with Threads(self._n_threads) as pool:
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
        if self._rounds is not None:
            self._rounds.add(self.fits, fits, self._clock)


def _best(fits: Sequence[CandidateFit], count: int) -> list[CandidateFit]:
    """Those of the highest score, best first; equal ones in the order in which they began."""
    return sorted(fits, key=lambda fit: -fit.score)[:count]


def _promising(fits: Sequence[CandidateFit], count: int) -> list[CandidateFit]:
    """Return the best, of which not too many have the same layers."""
    alike: Counter[tuple[int, ...]] = Counter()
    chosen: list[CandidateFit] = []
    for fit in _best(fits, len(fits)):
        if alike[fit.candidate.hidden] < MOST_ALIKE and len(chosen) < count:
            alike[fit.candidate.hidden] += 1
            chosen.append(fit)
    return chosen


def weights_of(fits: Sequence[Ranked], n_equations: int) -> Array:
    """Weights of the predictions of fits, the best first; what weighs too little is 0."""
    scores = np.array([fit.score for fit in fits])
    weights = np.exp((scores - scores.max()) / max(NATS_PER_EQUATION * n_equations, 1.0))
    weights[weights < LEAST_WEIGHT * weights.sum()] = 0.0
    return np.asarray(weights / weights.sum())
