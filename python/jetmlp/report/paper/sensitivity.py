"""How much of the variance of an output each input brings about, over a box of inputs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import _checks
from ...surrogate.surrogate import Surrogate
from .needed import expect_installed

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """What inputs that are uniform in a box, independently of each other, do to each output.

    Attributes
    ----------
    bounds : ndarray, (d, 2)
        Lower and upper end of each input.
    variance : ndarray, (m,)
        Of each output.
    first_order : ndarray, (m, d)
        Sobol' indices: the share of the variance that an input brings about by itself.
    total : ndarray, (m, d)
        Total indices: with all interactions that it takes part in.
    slope_bound : ndarray, (m, d)
        What no total index is above, from the slopes alone: (b − a)² E[(∂f/∂x)²] / (π² Var f).
    """

    bounds: Array
    variance: Array
    first_order: Array
    total: Array
    slope_bound: Array


def sensitivity(
    surrogate: Surrogate, bounds: ArrayLike | None = None, *, n_points: int = 4096, seed: int = 0
) -> Sensitivity:
    """Compute Sobol' indices of a surrogate, and what its slopes say of them.

    The indices are those of SciPy (Saltelli and others 2010), from values at n_points (d + 2) points of
    Sobol's sequence. The bound is the derivative-based measure of Sobol and Kucherenko (2009), from the
    surrogate's own slopes at `n_points` of them.

    Parameters
    ----------
    surrogate : Surrogate
        Fitted.
    bounds : array_like, (d, 2), optional
        Lower and upper end of each input. Default: those of the samples of the fit.
    n_points : int, default 4096
        A power of 2.
    seed : int, default 0
        Of the scrambled sequence.

    Returns
    -------
    Sensitivity
        Of an input whose ends are equal the indices are 0; those of an output without variance are NaN.

    Raises
    ------
    ImportError
        If SciPy is not installed.
    TypeError, ValueError
        If an argument is of the wrong kind or out of its range; the message names it.
    RuntimeError
        If nothing was fitted before.
    """
    expect_installed("jetmlp.report.sensitivity", ("scipy",))
    from scipy.stats import sobol_indices, uniform
    from scipy.stats.qmc import Sobol

    X = surrogate._fitted().samples.X
    box = _as_bounds(bounds, X)
    n_points = _checks.as_integer("n_points", n_points, 2, 2**20)
    if n_points & (n_points - 1):
        raise ValueError(f"n_points: expected a power of 2, got {n_points}")
    low, width = box[:, 0], box[:, 1] - box[:, 0]
    moves = width > 0.0
    if not moves.any():
        raise ValueError(f"bounds: expected at least one input with two different ends, got {box.tolist()}")

    def inputs(moving: Array) -> Array:
        full = np.tile(low, (len(moving), 1))
        full[:, moves] = moving
        return full

    points = inputs(low[moves] + width[moves] * Sobol(int(moves.sum()), rng=seed).random(n_points))
    values, slopes = surrogate.predict_with_jacobian(points)
    variance = np.var(values, axis=0)
    shape = (values.shape[1], len(low))
    first, total = np.zeros(shape), np.zeros(shape)
    varies = variance > 0.0
    if moves.sum() == 1:
        # SciPy refuses it, and there is nothing to share.
        first[:, moves] = total[:, moves] = 1.0
    elif varies.any():
        found = sobol_indices(
            func=lambda x: surrogate.predict(inputs(x.T)).T[varies],
            n=n_points,
            dists=[uniform(one, span) for one, span in zip(low[moves], width[moves], strict=True)],
            rng=seed,
        )
        of_moving = np.ix_(varies, moves)
        # Of a single output SciPy returns (d,).
        first[of_moving] = np.reshape(found.first_order, (varies.sum(), -1))
        total[of_moving] = np.reshape(found.total_order, (varies.sum(), -1))
    first[~varies], total[~varies] = np.nan, np.nan
    effects = width**2 * np.mean(slopes**2, axis=0) / np.pi**2
    with np.errstate(divide="ignore", invalid="ignore"):
        bound = np.where(varies[:, np.newaxis], effects / variance[:, np.newaxis], np.nan)
    return Sensitivity(box, variance, first, total, bound)


def _as_bounds(bounds: ArrayLike | None, X: NDArray[np.float64]) -> Array:
    if bounds is None:
        return np.stack([X.min(axis=0), X.max(axis=0)], axis=1).astype(np.float64)
    box = np.asarray(bounds, dtype=np.float64)
    if box.shape != (X.shape[1], 2) or not np.isfinite(box).all() or (box[:, 0] > box[:, 1]).any():
        raise ValueError(
            f"bounds: expected a lower and an upper end for each of {X.shape[1]} inputs, got {bounds!r:.100}"
        )
    return box
