"""A surface whose inputs and outputs have very different sizes, for the tests of normalized models."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

import jetmlp

N, D, M = 60, 3, 2
UNIT = np.array([1.0, 30.0, 1e-3])
OFFSET = np.array([5.0, -100.0, 0.0])
X = np.random.default_rng(5).uniform(0, 1, (N, D)) ** 2 * UNIT + OFFSET


def surface(inputs: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Two outputs of very different size, with their derivatives."""
    u, v, w = ((inputs - OFFSET) / UNIT).T
    Y = np.stack([1e4 * (np.sin(2 * u) + v * w), 3e-3 * np.exp(u - w) + 1.0], axis=1)
    rows = [
        1e4 * np.stack([2 * np.cos(2 * u), w, v], axis=1),
        3e-3 * np.stack([np.exp(u - w), 0 * u, -np.exp(u - w)], axis=1),
    ]
    return Y, np.stack(rows, axis=1) / UNIT


def surface_hessian(inputs: NDArray[Any]) -> NDArray[Any]:
    """Its second derivatives (n, m, d, d)."""
    u, _, w = ((inputs - OFFSET) / UNIT).T
    H = np.zeros((len(inputs), M, D, D))
    H[:, 0, 0, 0] = -4e4 * np.sin(2 * u)
    H[:, 0, 1, 2] = H[:, 0, 2, 1] = 1e4
    H[:, 1, 0, 0] = H[:, 1, 2, 2] = 3e-3 * np.exp(u - w)
    H[:, 1, 0, 2] = H[:, 1, 2, 0] = -H[:, 1, 0, 0]
    return H / np.multiply.outer(UNIT, UNIT)


Y, DYDX = surface(X)
D2YDX2 = surface_hessian(X)


def model_of(**arguments: Any) -> jetmlp.MLP:  # noqa: ANN401
    return jetmlp.MLP([D, 12, 12, M], **{"dtype": "float64", "normalize": True, "seed": 3, **arguments})
