"""The loss as a function of the parameters. test_gradients.py holds its numbers to the oracle."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import jetmlp
from problems import Problem, make_problem, model_of, problems
from reference import Network

WEIGHTS = {"value_weight": 2.0, "derivative_weight": 0.3}


@pytest.fixture(params=["float32", "float64"])
def problem(request: pytest.FixtureRequest) -> Problem:
    return make_problem(Network((2, 9, 8, 3), "silu", "sin"), 70, dtype=request.param)


def objective_of(problem: Problem, **arguments: Any) -> jetmlp.Objective:  # noqa: ANN401
    return jetmlp.Objective(model_of(problem), problem.X, problem.Y, problem.dYdX, **{**WEIGHTS, **arguments})


def points(problem: Problem, count: int) -> list[NDArray[Any]]:
    """Parameter vectors around the problem's."""
    random = np.random.default_rng(1)
    return [problem.parameters + random.normal(scale=0.1, size=problem.parameters.size) for _ in range(count)]


def test_types_and_shapes(problem: Problem) -> None:
    objective = objective_of(problem)
    assert type(objective.loss(problem.parameters)) is float
    losses = objective.losses(problem.parameters)
    assert [type(loss) for loss in losses] == [float] * 3
    loss, gradient = objective.loss_and_gradient(problem.parameters)
    assert type(loss) is float
    assert gradient.shape == problem.parameters.shape
    assert gradient.dtype == problem.dtype
    assert gradient.flags.writeable


@settings(max_examples=40)
@given(problem=problems(), value_weight=st.floats(0.01, 10), derivative_weight=st.floats(0.01, 10))
def test_the_loss_is_the_weighted_mean_of_squared_errors(
    problem: Problem, value_weight: float, derivative_weight: float
) -> None:
    """Of the model's own predictions: as PyTorch's MSE over the full arrays."""
    values, jacobian = model_of(problem).predict_with_jacobian(problem.X)
    value_loss = np.mean((values - problem.Y) ** 2)
    derivative_loss = np.mean((jacobian - problem.dYdX) ** 2)
    expected = value_weight * value_loss + derivative_weight * derivative_loss
    objective = objective_of(problem, value_weight=value_weight, derivative_weight=derivative_weight)
    found = objective.losses(problem.parameters)
    assert found == pytest.approx((expected, value_loss, derivative_loss), rel=1e-12)
    assert objective.loss(problem.parameters) == found[0]
    assert objective.loss_and_gradient(problem.parameters)[0] == pytest.approx(found[0], rel=1e-14)


@pytest.mark.parametrize("absent", ["value", "derivative"])
def test_what_is_absent_is_nan_and_does_not_count(problem: Problem, absent: str) -> None:
    data = (None, problem.dYdX) if absent == "value" else (problem.Y, None)
    loss, value_loss, derivative_loss = jetmlp.Objective(
        model_of(problem), problem.X, *data, **WEIGHTS
    ).losses(problem.parameters)
    if absent == "value":
        assert np.isnan(value_loss)
        assert loss == pytest.approx(0.3 * derivative_loss, rel=1e-14)
    else:
        assert np.isnan(derivative_loss)
        assert loss == pytest.approx(2.0 * value_loss, rel=1e-14)


def test_the_gradient_is_the_slope_of_the_loss(problem: Problem) -> None:
    """Central differences, one parameter after the other, of the loss in float64."""
    double = objective_of(make_problem(problem.network, 70, dtype="float64"))
    parameters, step = make_problem(problem.network, 70, dtype="float64").parameters, 1e-6
    _, gradient = double.loss_and_gradient(parameters)
    for k in range(0, parameters.size, 7):
        ahead, behind = parameters.copy(), parameters.copy()
        ahead[k] += step
        behind[k] -= step
        slope = (double.loss(ahead) - double.loss(behind)) / (2 * step)
        assert gradient[k] == pytest.approx(slope, rel=1e-6, abs=1e-8)


def test_a_minimizer_can_use_it(problem: Problem) -> None:
    """Steepest descent with a small step η goes down by η|g|², to first order in η."""
    objective, rate = objective_of(problem), 1e-3
    parameters = problem.parameters
    for _ in range(30):
        loss, gradient = objective.loss_and_gradient(parameters)
        parameters = parameters - rate * gradient
        expected = rate * float(gradient.astype(np.float64) @ gradient.astype(np.float64))
        assert loss - objective.loss(parameters) == pytest.approx(expected, rel=0.1)


