"""Samples of a smooth function for fits in parts: arrays, Dask arrays and what else goes with them."""

from __future__ import annotations

from typing import Any

import dask.array
import numpy as np
from numpy.typing import NDArray

N_SAMPLES, CHUNK = 1100, 300


def arrays(n: int = N_SAMPLES) -> dict[str, NDArray[Any]]:
    """Inputs in different units, values of two outputs, and slopes, some of them missing."""
    random = np.random.default_rng(3)
    X = random.normal(size=(n, 2)) * [1.0, 1e3] + [0.0, 4e3]
    angle = X[:, 0] + 1e-3 * X[:, 1]
    Y = np.stack([np.sin(angle), 100.0 + 10.0 * np.cos(angle)], axis=1)
    slopes = np.stack([np.cos(angle), -10.0 * np.sin(angle)], axis=1)
    dYdX = slopes[:, :, np.newaxis] * [1.0, 1e-3]
    dYdX[random.random(n) < 0.3] = np.nan
    dYdX[CHUNK : 2 * CHUNK] = np.nan  # a whole chunk that has none
    return {"X": X, "Y": Y, "dYdX": dYdX}


def in_chunks(array: NDArray[Any], chunk: int = CHUNK) -> Any:  # noqa: ANN401
    """Return the Dask array of it, in chunks along the samples."""
    return dask.array.from_array(array, chunks=(chunk, *array.shape[1:]))
