"""What slopes are worth: surrogates of one problem from more and more samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from ..problems.box import Problem, Quantity
from ..problems.option import Option
from ..problems.sampled import of_one_output
from ..study import Runs, SeveralFits
from .automatic import AutomaticFit, AutomaticResult
from .fit import SurrogateFit, SurrogateResult

FloatArray = NDArray[np.float64]

Pair = tuple[FloatArray, FloatArray]
Triple = tuple[FloatArray, FloatArray, FloatArray]

#: Names of the two losses, in the order of tables and figures.
LOSSES = {"values only": False, "values and slopes": True}
#: Name of the fits without a setting beside them.
AUTOMATIC = "Surrogate()"

AnyFit = SurrogateFit | AutomaticFit
AnyResult = SurrogateResult | AutomaticResult


class Slope(NamedTuple):
    """A partial derivative that figures show."""

    k: int
    quantity: Quantity


@dataclass(frozen=True, eq=False)
class SurrogateStudyResult:
    """Results of all fits of a study.

    Attributes
    ----------
    study : SurrogateStudy
        What was run.
    runs : dict of str to list of SurrogateResult or AutomaticResult
        For each fit one result a seed.
    """

    study: SurrogateStudy
    runs: Runs[AnyResult]

    @property
    def counts(self) -> tuple[int, ...]:
        """Numbers of training samples."""
        return self.study.counts

    @property
    def errors(self) -> dict[str, dict[str, FloatArray]]:
        """``errors[error][loss]``: one of `surrogate_errors`, (n_seeds, n_counts)."""
        names = next(iter(self.runs.values()))[0].errors
        return {
            name: {
                loss: np.array(
                    [[one.errors[name] for one in self.of(loss, count)] for count in self.counts]
                ).T
                for loss in LOSSES
            }
            for name in names
        }

    @property
    def automatic_errors(self) -> dict[str, FloatArray]:
        """Likewise of `jetmlp.Surrogate`: ``automatic_errors[error]``, NaN where it was not fitted."""
        n_seeds = len(next(iter(self.runs.values())))
        nothing = [np.nan] * n_seeds
        return {
            name: np.array(
                [[one.errors[name] for one in self.automatic(count)] or nothing for count in self.counts]
            ).T
            for name in self.errors
        }

    @property
    def last(self) -> dict[str, SurrogateResult]:
        """For each loss the result with the most samples, of the first seed."""
        return {loss: self.of(loss, self.counts[-1])[0] for loss in LOSSES}

    @property
    def slope(self) -> Slope:
        """The derivative by the input that moves the output most, which figures show."""
        held_out = next(iter(self.last.values())).held_out
        slopes = of_one_output(held_out)[1]
        k = int(np.argmax(np.sqrt(np.mean(slopes**2, axis=0)) * held_out.X.std(axis=0)))
        output, by = self.study.problem.output, self.study.problem.inputs[k]
        unit = f"{output.unit or 1}/{by.unit}" if by.unit else output.unit
        return Slope(k, Quantity(f"slope by {by.name}", unit))

    def predictions(self) -> tuple[dict[str, FloatArray], dict[str, dict[str, FloatArray]]]:
        """Return true and predicted values and slopes of `last` on the held-out samples.

        Returns
        -------
        true : dict of str to ndarray, (n,)
            By the labels of the output and of `slope`.
        predicted : dict of str to such
            By the loss, and of `jetmlp.Surrogate` if it was fitted to as many samples; together what
            `jetmlp.plotting.plot_predictions` takes.
        """
        k, slope = self.slope
        names = self.study.problem.output.label, slope.label
        true: dict[str, FloatArray] = {}
        predicted: dict[str, dict[str, FloatArray]] = {}
        for loss, one in self._shown.items():
            true_Y, true_dYdX = of_one_output(one.held_out)
            Y, dYdX = one.predict(one.held_out.X)
            true = {names[0]: true_Y, names[1]: true_dYdX[:, k]}
            predicted[loss] = {names[0]: Y, names[1]: dYdX[:, k]}
        return true, predicted

    def prices(self) -> tuple[FloatArray, Pair, dict[str, Pair], Triple]:
        """Return what `jetmlp.plotting.plot_prices` takes, of `last`; for options alone.

        Returns
        -------
        underlying : ndarray, (n,)
            Of the held-out states.
        true : tuple of ndarray, (n,)
            True prices and sums of deltas.
        predicted : dict of str to such
            By the loss, and of `jetmlp.Surrogate` if it was fitted to as many samples.
        samples : tuple of ndarray, (p,)
            Underlying, payoffs and sums of path-wise slopes that were fitted.

        Raises
        ------
        TypeError
            If the problem is no option.
        """
        option = self.study.problem
        if not isinstance(option, Option):
            raise TypeError(f"prices: expected a study of an option, got {option!r}")
        one = next(iter(self.last.values()))
        X, (payoffs, slopes) = one.held_out.X, of_one_output(one.train)
        predicted: dict[str, Pair] = {}
        for loss, result in self._shown.items():
            Y, dYdX = result.predict(X)
            predicted[loss] = Y, dYdX.sum(axis=1)
        true = option.value(X), option.derivative(X).sum(axis=1)
        samples = option.underlying(one.train.X), payoffs, slopes.sum(axis=1)
        return option.underlying(X), true, predicted, samples

    def of(self, loss: str, count: int) -> list[SurrogateResult]:
        """Return the results of one fit, one for each seed."""
        return cast("list[SurrogateResult]", self.runs[_label(loss, count)])

    def automatic(self, count: int) -> list[AutomaticResult]:
        """Return what `jetmlp.Surrogate` did with so many samples, one for each seed; empty if nothing."""
        return cast("list[AutomaticResult]", self.runs.get(_label(AUTOMATIC, count), []))

    @property
    def _shown(self) -> dict[str, AnyResult]:
        """What predictions are shown of: `last`, and `jetmlp.Surrogate` of as many samples."""
        shown: dict[str, AnyResult] = dict(self.last)
        for one in self.automatic(self.counts[-1])[:1]:
            shown[AUTOMATIC] = one
        return shown


@dataclass(frozen=True)
class SurrogateStudy(SeveralFits[AnyResult, SurrogateStudyResult]):
    """The same network fitted to values only and to values and slopes, for several numbers of samples.

    Parameters
    ----------
    name, description : str
        Of the experiment.
    fit : SurrogateFit
        Network and training; with the most samples.
    counts : tuple of int
        Numbers of training samples, rising, the last that of `fit`.
    automatic : tuple of int, default none
        To so many samples of `counts` `jetmlp.Surrogate` is fitted beside them.
    least_seeds : int, default 1
        Seeds that are run at least.

    Raises
    ------
    ValueError
        If `counts` do not rise to the number of samples of `fit`.

    Notes
    -----
    Fits in batches do the same number of updates for any number of samples: fewer samples, more epochs.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from jetmlp import experiments
    >>> valley = experiments.get("rosenbrock")
    >>> quick = replace(valley, counts=(9, 25), fit=replace(valley.fit, n_train=25, epochs=500))
    >>> errors = quick.run(seed=0).errors["value_error"]
    >>> bool((errors["values and slopes"] < errors["values only"]).all())
    True
    """

    name: str
    description: str
    fit: SurrogateFit
    counts: tuple[int, ...]
    automatic: tuple[int, ...] = ()
    least_seeds: int = 1

    def __post_init__(self) -> None:
        rising = all(a < b for a, b in zip(self.counts, self.counts[1:], strict=False))
        if not self.counts or not rising or self.counts[-1] != self.fit.n_train:
            raise ValueError(
                f"counts: expected rising numbers up to the fit's {self.fit.n_train}, got {self.counts}"
            )

    @property
    def problem(self) -> Problem:
        """What is fitted."""
        return self.fit.problem

    @cached_property
    def fits(self) -> Mapping[str, AnyFit]:
        """The fits by name."""
        with_settings = {
            _label(loss, count): replace(self.fit, n_train=count, slopes=slopes, epochs=self._epochs(count))
            for count in self.counts
            for loss, slopes in LOSSES.items()
        }
        without = {
            _label(AUTOMATIC, count): AutomaticFit(problem=self.problem, n_train=count)
            for count in self.counts
            if count in self.automatic
        }
        return {**with_settings, **without}

    def _epochs(self, count: int) -> int:
        size = self.fit.batch_size
        if size is None:
            return self.fit.epochs
        n_batches, most = -(-count // size), -(-self.fit.n_train // size)
        return max(1, round(self.fit.epochs * most / n_batches))

    def collect(self, runs: Runs[AnyResult]) -> SurrogateStudyResult:
        """Put the results of all fits together."""
        return SurrogateStudyResult(self, runs)


def _label(loss: str, count: int) -> str:
    return f"{count} samples, {loss}"