# ---- Purity ----


def test_it_is_a_pure_function(problem: Problem) -> None:
    model = model_of(problem)
    objective = jetmlp.Objective(model, problem.X, problem.Y, problem.dYdX)
    before, here = model.parameters, problem.parameters.copy()
    first = objective.loss_and_gradient(here)
    for other in points(problem, 3):
        objective.loss_and_gradient(other)
        objective.losses(other)
    again = objective.loss_and_gradient(here)
    assert first[0] == again[0]
    assert first[1].tobytes() == again[1].tobytes()
    assert np.array_equal(here, problem.parameters)
    assert np.array_equal(model.parameters, before)


def test_gradients_given_out_stay_as_they_are(problem: Problem) -> None:
    objective = objective_of(problem)
    _, gradient = objective.loss_and_gradient(problem.parameters)
    before = gradient.copy()
    objective.loss_and_gradient(problem.parameters + 1)
    assert np.array_equal(gradient, before)


def test_training_the_model_does_not_touch_it(problem: Problem) -> None:
    model = model_of(problem)
    objective = jetmlp.Objective(model, problem.X, problem.Y, problem.dYdX)
    before = objective.loss(problem.parameters)
    history = jetmlp.Trainer(model, jetmlp.Adam()).fit(problem.X, problem.Y, problem.dYdX, epochs=5)
    assert objective.loss(problem.parameters) == before == history["loss"][0]
    assert objective.loss(model.parameters) < history["loss"][-1]


@pytest.mark.parametrize("order", ["C", "F"])
def test_changing_the_arrays_afterwards_changes_nothing(problem: Problem, order: Any) -> None:  # noqa: ANN401
    arrays = [
        np.array(array, dtype=problem.dtype, order=order) for array in (problem.X, problem.Y, problem.dYdX)
    ]
    objective = jetmlp.Objective(model_of(problem), *arrays)
    before = objective.loss_and_gradient(problem.parameters)
    for array in arrays:
        array[...] = np.nan
    after = objective.loss_and_gradient(problem.parameters)
    assert before[0] == after[0]
    assert np.array_equal(before[1], after[1])


def test_parameters_that_are_not_finite_have_no_finite_loss(problem: Problem) -> None:
    """A value, not an error: a line search may look there."""
    objective = objective_of(problem)
    before = objective.loss(problem.parameters)
    for k in (0, problem.parameters.size - 1):
        parameters = problem.parameters.copy()
        parameters[k] = np.nan
        assert np.isnan(objective.loss(parameters))
    assert objective.loss(problem.parameters) == before


# ---- Threads ----


@pytest.mark.parametrize("n_threads", [1, 2], ids="inner={}".format)
@pytest.mark.parametrize("shared", [True, False], ids=["one objective", "an objective each"])
def test_python_threads_get_the_right_results(problem: Problem, shared: bool, n_threads: int) -> None:
    wanted = points(problem, 8)
    objective = objective_of(problem, n_threads=n_threads)

    def compute(objective: jetmlp.Objective, parameters: NDArray[Any]) -> tuple[object, ...]:
        loss, gradient = objective.loss_and_gradient(parameters)
        return loss, gradient.tobytes(), objective.losses(parameters)

    expected = [compute(objective, parameters) for parameters in wanted]
    found: dict[int, list[tuple[object, ...]]] = {}

    def work(member: int) -> None:
        own = objective if shared else objective_of(problem, n_threads=n_threads)
        results: dict[int, tuple[object, ...]] = {}
        for _ in range(20):
            for k in np.roll(range(len(wanted)), member):  # no two threads at the same point
                results[k] = compute(own, wanted[k])
        found[member] = [results[k] for k in range(len(wanted))]

    run_threads(work, 3)
    assert list(found.values()) == [expected] * 3


def test_predictions_from_python_threads(problem: Problem) -> None:
    model = model_of(problem)
    expected = [array.tobytes() for array in model.predict_with_jacobian(problem.X)]
    found: dict[int, list[bytes]] = {}

    def work(member: int) -> None:
        for _ in range(50):
            found[member] = [
                array.tobytes() for array in model.predict_with_jacobian(problem.X, n_threads=1 + member % 2)
            ]

    run_threads(work, 4)
    assert list(found.values()) == [expected] * 4


def run_threads(work: Callable[[int], None], count: int) -> None:
    threads = [threading.Thread(target=work, args=(member,)) for member in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
