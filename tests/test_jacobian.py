"""Predictions and Jacobians against the plain forward pass, its complex steps and 100-digit differences."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

import jetmlp
import reference
import reference_precise
from pairs import covers_pairs
from problems import BLOCK_BOUNDARIES, Problem, float32_tolerance, make_problem, model_of, problems
from reference import ACTIVATION_NAMES, Network

TOLERANCE = 1e-10


def assert_jets(problem: Problem) -> None:
    """Hold the three ways to predict to the oracle, relative to the largest entry."""
    network, X = problem.network, problem.X.astype(problem.dtype)
    values = reference.forward(network, problem.parameters, problem.X)
    derivatives = reference.jacobian(network, problem.parameters, problem.X)
    tolerance = TOLERANCE if problem.dtype == "float64" else float32_tolerance(network)
    # A unit of input or weight is the least scale: all outputs of a ReLU may be 0.
    scales = [tolerance * max(1e-3, np.abs(array).max()) for array in (values, derivatives)]

    model = model_of(problem)
    together = model.predict_with_jacobian(X)
    for predicted in (model.predict(X), model(X), together[0]):
        assert predicted.shape == values.shape
        assert predicted.dtype == problem.dtype
        assert np.abs(predicted - values).max() <= scales[0]
    for predicted in (model.jacobian(X), together[1]):
        assert predicted.shape == derivatives.shape
        assert predicted.dtype == problem.dtype
        assert np.abs(predicted - derivatives).max() <= scales[1]


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
    assert_jets(problem)


@settings(deadline=None, max_examples=60)
@given(problem=problems())
def test_any_shape(problem: Problem) -> None:
    assert_jets(problem)


@pytest.mark.parametrize("n", BLOCK_BOUNDARIES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_sample_counts_at_block_boundaries(dtype: str, n: int) -> None:
    assert_jets(make_problem(Network((2, 9, 8, 3), "silu", "softplus"), n, seed=n, dtype=dtype))


@pytest.mark.parametrize(
    "layer_sizes", [(1, 64, 64, 1), (3, 33, 70, 65, 2), (20, 5, 30), (2, *[7] * 12, 1)], ids=str
)
def test_networks_of_working_size(layer_sizes: tuple[int, ...]) -> None:
    assert_jets(make_problem(Network(layer_sizes), 131))


@pytest.mark.parametrize("activation", ACTIVATION_NAMES)
def test_differences_at_100_digits(activation: str) -> None:
    problem = make_problem(Network((2, 4, 3, 2), activation, activation), 3, seed=8)
    expected = reference_precise.jacobian(problem.network, problem.parameters, problem.X).astype(np.float64)
    assert np.abs(model_of(problem).jacobian(problem.X) - expected).max() <= 1e-14 * np.abs(expected).max()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_many_rows_are_the_rows_one_by_one(dtype: str) -> None:
    problem = make_problem(Network((3, 20, 17, 2), "tanh"), 1000, dtype=dtype)
    model = model_of(problem)
    X = problem.X.astype(dtype)
    values, derivatives = model.predict_with_jacobian(X)
    tolerance = 64 * np.finfo(dtype).eps
    for i in range(len(X)):
        row = X[i : i + 1]
        assert np.allclose(model.predict(row)[0], values[i], rtol=tolerance, atol=tolerance)
        assert np.allclose(model.jacobian(row)[0], derivatives[i], rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("activation", ACTIVATION_NAMES)
def test_saturated_and_huge_inputs_have_their_values_and_slopes(activation: str) -> None:
    """exp overflows long before these inputs do; 100 digits know what is right there."""
    X = np.array([[-1e6], [-1e3], [1e3], [1e6]])
    model = jetmlp.MLP([1, 4, 1], activation, dtype="float64", seed=3, normalize=False)
    network = Network((1, 4, 1), activation)
    expected = [
        oracle(network, model.parameters, X)
        for oracle in (reference_precise.values, reference_precise.jacobian)
    ]
    for found, precise in zip(model.predict_with_jacobian(X), expected, strict=True):
        exact = precise.astype(np.float64)
        # z of 1e6 is rounded by up to 1e-10, which nothing dampens in sin.
        tolerance = 1e-9 if activation == "sin" else 1e-13
        # Differences of 100 digits know of no slope below 1e-70.
        assert np.abs(found - exact).max() <= max(tolerance * np.abs(exact).max(), 1e-70)
