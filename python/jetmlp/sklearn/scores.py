"""How much of the derivatives a prediction explains."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _checks
from ..data.samples import Samples
from ..data.weights import as_weights
from .rows import NAMES

Array = NDArray[np.float64]


def input_spread(samples: Samples) -> Array:
    """Compute the standard deviation of each input, (d,), samples counted by their weights."""
    weights = samples.sample_weight
    mean = np.average(samples.X, axis=0, weights=weights)
    return np.asarray(np.sqrt(np.average((samples.X - mean) ** 2, axis=0, weights=weights)))


def slopes_explained(
    true: ArrayLike, predicted: Array, spread: Array, sample_weight: ArrayLike | None
) -> float:
    """Share of the mean square of the true slopes (n, m, d) that is explained, averaged over the outputs.

    Slopes count in units of the spread (d,) of their inputs. An output of which no slope is known is left
    out; one whose slopes are all 0 counts 1 if that is met exactly, 0 if not.
    """
    n, m, d = predicted.shape
    truth = _checks.as_derivatives(NAMES.derivatives, true, n, m, d, np.dtype(np.float64))
    _checks.check_finite(NAMES.derivatives, truth, missing_allowed=True)
    weights, _ = as_weights(sample_weight, None, n, None)
    by_row = np.ones(n) if weights is None else weights
    known = ~np.isnan(truth) & (by_row > 0)[:, np.newaxis, np.newaxis]
    if not known.any():
        raise ValueError(f"{NAMES.derivatives}: expected at least one derivative that counts, got none")
    units = by_row[:, np.newaxis, np.newaxis] * spread**2
    errors = np.sum(units * np.where(known, predicted - truth, 0.0) ** 2, axis=(0, 2))
    sizes = np.sum(units * np.where(known, truth, 0.0) ** 2, axis=(0, 2))
    scores = np.where(errors > 0, 0.0, 1.0)
    np.divide(errors, sizes, out=scores, where=sizes > 0)
    scores[sizes > 0] = 1.0 - scores[sizes > 0]
    return float(np.mean(scores[known.any(axis=(0, 2))]))
