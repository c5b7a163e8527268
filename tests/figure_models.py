"""Models in closed form to draw: what a figure shows of them is known without a fit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


class Formula:
    """A model from two functions of inputs (n, d)."""

    def __init__(self, values: Callable[[Array], Array], slopes: Callable[[Array], Array]) -> None:
        self.values, self.slopes = values, slopes

    def predict(self, X: Array) -> Array:
        return self.values(X)

    def jacobian(self, X: Array) -> Array:
        return self.slopes(X)


class Closed:
    """Two outputs of three inputs: a² + 2 b and 10 sin(c)."""

    n_inputs, n_outputs = 3, 2

    def predict(self, X: ArrayLike) -> Array:
        a, b, c = np.asarray(X, dtype=np.float64).T
        return np.stack([a**2 + 2.0 * b, 10.0 * np.sin(c)], axis=1)

    def jacobian(self, X: ArrayLike) -> Array:
        a, _, c = np.asarray(X, dtype=np.float64).T
        zero = np.zeros_like(a)
        return np.stack(
            [np.stack([2.0 * a, zero + 2.0, zero], 1), np.stack([zero, zero, 10.0 * np.cos(c)], 1)], axis=1
        )


class Sure(Closed):
    """The same with error bars: |a| + 0.1 of values, 0.5 of slopes."""

    def predict(self, X: ArrayLike, *, return_std: bool = False) -> Any:  # noqa: ANN401
        values = super().predict(X)
        deviation = np.abs(np.asarray(X, dtype=np.float64)[:, :1]) + 0.1
        return (values, np.broadcast_to(deviation, values.shape)) if return_std else values

    def jacobian(self, X: ArrayLike, *, return_std: bool = False) -> Any:  # noqa: ANN401
        slopes = super().jacobian(X)
        return (slopes, np.full(slopes.shape, 0.5)) if return_std else slopes


#: Samples of `Closed` with errors that are known.
INPUTS = np.random.default_rng(4).uniform([-1.0, 0.0, 10.0], [2.0, 5.0, 13.0], (40, 3))
VALUE_ERRORS = 0.1 * np.random.default_rng(5).normal(size=(40, 2))
SLOPE_ERRORS = 0.1 * np.random.default_rng(6).normal(size=(40, 2, 3))
VALUES = Closed().predict(INPUTS) + VALUE_ERRORS
SLOPES = Closed().jacobian(INPUTS) + SLOPE_ERRORS
