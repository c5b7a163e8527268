"""Models in SMT, the surrogate modelling toolbox; the extra ``smt``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..export.models import Exportable
from ._fits import as_fit, fitted
from ._models import FittedModel
from ._needed import say_what_is_missing

try:
    from smt.surrogate_models.surrogate_model import SurrogateModel
except ModuleNotFoundError as error:
    say_what_is_missing(error, "smt", "SMT 2.15")

__all__ = ["JetMLP"]

Array = NDArray[np.float64]


class JetMLP(SurrogateModel):  # type: ignore[misc]
    """A surrogate model of SMT, from values and any of their derivatives, with variances.

    Training points are set as of every model of SMT, and derivatives along any of the inputs, at all training
    points, at some or at others: what is not given was not measured.

    Parameters
    ----------
    fit : callable, optional
        A function of samples X (n, d), Y (n, m) and dYdX (n, m, d) or None that gives a new fitted model. NaN
        in Y or dYdX is for what is not given. Default: a `jetmlp.Surrogate` without a setting, which alone
        has variances.
    **options
        SMT's own, such as ``print_global=False``.

    Attributes
    ----------
    model : MLP, StagedMLP, Surrogate, sequence of them or None
        What `train` has fitted, None before.

    Raises
    ------
    TypeError
        If `fit` is no such function.
    """

    def __init__(
        self,
        fit: Callable[..., Exportable] | None = None,
        **options: Any,  # noqa: ANN401  of SMT's own
    ) -> None:
        """Make a model that is not trained."""
        self._fit = as_fit(fit)
        self._fitted: FittedModel | None = None
        super().__init__(**options)

    @property
    def name(self) -> str:
        """What SMT prints."""
        return "JetMLP"

    @property
    def model(self) -> Exportable | None:
        """What was fitted, None before."""
        return None if self._fitted is None else self._fitted.model

    def _initialize(self) -> None:
        for what in ("training_derivatives", "derivatives", "variances"):
            self.supports[what] = True

    def _train(self) -> None:
        others = [name for name, points in self.training_points.items() if name is not None and points]
        if others:
            raise ValueError(f"name: expected training points without a name, got some called {others[0]!r}")
        self._fitted = fitted(self._fit, *_samples(self.training_points[None]))

    def _predict_values(self, x: Array) -> Array:
        """Compute the values at x (n, d): (n, m)."""
        return self._trained().predict(x)

    def _predict_derivatives(self, x: Array, kx: int) -> Array:
        """Compute the derivatives along one input at x (n, d): (n, m)."""
        model = self._trained()
        if kx not in range(model.n_inputs):
            raise ValueError(f"kx: expected an input from 0 to {model.n_inputs - 1}, got {kx!r}")
        return model.jacobian(x)[:, :, kx]

    def _predict_variances(self, x: Array) -> Array:
        """Compute the squared standard deviations at x (n, d): (n, m)."""
        return self._trained().deviations(x) ** 2

    def _trained(self) -> FittedModel:
        if self._fitted is None:
            raise RuntimeError("the model has not been trained; call train() first")
        return self._fitted


def _samples(points: dict[int, list[Array]]) -> tuple[Array, Array, Array | None]:
    """Join values and derivatives, each with the points where they were taken; NaN for what is not there.

    The points of the values come first, in their order; then those of derivatives that are not among them.
    """
    X, Y = points[0]
    (n, d), m = X.shape, Y.shape[1]
    given = {key - 1: at_and_slopes for key, at_and_slopes in points.items() if key > 0}
    if not given:
        return X, Y, None
    places = {tuple(x): row for row, x in enumerate(X)}
    points_of_all = list(X)
    rows: dict[int, list[int]] = {}
    for k, (at, slopes) in given.items():
        if k >= d:
            raise ValueError(f"kx: expected inputs from 0 to {d - 1}, got derivatives along {k}")
        if (at.shape[1], slopes.shape[1]) != (d, m):
            raise ValueError(
                f"derivatives along input {k}: expected xt of {d} columns and dyt_dxt of {m}, as of the "
                f"values, got {at.shape[1]} and {slopes.shape[1]}"
            )
        if np.array_equal(at, X):  # also where a point is there twice
            rows[k] = list(range(n))
            continue
        for x in at:
            if tuple(x) not in places:
                places[tuple(x)] = len(points_of_all)
                points_of_all.append(x)
        rows[k] = [places[tuple(x)] for x in at]
    dYdX = np.full((len(points_of_all), m, d), np.nan)
    for k, (_, slopes) in given.items():
        dYdX[rows[k], :, k] = slopes
    values = np.full((len(points_of_all), m), np.nan)
    values[:n] = Y
    return np.array(points_of_all), values, dYdX
