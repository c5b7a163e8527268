"""Values and derivatives that were not measured: a mean runs over what is present, in any pattern."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import jetmlp
from problems import Problem, make_problem, model_of, problems
from reference import Network
from reference_weighted import weighted_losses, weighted_sample_gradients

VALUE_WEIGHT, DERIVATIVE_WEIGHT = 2.0, 0.3
WEIGHTS = {"value_weight": VALUE_WEIGHT, "derivative_weight": DERIVATIVE_WEIGHT}


def assert_against_oracle(problem: Problem, Y: NDArray[Any] | None, dYdX: NDArray[Any] | None) -> None:
    oracle = (problem.network, problem.parameters, problem.X, Y, dYdX, VALUE_WEIGHT, DERIVATIVE_WEIGHT)
    contributions = weighted_sample_gradients(*oracle)
    expected, scale = contributions.sum(axis=1), np.abs(contributions).sum(axis=1)
    objective = jetmlp.Objective(model_of(problem), problem.X, Y, dYdX, allow_missing_values=True, **WEIGHTS)
    loss, gradient = objective.loss_and_gradient(problem.parameters)
    expected_losses = weighted_losses(*oracle)
    assert objective.losses(problem.parameters) == pytest.approx(expected_losses, rel=1e-12, nan_ok=True)
    assert loss == pytest.approx(expected_losses[0], rel=1e-12)
    assert (np.abs(gradient - expected) <= 1e-10 * (scale + 1e-3 * scale.max())).all()


@settings(max_examples=40)
@given(problem=problems(), fraction=st.floats(0, 0.9), with_derivatives=st.booleans())
def test_any_shape_with_missing_values(problem: Problem, fraction: float, with_derivatives: bool) -> None:
    random = np.random.default_rng(1)
    Y = np.where(random.random(problem.Y.shape) < fraction, np.nan, problem.Y)
    dYdX = np.where(random.random(problem.dYdX.shape) < fraction, np.nan, problem.dYdX)
    Y.flat[-1], dYdX.flat[0] = 0.5, 0.5
    assert_against_oracle(problem, Y, dYdX if with_derivatives else None)


PATTERNS: dict[str, Any] = {
    "an entry": (4, 1, 0),
    "rows": (slice(3, 9),),
    "an output": (slice(None), 1),
    "an input": (slice(None), slice(None), 0),
    "all but one": (slice(1, None),),
}


@pytest.mark.parametrize("pattern", PATTERNS.values(), ids=PATTERNS)
@pytest.mark.parametrize("d", [2, 5], ids="d={}".format)
def test_patterns(d: int, pattern: tuple[Any, ...]) -> None:
    """With fewer inputs than outputs, and with more: both ways of the Jacobian."""
    problem = make_problem(Network((d, 7, 6, 3), "silu"), 20)
    Y, dYdX = problem.Y.copy(), problem.dYdX.copy()
    dYdX[pattern] = np.nan
    if len(pattern) < 3:
        Y[pattern] = np.nan
    assert_against_oracle(problem, Y, dYdX)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_row_without_anything_is_as_if_it_had_never_been_listed(dtype: str) -> None:
    problem = make_problem(Network((2, 6, 3)), 40, dtype=dtype)
    Y, dYdX = problem.Y.copy(), problem.dYdX.copy()
    Y[::2], dYdX[::2] = np.nan, np.nan
    arguments = {"optimizer": jetmlp.Adam(1e-2), **WEIGHTS}
    with_absent, without = (jetmlp.Trainer(model_of(problem), **arguments) for _ in range(2))
    one = with_absent.fit(problem.X, Y, dYdX, epochs=20, allow_missing_values=True)
    other = without.fit(problem.X[1::2], Y[1::2], dYdX[1::2], epochs=20)
    tolerance = 1e-11 if dtype == "float64" else 1e-4
    for name, column in other.items():
        assert one[name] == pytest.approx(column, rel=tolerance), name
    assert with_absent.model.parameters == pytest.approx(without.model.parameters, abs=tolerance)


def test_batches_without_any_value_leave_the_mean_to_the_others() -> None:
    problem = make_problem(Network((2, 6, 3)), 23)
    Y = np.where(np.arange(23)[:, None] < 10, problem.Y, np.nan)
    trainer = jetmlp.Trainer(model_of(problem), jetmlp.Adam(1e-30), batch_size=10, shuffle=False)
    expected = jetmlp.Objective(model_of(problem), problem.X[:10], Y[:10]).loss(problem.parameters)
    history = trainer.fit(problem.X, Y, problem.dYdX, epochs=2, allow_missing_values=True)
    assert history["value_loss"] == pytest.approx(expected, rel=1e-13)
    assert np.isfinite(history["loss"]).all()


def test_validation_data_may_miss_values_too() -> None:
    problem = make_problem(Network((2, 6, 3)), 23)
    Y = problem.Y.copy()
    Y[5] = np.nan
    trainer = jetmlp.Trainer(model_of(problem), jetmlp.Adam())
    with pytest.raises(ValueError, match=r"^validation_data\[1\]: .*allow_missing_values=True"):
        trainer.fit(problem.X, problem.Y, epochs=1, validation_data=(problem.X, Y))
    assert trainer.n_epochs == 0
    history = trainer.fit(
        problem.X, problem.Y, epochs=1, validation_data=(problem.X, Y), allow_missing_values=True
    )
    error = trainer.model.predict(problem.X) - Y
    assert history["val_value_loss"][0] == pytest.approx(np.nanmean(error**2), rel=1e-12)


def test_fit_many_takes_them() -> None:
    problem = make_problem(Network((2, 6, 3)), 23)
    Y = problem.Y.copy()
    Y[::3, 1] = np.nan
    many, one = (jetmlp.Trainer(model_of(problem), jetmlp.Adam()) for _ in range(2))
    jetmlp.fit_many([many], problem.X, Y, epochs=4, allow_missing_values=True)
    one.fit(problem.X, Y, epochs=4, allow_missing_values=True)
    assert np.array_equal(many.model.parameters, one.model.parameters)


def test_masked_values_are_missing_ones(rng: np.random.Generator) -> None:
    problem = make_problem(Network((2, 6, 3)), 23)
    missing = rng.random(problem.Y.shape) < 0.4
    forms = (np.where(missing, np.nan, problem.Y), np.ma.masked_array(problem.Y, missing))
    losses = [
        jetmlp.Objective(model_of(problem), problem.X, Y, allow_missing_values=True).loss(problem.parameters)
        for Y in forms
    ]
    assert losses[0] == losses[1]


def test_what_is_refused() -> None:
    problem = make_problem(Network((2, 6, 3)), 23)
    model, X, Y, dYdX = model_of(problem), problem.X, problem.Y.copy(), problem.dYdX
    Y[4, 2] = np.nan
    with pytest.raises(ValueError, match=r"^Y: expected finite numbers, got nan at \[4, 2\], 1 such of 69; "):
        jetmlp.Objective(model, X, Y, dYdX)
    with pytest.raises(ValueError, match=r"allow_missing_values=True takes NaN"):
        jetmlp.Trainer(model, jetmlp.Adam()).fit(X, Y, dYdX, epochs=1)
    Y[3, 0] = np.inf
    with pytest.raises(ValueError, match=r"^Y: expected finite numbers or NaN .* got inf at \[3, 0\]"):
        jetmlp.Objective(model, X, Y, dYdX, allow_missing_values=True)
    with pytest.raises(ValueError, match=r"^Y: expected at least one value, got NaN throughout"):
        jetmlp.Objective(model, X, np.full_like(Y, np.nan), dYdX, allow_missing_values=True)
    with pytest.raises(TypeError, match=r"^allow_missing_values: expected True or False, got 1"):
        jetmlp.Objective(model, X, Y, dYdX, allow_missing_values=1)  # type: ignore[arg-type]
