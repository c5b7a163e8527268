"""Levenberg-Marquardt from its papers, with dense linear algebra: what the core has to do step by step.

Nielsen, "Damping parameter in Marquardt's method" (IMM-REP-1999-05), for the damping; Transtrum and Sethna
(arXiv:1201.5885) for the geodesic acceleration.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

H = 0.1  # of the central difference along the step
MOST_CURVATURE = 0.75


class Step(NamedTuple):
    """An accepted step."""

    parameters: Array
    n_rejected: int  # before it


def steps(
    residuals: Callable[[Array], Array],
    jacobian: Callable[[Array], Array],
    start: Array,
    alpha: Array,
    *,
    initial_damping: float,
    geodesic: bool,
) -> Iterator[Step]:
    """Minimize ‖r(θ)‖² + Σ α θ² from a start; step after step, down to what rounding leaves."""
    theta, damping, raise_by, n_rejected = start, None, 2.0, 0
    while True:
        r, J = residuals(theta), jacobian(theta)
        A = J.T @ J + np.diag(alpha)
        gradient = J.T @ r + alpha * theta
        if np.linalg.norm(gradient) < 1e-6:
            return
        if damping is None:
            damping = initial_damping * np.trace(A)
        while True:
            M = A + damping * np.eye(len(A))
            velocity = -np.linalg.solve(M, gradient)
            candidate, straight = theta + velocity, True
            if geodesic:
                ahead, behind = residuals(theta + H * velocity), residuals(theta - H * velocity)
                acceleration = -np.linalg.solve(M, J.T @ ((ahead - 2 * r + behind) / H**2))
                straight = bool(np.linalg.norm(acceleration) <= MOST_CURVATURE * np.linalg.norm(velocity))
                candidate = theta + velocity + 0.5 * acceleration
            after = residuals(candidate)
            fall = r @ r + alpha @ theta**2 - after @ after - alpha @ candidate**2
            if straight and fall > 0:
                break
            damping, raise_by, n_rejected = damping * raise_by, 2 * raise_by, n_rejected + 1
        gain = fall / (damping * velocity @ velocity - gradient @ velocity)
        damping, raise_by = damping * max(1 / 3, 1 - (2 * gain - 1) ** 3), 2.0
        theta = candidate
        yield Step(theta, n_rejected)
        n_rejected = 0
