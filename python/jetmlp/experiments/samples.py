"""Samples of values and derivatives: computed from functions, or given as arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _checks
from ..random import DATA, Generator

FloatArray = NDArray[np.float64]

#: A function of an array of inputs, (n,) or (n, d).
Function = Callable[[FloatArray], ArrayLike]


class Samples(NamedTuple):
    """Inputs with the true values and derivatives there; None for what is not known."""

    X: FloatArray
    Y: FloatArray | None = None
    dYdX: FloatArray | None = None  # noqa: N815

    @classmethod
    def of(cls, X: FloatArray, function: Function | None, derivative: Function | None) -> Samples:
        """Compute the values and derivatives at `X`."""
        Y = None if function is None else np.asarray(function(X), dtype=np.float64)
        dYdX = None if derivative is None else np.asarray(derivative(X), dtype=np.float64)
        return cls(X, Y, dYdX)

    def take(self, rows: NDArray[np.int64]) -> Samples:
        """Return some of the samples."""
        return Samples(
            self.X[rows],
            None if self.Y is None else self.Y[rows],
            None if self.dYdX is None else self.dYdX[rows],
        )


@dataclass(frozen=True, eq=False)
class Arrays:
    """Measured data in place of a function.

    Parameters
    ----------
    X : array_like, (n,) or (n, d)
        Inputs.
    Y : array_like, (n,) or (n, m), optional
        Values.
    dYdX : array_like, (n,), (n, d) or (n, m, d), optional
        Derivatives; NaN where one was not measured.
    validation : tuple (X, Y, dYdX), optional
        Samples to validate with. Without them a part of the data is put aside.
    validation_fraction : float, default 0.2
        How large a part: above 0 and below 1; which samples, the seed decides.
    """

    X: ArrayLike
    Y: ArrayLike | None = None
    dYdX: ArrayLike | None = None  # noqa: N815
    validation: tuple[ArrayLike, ArrayLike | None, ArrayLike | None] | None = None
    validation_fraction: float = 0.2

    def __post_init__(self) -> None:
        _checks.as_number("validation_fraction", self.validation_fraction, above=0.0, below=1.0)
        samples = _as_samples(self.X, self.Y, self.dYdX)
        n = len(samples.X)
        for name, array in (("Y", samples.Y), ("dYdX", samples.dYdX)):
            if array is not None and (array.ndim == 0 or len(array) != n):
                raise ValueError(f"{name}: expected {n} samples like X, got shape {array.shape}")
        if n < 2:
            raise ValueError(f"X: expected at least two samples, got shape {samples.X.shape}")

    def split(self, seed: int) -> dict[str, Samples]:
        """Return the training and the validation samples for a seed."""
        samples = _as_samples(self.X, self.Y, self.dYdX)
        if self.validation is not None:
            return {"train": samples, "validation": _as_samples(*self.validation)}
        n = len(samples.X)
        n_validation = min(n - 1, max(1, round(self.validation_fraction * n)))
        order = Generator(seed, DATA, 0).permutation(n)
        return {"train": samples.take(order[n_validation:]), "validation": samples.take(order[:n_validation])}


def _as_samples(X: ArrayLike, Y: ArrayLike | None, dYdX: ArrayLike | None) -> Samples:
    float64 = np.dtype(np.float64)
    inputs = _checks.as_real_array("X", X, float64)
    if inputs.ndim not in (1, 2):
        raise ValueError(f"X: expected shape (n,) or (n, d), got {inputs.shape}")
    return Samples(
        inputs,
        None if Y is None else _checks.as_real_array("Y", Y, float64),
        None if dYdX is None else _checks.as_real_array("dYdX", dYdX, float64),
    )
