"""How a surrogate comes from samples: by a search, or as many samples call for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .. import _checks
from ..data.fingerprint import fingerprint
from ..data.presence import counting
from ..data.samples import Samples
from ..data.standardise import learn
from ..models.normalization import Normalization
from .describing import Describing
from .fit import CandidateFit
from .outcome import Outcome, n_equations, outcome_of
from .plenty import fit_plenty, too_many
from .progress import SearchProgress
from .rounds import Rounds
from .search import Clock, Search


class Searching(Describing):
    """The part of `Surrogate` that searches."""

    _seed: int
    _seconds: float | None
    _check: bool
    _resumed: Rounds | None = None  # of the search to go on with

    def _settings(self) -> dict[str, Any]:
        return {"seed": self._seed, "seconds": self._seconds, "check": self._check}

    def _updated(self, outcome: Outcome, samples: Samples, clock: Clock) -> Outcome:
        mixture = outcome.mixture
        counted = counting(samples, np.dtype(np.float64))
        with SearchProgress(shown=False) as shown:
            if too_many(counted) or not outcome.standings:
                return self._fit(samples, counted, clock, shown, outcome)
            normalization = mixture.normalization
            search = self._search(counted, normalization, clock, shown)
            begun = [
                CandidateFit(candidate, counted, normalization, standing)
                for candidate, standing in zip(outcome.candidates, outcome.standings, strict=True)
            ]
            fits = search.go_on(begun)
        return outcome_of(samples, counted, fits, search.tried, clock)

    def _fit(
        self,
        samples: Samples,
        counted: Samples,
        clock: Clock,
        shown: SearchProgress,
        before: Outcome | None = None,
        rounds: Rounds | None = None,
    ) -> Outcome:
        outcome = fit_plenty(samples, counted, self._seed, self._n_threads, clock, shown, before)
        if outcome is not None:
            return outcome
        search = self._search(counted, learn(counted, least_effect=0.0), clock, shown, rounds)
        fits = search.run()
        return outcome_of(samples, counted, fits, search.tried, clock)

    def _search(
        self,
        samples: Samples,
        normalization: Normalization,
        clock: Clock,
        shown: SearchProgress,
        rounds: Rounds | None = None,
    ) -> Search:
        threads, count = _checks.as_threads(self._n_threads), n_equations(samples)
        return Search(samples, normalization, count, self._seed, threads, clock, shown.show, rounds)

    def _rounds_of(self, samples: Samples, path: Path | None) -> Rounds | None:
        """Return the rounds of a search that is to be kept, or resumed; None for neither."""
        if path is None and self._resumed is None:
            return None
        sha256 = fingerprint(samples.arrays())
        before = self._resumed
        if before is not None and before.samples != sha256:
            raise ValueError(
                f"X: expected samples with the SHA-256 {before.samples[:16]}..., as the fit of the "
                f"checkpoint had, got {sha256[:16]}...; for other samples make a new Surrogate"
            )
        return Rounds(self._settings(), sha256, () if before is None else before.kept, path)
