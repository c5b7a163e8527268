"""Errors of predictions, against numbers worked out by hand and against NumPy."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import ArrayLike, NDArray

import jetmlp
from jetmlp import metrics
from problems import make_problem, model_of
from reference import Network

Metric = Callable[[ArrayLike, ArrayLike], float]
NAMES = ("mse", "rmse", "mae", "max_error", "r2")
ALL: tuple[Metric, ...] = tuple(getattr(metrics, name) for name in NAMES)

NAN = math.nan

# true, predicted, and the five metrics
BY_HAND: dict[str, tuple[ArrayLike, ArrayLike, tuple[float, ...]]] = {
    "one number": (3.0, 5.0, (4.0, 2.0, 2.0, 2.0, 0.0)),
    # errors 1, 0, -1, 2; the true values spread by 2.25 + 0.25 + 0.25 + 2.25 = 5
    "four numbers": ([1, 2, 3, 4], [2, 2, 2, 6], (1.5, math.sqrt(1.5), 1.0, 2.0, 1 - 6 / 5)),
    "exact": ([1, 2, 3, 4], [1, 2, 3, 4], (0.0, 0.0, 0.0, 0.0, 1.0)),
    "the mean": ([1, 2, 3, 6], [3, 3, 3, 3], (3.5, math.sqrt(3.5), 1.5, 3.0, 0.0)),
    # columns spread by 2 and 200, errors 1, 0 and 0, 10: their scores 1/2 and 1/2
    "two columns": ([[0, 0], [2, 20]], [[1, 0], [2, 30]], (25.25, math.sqrt(25.25), 2.75, 10.0, 0.5)),
    # scores 1 and 1 - 100/200: the mean of the columns' scores, not the score of all
    "two columns, one exact": ([[0, 0], [2, 20]], [[0, 10], [2, 20]], (25.0, 5.0, 2.5, 10.0, 0.75)),
    "three axes": ([[[0.0, 1]], [[2, 3]]], [[[0.0, 2]], [[2, 3]]], (0.25, 0.5, 0.25, 1.0, 0.75)),
    "missing": ([1, NAN, 3], [2, 9, 3], (0.5, math.sqrt(0.5), 0.5, 1.0, 0.5)),
    "missing column": ([[1, NAN], [3, NAN]], [[2, 9], [3, 9]], (0.5, math.sqrt(0.5), 0.5, 1.0, 0.5)),
    "constant, met": ([0.1] * 10, [0.1] * 10, (0.0, 0.0, 0.0, 0.0, 1.0)),
    "constant, missed": ([0.25] * 10, [0.75] * 10, (0.25, 0.5, 0.5, 0.5, 0.0)),
}


@pytest.mark.parametrize(("true", "predicted", "expected"), BY_HAND.values(), ids=BY_HAND)
def test_by_hand(true: ArrayLike, predicted: ArrayLike, expected: tuple[float, ...]) -> None:
    found = [metric(true, predicted) for metric in ALL]
    assert found == pytest.approx(expected, rel=1e-14)
    assert all(type(value) is float for value in found)


def test_a_constant_that_is_missed_scores_zero_whatever_its_digits() -> None:
    """The mean of equal numbers need not be that number, and the spread not 0, once rounded."""
    true = np.full(3, 0.1)
    assert np.mean(true) != 0.1
    assert metrics.r2(true, true + 1e-3) == 0.0


PAIRS = hnp.array_shapes(min_dims=1, max_dims=3, max_side=6).flatmap(
    lambda shape: st.tuples(*[hnp.arrays(np.float64, shape, elements=st.floats(-1e3, 1e3))] * 2)
)


@given(pair=PAIRS)
def test_by_numpy(pair: tuple[NDArray[Any], NDArray[Any]]) -> None:
    true, predicted = pair
    error = predicted - true
    assert metrics.mse(true, predicted) == pytest.approx((error**2).mean(), rel=1e-12)
    assert metrics.rmse(true, predicted) == pytest.approx(
        np.linalg.norm(error) / error.size**0.5, rel=1e-9, abs=1e-150
    )
    assert metrics.mae(true, predicted) == pytest.approx(abs(error).mean(), rel=1e-12)
    assert metrics.max_error(true, predicted) == abs(error).max()
    for metric in ALL[:4]:
        assert metric(true, predicted) == metric(predicted, true)


@given(pair=PAIRS, data=st.data())
def test_missing_entries_count_nowhere(pair: tuple[NDArray[Any], NDArray[Any]], data: st.DataObject) -> None:
    """As if flattened to what is present."""
    true, predicted = pair
    missing = data.draw(hnp.arrays(bool, true.shape))
    missing.flat[0] = False
    holes = np.where(missing, np.nan, true)
    for metric in ALL[:4]:
        expected = metric(true[~missing], predicted[~missing])
        assert metric(holes, predicted) == expected
        assert metric(np.ma.masked_array(true, missing), predicted) == expected


def test_r2_is_the_mean_over_outputs_and_inputs(rng: np.random.Generator) -> None:
    true, predicted = rng.normal(size=(2, 50, 3, 2))
    scores = [
        1 - np.sum((true[:, o, k] - predicted[:, o, k]) ** 2) / (50 * np.var(true[:, o, k]))
        for o in range(3)
        for k in range(2)
    ]
    assert metrics.r2(true, predicted) == pytest.approx(np.mean(scores), rel=1e-13)


def test_sums_are_taken_in_double() -> None:
    true = np.full(10**6, 1e-3, np.float32)
    error = float(np.float32(0.1)) - float(np.float32(1e-3))
    assert metrics.mse(true, np.full(10**6, 0.1, np.float32)) == pytest.approx(error**2, rel=1e-12)


def test_a_prediction_that_is_not_a_number_is_no_small_error() -> None:
    for metric in ALL:
        assert math.isnan(metric([1.0, 2.0], [1.0, NAN]))


BAD: dict[str, tuple[ArrayLike, ArrayLike, str]] = {
    "other length": ([1, 2, 3], [1, 2], "predicted"),
    "broadcastable": ([[1.0], [2.0]], [1.0, 2.0], "predicted"),
    "empty": ([], [], "true"),
    "nothing known": ([NAN, NAN], [1, 2], "true"),
    "complex": ([1j], [1], "true"),
    "text": ([1], ["1"], "predicted"),
    "objects": ([None], [1], "true"),
    "ragged": ([[1], [2, 3]], [[1], [2]], "true"),
}


@pytest.mark.parametrize("metric", ALL, ids=NAMES)
@pytest.mark.parametrize(("true", "predicted", "named"), BAD.values(), ids=BAD)
def test_errors(metric: Metric, true: ArrayLike, predicted: ArrayLike, named: str) -> None:
    with pytest.raises((TypeError, ValueError), match=rf"^{named}: expected .+, got .+"):
        metric(true, predicted)


# ---- Models ----


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kinds", ["value", "derivative", "both"])
def test_a_model_is_measured_by_its_predictions(kinds: str, dtype: str) -> None:
    problem = make_problem(Network((2, 5, 3)), 30, dtype=dtype)
    model = model_of(problem)
    Y = None if kinds == "derivative" else problem.Y
    dYdX = None if kinds == "value" else problem.dYdX
    found = metrics.evaluate(model, problem.X, Y, dYdX)
    pairs = {"value": (Y, model.predict(problem.X)), "derivative": (dYdX, model.jacobian(problem.X))}
    assert found == {
        kind: {name: metric(true, predicted) for name, metric in zip(NAMES, ALL, strict=True)}
        for kind, (true, predicted) in pairs.items()
        if true is not None
    }


def test_missing_derivatives_of_a_model_do_not_count() -> None:
    problem = make_problem(Network((2, 5, 3)), 30)
    model = model_of(problem)
    dYdX = problem.dYdX.copy()
    dYdX[10:] = np.nan
    found = metrics.evaluate(model, problem.X, None, dYdX)
    assert found == metrics.evaluate(model, problem.X[:10], None, dYdX[:10])


@pytest.mark.parametrize("d", [1, 2], ids="d={}".format)
def test_a_model_with_one_output_takes_fewer_axes(d: int) -> None:
    problem = make_problem(Network((d, 5, 1)), 8)
    model = model_of(problem)
    whole = metrics.evaluate(model, problem.X, problem.Y, problem.dYdX)
    squeezed = (np.squeeze(array).tolist() for array in (problem.X, problem.Y, problem.dYdX))
    assert metrics.evaluate(model, *squeezed) == whole


def test_the_metrics_are_those_of_the_loss() -> None:
    problem = make_problem(Network((2, 5, 3)), 30)
    model = model_of(problem)
    _, value, derivative = jetmlp.Objective(model, problem.X, problem.Y, problem.dYdX).losses(
        model.parameters
    )
    found = metrics.evaluate(model, problem.X, problem.Y, problem.dYdX)
    assert found["value"]["mse"] == pytest.approx(value, rel=1e-13)
    assert found["derivative"]["mse"] == pytest.approx(derivative, rel=1e-13)


def test_measuring_needs_a_model_and_something_to_compare_with() -> None:
    problem = make_problem(Network((2, 5, 3)), 4)
    with pytest.raises(TypeError, match=r"^model: expected a jetmlp\.MLP or jetmlp\.StagedMLP, got 'net'"):
        metrics.evaluate("net", problem.X, problem.Y)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^Y, dYdX: expected at least one .*got neither"):
        metrics.evaluate(model_of(problem), problem.X)
