"""The balance of values and derivatives: Huge and Savine, "Differential machine learning" (2020).

With inputs and outputs standardised and d derivatives of each output, the value term weighs 1/(1+λd), the
derivative term λd/(1+λd), λ = 1, and each column of derivatives is divided by its root mean square:

    loss = mean (Ŷ−Y)² / (1+λd) + λd/(1+λd) · mean ((Ĵ−J)/r)².
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ._samples import SampleArrays

BALANCED = "balanced"
RATIO = 1.0  # λ


@dataclass(frozen=True)
class Balance:
    """What a balance of one set of samples comes to."""

    value_weight: float
    derivative_weight: float
    column_weights: NDArray[np.float64]  # (m, t): 1/r², the largest 1

    def apply(self, arrays: SampleArrays) -> SampleArrays:
        """Weigh the derivatives of samples, those of the balance or others, by their columns."""
        if arrays.derivatives is None:
            return arrays
        weights = 1.0 if arrays.derivative_weights is None else arrays.derivative_weights
        weights = np.broadcast_to(weights * self.column_weights, arrays.derivatives.shape)
        return replace(arrays, derivative_weights=np.ascontiguousarray(weights))


def balance(arrays: SampleArrays) -> Balance:
    """Balance normalized samples.

    The loss divides by the sum of the weights it is given. So that the mean is over the entries, as above,
    the derivative weight has the mean of the column weights in it.
    """
    if arrays.derivatives is None:
        raise ValueError("derivative_weight: expected derivatives to balance, got none")
    n_columns = arrays.derivatives.shape[2]
    counts = arrays.derivatives_present().astype(np.float64)
    if arrays.derivative_weights is not None:
        counts *= arrays.derivative_weights
    totals = counts.sum(axis=0)
    squares = np.where(counts > 0, arrays.derivatives, 0.0) ** 2
    mean_squares = np.sum(counts * squares, axis=0) / np.where(totals > 0, totals, 1.0)
    mean_squares[mean_squares == 0] = 1.0  # a column of zeros, or of nothing
    inverses = 1.0 / mean_squares
    share = RATIO * n_columns / (1.0 + RATIO * n_columns)
    return Balance(
        1.0 - share, share * float(np.average(inverses, weights=totals)), inverses / inverses.max()
    )
