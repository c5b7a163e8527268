"""Residuals, their Jacobian and its Gram matrix, held to complex steps in every parameter."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import jetmlp
from problems import Problem, make_problem, model_of, problems
from reference import Network
from reference_residuals import WEIGHTS, reference_jacobian, reference_residuals, without


def objective_of(problem: Problem, kinds: str, **options: Any) -> jetmlp.Objective:  # noqa: ANN401
    return jetmlp.Objective(
        model_of(problem),
        problem.X,
        problem.Y if "v" in kinds else None,
        problem.dYdX if "d" in kinds else None,
        **(WEIGHTS | options),
    )


def check(problem: Problem, kinds: str) -> None:
    objective = objective_of(problem, kinds)
    J, r = reference_jacobian(problem, kinds), reference_residuals(problem, kinds, problem.parameters)
    scale = max(np.abs(J).max(), 1e-300)
    assert objective.n_residuals == len(r)
    assert objective.residuals(problem.parameters) == pytest.approx(r, rel=1e-12, abs=1e-13)
    assert np.abs(objective.residual_jacobian(problem.parameters) - J).max() <= 1e-13 * scale * 10
    K = J @ J.T
    assert np.abs(objective.gram(problem.parameters) - K).max() <= 1e-13 * max(np.abs(K).max(), 1e-300)


@settings(max_examples=60)
@given(problems(), st.sampled_from(["v", "d", "vd"]), st.sampled_from([0.0, 0.3, 0.9]))
def test_any_network(problem: Problem, kinds: str, share: float) -> None:
    check(without(problem, share), kinds)


@pytest.mark.parametrize(
    ("sizes", "n"),
    [
        ((1, 12, 12, 1), 80),
        ((1, 20, 1), 17),
        ((3, 8, 5, 2), 33),
        ((2, 6, 6, 6, 3), 9),
        ((12, 7, 1), 21),
        ((1, 5, 9), 40),
    ],
    ids=str,
)
@pytest.mark.parametrize("activation", ["tanh", "sin", "silu"])
def test_several_blocks(sizes: tuple[int, ...], n: int, activation: str) -> None:
    for share in (0.0, 0.4):
        check(without(make_problem(Network(sizes, activation), n), share), "vd")


def test_whole_rows_and_columns_may_be_missing() -> None:
    problem = make_problem(Network((3, 8, 2)), 60)
    dYdX = problem.dYdX.copy()
    dYdX[5:40] = np.nan  # values without gradients
    dYdX[:, :, 1] = np.nan
    dYdX[:, 0, 2] = np.nan
    check(replace(problem, dYdX=dYdX), "vd")
    check(replace(problem, dYdX=dYdX), "d")


def test_squares_sum_to_the_loss_and_carry_its_gradient() -> None:
    problem = without(make_problem(Network((2, 9, 7, 2), "softplus", "sin"), 70), 0.2)
    objective = objective_of(problem, "vd")
    loss, gradient = objective.loss_and_gradient(problem.parameters)
    r, J = objective.residuals(problem.parameters), objective.residual_jacobian(problem.parameters)
    assert r @ r == pytest.approx(loss, rel=1e-13)
    assert 2 * J.T @ r == pytest.approx(gradient, rel=1e-11, abs=1e-13)


def test_an_entry_of_no_weight_is_no_residual() -> None:
    problem = make_problem(Network((2, 5, 1)), 11)
    objective = objective_of(problem, "vd", value_weight=0.0)
    assert objective.n_residuals == problem.dYdX.size
    assert objective.residuals(problem.parameters) == pytest.approx(
        reference_residuals(problem, "d", problem.parameters)
    )


def test_the_gram_matrix_has_the_same_bytes_for_any_number_of_threads() -> None:
    problem = make_problem(Network((2, 12, 12, 2)), 90)
    grams = [objective_of(problem, "vd", n_threads=n).gram(problem.parameters).tobytes() for n in (1, 2, 5)]
    assert len(set(grams)) == 1


def test_float32_and_wrong_shapes_are_refused() -> None:
    problem = make_problem(Network((1, 3, 1)), 5)
    single = jetmlp.Objective(jetmlp.MLP([1, 3, 1], dtype="float32", normalize=False), problem.X, problem.Y)
    for call in (single.residuals, single.residual_jacobian, single.gram):
        with pytest.raises(ValueError, match=r"model: expected dtype='float64' .* got float32"):
            call(np.zeros(10))
    with pytest.raises(ValueError, match=r"model: expected dtype='float64'"):
        single.n_residuals  # noqa: B018
    for call in (objective_of(problem, "v").residuals, objective_of(problem, "v").gram):
        with pytest.raises(ValueError, match=r"parameters: expected shape \(10,\), got \(9,\)"):
            call(np.zeros(9))
