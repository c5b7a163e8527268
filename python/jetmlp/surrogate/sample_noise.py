"""Noise that differs from sample to sample, and is correlated within one.

A simulated payoff is certain where the option cannot end in the money, and its slopes come from the same
path: errors are of different size at different places, and those of one sample go together. The covariance Σ
(k, k) of a sample's k numbers is taken to be smooth: the mean of e eᵀ over its neighbours, the tenth of the
samples about it in the order of the input, or with several inputs in that of the prediction.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Neighbours of a sample, as a part of all, and how many there are at least.
WINDOW, LEAST_NEIGHBOURS = 0.1, 100
#: No variance is believed to be below this part of the mean: neighbours that all happen to be exact do not
#: make a sample exact.
LEAST_SHARE = 0.1


class SampleNoise:
    """Covariances of the noise of samples, and their square roots.

    Parameters
    ----------
    errors : ndarray, (k, n)
        Of each of the k numbers of each sample.
    place : ndarray, (n,)
        Neighbours are near each other in this.
    """

    def __init__(self, errors: Array, place: Array) -> None:
        k, n = errors.shape
        order = np.argsort(place, kind="stable")
        half = max(int(WINDOW * n), LEAST_NEIGHBOURS) // 2
        first = np.maximum(np.arange(n) - half, 0)
        end = np.minimum(np.arange(n) + half + 1, n)
        ordered = errors[:, order]
        self.covariances = np.empty((n, k, k))
        for i in range(k):
            for j in range(i + 1):
                sums = np.concatenate([[0.0], np.cumsum(ordered[i] * ordered[j])])
                mean = (sums[end] - sums[first]) / (end - first)
                self.covariances[order, i, j] = mean
                self.covariances[order, j, i] = mean
        least = np.maximum(np.mean(errors**2, axis=1), np.finfo(np.float64).tiny)
        self.covariances[:, range(k), range(k)] += LEAST_SHARE * least
        self.factors = np.linalg.cholesky(self.covariances)  # L, Σ = L Lᵀ
        self.inverses = np.linalg.inv(self.factors)

    @property
    def log_determinant(self) -> float:
        """Σ log det Σ of all samples."""
        return float(2.0 * np.sum(np.log(np.diagonal(self.factors, axis1=1, axis2=2))))

    def whitened(self, rows: Sequence[Array] | Array) -> Array:
        """L⁻¹ times each sample's rows: k arrays (n,) or (n, p) to (k, n) or (k, n, p)."""
        k = len(rows)
        result = np.empty((k, *rows[0].shape))
        shape = (-1,) + (1,) * (rows[0].ndim - 1)
        for i in range(k):
            np.multiply(self.inverses[:, i, 0].reshape(shape), rows[0], out=result[i])
            for j in range(1, i + 1):
                result[i] += self.inverses[:, i, j].reshape(shape) * rows[j]
        return result
