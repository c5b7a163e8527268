"""From functions to samples, and from samples of one output to plain curves."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...data.samples import Samples

FloatArray = NDArray[np.float64]

#: A function of an array of inputs, (n,) or (n, d).
Function = Callable[[FloatArray], ArrayLike]


def sampled(X: FloatArray, function: Function | None, derivative: Function | None) -> Samples:
    """Compute values and derivatives at inputs (n,) or (n, d); at least one of the two is known."""
    Y = None if function is None else np.asarray(function(X), dtype=np.float64)
    dYdX = None if derivative is None else np.asarray(derivative(X), dtype=np.float64)
    return Samples(X, Y, dYdX)


def of_one_output(samples: Samples) -> tuple[FloatArray, FloatArray]:
    """Return values (n,) and derivatives (n, d) of samples that have one output and both of them."""
    if samples.n_outputs != 1 or samples.Y is None or samples.dYdX is None:
        raise ValueError(f"samples: expected values and derivatives of one output, got {samples!r}")
    return samples.Y[:, 0], samples.dYdX[:, 0]
