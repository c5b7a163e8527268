"""The oracle for second derivatives, held to itself: three ways that share nothing but the forward pass."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

import reference_precise
import reference_second
from problems import Problem, make_problem, problems
from reference import ACTIVATION_NAMES, STEP, Network


@pytest.mark.parametrize("name", ACTIVATION_NAMES)
def test_curvatures_are_the_closed_ones_and_take_complex_steps(name: str) -> None:
    """The imaginary part is the third derivative: what the gradient of the loss on Hessians needs."""
    z = np.array([-3.7, -1.1, -1e-3, 0.4, 2.9])
    exact = np.array([[float(x) for x in reference_precise.activation(name, x)] for x in z])
    found = reference_second.CURVATURES[name](z + 1j * STEP)
    assert np.allclose(found.real, exact[:, 2], rtol=1e-13, atol=1e-15)
    assert np.allclose(found.imag / STEP, exact[:, 3], rtol=1e-12, atol=1e-14)


@settings(max_examples=40)
@given(problem=problems())
def test_jets_carry_the_complex_step_of_the_jacobian(problem: Problem) -> None:
    network, parameters, X = problem.network, problem.parameters, problem.X
    by_jets = reference_second.second_order_jets(network, parameters, X)
    assert np.allclose(by_jets, reference_second.hessian(network, parameters, X), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("name", ACTIVATION_NAMES)
def test_complex_steps_agree_with_nested_differences_at_100_digits(
    name: str, rng: np.random.Generator
) -> None:
    problem = make_problem(Network((2, 3, 2), name, name), 2, seed=3)
    network, parameters, X = problem.network, problem.parameters, problem.X
    expected = reference_second.precise_hessian(network, parameters, X)
    assert np.allclose(reference_second.hessian(network, parameters, X), expected, rtol=1e-12, atol=1e-14)
    targets = rng.uniform(-1, 1, expected.shape)
    gradient = reference_second.sample_gradients(
        network, parameters, X, (None, None, targets), (0.0, 0.0, 0.7)
    ).sum(axis=1)
    by_differences = reference_second.precise_loss_gradient(network, parameters, X, targets, 0.7)
    assert np.allclose(gradient, by_differences, rtol=1e-12, atol=1e-14)
