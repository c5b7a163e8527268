"""The likelihood of a Gaussian process on values and gradients.

Squared exponential covariance with one length an input, a constant mean by generalised least squares, the
variance of the process concentrated out, and nuggets in proportion to the diagonal (Rasmussen and Williams
2006, chapters 2.7, 5.4 and 9.4; Laurent, Le Riche, Soulier and Roustant 2019). The work is that of a
Cholesky factorization and an inverse of N = n (1 + d) rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

Array = NDArray[np.float64]


class SingularCovarianceError(ValueError):
    """The covariance of the samples is singular to rounding: the lengths are too long for the nugget."""


def differences(A: Array, B: Array) -> Array:
    """Return z_k = a_k − b_k (d, n, m) of points (n, d) and (m, d)."""
    return np.ascontiguousarray(A.T)[:, :, np.newaxis] - np.ascontiguousarray(B.T)[:, np.newaxis, :]


def covariance(Z: Array) -> Array:
    """Compute the covariances of values and slopes at pairs of points, in units of lengths and variance.

    With f at a, f' at b, z = a − b and e = exp(−|z|²/2):
    cov(f, f') = e,  cov(f, ∂_k f') = e z_k,  cov(∂_i f, f') = −e z_i,
    cov(∂_i f, ∂_k f') = e (δ_ik − z_i z_k).

    Parameters
    ----------
    Z : ndarray, (d, n, m)
        Differences of points, divided by the lengths.

    Returns
    -------
    ndarray, (n (1 + d), m (1 + d))
        Rows and columns: the values at all points, then the slopes along input 1 at all points, and so on.
    """
    d, n, m = Z.shape
    e = np.exp(-0.5 * np.einsum("kab,kab->ab", Z, Z))
    blocks = np.empty((1 + d, n, 1 + d, m))
    blocks[0, :, 0, :] = e
    for k in range(d):
        slope = e * Z[k]
        blocks[0, :, 1 + k, :] = slope
        np.negative(slope, out=blocks[1 + k, :, 0, :])
        for i in range(k + 1):
            np.multiply(slope, -Z[i], out=blocks[1 + i, :, 1 + k, :])
            blocks[1 + k, :, 1 + i, :] = blocks[1 + i, :, 1 + k, :]
        blocks[1 + k, :, 1 + k, :] += e
    return blocks.reshape((1 + d) * n, (1 + d) * m)


@dataclass(frozen=True)
class Solution:
    """The samples' covariance C + diag ν, in units of the lengths, factorized, and what follows from it."""

    cholesky: Array  # L
    inverse_one: Array  # C⁻¹·1, where 1 is 1 for values and 0 for slopes
    one_squared: float  # 1ᵀC⁻¹·1
    mean: float  # μ by generalised least squares
    weights: Array  # w = C⁻¹(t − μ·1)
    variance: float  # σ² = (t − μ·1)ᵀw/N, of the greatest likelihood


def solve(C: Array, nuggets: Array, targets: Array, n: int) -> Solution:
    """Factorize the symmetric C + diag ν and find mean and variance.

    Parameters
    ----------
    C : ndarray, (N, N)
        Covariance of n values and their slopes, N = n (1 + d).
    nuggets : ndarray, (1,) or (2,)
        ν of all, or that of values and that of slopes.
    targets : ndarray, (N,)
        Values and slopes in units of the lengths.

    Raises
    ------
    SingularCovarianceError
        If the covariance is singular to rounding.
    """
    matrix = C.copy()
    matrix.flat[:: len(C) + 1] += np.repeat(nuggets, _counts(nuggets, n, len(C)))
    # Symmetric rows are columns: LAPACK gets its own order, and works in place.
    L, info = lapack.dpotrf(matrix.T, lower=1, clean=1, overwrite_a=1)
    if info != 0:
        raise SingularCovarianceError("covariance: expected positive definite, got one singular to rounding")
    one = np.zeros(len(C))
    one[:n] = 1.0
    solutions, _ = lapack.dpotrs(L, np.stack([one, targets], axis=1), lower=1)
    inverse_one = solutions[:, 0]
    one_squared = float(one @ inverse_one)
    mean = float(one @ solutions[:, 1]) / one_squared
    weights = solutions[:, 1] - mean * inverse_one
    variance = float((targets - mean * one) @ weights) / len(C)
    if not variance > 0.0:
        raise SingularCovarianceError(f"variance of the process: expected above 0, got {variance}")
    return Solution(L, inverse_one, one_squared, mean, weights, variance)


def _counts(nuggets: Array, n: int, N: int) -> list[int]:
    """Return how many of n values and N − n slopes each nugget is for."""
    return [N] if len(nuggets) == 1 else [n, N - n]


def negative_log_likelihood(logarithms: Array, X: Array, targets: Array) -> tuple[float, Array]:
    """Compute minus the logarithm of the likelihood, up to a constant, and its gradient.

    N/2 log σ² + 1/2 log det K with K = D M D, M = C + diag ν, where D = diag(1, 1/ℓ_k) takes slopes in units
    of the lengths to slopes: M belongs to the targets D⁻¹t, and log det K = log det M − 2 n Σ log ℓ_k.

    Parameters
    ----------
    logarithms : ndarray, (d + 1,) or (d + 2,)
        log ℓ_k of each input, and log ν of all, or that of values and that of slopes.
    X : ndarray, (n, d)
        Points.
    targets : ndarray, (n (1 + d),)
        Values at all points, then slopes along input 1, and so on.

    Raises
    ------
    SingularCovarianceError
        If the covariance is singular to rounding.
    """
    n, d = X.shape
    N = len(targets)
    nuggets = np.exp(logarithms[d:])
    targets = in_lengths(targets, logarithms[:d])
    Z = differences(X / np.exp(logarithms[:d]), X / np.exp(logarithms[:d]))
    C = covariance(Z)
    solution = solve(C, nuggets, targets, n)
    L, w, variance = solution.cholesky, solution.weights, solution.variance
    value = 0.5 * N * math.log(variance) + np.log(np.diag(L)).sum() - n * logarithms[:d].sum()

    # ∂/∂C = G/2 with G = C⁻¹ − w wᵀ/σ²: μ and σ² are at their optimum. LAPACK fills one triangle.
    inverse, _ = lapack.dpotri(L, lower=1, overwrite_c=1)
    G = inverse.T + inverse
    G.flat[:: N + 1] /= 2.0
    G -= np.outer(w, w / variance)
    gradient = np.empty_like(logarithms)
    first = np.cumsum([0, *_counts(nuggets, n, N)[:-1]])
    gradient[d:] = 0.5 * nuggets * np.add.reduceat(np.diag(G), first)

    # By log ℓ_j a pair's z_j changes by −z_j, and its part of Σ G ∘ C, which is e q with the quadratic
    # q(z) = g_00 + Σ_k (g_0k − g_k0) z_k + Σ_i g_ii − Σ_ik g_ik z_i z_k, by e (z_j² q − z_j ∂q/∂z_j). Summed
    # over all pairs, g_k0 and g_kj give the same as −g_0k and g_jk: G is symmetric, and z_j odd.
    blocks, G_blocks = C.reshape(1 + d, n, 1 + d, n), G.reshape(1 + d, n, 1 + d, n)
    e_q = np.einsum("iakb,iakb->ab", G_blocks, blocks)
    for j in range(d):
        inner = G_blocks[0, :, 1 + j, :] - np.einsum("akb,kab->ab", G_blocks[1 + j, :, 1:, :], Z)
        of_slopes = slice((1 + j) * n, (2 + j) * n)
        gradient[j] = (
            0.5 * np.vdot(Z[j] ** 2, e_q)
            - np.vdot(blocks[0, :, 1 + j, :], inner)
            + w[of_slopes] @ targets[of_slopes] / variance  # the targets D⁻¹t change, too
            - n
        )
    return float(value), gradient


def in_lengths(targets: Array, log_lengths: Array) -> Array:
    """Multiply the slopes of values and slopes (n (1 + d),) by the lengths: D⁻¹t."""
    blocks = targets.reshape(1 + len(log_lengths), -1)
    return (blocks * np.exp([0.0, *log_lengths])[:, np.newaxis]).ravel()
