"""Experiments of several fits, and how to run any experiment for several seeds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from ..fitting.callbacks import Callback
from .fit import FitExperiment
from .result import FitResult

#: Results by the name of the fit, one for each seed.
Runs = Mapping[str, list[FitResult]]


class Study(Protocol):
    """What every experiment of fits has; `FitExperiment` is the one with a single fit."""

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
    def fits(self) -> Mapping[str, FitExperiment]:
        """The fits by name; they do not depend on each other."""
        ...


class Repeated(Protocol):
    """What has to be run for a number of seeds."""

    @property
    def least_seeds(self) -> int:
        """How many seeds it takes to say anything."""
        ...


def seeds_of(study: Repeated, seed: int, n_seeds: int = 1) -> range:
    """Return the seeds to run: from `seed` on, as many as asked for and as the experiment needs."""
    return range(seed, seed + max(n_seeds, study.least_seeds))


def run_fits(
    study: Study,
    seed: int = 0,
    n_seeds: int = 1,
    *,
    n_threads: int = 1,
    callbacks: Iterable[Callback] | Callback = (),
) -> dict[str, list[FitResult]]:
    """Run all fits of an experiment for its seeds, one after the other.

    Parameters
    ----------
    study : Study
        A `FitExperiment` or an experiment of several.
    seed : int, default 0
        The first seed.
    n_seeds : int, default 1
        How many to run; more if the experiment needs more.
    n_threads : int, default 1
        Threads of each fit.
    callbacks : callable or iterable of callables
        As for `jetmlp.Trainer.fit`.

    Returns
    -------
    dict of str to list of FitResult
        For each fit one result a seed.
    """
    callbacks = (callbacks,) if callable(callbacks) else tuple(callbacks)
    return {
        label: [
            fit.run(one, n_threads=n_threads, callbacks=callbacks) for one in seeds_of(study, seed, n_seeds)
        ]
        for label, fit in study.fits.items()
    }


@dataclass(frozen=True)
class Comparison:
    """The same task with a few networks side by side.

    Parameters
    ----------
    name, description : str
        Of the experiment.
    networks : dict of str to FitExperiment
        The fits by the names that figures and tables show.
    least_seeds : int, default 1
        Seeds that `jetmlp reproduce` runs at least.
    """

    name: str
    description: str
    networks: Mapping[str, FitExperiment]
    least_seeds: int = 1

    @property
    def fits(self) -> Mapping[str, FitExperiment]:
        """The fits by name."""
        return self.networks

    def run(
        self, seed: int = 0, *, n_threads: int = 1, callbacks: Iterable[Callback] | Callback = ()
    ) -> dict[str, FitResult]:
        """Run all fits for one seed; return the result of each by name."""
        runs = run_fits(self, seed, n_threads=n_threads, callbacks=callbacks)
        return {label: results[0] for label, results in runs.items()}
