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
    "broadcastable": ([[1.0], [2.0]], [[1.0, 2.0]], "predicted"),
    "a scalar for all": ([1.0, 2.0], 1.0, "predicted"),
    "a row for all": (np.ones((3, 2)), np.ones((1, 2)), "predicted"),
    "a row for all, without its axis": (np.ones((2, 2)), np.ones(2), "predicted"),
    "transposed": (np.ones((3, 2)), np.ones((2, 3)), "predicted"),
    "inputs before outputs": (np.ones((3, 2)), np.ones((3, 2, 1)), "predicted"),
    "empty": ([], [], "true"),
    "nothing known": ([NAN, NAN], [1, 2], "true"),
    "complex": ([1j], [1], "true"),
    "text": ([1], ["1"], "predicted"),
    "objects": ([{}], [1], "true"),
    "None": ([None], [1], "true"),
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


# ---- Forms ----


@pytest.mark.parametrize("metric", ALL, ids=NAMES)
@pytest.mark.parametrize(
    ("short", "long"), [((5,), (5, 1)), ((5, 3), (5, 1, 3)), ((5,), (5, 1, 1)), ((5, 2, 2), (5, 1, 2, 2))]
)
def test_the_axis_of_one_output_may_be_left_out(
    metric: Metric, short: tuple[int, ...], long: tuple[int, ...], rng: np.random.Generator
) -> None:
    true, predicted = rng.normal(size=(2, *short))
    expected = metric(true, predicted)
    assert metric(true.reshape(long), predicted) == expected
    assert metric(true, predicted.reshape(long)) == expected
    assert metric(true.tolist(), predicted.reshape(long).tolist()) == expected


def test_a_transposed_prediction_comes_with_the_cure() -> None:
    with pytest.raises(
        ValueError, match=r"^predicted: .*\(3, 2\), got \(2, 3\); predicted\.T has that shape$"
    ):
        metrics.mse(np.ones((3, 2)), np.ones((2, 3)))


@pytest.mark.parametrize("unit", [1e-200, 1e-12, 1.0, 1e12, 1e200])
def test_units_do_not_matter(unit: float, rng: np.random.Generator) -> None:
    true, predicted = rng.normal(size=(2, 9, 2))
    assert metrics.rmse(true * unit, predicted * unit) == pytest.approx(
        unit * metrics.rmse(true, predicted), rel=1e-12
    )
    assert metrics.r2(true * unit, predicted * unit) == pytest.approx(metrics.r2(true, predicted), rel=1e-12)


# ---- By column ----


def test_columns_by_hand() -> None:
    """A linear map with known errors: 0.5 throughout in the first output, a slope off by 1 in the second."""
    model = jetmlp.MLP([2, 2], dtype="float64")
    model.parameters = [1.0, 2.0, 3.0, 4.0, 0.0, 0.0]
    X = np.array([[0.0, 0], [1, 0], [0, 1], [1, 1]])
    Y = X @ [[1.0, 3], [2, 4]] - [0.5, 0]
    J = np.broadcast_to([[1.0, 2], [2, 4]], (4, 2, 2))
    found = metrics.evaluate(model, X, Y, J, per_column=True)
    assert set(found) == {"value", "derivative"}
    value, slope = found["value"], found["derivative"]
    assert list(value) == list(slope) == ["rmse", "max_error", "relative_error", "r2"]
    # x_0 + 2 x_1 is 0, 1, 2, 3: deviations of mean square (2.25 + 0.25) / 2 = 1.25
    np.testing.assert_allclose(value["rmse"], [0.5, 0], atol=1e-15)
    np.testing.assert_allclose(value["max_error"], [0.5, 0], atol=1e-15)
    np.testing.assert_allclose(value["relative_error"], [0.5 / math.sqrt(1.25), 0], atol=1e-15)
    np.testing.assert_allclose(value["r2"], [1 - 0.25 / 1.25, 1], atol=1e-15)
    np.testing.assert_allclose(slope["rmse"], [[0, 0], [1, 0]], atol=1e-15)
    np.testing.assert_allclose(slope["max_error"], [[0, 0], [1, 0]], atol=1e-15)
    np.testing.assert_allclose(slope["relative_error"], [[0, 0], [0.5, 0]], atol=1e-15)
    np.testing.assert_array_equal(slope["r2"], [[1, 1], [0, 1]])  # constants, met or not


