"""Pairs of samples that lie close together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MOST_SAMPLES = 1000  # whose neighbours are looked for; evenly spread over the rows if there are more
NUMBERS_AT_A_TIME = 2**22  # distances held in memory


def nearest_neighbours(X: NDArray[np.float64]) -> NDArray[np.intp]:
    """Pair samples (n, d) with their nearest neighbours by standardised distance, each pair once: (p, 2).

    Every sample gets max(4, d) neighbours, as far as there are as many. Samples at the same place are no
    pair.
    """
    n, d = X.shape
    count = min(n - 1, max(4, d))
    if count < 1:
        return np.empty((0, 2), dtype=np.intp)
    scale = np.std(X, axis=0)
    points = (X - X.mean(axis=0)) / np.where(scale > 0, scale, 1.0)
    chosen = np.unique(np.linspace(0, n - 1, min(n, MOST_SAMPLES)).astype(np.intp))
    pairs = []
    for rows in np.array_split(chosen, max(1, len(chosen) * n // NUMBERS_AT_A_TIME)):
        squares = sum((points[rows, k, np.newaxis] - points[:, k]) ** 2 for k in range(d))
        squares = np.where(squares > 0, squares, np.inf)
        nearest = np.argpartition(squares, count - 1, axis=1)[:, :count]
        apart = np.isfinite(np.take_along_axis(squares, nearest, axis=1))
        first = np.broadcast_to(rows[:, np.newaxis], nearest.shape)
        pairs.append(np.stack([first[apart], nearest[apart]], axis=1))
    return np.unique(np.sort(np.concatenate(pairs), axis=1), axis=0)
