"""How good a surrogate is, by samples left out of the fit."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..data.samples import Samples

Array = NDArray[np.float64]

#: Each sample as if it had been left out, those alone that a larger fit held out, others than the fit had, or
#: the very samples that were fitted, which says the least.
Basis = Literal["leave-one-out", "held out", "new samples", "fitted samples"]

#: One sample decides an error if it makes more than this share of the squares, among no fewer samples.
MOST, _FEWEST = 0.9, 5


class Goodness(NamedTuple):
    """How good one output, or one derivative of it, is.

    Parameters
    ----------
    output : int
        Which output.
    along : int or None
        The input, or direction, of the derivative; None for the value.
    n : int
        Samples of which it is known and that were left out in turn.
    rmse, median, largest : float
        Root mean square, median and largest size of the errors, in the units of the data. Leaving out is
        linearised, and can make a few errors many times too large: where the median is far below the root
        mean square, new samples tell more.
    relative : float
        The former over the spread of what was observed: the standard deviation of values, the root mean
        square of derivatives. Infinite where that is 0 and the error is not, NaN for a single value.
    basis : {"leave-one-out", "held out", "new samples", "fitted samples"}
        How that is known.
    """

    output: int
    along: int | None
    n: int
    rmse: float
    median: float
    largest: float
    relative: float
    basis: Basis

    @property
    def r2(self) -> float:
        """Share of the spread that is explained, 1 - relative error squared."""
        return 1.0 - self.relative**2


def goodness_of(samples: Samples, values: Array, slopes: Array, basis: Basis) -> tuple[Goodness, ...]:
    """Return a row for each output and derivative.

    `values` (n, m) and `slopes` (n, m, t) are errors, prediction less observation, NaN where there is none.
    """
    rows = []
    if samples.Y is not None:
        rows += [goodness(o, None, samples.Y[:, o], values[:, o], basis) for o in range(values.shape[1])]
    if samples.derivatives is not None:
        _, m, t = slopes.shape
        rows += [
            goodness(o, k, samples.derivatives[:, o, k], slopes[:, o, k], basis)
            for o in range(m)
            for k in range(t)
        ]
    return tuple(row for row in rows if row.n)


def goodness(output: int, along: int | None, observed: Array, errors: Array, basis: Basis) -> Goodness:
    """Compare errors with what was observed; where either is NaN there is nothing to compare."""
    there = ~(np.isnan(observed) | np.isnan(errors))
    if not there.any():
        return Goodness(output, along, 0, np.nan, np.nan, np.nan, np.nan, basis)
    observed, errors = observed[there], errors[there]
    median, largest = float(np.median(np.abs(errors))), float(np.max(np.abs(errors)))
    rmse = _root_mean_square(errors)
    if along is None and len(errors) == 1:  # which has no spread to compare with
        return Goodness(output, along, 1, rmse, median, largest, np.nan, basis)
    size = _root_mean_square(observed if along is not None else observed - observed.mean())
    relative = rmse / size if size > 0 else (0.0 if rmse == 0 else np.inf)
    return Goodness(output, along, len(errors), rmse, median, largest, float(relative), basis)


def relative_of_others(n: int, rmse: float, largest: float, relative: float) -> float | None:
    """Return the relative error without the largest one where that is most of it, else None.

    A sample that alone says what the function does somewhere cannot be foretold without it. One such sample
    hides how well all others are met. Parameters are those of `Goodness`.
    """
    if n < _FEWEST or not largest > 0.0:
        return None
    # In units of the largest, so that no square is too large or too small.
    total = n * (rmse / largest) ** 2
    if total * MOST > 1.0:
        return None
    return float(np.sqrt(max(total - 1.0, 0.0) / (n - 1))) * largest / rmse * relative


def _root_mean_square(numbers: Array) -> float:
    """Without squares that are too large or too small."""
    size = float(np.max(np.abs(numbers)))
    return 0.0 if size == 0 else size * float(np.sqrt(np.mean((numbers / size) ** 2)))
