"""The loss on second derivatives and its gradient, against complex steps and nested 100-digit differences.

Weights that are neither 0 nor 1 and differ, because a loss and a gradient that weigh differently agree
there. An error is judged as in test_gradients.py.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import jetmlp
import reference_second
from pairs import covers_pairs
from problems import (
    BLOCK_BOUNDARIES,
    Problem,
    float32_tolerance,
    make_problem,
    model_of,
    networks,
    second_targets,
)
from reference import ACTIVATION_NAMES, Network

WEIGHTS = (2.0, 0.3, 0.7)
WEIGHT_NAMES = ("value_weight", "derivative_weight", "second_derivative_weight")
TOLERANCE = 1e-10

Targets = tuple[NDArray[Any] | None, NDArray[Any] | None, NDArray[Any]]


def objective_of(
    problem: Problem, targets: Targets, weights: tuple[float, ...] = WEIGHTS, n_threads: int = 1
) -> jetmlp.Objective:
    Y, dYdX, d2YdX2 = targets
    by_name = dict(zip(WEIGHT_NAMES, weights, strict=True))
    return jetmlp.Objective(
        model_of(problem), problem.X, Y, dYdX, d2YdX2=d2YdX2, n_threads=n_threads, **by_name
    )


def assert_gradient(problem: Problem, targets: Targets) -> None:
    """Hold losses and gradient to the oracle."""
    oracle = (problem.network, problem.parameters, problem.X, targets, WEIGHTS)
    contributions = reference_second.sample_gradients(*oracle)
    expected, scale = contributions.sum(axis=1), np.abs(contributions).sum(axis=1)
    expected_losses = reference_second.losses(*oracle)

    objective = objective_of(problem, targets)
    loss, gradient = objective.loss_and_gradient(problem.parameters)
    assert gradient.shape == expected.shape
    assert gradient.dtype == problem.dtype
    error = np.abs(gradient - expected)
    losses = objective.losses(problem.parameters)
    assert len(losses) == 4
    if problem.dtype == "float64":
        assert (error <= TOLERANCE * (scale + 1e-3 * scale.max())).all()
        assert losses == pytest.approx(expected_losses, rel=1e-12, abs=1e-15, nan_ok=True)
        assert loss == pytest.approx(expected_losses[0], rel=1e-12, abs=1e-15)
    else:
        tolerance = 3 * float32_tolerance(problem.network)
        assert error.max() <= tolerance * scale.max()
        assert losses == pytest.approx(expected_losses, rel=tolerance, abs=tolerance, nan_ok=True)


def all_targets(problem: Problem) -> Targets:
    return problem.Y, problem.dYdX, second_targets(problem)


@covers_pairs(
    activation=ACTIVATION_NAMES,
    place=["hidden", "everywhere"],
    d=[1, 2, 3, 4],
    m=[1, 2, 3],
    hidden=[(6, 5), (), (4,), (8, 8), (9, 1, 7)],
    dtype=["float64", "float32"],
)
def test_every_activation_and_dimension(
    activation: str, place: str, d: int, m: int, hidden: tuple[int, ...], dtype: str
) -> None:
    network = Network((d, *hidden, m), activation, activation if place == "everywhere" else "identity")
    problem = make_problem(network, 7, seed=10 * d + m, dtype=dtype)
    assert_gradient(problem, all_targets(problem))


@settings(max_examples=60)
@given(
    network=networks(),
    n=st.integers(1, 30),
    seed=st.integers(0, 2**16),
    with_values=st.booleans(),
    with_derivatives=st.booleans(),
    fraction=st.sampled_from([0.0, 0.3, 0.9]),
)
def test_any_shape_with_any_targets(
    network: Network, n: int, seed: int, with_values: bool, with_derivatives: bool, fraction: float
) -> None:
    """Entries that are missing: one of a mirrored pair, both, whole samples."""
    problem = make_problem(network, n, seed=seed)
    d2YdX2 = second_targets(problem)
    missing = np.random.default_rng(seed).random(d2YdX2.shape) < fraction
    missing.flat[0] = False
    targets = (
        problem.Y if with_values else None,
        problem.dYdX if with_derivatives else None,
        np.where(missing, np.nan, d2YdX2),
    )
    assert_gradient(problem, targets)


@pytest.mark.parametrize("n", BLOCK_BOUNDARIES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_sample_counts_at_block_boundaries(dtype: str, n: int) -> None:
    problem = make_problem(Network((2, 9, 8, 2), "tanh", "sigmoid"), n, seed=n, dtype=dtype)
    assert_gradient(problem, all_targets(problem))


@pytest.mark.parametrize("activation", ACTIVATION_NAMES)
def test_nested_differences_at_100_digits(activation: str) -> None:
    problem = make_problem(Network((2, 3, 2), activation, activation), 2, seed=8)
    d2YdX2 = second_targets(problem)
    expected = reference_second.precise_loss_gradient(
        problem.network, problem.parameters, problem.X, d2YdX2, WEIGHTS[2]
    )
    _, gradient = objective_of(problem, (None, None, d2YdX2)).loss_and_gradient(problem.parameters)
    assert np.abs(gradient - expected).max() <= 1e-12 * np.abs(expected).max() + 1e-40


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("n", [1, 65, 700])
def test_any_number_of_threads_gives_the_same_bytes(n: int, dtype: str) -> None:
    problem = make_problem(Network((3, 20, 20, 2)), n, dtype=dtype)
    targets = all_targets(problem)
    one, *others = (
        objective_of(problem, targets, n_threads=n_threads).loss_and_gradient(problem.parameters)
        for n_threads in (1, 2, 3)
    )
    for other in others:
        assert one[0] == other[0]
        assert one[1].tobytes() == other[1].tobytes()


def test_second_derivatives_do_not_see_the_output_bias() -> None:
    problem = make_problem(Network((2, 9, 7, 3)), 20)
    _, gradient = objective_of(problem, (None, None, second_targets(problem))).loss_and_gradient(
        problem.parameters
    )
    assert (gradient[-3:] == 0).all()
    assert (gradient[:-3] != 0).any()


def test_it_is_the_mean_over_the_models_own_hessian() -> None:
    problem = make_problem(Network((2, 8, 8, 2), "silu"), 50)
    d2YdX2 = second_targets(problem)
    d2YdX2[:, 0, 0, 1] = np.nan  # the other mixed entry stays
    d2YdX2[7] = np.nan
    expected = np.nanmean((model_of(problem).hessian(problem.X) - d2YdX2) ** 2)
    loss, value_loss, derivative_loss, second_derivative_loss = objective_of(
        problem, (None, None, d2YdX2)
    ).losses(problem.parameters)
    assert np.isnan([value_loss, derivative_loss]).all()
    assert second_derivative_loss == pytest.approx(expected, rel=1e-13)
    assert loss == pytest.approx(WEIGHTS[2] * expected, rel=1e-13)


def test_missing_entries_have_no_influence_on_the_others() -> None:
    problem = make_problem(Network((2, 6, 3)), 40)
    d2YdX2 = second_targets(problem)
    d2YdX2[10:] = np.nan
    with_missing = objective_of(problem, (None, None, d2YdX2)).loss_and_gradient(problem.parameters)
    first_rows = replace(problem, X=problem.X[:10])
    loss, gradient = objective_of(first_rows, (None, None, d2YdX2[:10])).loss_and_gradient(problem.parameters)
    assert with_missing[0] == pytest.approx(loss, rel=1e-13)
    assert np.allclose(with_missing[1], gradient, rtol=1e-12, atol=1e-15)


def test_a_zero_weight_only_removes_its_term() -> None:
    """What is fitted besides comes out as if by another way: jets of second order or of first."""
    problem = make_problem(Network((3, 6, 2), "sin"), 33)
    Y, dYdX, d2YdX2 = all_targets(problem)
    weighted = objective_of(problem, (Y, dYdX, d2YdX2), (2.0, 0.3, 0.0))
    alone = jetmlp.Objective(model_of(problem), problem.X, Y, dYdX, value_weight=2.0, derivative_weight=0.3)
    loss, gradient = weighted.loss_and_gradient(problem.parameters)
    expected_loss, expected = alone.loss_and_gradient(problem.parameters)
    assert loss == pytest.approx(expected_loss, rel=1e-13)
    assert np.allclose(gradient, expected, rtol=1e-12, atol=1e-15)
    assert weighted.losses(problem.parameters)[3] > 0
    assert len(alone.losses(problem.parameters)) == 3


def test_the_gradient_predicts_a_small_step(rng: np.random.Generator) -> None:
    """The definition itself, free of any oracle: loss(p + t v) - loss(p - t v) = 2 t g.v + O(t^3)."""
    problem = make_problem(Network((2, 8, 8, 2), "softplus", "tanh"), 50)
    objective = objective_of(problem, all_targets(problem))
    direction = rng.normal(size=problem.parameters.size)
    _, gradient = objective.loss_and_gradient(problem.parameters)
    t = 1e-6
    ahead, behind = (objective.loss(problem.parameters + sign * t * direction) for sign in (1, -1))
    assert (ahead - behind) / (2 * t) == pytest.approx(gradient @ direction, rel=1e-7)
