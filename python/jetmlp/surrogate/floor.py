"""Error bars of what has a spread and errors of its own: σ² = c² s² + f².

s² is the variance that the networks and their posteriors say, f a floor where they err alike. The two are
found by the likelihood of normal errors, then both multiplied so that about 68.3 % of the errors are within
σ and 95.4 % within 2σ.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .calibration import ONE_DEVIATION

Array = NDArray[np.float64]

#: Share of a normal distribution within two standard deviations.
TWO_DEVIATIONS = 0.9545

#: c over the size at which c s is as large as the errors: none of the spread, or some of it.
SHARES = (0.0, *(2.0**k for k in range(-6, 4)))
#: f over the root mean square of the errors.
FLOORS = tuple(2.0 ** (k / 2) for k in range(-20, 2))


class Floor(NamedTuple):
    """Factor c of the spread, floor f, and its size by column."""

    factor: float
    size: float
    columns: Array  # (t,), or () for one

    def along(self, d: int) -> Array:
        """Return floors (d,) of d columns; the one size where there are as many columns as directions."""
        return self.columns if self.columns.shape == (d,) else np.full(d, self.size)


def with_floor(errors: Array, variances: Array) -> Floor | None:
    """Find c and f for errors (n,) or (n, t) of one output, f in proportion to the size of each column."""
    there = np.isfinite(errors)
    if not there.any():
        return None
    columns = np.sqrt(np.array([_mean_square(column[found]) for column, found in _columns(errors, there)]))
    rms = float(np.sqrt(np.mean(errors[there] ** 2)))
    if rms == 0.0:
        return Floor(1.0, 0.0, np.zeros(errors.shape[1:]))
    sizes = np.broadcast_to(columns if errors.ndim > 1 else columns[0], errors.shape)[there]
    squares, spreads = errors[there] ** 2, variances[there]
    typical = float(np.sqrt(np.mean(spreads)))
    best = (np.inf, 0.0, 1.0)
    for share in SHARES if typical > 0 else (0.0,):
        c = share * rms / typical if typical > 0 else 0.0
        for floor in FLOORS:
            total = c**2 * spreads + np.maximum(floor * sizes, 1e-8 * rms) ** 2
            loss = float(np.mean(squares / total + np.log(total)))
            best = min(best, (loss, c, floor))
    _, c, floor = best
    total = c**2 * spreads + np.maximum(floor * sizes, 1e-8 * rms) ** 2
    # The tails are longer than normal ones: between what one and what two deviations ask for.
    one, two = np.quantile(np.sqrt(squares / total), [ONE_DEVIATION, TWO_DEVIATIONS])
    stretch = float(np.sqrt(one * two / 2.0))
    by_column = stretch * floor * (columns if errors.ndim > 1 else columns[0])
    return Floor(stretch * c, stretch * floor * rms, np.asarray(by_column))


def _columns(errors: Array, there: NDArray[np.bool_]) -> list[tuple[Array, NDArray[np.bool_]]]:
    flat = errors.reshape(len(errors), -1)
    return list(zip(flat.T, there.reshape(flat.shape).T, strict=True))


def _mean_square(numbers: Array) -> float:
    return float(np.mean(numbers**2)) if numbers.size else 0.0
