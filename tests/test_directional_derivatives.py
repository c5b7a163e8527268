"""Derivatives along a direction, up to the third, against complex steps, 100 digits and closed forms.

What they share with the other second derivatives (threads, shapes, bad input) is in
test_second_derivatives.py.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

import jetmlp
import reference
import reference_second
from pairs import covers_pairs
from problems import BLOCK_BOUNDARIES, Problem, float32_tolerance, make_problem, model_of, problems
from reference import ACTIVATION_NAMES, Array, Network


def directions_of(problem: Problem) -> Array:
    directions = np.random.default_rng(7).uniform(-1, 1, problem.X.shape)
    return directions.astype(problem.dtype).astype(np.float64)


def assert_directional_derivatives(problem: Problem) -> None:
    network, parameters, X, V = problem.network, problem.parameters, problem.X, directions_of(problem)
    hessian = reference_second.hessian(network, parameters, X)
    expected = (
        np.einsum("nok,nk->no", reference.jacobian(network, parameters, X), V),
        np.einsum("nokl,nk,nl->no", hessian, V, V),
        reference_second.third_derivative(network, parameters, X, V),
    )
    found = model_of(problem).directional_derivatives(X, V)
    assert found.shape == (*problem.Y.shape, 3)
    assert found.dtype == problem.dtype
    # Each order goes through the layers once more, in the product and in the powers of the one below.
    for order, derivative in enumerate(expected):
        tolerance = 1e-11 if problem.dtype == "float64" else 3 * (order + 1) * float32_tolerance(network)
        scale = max(1e-2, np.abs(derivative).max(), np.abs(expected[0]).max())
        assert np.abs(found[..., order] - derivative).max() <= tolerance * scale


@covers_pairs(
    activation=ACTIVATION_NAMES,
    place=["hidden", "everywhere"],
    d=[1, 2, 9],
    m=[1, 3],
    hidden=[(6, 5), (), (4,), (8, 8), (9, 1, 7)],
    dtype=["float64", "float32"],
)
def test_every_activation_and_dimension(
    activation: str, place: str, d: int, m: int, hidden: tuple[int, ...], dtype: str
) -> None:
    network = Network((d, *hidden, m), activation, activation if place == "everywhere" else "identity")
    problem = make_problem(network, 11, seed=10 * d + m, dtype=dtype)
    assert_directional_derivatives(problem)


@settings(max_examples=60)
@given(problem=problems())
def test_any_shape(problem: Problem) -> None:
    assert_directional_derivatives(problem)


@pytest.mark.parametrize("n", BLOCK_BOUNDARIES)
def test_sample_counts_at_block_boundaries(n: int) -> None:
    assert_directional_derivatives(make_problem(Network((2, 9, 8, 3), "silu", "softplus"), n, seed=n))


@pytest.mark.parametrize("activation", ACTIVATION_NAMES)
def test_differences_at_100_digits(activation: str) -> None:
    problem = make_problem(Network((2, 4, 3, 2), activation, activation), 3, seed=8)
    V = directions_of(problem)
    expected = reference_second.precise_directional_derivatives(
        problem.network, problem.parameters, problem.X, V
    )
    error = np.abs(model_of(problem).directional_derivatives(problem.X, V) - expected)
    assert error.max() <= 1e-13 * np.abs(expected).max()


def test_a_sine_in_closed_form() -> None:
    """y = sin(w x + b)."""
    w, b = 1.7, 0.4
    model = jetmlp.MLP([1, 1], output_activation="sin", dtype="float64", normalize=False)
    model.parameters = [w, b]
    x = np.linspace(-2, 2, 31)
    z = w * x + b
    expected = np.stack([w * np.cos(z), -(w**2) * np.sin(z), -(w**3) * np.cos(z)], axis=-1)
    assert np.allclose(model.directional_derivatives(x, [1.0])[:, 0], expected, rtol=1e-13, atol=1e-14)


def test_the_length_of_a_direction_counts() -> None:
    problem = make_problem(Network((3, 8, 2)), 20)
    model, V = model_of(problem), directions_of(problem)
    once, thrice = (model.directional_derivatives(problem.X, factor * V) for factor in (1, 3))
    assert np.allclose(thrice, once * [3, 9, 27], rtol=1e-12, atol=1e-13)
