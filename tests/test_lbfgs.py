"""L-BFGS: its minima, its line search and how it ends."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import jetmlp
from problems import make_problem, model_of
from reference import Network

X = np.linspace(-1.0, 1.0, 50)
Y, DYDX = np.sin(3 * X), 3 * np.cos(3 * X)


def trainer_of(dtype: str = "float64", **options: Any) -> jetmlp.Trainer:  # noqa: ANN401
    return jetmlp.Trainer(jetmlp.MLP([1, 12, 12, 1], dtype=dtype, normalize=False), jetmlp.LBFGS(**options))


@pytest.mark.parametrize("memory", [1, 3, 20])
def test_a_linear_problem_is_solved(memory: int, rng: np.random.Generator) -> None:
    """The minimum of a badly scaled quadratic, which a linear system gives."""
    x = rng.normal(size=(40, 3)) * [1.0, 0.1, 5.0]
    y = rng.normal(size=40)
    model = jetmlp.MLP([3, 1], dtype="float64", normalize=False)
    trainer = jetmlp.Trainer(model, jetmlp.LBFGS(memory=memory, gradient_tolerance=1e-11))
    history = trainer.fit(x, y, epochs=2000)
    assert history.stopped_because == "gradient"
    expected = np.linalg.lstsq(np.column_stack([x, np.ones(40)]), y, rcond=None)[0]
    assert model.parameters == pytest.approx(expected, rel=1e-7, abs=1e-9)


@pytest.mark.parametrize("memory", [1, 5, 20])
def test_a_curved_valley(memory: int) -> None:
    """Two linear layers: the slope w₂w₁ is weighted 10⁴ times the values, the valley a hyperbola."""
    model = jetmlp.MLP([1, 1, 1], "identity", dtype="float64", normalize=False)
    model.parameters = [10.0, 0.0, 0.01, 3.0]
    trainer = jetmlp.Trainer(model, jetmlp.LBFGS(memory=memory), derivative_weight=1e4)
    history = trainer.fit([0.0, 1.0], [1.0, -2.0], [-3.0, -3.0], epochs=500)
    assert history["loss"][-1] < 1e-22
    assert model.predict([0.5])[0, 0] == pytest.approx(-0.5, rel=1e-10)


@pytest.mark.parametrize(("c1", "c2"), [(1e-4, 0.9), (1e-3, 0.1), (0.1, 0.5)])
def test_every_step_meets_the_strong_wolfe_conditions(c1: float, c2: float) -> None:
    trainer = trainer_of(sufficient_decrease=c1, curvature=c2)
    objective = jetmlp.Objective(trainer.model, X, Y, DYDX)
    path = [trainer.model.parameters]
    trainer.fit(X, Y, DYDX, epochs=60, callbacks=lambda *_: path.append(trainer.model.parameters))
    assert len(path) == 61
    for before, after in pairwise(path):
        step = after - before
        (loss, gradient), (lower, slope) = map(objective.loss_and_gradient, (before, after))
        assert gradient @ step < 0
        assert lower <= loss + c1 * (gradient @ step) + 1e-12 * loss
        assert abs(slope @ step) <= c2 * abs(gradient @ step) * (1 + 1e-6)


def _inverse_hessian(pairs: list[tuple[Any, Any]]) -> Any:  # noqa: ANN401  a matrix
    """The matrix of BFGS from its formula, from the last pairs on top of sᵀy / yᵀy."""
    s, y = pairs[-1]
    H = (s @ y) / (y @ y) * np.eye(len(s))
    for s, y in pairs:
        V = np.eye(len(s)) - np.outer(s, y) / (s @ y)
        H = V @ H @ V.T + np.outer(s, s) / (s @ y)
    return H


@pytest.mark.parametrize("memory", [1, 4, 20])
def test_every_direction_is_that_of_the_matrix_that_it_stands_for(memory: int) -> None:
    """And a step of length one is taken where it meets the conditions."""
    trainer = jetmlp.Trainer(
        jetmlp.MLP([1, 6, 4, 1], dtype="float64", normalize=False, seed=2), jetmlp.LBFGS(memory=memory)
    )
    objective = jetmlp.Objective(trainer.model, X, Y, DYDX)
    path = [trainer.model.parameters]
    trainer.fit(X, Y, DYDX, epochs=30, callbacks=lambda *_: path.append(trainer.model.parameters))
    points = [(theta, *objective.loss_and_gradient(theta)) for theta in path]
    steps = [(after[0] - before[0], after[2] - before[2]) for before, after in pairwise(points)]
    n_of_length_one = 0
    for k in range(1, 30):
        theta, loss, gradient = points[k]
        direction = -_inverse_hessian(steps[max(0, k - memory) : k]) @ gradient
        step = steps[k][0]
        cosine = step @ direction / np.linalg.norm(step) / np.linalg.norm(direction)
        assert cosine == pytest.approx(1, abs=1e-9)
        lower, slope = objective.loss_and_gradient(theta + direction)
        descent = gradient @ direction
        if lower <= loss + 1e-4 * descent and abs(slope @ direction) <= 0.9 * abs(descent):
            assert step == pytest.approx(direction, rel=1e-6, abs=1e-9 * np.abs(direction).max())
            n_of_length_one += 1
    assert n_of_length_one > 15


@pytest.mark.parametrize("sizes", [(2, 3, 1), (2, 4, 1)], ids=str)
def test_more_digits_than_the_root_of_epsilon(sizes: tuple[int, ...], rng: np.random.Generator) -> None:
    """A line search that compares losses alone stalls where the decrease drowns in rounding.

    That is at gradients of √(ε loss), some 1e-10 here. The noise is small, so that the minimum is near the
    network that made the data: four units fitted to more of it may have theirs at infinity.
    """
    problem = make_problem(Network(sizes), 40)
    model = model_of(problem)
    values, jacobian = model.predict_with_jacobian(problem.X)
    data = (
        problem.X,
        values + 0.01 * rng.normal(size=values.shape),
        jacobian + 0.01 * rng.normal(size=jacobian.shape),
    )
    jetmlp.Trainer(model, jetmlp.LBFGS()).fit(*data, epochs=1000)
    loss, gradient = jetmlp.Objective(model, *data).loss_and_gradient(model.parameters)
    assert loss > 1e-5  # the noise, so the minimum is far from zero
    assert np.abs(gradient).max() < 1e-15


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_it_fits_far_better_than_adam(dtype: str, seed: int) -> None:
    """By an order of magnitude in the loss at the least, from every start."""
    models = [jetmlp.MLP([1, 12, 12, 1], dtype=dtype, seed=seed, normalize=False) for _ in range(2)]
    history, adam = (
        jetmlp.Trainer(model, optimizer).fit(X, Y, DYDX, epochs=400)
        for model, optimizer in zip(models, (jetmlp.LBFGS(), jetmlp.Adam(1e-2)), strict=True)
    )
    assert history["loss"][-1] < 0.1 * adam["loss"][-1]
    assert np.isnan(history["learning_rate"]).all()
    assert models[0].dtype == dtype


def test_parameters_changed_between_fits_are_where_it_goes_on() -> None:
    changed, fresh = trainer_of(), trainer_of()
    start = changed.model.parameters
    changed.fit(X, Y, DYDX, epochs=10)
    changed.model.parameters = start
    assert np.array_equal(
        changed.fit(X, Y, DYDX, epochs=10)["loss"], fresh.fit(X, Y, DYDX, epochs=10)["loss"]
    )


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"memory": 0}, ValueError, "memory: expected an integer of at least 1"),
        ({"memory": 2.5}, TypeError, "memory: expected an integer"),
        ({"sufficient_decrease": 0.6}, ValueError, "sufficient_decrease"),
        ({"sufficient_decrease": 0.3, "curvature": 0.2}, ValueError, "curvature: .* above 0.3 and below 1"),
        ({"loss_tolerance": -1}, ValueError, "loss_tolerance"),
    ],
    ids=str,
)
def test_bad_settings_are_named(options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        jetmlp.LBFGS(**options)
