"""The functions of the experiments, with their derivatives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]


def runge(x: ArrayLike) -> FloatArray:
    """Compute f(x) = 1/(1 + 25 x²), which polynomials on equispaced points cannot follow (Runge 1901)."""
    x = np.asarray(x, dtype=np.float64)
    values: FloatArray = 1.0 / (1.0 + 25.0 * x**2)
    return values


def runge_derivative(x: ArrayLike) -> FloatArray:
    """Compute f′(x) = −50 x/(1 + 25 x²)²."""
    x = np.asarray(x, dtype=np.float64)
    slopes: FloatArray = -50.0 * x / (1.0 + 25.0 * x**2) ** 2
    return slopes


@dataclass(frozen=True)
class Monomial:
    """The function x^k.

    Parameters
    ----------
    power : int
        k, at least 1.
    """

    power: int

    def __call__(self, x: ArrayLike) -> FloatArray:
        """Compute x^k."""
        values: FloatArray = np.asarray(x, dtype=np.float64) ** self.power
        return values

    def derivative(self, x: ArrayLike) -> FloatArray:
        """Compute k x^(k−1)."""
        slopes: FloatArray = self.power * np.asarray(x, dtype=np.float64) ** (self.power - 1)
        return slopes
