"""The gradient of the loss in every parameter, against complex steps.

The weights are 2 and 0.3, because a loss and a gradient that weigh differently agree at 0 and 1. An error is
judged relative to the sum of the magnitudes of what the samples contribute: they may cancel, their rounding
errors do not.
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
import reference
import reference_precise
import reference_training
from pairs import covers_pairs
from problems import BLOCK_BOUNDARIES, Problem, float32_tolerance, make_problem, model_of, problems
from reference import ACTIVATION_NAMES, Network

VALUE_WEIGHT, DERIVATIVE_WEIGHT = 2.0, 0.3
TOLERANCE = 1e-10


def objective_of(
    problem: Problem, Y: NDArray[Any] | None, dYdX: NDArray[Any] | None, n_threads: int = 1
) -> jetmlp.Objective:
    return jetmlp.Objective(
        model_of(problem),
        problem.X,
        Y,
        dYdX,
        value_weight=VALUE_WEIGHT,
        derivative_weight=DERIVATIVE_WEIGHT,
        n_threads=n_threads,
    )


def assert_gradient(problem: Problem, Y: NDArray[Any] | None, dYdX: NDArray[Any] | None) -> NDArray[Any]:
    """Hold loss and gradient to the oracle; returns the library's gradient."""
    oracle = (problem.network, problem.parameters, problem.X, Y, dYdX, VALUE_WEIGHT, DERIVATIVE_WEIGHT)
    contributions = reference.sample_gradients(*oracle)
    expected, scale = contributions.sum(axis=1), np.abs(contributions).sum(axis=1)
    expected_losses = reference.losses(*oracle)

    objective = objective_of(problem, Y, dYdX)
    loss, gradient = objective.loss_and_gradient(problem.parameters.astype(problem.dtype))
    assert gradient.shape == expected.shape
    assert gradient.dtype == problem.dtype
    error = np.abs(gradient - expected)
    if problem.dtype == "float64":
        assert error.max() <= TOLERANCE * np.abs(expected).max()
        assert (error <= TOLERANCE * (scale + 1e-3 * scale.max())).all()
        assert loss == pytest.approx(expected_losses[0], rel=1e-12, abs=1e-15)
        approximately = pytest.approx(expected_losses, rel=1e-12, abs=1e-15, nan_ok=True)
        assert objective.losses(problem.parameters) == approximately
    else:
        tolerance = float32_tolerance(problem.network)
        assert error.max() <= tolerance * scale.max()
        assert loss == pytest.approx(expected_losses[0], rel=tolerance, abs=tolerance)
    return np.asarray(gradient)


@covers_pairs(
    activation=ACTIVATION_NAMES,
    place=["hidden", "everywhere"],
    d=[1, 2, 3, 4],
    m=[1, 2, 3, 4],
    hidden=[(6, 5), (), (4,), (8, 8), (9, 1, 7)],
    dtype=["float64", "float32"],
)
def test_every_activation_and_dimension(
    activation: str, place: str, d: int, m: int, hidden: tuple[int, ...], dtype: str
) -> None:
    network = Network((d, *hidden, m), activation, activation if place == "everywhere" else "identity")
    problem = make_problem(network, 11, seed=10 * d + m, dtype=dtype)
    assert_gradient(problem, problem.Y, problem.dYdX)


@settings(deadline=None, max_examples=60)
@given(problem=problems())
def test_any_shape(problem: Problem) -> None:
    assert_gradient(problem, problem.Y, problem.dYdX)


@settings(deadline=None, max_examples=30)
@given(problem=problems())
def test_any_shape_with_values_only(problem: Problem) -> None:
    assert_gradient(problem, problem.Y, None)


@settings(deadline=None, max_examples=30)
@given(problem=problems())
def test_any_shape_with_derivatives_only(problem: Problem) -> None:
    assert_gradient(problem, None, problem.dYdX)


@settings(deadline=None, max_examples=40)
@given(problem=problems(), fraction=st.floats(0, 0.9), with_values=st.booleans())
def test_any_shape_with_missing_partials(problem: Problem, fraction: float, with_values: bool) -> None:
    missing = np.random.default_rng(1).random(problem.dYdX.shape) < fraction
    missing.flat[0] = False
    dYdX = np.where(missing, np.nan, problem.dYdX)
    assert_gradient(problem, problem.Y if with_values else None, dYdX)