def test_columns_by_numpy(rng: np.random.Generator) -> None:
    problem = make_problem(Network((2, 5, 3)), 30)
    model = model_of(problem)
    Y, J = problem.Y.copy(), problem.dYdX.copy()
    Y[rng.random(Y.shape) < 0.2] = np.nan
    J[rng.random(J.shape) < 0.2] = np.nan
    J[:, 2, 1] = np.nan
    H = rng.normal(size=(30, 3, 2, 2))
    H += H.transpose(0, 1, 3, 2)
    found = metrics.evaluate(model, problem.X, Y, J, H, allow_missing_values=True, per_column=True)
    for kind, true, predicted, centre in (
        ("value", Y, model.predict(problem.X), np.nanmean(Y, axis=0)),
        ("derivative", J, model.jacobian(problem.X), 0.0),
        ("second_derivative", H, model.hessian(problem.X), 0.0),
    ):
        errors = predicted - true
        for place in np.ndindex(true.shape[1:]):
            e, t = (array[(slice(None), *place)] for array in (errors, true))
            c = np.broadcast_to(centre, true.shape[1:])[place]
            if np.isnan(t).all():
                assert all(np.isnan(array[place]) for array in found[kind].values())
                continue
            rmse = np.sqrt(np.nanmean(e**2))
            assert found[kind]["rmse"][place] == pytest.approx(rmse, rel=1e-12)
            assert found[kind]["max_error"][place] == np.nanmax(abs(e))
            size = np.sqrt(np.nanmean((t - c) ** 2))
            assert found[kind]["relative_error"][place] == pytest.approx(rmse / size, rel=1e-12)
            assert found[kind]["r2"][place] == pytest.approx(
                1 - np.nansum(e**2) / np.nansum((t - np.nanmean(t)) ** 2), rel=1e-12
            )


def test_columns_and_the_whole_agree() -> None:
    problem = make_problem(Network((2, 5, 3)), 30)
    model = model_of(problem)
    samples = jetmlp.Samples(problem.X, problem.Y, problem.dYdX)
    whole = metrics.evaluate(model, samples)
    columns = metrics.evaluate(model, samples, per_column=True)
    for kind, shape in (("value", (3,)), ("derivative", (3, 2))):
        assert {array.shape for array in columns[kind].values()} == {shape}
        assert np.mean(columns[kind]["r2"]) == pytest.approx(whole[kind]["r2"], rel=1e-12)
        assert np.mean(columns[kind]["rmse"] ** 2) == pytest.approx(whole[kind]["mse"], rel=1e-12)
        assert columns[kind]["max_error"].max() == whole[kind]["max_error"]
    centred = columns["value"]
    np.testing.assert_allclose(centred["r2"], 1 - centred["relative_error"] ** 2, rtol=1e-12)


def test_columns_along_directions_and_refusals() -> None:
    problem = make_problem(Network((2, 5, 3)), 8)
    model = model_of(problem)
    directions = np.tile(np.eye(2)[::-1], (8, 1, 1))
    along = jetmlp.Samples(problem.X, directions=directions, dYdV=problem.dYdX[:, :, ::-1])
    found = metrics.evaluate(model, along, per_column=True)["derivative"]
    expected = metrics.evaluate(model, problem.X, None, problem.dYdX, per_column=True)["derivative"]
    for name, array in expected.items():
        np.testing.assert_allclose(found[name], array[:, ::-1], rtol=1e-12)
    with pytest.raises(TypeError, match=r"^per_column: expected True or False, got 'yes'"):
        metrics.evaluate(model, problem.X, problem.Y, per_column="yes")  # type: ignore[call-overload]


def test_a_constant_column_that_is_missed_has_no_relative_error() -> None:
    model = jetmlp.MLP([1, 1], dtype="float64")
    model.parameters = [0.0, 0.5]
    x = np.arange(4.0)
    for constant, relative, score in ((0.5, 0.0, 1.0), (0.1, math.inf, 0.0)):
        found = metrics.evaluate(model, x, np.full(4, constant), np.zeros(4), per_column=True)
        assert (found["value"]["relative_error"].item(), found["value"]["r2"].item()) == (relative, score)
        assert found["derivative"]["relative_error"].item() == 0.0
