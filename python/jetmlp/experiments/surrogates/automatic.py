"""What `jetmlp.Surrogate` does with the samples of a problem, without a setting."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..._core import StopFlag
from ...data.samples import Samples
from ...fitting.callbacks import Callback
from ...surrogate.surrogate import Surrogate
from ..description import described
from ..problems.box import Problem
from .fit import surrogate_errors

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class AutomaticFit:
    """A fit by `jetmlp.Surrogate` to the values and slopes of a problem, determined by a seed.

    Parameters
    ----------
    problem : Problem
        Such as `BoxProblem`, `BlackScholes` or `BachelierBasket`.
    n_train : int
        Training samples.
    """

    problem: Problem
    n_train: int

    @property
    def work(self) -> float:
        """About how many products the fit takes: dozens of networks, some hundred parameters, 60 steps."""
        n_equations = self.n_train * (1 + len(self.problem.inputs))
        return 1e4 * 60.0 * float(n_equations)

    def run(
        self,
        seed: int = 0,
        *,
        n_threads: int = 1,
        callbacks: Iterable[Callback] | Callback = (),
        stop: StopFlag | None = None,
    ) -> AutomaticResult:
        """Sample the problem, fit and measure.

        Parameters are as for `FitExperiment.run`; there are no epochs to call `callbacks` after, and a fit is
        too short for `stop` to be heeded.
        """
        del callbacks, stop
        train, held_out = self.problem.training(self.n_train, seed), self.problem.held_out(seed)
        # The slopes belong to the values here, which need not be looked into.
        surrogate = Surrogate(seed=seed, n_threads=n_threads, check=False)
        started, worked = time.perf_counter(), time.thread_time()
        surrogate.fit(train)
        time_s, cpu_time_s = time.perf_counter() - started, time.thread_time() - worked
        # Networks are fitted in threads of their own, whose time the rows have.
        cpu_time_s += sum(row.seconds for row in surrogate.summary().candidates)
        return AutomaticResult(self, seed, surrogate, train, held_out, time_s, cpu_time_s)

    def configuration(self) -> dict[str, Any]:
        """Return what determines the fit besides the seed, as plain numbers, strings, lists and dicts."""
        return {"problem": described(self.problem), "n_train": self.n_train}


@dataclass(frozen=True, eq=False)
class AutomaticResult:
    """A fitted `jetmlp.Surrogate` with its errors.

    Attributes
    ----------
    fit : AutomaticFit
        What was run.
    seed : int
        Of the run.
    surrogate : Surrogate
        What was fitted.
    train, held_out : Samples
        What was fitted, and what it is measured on.
    time_s : float
        Duration of the fit on the wall's clock [s].
    cpu_time_s : float
        What all its threads worked [s].
    """

    fit: AutomaticFit
    seed: int
    surrogate: Surrogate
    train: Samples
    held_out: Samples
    time_s: float
    cpu_time_s: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "_errors", surrogate_errors(self.held_out, *self.predict(self.held_out.X)))

    def predict(self, X: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Compute values (n,) and derivatives (n, d) at inputs (n, d), all in original units."""
        return np.asarray(self.surrogate.predict(X))[:, 0], np.asarray(self.surrogate.jacobian(X))[:, 0]

    @property
    def errors(self) -> dict[str, float]:
        """Errors on the held-out samples, see `surrogate_errors`."""
        errors: dict[str, float] = self._errors  # type: ignore[attr-defined]
        return errors
