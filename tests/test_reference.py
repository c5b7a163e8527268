"""The oracle, held to definitions, to published numbers and to PyTorch before anything is held to it."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from mpmath import mp, mpf

import golden
import reference
import reference_precise
import reference_training
from problems import Problem, make_problem, problems
from reference import ACTIVATION_NAMES, ACTIVATIONS, Network
from reference_random import KNOWN_ANSWERS, Generator, Words, initial_parameters, philox4x32
from reference_training import Adam


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN_ANSWERS, ids=["zeros", "ones", "pi"])
def test_philox_gives_the_published_words(counter: Words, key: Words, answer: Words) -> None:
    assert philox4x32(counter, key) == answer


def test_generator_fills_key_and_counter() -> None:
    _, (k0, k1), _ = KNOWN_ANSWERS[2]
    generator = Generator(k1 << 32 | k0, 7, 5 << 32 | 3)
    expected = [*philox4x32((0, 3, 5, 7), (k0, k1)), *philox4x32((1, 3, 5, 7), (k0, k1))]
    assert generator.words(8).tolist() == expected


class Prescribed(Generator):
    """A generator that is fed its words."""

    def __init__(self, *words: int) -> None:
        super().__init__(0, 0, 0)
        self._waiting = list(words)


def test_bounded_rejects_the_words_that_would_bias_it() -> None:
    """Each of 6 results keeps 715827882 words; the 4 words over are redrawn.

    They are those whose product with 6 leaves less than 4 modulo 2^32: 0, 2^31 and two at its sixths.
    """
    third = 2**32 // 3
    generator = Prescribed(0, 2**31, third // 2 + 1, 2 * third + 1, third + 1, 1, third, 2**32 - 1)
    assert [generator.next_bounded(6) for _ in range(4)] == [2, 0, 1, 5]


def test_random_numbers_have_their_moments() -> None:
    n = 20_000
    uniform, normal = Generator(3, 2, 0).uniform(n), Generator(3, 2, 1).normal(n)
    assert abs(uniform.mean() - 1 / 2) < 5 / np.sqrt(12 * n)
    assert abs(normal.mean()) < 5 / np.sqrt(n)
    assert abs(normal.var() - 1) < 5 * np.sqrt(2 / n)
    assert sorted(Generator(3, 1, 0).permutation(1000)) == list(range(1000))


@pytest.mark.parametrize("z", [-3.7, -1.1, -1e-3, 0.4, 2.9])
@pytest.mark.parametrize("name", ACTIVATION_NAMES)
def test_closed_derivatives_are_the_numerical_derivatives_of_the_values(name: str, z: float) -> None:
    closed = reference_precise.activation(name, z)

    def evaluate(x: mpf) -> mpf:
        return mpmath.fsum(reference_precise.TERMS[name](x)[0])

    with mp.workdps(80):
        numerical = [mpmath.diff(evaluate, mpf(z), order) for order in range(4)]
        assert max(abs(a - b) for a, b in zip(closed, numerical, strict=True)) < mpf(10) ** -18
    value, slope = (function(np.array([z])) for function in ACTIVATIONS[name])
    assert np.allclose([value[0], slope[0]], [float(x) for x in closed[:2]], rtol=1e-14, atol=1e-15)


def test_values_of_activations_are_the_textbook_ones() -> None:
    with mp.workdps(50):
        x = mpf(13) / 10
        logistic = 1 / (1 + mpmath.exp(-x))
        e = mpmath.exp(x)
        expected = {
            "tanh": (e - 1 / e) / (e + 1 / e),
            "relu": x,
            "sigmoid": logistic,
            "softplus": mpmath.log(1 + e),
            "silu": x * logistic,
            "sin": mpmath.sin(x),
            "identity": x,
        }
        for name, value in expected.items():
            assert abs(mpmath.fsum(reference_precise.TERMS[name](x)[0]) - value) < mpf(10) ** -45, name


@settings(deadline=None, max_examples=40)
@given(problem=problems())
def test_jets_carry_the_complex_step_jacobian(problem: Problem) -> None:
    network, parameters, X = problem.network, problem.parameters, problem.X
    values, derivatives = reference.jets(network, parameters, X)
    assert np.allclose(values, reference.forward(network, parameters, X), rtol=1e-13, atol=1e-14)
    assert np.allclose(derivatives, reference.jacobian(network, parameters, X), rtol=1e-12, atol=1e-13)


@settings(deadline=None, max_examples=40)
@given(problem=problems())
def test_reverse_sweep_agrees_with_complex_step(problem: Problem) -> None:
    data = (problem.network, problem.parameters, problem.X, problem.Y, problem.dYdX, 2.0, 0.3)
    losses, gradient = reference_training.losses_and_gradient(*data)
    assert np.allclose(losses, reference.losses(*data), rtol=1e-13)
    assert np.allclose(gradient, reference.sample_gradients(*data).sum(axis=1), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("output_activation", ["identity", "same"])
@pytest.mark.parametrize("name", ACTIVATION_NAMES)
def test_complex_step_agrees_with_nested_differences_at_100_digits(name: str, output_activation: str) -> None:
    network = Network((2, 3, 2), name, name if output_activation == "same" else output_activation)
    problem = make_problem(network, 2, seed=3)
    data = (network, problem.parameters, problem.X, problem.Y, problem.dYdX, 2.0, 0.3)
    precise_jacobian = reference_precise.jacobian(*data[:3]).astype(np.float64)
    assert np.allclose(reference.jacobian(*data[:3]), precise_jacobian, rtol=1e-13, atol=1e-15)
    gradient = reference.sample_gradients(*data).sum(axis=1)
    assert np.allclose(gradient, reference_precise.loss_gradient(*data), rtol=1e-13, atol=1e-15)


def test_missing_partials_leave_the_mean_over_the_others() -> None:
    problem = make_problem(Network((2, 4, 3)), 5)
    network, parameters, X, dYdX = problem.network, problem.parameters, problem.X, problem.dYdX.copy()
    dYdX[0, 1, 1] = dYdX[3, :, 0] = dYdX[4] = np.nan
    residuals = (reference.jacobian(network, parameters, X) - dYdX).ravel()
    expected = np.nanmean(residuals**2)
    assert reference.losses(network, parameters, X, None, dYdX)[2] == pytest.approx(expected, rel=1e-14)
    by_sweep, _ = reference_training.losses_and_gradient(network, parameters, X, None, dYdX, 1.0, 1.0)
    assert by_sweep[2] == pytest.approx(expected, rel=1e-14)


def test_adam_steps_by_hand() -> None:
    """With a constant gradient the corrected moments are g and g^2: every step is lr g / (|g| + epsilon)."""
    optimizer, gradient = Adam(learning_rate=0.1, epsilon=0.5), np.array([2.0, -0.5])
    parameters = np.zeros(2)
    for n_steps in range(1, 4):
        parameters = optimizer.step(parameters, gradient)
        assert np.allclose(parameters, -0.1 * n_steps * gradient / (np.abs(gradient) + 0.5), rtol=1e-14)


@pytest.mark.parametrize("name", golden.NAMES)
def test_training_follows_pytorch(name: str) -> None:
    run = golden.load(name)
    losses, parameters = reference_training.train(
        run.network,
        run.initial_parameters,
        run.X,
        run.Y,
        run.dYdX,
        run.orders,
        run.batch_size,
        Adam(run.learning_rate, weight_decay=run.weight_decay),
        run.value_weight,
        run.derivative_weight,
    )
    assert np.allclose(losses, run.losses, rtol=1e-11, atol=0)
    assert np.allclose(parameters, run.final_parameters, rtol=1e-11, atol=1e-12)
    assert run.losses[-1, 0] < run.losses[0, 0] / 20, "a run that learns, so that errors would show"


@pytest.mark.parametrize("name", golden.NAMES)
def test_pytorch_started_where_and_ran_in_the_order_the_oracle_says(name: str) -> None:
    run = golden.load(name)
    n = len(run.X)
    orders = reference_training.epoch_orders(run.seed, n, run.epochs)
    if not run.shuffle:
        orders = np.tile(np.arange(n), (run.epochs, 1))
    assert np.array_equal(run.orders, orders)
    assert np.array_equal(run.initial_parameters, initial_parameters(run.network, run.init, run.seed))
