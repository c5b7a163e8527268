"""The oracle of `reference.py` for residuals: every error times √(weight / count)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from problems import Problem
from reference import STEP, jets

WEIGHTS = {"value_weight": 0.7, "derivative_weight": 0.3}


def reference_residuals(problem: Problem, kinds: str, parameters: NDArray[Any]) -> NDArray[Any]:
    """Every error times √(weight / count), absent ones left out: values, then derivatives."""
    values, derivatives = jets(problem.network, parameters, problem.X)
    leading = values.shape[: values.ndim - 2]
    parts = []
    if "v" in kinds:
        parts.append(np.sqrt(0.7 / problem.Y.size) * (values - problem.Y).reshape(*leading, -1))
    if "d" in kinds:
        present = ~np.isnan(problem.dYdX).ravel()
        errors = (derivatives - problem.dYdX).reshape(*leading, -1)[..., present]
        parts.append(np.sqrt(0.3 / present.sum()) * errors)
    return np.concatenate(parts, axis=-1)


def reference_jacobian(problem: Problem, kinds: str) -> NDArray[Any]:
    stepped = problem.parameters + 1j * STEP * np.eye(problem.network.n_parameters)
    return np.asarray(reference_residuals(problem, kinds, stepped).imag.T / STEP)


def without(problem: Problem, share: float, seed: int = 0) -> Problem:
    """Take away that share of the derivatives, never all of them."""
    missing = np.random.default_rng(seed).random(problem.dYdX.shape) < share
    missing.flat[0] = False
    return replace(problem, dYdX=np.where(missing, np.nan, problem.dYdX))
