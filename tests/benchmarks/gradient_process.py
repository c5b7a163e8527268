"""An exact Gaussian process on values and gradients: the surrogate that jetmlp has to beat at few samples.

Lengths and nuggets are those of the greatest likelihood (`process_likelihood`), found by L-BFGS-B with the
exact gradient from three starts. NumPy and SciPy alone.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from process_likelihood import (
    SingularCovarianceError,
    Solution,
    covariance,
    differences,
    in_lengths,
    negative_log_likelihood,
    solve,
)
from scipy.linalg import solve_triangular
from scipy.optimize import minimize

Array = NDArray[np.float64]

#: Lengths, for inputs in [−1, 1], and nuggets at which the maximisation starts.
STARTS = ((1.0, 1e-8), (3.0, 1e-8), (8.0, 1e-8))
#: Besides these, with noise.
NOISY_STARTS = ((1.0, 0.1), (3.0, 0.1), (8.0, 0.1))
LOG_LENGTHS = (-3.0, 5.0)
LEAST_NUGGET, GREATEST_NUGGET, GREATEST_NOISY_NUGGET = 1e-11, 1e-2, 10.0
ITERATIONS = 60
#: Points that are predicted at once.
CHUNK = 200
#: What a likelihood that cannot be computed counts as.
WORST = 1e10


class GradientProcess:
    """A Gaussian process on values and gradients of one output.

    Inputs are scaled to [−1, 1] by the ends of the samples, outputs to mean 0 and deviation 1.

    Parameters
    ----------
    noisy : bool, default False
        One small nugget for all; or one for values and one for slopes, large ones allowed, and three starts
        more. The nugget of slopes is in proportion to their variance along each input, as the process has it.

    Attributes
    ----------
    lengths : ndarray, (d,)
        Lengths of the fitted process, for inputs in [−1, 1].
    nuggets : ndarray, (1,) or (2,)
        What is added to the diagonal, relative to it: of all, or of values and of slopes.
    variance : float
        Of the process, for outputs of deviation 1.
    log_likelihood : float
        The greatest one, up to a constant.
    """

    def __init__(self, *, noisy: bool = False) -> None:
        self.noisy = noisy

    def fit(self, X: ArrayLike, Y: ArrayLike, dYdX: ArrayLike) -> GradientProcess:
        """Fit the process.

        Parameters
        ----------
        X : array_like, (n, d)
            Inputs, at least two different ones in each column.
        Y : array_like, (n,)
            Values.
        dYdX : array_like, (n, d)
            Slopes.

        Raises
        ------
        ValueError
            For shapes that do not fit, NaN or infinite numbers, or an input that does not vary.
        SingularCovarianceError
            If no start gives a covariance that can be factorized.
        """
        X, Y, dYdX = (np.asarray(array, dtype=np.float64) for array in (X, Y, dYdX))
        _check(X, Y, dYdX)
        low, high = X.min(axis=0), X.max(axis=0)
        self._centre, self._half = (low + high) / 2.0, (high - low) / 2.0
        self._offset, self._scale = Y.mean(), Y.std() if Y.std() > 0.0 else 1.0
        n, d = X.shape
        self._points = (X - self._centre) / self._half
        slopes = dYdX * self._half / self._scale
        targets = np.concatenate([(Y - self._offset) / self._scale, slopes.T.ravel()])

        def objective(logarithms: Array) -> tuple[float, Array]:
            try:
                return negative_log_likelihood(logarithms, self._points, targets)
            except SingularCovarianceError:
                return WORST, np.zeros_like(logarithms)

        n_nuggets = 2 if self.noisy else 1
        greatest = GREATEST_NOISY_NUGGET if self.noisy else GREATEST_NUGGET

        found = [
            minimize(
                objective,
                np.log([length] * d + [nugget] * n_nuggets),
                jac=True,
                method="L-BFGS-B",
                bounds=[LOG_LENGTHS] * d + [(math.log(LEAST_NUGGET), math.log(greatest))] * n_nuggets,
                options={"maxiter": ITERATIONS},
            )
            for length, nugget in (*STARTS, *(NOISY_STARTS if self.noisy else ()))
        ]
        best = min(found, key=lambda result: float(result.fun))
        self.lengths, self.nuggets = np.split(np.exp(best.x), [d])
        self.log_likelihood = -float(best.fun)
        scaled = self._points / self.lengths
        C = covariance(differences(scaled, scaled))
        self._solution: Solution = solve(C, self.nuggets, in_lengths(targets, best.x[:d]), n)
        self.variance = self._solution.variance
        return self

    def predict(self, X: ArrayLike) -> tuple[Array, Array]:
        """Predict values (n,) and slopes (n, d)."""
        mean, _ = self._predict(X, with_std=False)
        return mean[:, 0], mean[:, 1:]

    def predict_std(self, X: ArrayLike) -> tuple[Array, Array]:
        """Predict the standard deviations of values (n,) and slopes (n, d), without the nugget's noise.

        With U = 1* − k*ᵀC⁻¹1, which is what the mean's own uncertainty adds (universal kriging):
        var = σ² (k** − k*ᵀC⁻¹k* + U²/(1ᵀC⁻¹1)), where k** is 1 in units of the lengths.
        """
        _, std = self._predict(X, with_std=True)
        return std[:, 0], std[:, 1:]

    def _predict(self, X: ArrayLike, *, with_std: bool) -> tuple[Array, Array]:
        """Predict means and deviations (n, 1 + d): of the value and of the slopes."""
        X = (np.asarray(X, dtype=np.float64) - self._centre) / self._half
        solution, samples = self._solution, self._points / self.lengths
        n_outputs = 1 + X.shape[1]
        means, deviations = np.zeros((2, len(X), n_outputs))
        for start in range(0, len(X), CHUNK):
            chunk = slice(start, start + CHUNK)
            across = covariance(differences(X[chunk] / self.lengths, samples))  # k*ᵀ
            means[chunk] = (across @ solution.weights).reshape(n_outputs, -1).T
            if with_std:
                # k*ᵀC⁻¹k* is the square of L⁻¹k*.
                reduced = solve_triangular(solution.cholesky, across.T, lower=True, check_finite=False)
                left = 1.0 - np.einsum("ij,ij->j", reduced, reduced)
                trend = np.repeat([1.0, 0.0], [len(X[chunk]), len(left) - len(X[chunk])])
                trend -= across @ solution.inverse_one
                # Rounding leaves some below 0 where the samples determine all.
                variances = np.maximum(left, 0.0) + trend**2 / solution.one_squared
                deviations[chunk] = np.sqrt(solution.variance * variances).reshape(n_outputs, -1).T
        means[:, 0] += solution.mean
        # From units of the lengths to those of the data.
        units = self._scale / np.concatenate([[1.0], self.lengths * self._half])
        means *= units
        means[:, 0] += self._offset
        return means, deviations * units


def _check(X: Array, Y: Array, dYdX: Array) -> None:
    if X.ndim != 2 or Y.shape != X.shape[:1] or dYdX.shape != X.shape:
        raise ValueError(
            f"X, Y, dYdX: expected shapes (n, d), (n,) and (n, d), got {X.shape}, {Y.shape} and {dYdX.shape}"
        )
    for name, array in (("X", X), ("Y", Y), ("dYdX", dYdX)):
        if not np.isfinite(array).all():
            raise ValueError(f"{name}: expected finite numbers, got NaN or infinity")
    if len(X) < 2 or (np.ptp(X, axis=0) == 0.0).any():
        raise ValueError("X: expected at least two different numbers in each column, got a constant one")
