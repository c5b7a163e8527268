"""What one hidden layer can do: powers of x against its width."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ...schedules import Cosine
from ..curves.fit import FitExperiment, FitResult
from ..problems.functions import Monomial
from ..problems.sampling import Equispaced
from ..study import Runs, SeveralFits


@dataclass(frozen=True, eq=False)
class MonomialsResult:
    """Errors of every power at every width.

    Attributes
    ----------
    powers, widths : tuple of int
        The k of x^k, and the numbers of hidden units.
    errors : dict
        ``errors[points][quantity]``, where points says how many there were and quantity is "value" or
        "derivative": root mean square errors (n_powers, n_widths) over [−1, 1], medians over the seeds.
    runs : dict of str to list of FitResult
        All results.
    """

    powers: tuple[int, ...]
    widths: tuple[int, ...]
    errors: dict[str, dict[str, NDArray[np.float64]]]
    runs: Runs[FitResult]


@dataclass(frozen=True)
class Monomials(SeveralFits[FitResult, MonomialsResult]):
    """x^k on [−1, 1] with one hidden layer, values and derivatives equally weighted.

    Adam's rate falls along half a cosine, so that the errors are those of the network and not the jitter of
    a constant rate.

    Parameters
    ----------
    name, description : str
        Of the experiment.
    powers : tuple of int, default 1 … 12
        The k.
    widths : tuple of int, default 2, 4 … 64
        Hidden units.
    n_fixed : int, default 48
        Equispaced training points, the same for every power.
    n_per_power : int, default 4
        Training points are k times as many in the other half of the experiment.
    learning_rate, epochs : float and int, default 0.1 and 2000
        Where the rate starts, and full-batch steps.
    least_seeds : int, default 3
        Seeds that are run at least; tables hold medians.
    """

    name: str
    description: str
    powers: tuple[int, ...] = tuple(range(1, 13))
    widths: tuple[int, ...] = (2, 4, 8, 16, 32, 64)
    n_fixed: int = 48
    n_per_power: int = 4
    learning_rate: float = 0.1
    epochs: int = 2000
    least_seeds: int = 3

    @property
    def points(self) -> dict[str, dict[int, int]]:
        """The two ways to choose the number of training points: for each, the number by power."""
        return {
            f"{self.n_fixed} points": dict.fromkeys(self.powers, self.n_fixed),
            f"{self.n_per_power}k points": {k: self.n_per_power * k for k in self.powers},
        }

    @cached_property
    def fits(self) -> Mapping[str, FitExperiment]:
        """The fits by name."""
        return {
            _label(power, width, points): self._fit(power, width, counts[power], points)
            for points, counts in self.points.items()
            for power in self.powers
            for width in self.widths
        }

    def _fit(self, power: int, width: int, n_train: int, points: str) -> FitExperiment:
        monomial = Monomial(power)
        return FitExperiment(
            name=_label(power, width, points),
            function=monomial,
            derivative=monomial.derivative,
            data=Equispaced(n_train=n_train, n_validation=max(2, n_train // 2)),
            layer_sizes=(1, width, 1),
            init="fan_in_uniform",
            learning_rate=Cosine(self.learning_rate, self.epochs),
            epochs=self.epochs,
        )

    def collect(self, runs: Runs[FitResult]) -> MonomialsResult:
        """Arrange the results of all fits by power and width."""
        errors = {
            points: {quantity: self._table(runs, points, quantity) for quantity in ("value", "derivative")}
            for points in self.points
        }
        return MonomialsResult(self.powers, self.widths, errors, runs)

    def _table(self, runs: Runs[FitResult], points: str, quantity: str) -> NDArray[np.float64]:
        def median(power: int, width: int) -> float:
            results = runs[_label(power, width, points)]
            return float(np.median([one.evaluations[one.dense_points][quantity]["rmse"] for one in results]))

        return np.array([[median(power, width) for width in self.widths] for power in self.powers])


def _label(power: int, width: int, points: str) -> str:
    return f"x^{power}, width {width}, {points}"