@pytest.mark.parametrize("n", BLOCK_BOUNDARIES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_sample_counts_at_block_boundaries(dtype: str, n: int) -> None:
    problem = make_problem(Network((2, 9, 8, 2), "tanh", "sigmoid"), n, seed=n, dtype=dtype)
    assert_gradient(problem, problem.Y, problem.dYdX)


@pytest.mark.parametrize(
    ("layer_sizes", "n"),
    [
        ((1, 64, 64, 1), 257),
        ((3, 33, 70, 65, 2), 130),
        ((9, 20, 12), 40),
        ((2, *[7] * 12, 1), 50),
        ((20, 5, 30), 9),
    ],
    ids=["runge", "uneven", "many inputs", "deep", "many outputs"],
)
def test_networks_of_working_size(layer_sizes: tuple[int, ...], n: int) -> None:
    """Against the oracle's reverse sweep, since a complex step in thousands of parameters takes too long."""
    problem = make_problem(Network(layer_sizes, "silu"), n)
    losses, expected = reference_training.losses_and_gradient(
        problem.network,
        problem.parameters,
        problem.X,
        problem.Y,
        problem.dYdX,
        VALUE_WEIGHT,
        DERIVATIVE_WEIGHT,
    )
    loss, gradient = objective_of(problem, problem.Y, problem.dYdX).loss_and_gradient(problem.parameters)
    assert loss == pytest.approx(losses[0], rel=1e-12)
    assert np.abs(gradient - expected).max() <= TOLERANCE * np.abs(expected).max()


@pytest.mark.parametrize("activation", ACTIVATION_NAMES)
def test_nested_differences_at_100_digits(activation: str) -> None:
    problem = make_problem(Network((2, 3, 2), activation, activation), 3, seed=8)
    expected = reference_precise.loss_gradient(
        problem.network,
        problem.parameters,
        problem.X,
        problem.Y,
        problem.dYdX,
        VALUE_WEIGHT,
        DERIVATIVE_WEIGHT,
    )
    _, gradient = objective_of(problem, problem.Y, problem.dYdX).loss_and_gradient(problem.parameters)
    assert np.abs(gradient - expected).max() <= 1e-13 * np.abs(expected).max()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("m", [1, 3])
def test_derivatives_do_not_see_the_output_bias(m: int, dtype: str) -> None:
    problem = make_problem(Network((2, 9, 7, m)), 70, dtype=dtype)
    gradient = assert_gradient(problem, None, problem.dYdX)
    assert (gradient[-m:] == 0).all()
    assert (gradient[:-m] != 0).any()


def test_missing_partials_have_no_influence_on_the_others() -> None:
    """Samples without any partial: the rest is as if they had never been listed."""
    problem = make_problem(Network((2, 6, 3)), 40)
    dYdX = problem.dYdX.copy()
    dYdX[10:] = np.nan
    with_missing = objective_of(problem, None, dYdX).loss_and_gradient(problem.parameters)
    first_rows = replace(problem, X=problem.X[:10])
    loss, gradient = objective_of(first_rows, None, dYdX[:10]).loss_and_gradient(problem.parameters)
    assert with_missing[0] == pytest.approx(loss, rel=1e-13)
    assert np.allclose(with_missing[1], gradient, rtol=1e-12, atol=1e-15)


@settings(deadline=None, max_examples=30)
@given(problem=problems())
def test_loss_losses_and_gradient_tell_the_same_story(problem: Problem) -> None:
    objective = objective_of(problem, problem.Y, problem.dYdX)
    loss, value_loss, derivative_loss = objective.losses(problem.parameters)
    assert loss == pytest.approx(VALUE_WEIGHT * value_loss + DERIVATIVE_WEIGHT * derivative_loss, rel=1e-14)
    assert objective.loss(problem.parameters) == pytest.approx(loss, rel=1e-14)
    assert objective.loss_and_gradient(problem.parameters)[0] == pytest.approx(loss, rel=1e-14)


@pytest.mark.parametrize(
    ("value_weight", "derivative_weight"),
    [(0.0, DERIVATIVE_WEIGHT), (VALUE_WEIGHT, 0.0)],
    ids=["value", "derivative"],
)
def test_a_zero_weight_removes_its_term(value_weight: float, derivative_weight: float) -> None:
    problem = make_problem(Network((3, 6, 2), "sin"), 33)
    weighted = jetmlp.Objective(
        model_of(problem),
        problem.X,
        problem.Y,
        problem.dYdX,
        value_weight=value_weight,
        derivative_weight=derivative_weight,
    )
    alone = objective_of(
        problem, problem.Y if value_weight else None, problem.dYdX if derivative_weight else None
    )
    loss, gradient = weighted.loss_and_gradient(problem.parameters)
    expected_loss, expected = alone.loss_and_gradient(problem.parameters)
    assert loss == pytest.approx(expected_loss, rel=1e-14)
    assert np.allclose(gradient, expected, rtol=1e-12, atol=1e-15)


def test_an_objective_is_a_pure_function() -> None:
    problem = make_problem(Network((2, 8, 8, 2)), 50)
    model = model_of(problem)
    objective = jetmlp.Objective(model, problem.X, problem.Y, problem.dYdX)
    before = objective.loss_and_gradient(problem.parameters)
    objective.loss_and_gradient(problem.parameters + 1)
    after = objective.loss_and_gradient(problem.parameters)
    assert before[0] == after[0]
    assert np.array_equal(before[1], after[1])
    assert np.array_equal(model.parameters, problem.parameters)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("n", [1, 65, 1500])
def test_any_number_of_threads_gives_the_same_bytes(n: int, dtype: str) -> None:
    problem = make_problem(Network((3, 30, 30, 2)), n, dtype=dtype)
    one, *others = (
        objective_of(problem, problem.Y, problem.dYdX, n_threads).loss_and_gradient(problem.parameters)
        for n_threads in (1, 2, 3)
    )
    for other in others:
        assert one[0] == other[0]
        assert one[1].tobytes() == other[1].tobytes()


def test_the_gradient_predicts_a_small_step(rng: np.random.Generator) -> None:
    """The definition itself, free of any oracle: loss(p + t v) - loss(p - t v) = 2 t g.v + O(t^3)."""
    problem = make_problem(Network((2, 8, 8, 2), "softplus", "tanh"), 50)
    objective = objective_of(problem, problem.Y, problem.dYdX)
    direction = rng.normal(size=problem.parameters.size)
    _, gradient = objective.loss_and_gradient(problem.parameters)
    t = 1e-6
    ahead, behind = (objective.loss(problem.parameters + sign * t * direction) for sign in (1, -1))
    assert (ahead - behind) / (2 * t) == pytest.approx(gradient @ direction, rel=1e-7)
