"""What an experiment is: fits that do not depend on each other, run for one or several seeds."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, Generic, Protocol, TypeVar

from .._core import StopFlag
from ..fitting.callbacks import Callback

Result = TypeVar("Result")
OneResult = TypeVar("OneResult", covariant=True)
Whole = TypeVar("Whole")

#: Seeds of an experiment of few fits where nobody says how many: single fits scatter too much to stand alone.
DEFAULT_SEEDS = 5

#: Results by the name of the fit, one for each seed.
Runs = Mapping[str, list[Result]]


class Fit(Protocol[OneResult]):
    """A part of an experiment that is determined by a seed."""

    @property
    def work(self) -> float:
        """About how many products it takes: what takes longest is begun first."""
        ...

    def run(
        self,
        seed: int = 0,
        *,
        n_threads: int = 1,
        callbacks: Iterable[Callback] | Callback = (),
        stop: StopFlag | None = None,
    ) -> OneResult:
        """Do it; parameters and errors are those of `FitExperiment.run`."""
        ...


class Study(Protocol[OneResult]):
    """What every experiment has; `FitExperiment` is the one with a single fit."""

    @property
    def name(self) -> str:
        """Name of the experiment."""
        ...

    @property
    def description(self) -> str:
        """One line."""
        ...

    @property
    def least_seeds(self) -> int:
        """How many seeds the experiment takes to say anything."""
        ...

    @property
    def default_seeds(self) -> int:
        """How many seeds to run where nobody says how many."""
        ...

    @property
    def fits(self) -> Mapping[str, Fit[OneResult]]:
        """The fits by name; they do not depend on each other."""
        ...

    def run(self, seed: int = 0) -> Any:  # noqa: ANN401  each kind has a result of its own
        """Run everything, here and now, and put the results together."""
        ...


def seeds_of(study: Study[Any], seed: int, n_seeds: int | None = 1) -> range:
    """Return the seeds to run: from `seed` on, as many as asked for and as the experiment needs.

    With None as many as its `default_seeds`.
    """
    n_asked = study.default_seeds if n_seeds is None else n_seeds
    return range(seed, seed + max(n_asked, study.least_seeds))


def run_fits(
    study: Study[Result],
    seed: int = 0,
    n_seeds: int = 1,
    *,
    n_threads: int = 1,
    callbacks: Iterable[Callback] | Callback = (),
) -> dict[str, list[Result]]:
    """Run all fits of an experiment for its seeds, one after the other.

    Parameters
    ----------
    study : Study
        Any experiment.
    seed : int, default 0
        The first seed.
    n_seeds : int, default 1
        How many to run; more if the experiment needs more.
    n_threads, callbacks
        As for `FitExperiment.run`.

    Returns
    -------
    dict of str to list of results
        For each fit one result a seed.
    """
    callbacks = (callbacks,) if callable(callbacks) else tuple(callbacks)
    return {
        label: [
            fit.run(one, n_threads=n_threads, callbacks=callbacks) for one in seeds_of(study, seed, n_seeds)
        ]
        for label, fit in study.fits.items()
    }


class SeveralFits(ABC, Generic[Result, Whole]):
    """An experiment whose result is put together from all its fits and seeds."""

    name: str
    description: str
    least_seeds: int

    @property
    def default_seeds(self) -> int:
        """As few seeds as the experiment needs: its fits are many."""
        return self.least_seeds

    @property
    @abstractmethod
    def fits(self) -> Mapping[str, Fit[Result]]:
        """The fits by name; they do not depend on each other."""

    @abstractmethod
    def collect(self, runs: Runs[Result]) -> Whole:
        """Put the results of all fits together: by the name of the fit one for each seed."""

    def run(
        self,
        seed: int = 0,
        *,
        n_seeds: int = 1,
        n_threads: int = 1,
        callbacks: Iterable[Callback] | Callback = (),
    ) -> Whole:
        """Run all fits for `n_seeds` seeds, at least `least_seeds`, and put their results together.

        The other parameters are as for `run_fits`.
        """
        return self.collect(run_fits(self, seed, n_seeds, n_threads=n_threads, callbacks=callbacks))
