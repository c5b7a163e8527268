"""A few networks side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ...fitting.callbacks import Callback
from ..curves.fit import FitExperiment, FitResult, fits_with_possible
from ..study import DEFAULT_SEEDS


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
    default_seeds : int, default 5
        And those that it runs where nobody says how many.
    """

    name: str
    description: str
    networks: Mapping[str, FitExperiment]
    least_seeds: int = 1
    default_seeds: int = DEFAULT_SEEDS

    @property
    def fits(self) -> Mapping[str, FitExperiment]:
        """The networks by name, and the fits beside those that have one."""
        return fits_with_possible(self.networks)

    def run(
        self, seed: int = 0, *, n_threads: int = 1, callbacks: Iterable[Callback] | Callback = ()
    ) -> dict[str, FitResult]:
        """Run all networks for one seed, as `FitExperiment.run` does; return the result of each by name."""
        callbacks = (callbacks,) if callable(callbacks) else tuple(callbacks)
        return {
            label: fit.run(seed, n_threads=n_threads, callbacks=callbacks)
            for label, fit in self.networks.items()
        }
