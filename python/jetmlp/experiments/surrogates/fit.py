"""One surrogate: a problem, a number of samples, a network and its training."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import _checks
from ..._core import StopFlag
from ...data.samples import Samples
from ...fitting.callbacks import Callback
from ...fitting.history import History
from ...fitting.trainer import Trainer
from ...models.mlp import MLP
from ...optimizers.adam import Adam
from ...schedules import Cosine
from ..description import described
from ..fits import n_products, timed_fit
from ..problems.box import Problem
from ..problems.sampled import of_one_output

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class CosineAdam:
    """Adam whose rate falls along half a cosine over all epochs of a fit.

    Parameters
    ----------
    initial : float, default 0.02
        Where the rate starts.
    beta2 : float, default 0.99
        Decay of the second moment: fits of a thousand steps are over before 0.999 has forgotten the start.
    """

    initial: float = 0.02
    beta2: float = 0.99

    def __call__(self, epochs: int) -> Adam:
        """Return the optimizer of a fit of so many epochs."""
        return Adam(learning_rate=Cosine(self.initial, epochs), beta2=self.beta2)


@dataclass(frozen=True, kw_only=True)
class SurrogateFit:
    """A fit to samples of a problem with several inputs, determined by a seed.

    The model normalizes inputs and values by the training samples, derivatives with them; errors and
    predictions are in original units.

    Parameters
    ----------
    problem : Problem
        Such as `BoxProblem`, `BlackScholes` or `BachelierBasket`.
    n_train : int
        Training samples.
    layer_sizes : tuple of int
        Inputs, hidden widths, one output.
    epochs : int
        Passes over the training samples.
    slopes : bool, default True
        Whether the derivatives are trained, or the values alone.
    batch_size : int, optional
        Samples per update; default all of them.
    activation, init, dtype : str
        As for `jetmlp.MLP`.
    value_weight : float, default 1.0
        Weight of the mean square error of the normalized values.
    derivative_weight : float, optional
        Likewise of the derivatives; default the number of inputs, so that each partial derivative weighs as
        much as the value (Huge and Savine 2020, and the loss of JENN).
    optimizer : callable, default `CosineAdam()`
        Given the number of epochs, returns the optimizer.

    Raises
    ------
    ValueError
        If the network does not fit the problem, or `n_train` is below 2.
    """

    problem: Problem
    n_train: int
    layer_sizes: tuple[int, ...]
    epochs: int
    slopes: bool = True
    batch_size: int | None = None
    activation: str = "silu"
    init: str = "glorot_uniform"
    dtype: str = "float32"
    value_weight: float = 1.0
    derivative_weight: float | None = None
    optimizer: Callable[[int], Adam] = CosineAdam()

    def __post_init__(self) -> None:
        d = len(self.problem.inputs)
        if len(self.layer_sizes) < 2 or (self.layer_sizes[0], self.layer_sizes[-1]) != (d, 1):
            raise ValueError(f"layer_sizes: expected {d} inputs and 1 output, got {self.layer_sizes}")
        _checks.as_integer("n_train", self.n_train, 2, 2**31)

    @property
    def loss_weights(self) -> tuple[float, float]:
        """Weights of values and derivatives."""
        if not self.slopes:
            return self.value_weight, 0.0
        weight = self.derivative_weight
        return self.value_weight, float(len(self.problem.inputs)) if weight is None else weight

    @property
    def work(self) -> float:
        """About how many products the fit takes."""
        return float(n_products(self.layer_sizes) * self.epochs * self.n_train)

    def run(
        self,
        seed: int = 0,
        *,
        n_threads: int = 1,
        callbacks: Iterable[Callback] | Callback = (),
        stop: StopFlag | None = None,
    ) -> SurrogateResult:
        """Sample the problem, fit and measure; parameters and errors are as for `FitExperiment.run`."""
        train, held_out = self.problem.training(self.n_train, seed), self.problem.held_out(seed)
        model = MLP(
            self.layer_sizes, self.activation, dtype=self.dtype, init=self.init, seed=seed, normalize=True
        )
        value_weight, derivative_weight = self.loss_weights
        trainer = Trainer(
            model,
            self.optimizer(self.epochs),
            value_weight=value_weight,
            derivative_weight=derivative_weight,
            batch_size=self.batch_size,
            n_threads=n_threads,
            seed=seed,
        )
        # Without a weight the derivatives would still be measured, in twice the time.
        shown = train if self.slopes else train.replace(dYdX=None)
        history, *times = timed_fit(trainer, shown, epochs=self.epochs, callbacks=callbacks, stop=stop)
        return SurrogateResult(self, seed, model, history, train, held_out, *times)

    def configuration(self) -> dict[str, Any]:
        """Return what determines the fit besides the seed, as plain numbers, strings, lists and dicts."""
        value_weight, derivative_weight = self.loss_weights
        return {
            "problem": described(self.problem),
            "n_train": self.n_train,
            "slopes": self.slopes,
            "layer_sizes": list(self.layer_sizes),
            "activation": self.activation,
            "init": self.init,
            "dtype": self.dtype,
            "value_weight": value_weight,
            "derivative_weight": derivative_weight,
            "normalize": True,
            "optimizer": described(self.optimizer),
            "epochs": self.epochs,
            "batch_size": self.batch_size,
        }


@dataclass(frozen=True, eq=False)
class SurrogateResult:
    """A fitted surrogate with its errors.

    Attributes
    ----------
    fit : SurrogateFit
        What was run.
    seed : int
        Of the run.
    model : MLP
        The fitted network, normalized.
    history : History
        Losses of every epoch, in normalized units.
    train, held_out : Samples
        What was fitted, and what it is measured on.
    time_s : float
        Duration of the fit on the wall's clock [s].
    cpu_time_s : float
        What the thread of the fit worked [s].
    """

    fit: SurrogateFit
    seed: int
    model: MLP
    history: History
    train: Samples
    held_out: Samples
    time_s: float
    cpu_time_s: float

    def __post_init__(self) -> None:
        Y, dYdX = self.predict(self.held_out.X)
        object.__setattr__(self, "_errors", surrogate_errors(self.held_out, Y, dYdX))

    def predict(self, X: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Compute values (n,) and derivatives (n, d) at inputs (n, d), all in original units."""
        Y, dYdX = self.model.predict_with_jacobian(X)
        return Y[:, 0].astype(np.float64), dYdX[:, 0].astype(np.float64)

    @property
    def errors(self) -> dict[str, float]:
        """Errors on the held-out samples, see `surrogate_errors`."""
        errors: dict[str, float] = self._errors  # type: ignore[attr-defined]
        return errors


