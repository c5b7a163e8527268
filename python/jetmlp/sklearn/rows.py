"""The rows that a fit learns from: each once, in an order of its own."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..data.arrays import SampleNames
from ..data.samples import Samples, as_samples

#: What messages call the arrays of `SobolevRegressor.fit`.
NAMES = SampleNames(X="X", Y="y", derivatives="dydx")


class DistinctRows(NamedTuple):
    """Samples of which no two are equal, and the row of the data where each was first."""

    samples: Samples
    first: NDArray[np.intp]


def distinct_rows(
    X: NDArray[np.float64],
    y: NDArray[np.float64],
    dydx: ArrayLike | None,
    sample_weight: ArrayLike | None,
) -> DistinctRows:
    """Check the arrays; leave out rows of weight 0, and join equal rows into one of the sum of their weights.

    A weight of 2 is then the same as a row that is there twice, and the order of the rows has no effect, to
    the last bit and with every solver.
    """
    given = as_samples(X, y, dydx, sample_weight=sample_weight, names=NAMES)
    weights = np.ones(len(given)) if given.sample_weight is None else given.sample_weight
    kept = np.flatnonzero(weights > 0)
    parts = [a[kept].reshape(len(kept), -1) for a in (given.X, given.Y, given.dYdX) if a is not None]
    joined = np.column_stack(parts).astype(np.float64)
    joined[joined == 0.0] = 0.0  # of either sign
    joined[np.isnan(joined)] = np.nan  # of one kind: it is by their bits that rows are compared
    _, first, place = np.unique(
        np.ascontiguousarray(joined).view(np.int64), axis=0, return_index=True, return_inverse=True
    )
    sums = np.bincount(place.ravel(), weights=weights[kept])
    rows = kept[first]
    samples = as_samples(
        given.X[rows],
        None if given.Y is None else given.Y[rows],
        None if given.dYdX is None else given.dYdX[rows],
        sample_weight=None if (sums == sums[0]).all() else sums,
        names=NAMES,
    )
    return DistinctRows(samples, rows)
