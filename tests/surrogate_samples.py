"""Functions with their slopes that the tests of surrogates fit, and samples of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def wave(X: Array) -> tuple[Array, Array]:
    """sin(2 x₀) + x₀ x₁ and its slopes: values (n, 1), (n, 1, 2)."""
    x, z = X.T
    values = np.sin(2 * x) + x * z
    slopes = np.stack([2 * np.cos(2 * x) + z, x], axis=-1)
    return values[:, np.newaxis], slopes[:, np.newaxis]


def pair(X: Array) -> tuple[Array, Array]:
    """`wave` beside exp(x₁) / 2, of which x₀ has no effect: values (n, 2), (n, 2, 2)."""
    values, slopes = wave(X)
    other = 0.5 * np.exp(X[:, 1:])
    of_other = np.stack([np.zeros(len(X)), other[:, 0]], axis=-1)[:, np.newaxis]
    return np.concatenate([values, other], axis=1), np.concatenate([slopes, of_other], axis=1)


def points(n: int, seed: int = 0, d: int = 2) -> Array:
    """Points of the box [−1, 1]^d, spread by additive recurrence from a start of their own."""
    start = np.random.default_rng(seed).uniform(size=d)
    # The fractional parts of multiples of powers of the plastic number's kin fill a box evenly.
    root = 2.0
    for _ in range(50):
        root = (1.0 + root) ** (1.0 / (d + 1))
    steps = root ** -np.arange(1.0, d + 1)
    return 2.0 * ((start + np.outer(np.arange(n), steps)) % 1.0) - 1.0
