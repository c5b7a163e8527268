"""Inputs and outputs brought to mean 0 and standard deviation 1, derivatives with them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .samples import Samples

FloatArray = NDArray[np.float64]


class Standardization(NamedTuple):
    """x = mean_x + scale_x · u and y = mean_y + scale_y · v, so ∂y/∂x = (scale_y / scale_x) ∂v/∂u."""

    mean_x: FloatArray  # (d,)
    scale_x: FloatArray  # (d,)
    mean_y: float
    scale_y: float

    @classmethod
    def of(cls, X: FloatArray, Y: FloatArray) -> Standardization:
        """Take means and standard deviations of samples X (n, d), Y (n,); what is constant is not scaled."""

        def scale(array: FloatArray) -> FloatArray:
            deviation: FloatArray = np.std(array, axis=0)
            return np.where(deviation > 0.0, deviation, 1.0)

        return cls(X.mean(axis=0), scale(X), float(Y.mean()), float(scale(Y)))

    def apply(self, X: FloatArray, Y: FloatArray, dYdX: FloatArray) -> Samples:
        """Standardise samples X (n, d), Y (n,), dYdX (n, d)."""
        return Samples(self.inputs(X), (Y - self.mean_y) / self.scale_y, dYdX * (self.scale_x / self.scale_y))

    def inputs(self, X: FloatArray) -> FloatArray:
        """Standardise inputs (n, d)."""
        standardized: FloatArray = (X - self.mean_x) / self.scale_x
        return standardized

    def undo(self, Y: FloatArray, dYdX: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return standardised values (n,) and derivatives (n, d) in original units."""
        return self.mean_y + self.scale_y * Y, dYdX * (self.scale_y / self.scale_x)