def surrogate_errors(true: Samples, Y: FloatArray, dYdX: FloatArray) -> dict[str, float]:
    r"""Compute root mean square errors that can be compared among problems.

    Partial derivatives by inputs of different units cannot be averaged as they are. With the standard
    deviations :math:`s_k` of the inputs and :math:`s_y` of the true values, `derivative_error` is the root of
    the mean of :math:`(s_k/s_y\,(\hat J_k - J_k))^2` over samples and inputs, and does not depend on units.

    Parameters
    ----------
    true : Samples
        True values and derivatives of one output.
    Y, dYdX : ndarray, (n,) and (n, d)
        Predictions.

    Returns
    -------
    dict of str to float
        "value_rmse" in the unit of the output; "value_error", the same divided by s_y: 1 is what the mean
        would do; and "derivative_error".
    """
    true_Y, true_dYdX = of_one_output(true)
    s_x, s_y = true.X.std(axis=0), float(true_Y.std())
    value_rmse = float(np.sqrt(np.mean((Y - true_Y) ** 2)))
    derivative_error = float(np.sqrt(np.mean((s_x / s_y * (dYdX - true_dYdX)) ** 2)))
    return {"value_rmse": value_rmse, "value_error": value_rmse / s_y, "derivative_error": derivative_error}
