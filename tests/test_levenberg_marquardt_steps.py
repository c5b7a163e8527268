"""Levenberg-Marquardt goes step by step where its papers say, rejected steps and penalties included."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice, pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import jetmlp
from problems import Problem, make_problem, model_of
from reference import Network
from reference_levenberg_marquardt import Step, steps
from reference_residuals import WEIGHTS, reference_jacobian, reference_residuals

Array = NDArray[np.float64]

SIZES = (2, 6, 5, 2)
N_STEPS = 10
#: α of the weights and the biases of each of three layers.
ALPHAS = (0.02, 0.0, 0.003, 0.05, 0.001, 0.01)


def _expected(problem: Problem, alpha: Array, **options: Any) -> list[Step]:  # noqa: ANN401
    def at(parameters: Array) -> Problem:
        return replace(problem, parameters=parameters)

    taken = steps(
        lambda theta: reference_residuals(problem, "vd", theta),
        lambda theta: reference_jacobian(at(theta), "vd"),
        problem.parameters,
        alpha,
        **options,
    )
    return list(islice(taken, N_STEPS))


def _alpha_of(groups: tuple[float, ...]) -> Array:
    counts = [count for n_in, n_out in pairwise(SIZES) for count in (n_in * n_out, n_out)]
    return np.repeat(groups, counts)


@pytest.mark.parametrize("geodesic", [True, False])
@pytest.mark.parametrize("initial_damping", [1e-2, 1e-9])
@pytest.mark.parametrize("penalty", ["none", "l2", "regularization"])
@pytest.mark.parametrize("form", ["dual", "primal"])
def test_every_step_is_that_of_dense_algebra(
    geodesic: bool, initial_damping: float, penalty: str, form: str
) -> None:
    """With hardly any damping at first, steps are rejected and the damping is raised faster and faster."""
    problem = make_problem(Network(SIZES), 12, seed=3)
    l2 = 0.01
    groups = {"none": (0.0,) * 6, "l2": (l2, 0.0) * 3, "regularization": ALPHAS}[penalty]
    options: dict[str, Any] = {"initial_damping": initial_damping}
    expected = _expected(problem, _alpha_of(groups), geodesic=geodesic, **options)
    if initial_damping < 1e-3:
        assert sum(step.n_rejected for step in expected) > 3
    optimizer = jetmlp.LevenbergMarquardt(
        geodesic_acceleration=geodesic,
        form="automatic" if penalty == "regularization" else form,  # it has one form
        regularization=list(groups) if penalty == "regularization" else None,
        **options,
    )
    trainer = jetmlp.Trainer(model_of(problem), optimizer, l2=l2 if penalty == "l2" else 0.0, **WEIGHTS)
    found: list[Array] = []
    trainer.fit(
        problem.X,
        problem.Y,
        problem.dYdX,
        epochs=N_STEPS,
        callbacks=lambda epoch, losses: found.append(trainer.model.parameters),
    )
    assert len(expected) >= 3
    for k, (parameters, step) in enumerate(zip(found, expected, strict=False)):
        error = np.linalg.norm(parameters - step.parameters) / np.linalg.norm(step.parameters)
        assert error < 1e-6, f"step {k}"
