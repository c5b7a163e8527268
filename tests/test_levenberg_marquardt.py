"""Levenberg-Marquardt against dense linear algebra, and how it behaves as an optimizer of a trainer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import jetmlp
from pairs import covers_pairs
from problems import Problem, make_problem, model_of
from reference import Network
from reference_residuals import WEIGHTS, reference_jacobian, reference_residuals, without

X = np.linspace(-1.0, 1.0, 64)
F = 1 / (1 + 25 * X**2)
DF = -50 * X * F**2


def data_of(problem: Problem) -> tuple[Any, Any, Any]:
    return problem.X, problem.Y, problem.dYdX


def one_step(problem: Problem, optimizer: jetmlp.LevenbergMarquardt, n_threads: int = 1) -> NDArray[Any]:
    trainer = jetmlp.Trainer(model_of(problem), optimizer, n_threads=n_threads, **WEIGHTS)
    trainer.fit(*data_of(problem), epochs=1)
    return np.asarray(trainer.model.parameters - problem.parameters)


def runge_trainer(seed: int = 0, **options: Any) -> jetmlp.Trainer:  # noqa: ANN401
    model = jetmlp.MLP([1, 16, 16, 1], dtype="float64", seed=seed, normalize=False)
    return jetmlp.Trainer(model, jetmlp.LevenbergMarquardt(**options))


# ---- The step ----


@covers_pairs(
    sizes_and_n=[((1, 8, 8, 1), 40), ((3, 8, 5, 2), 9), ((2, 4, 1), 70), ((1, 3), 12)],
    form=["dual", "primal", "automatic"],
    share=[0.0, 0.3],
)
def test_the_step_is_that_of_a_dense_solve(
    sizes_and_n: tuple[tuple[int, ...], int], form: str, share: float
) -> None:
    """In the limit of a large damping every step is accepted: the first one is (JᵀJ + λI)⁻¹Jᵀr."""
    sizes, n = sizes_and_n
    problem = without(make_problem(Network(sizes), n), share)
    damping = 10.0
    J, r = reference_jacobian(problem, "vd"), reference_residuals(problem, "vd", problem.parameters)
    A = J.T @ J
    expected = -np.linalg.solve(A + damping * np.trace(A) * np.eye(len(A)), J.T @ r)
    step = one_step(
        problem,
        jetmlp.LevenbergMarquardt(initial_damping=damping, geodesic_acceleration=False, form=form),
    )
    assert step == pytest.approx(expected, rel=1e-9, abs=1e-12 * np.abs(expected).max() * 100)


def test_the_acceleration_is_half_the_second_derivative_of_the_path() -> None:
    problem = make_problem(Network((2, 6, 5, 1)), 15)
    damping = 1.0
    J, r = reference_jacobian(problem, "vd"), reference_residuals(problem, "vd", problem.parameters)
    A = J.T @ J + damping * np.trace(J.T @ J) * np.eye(J.shape[1])
    v = -np.linalg.solve(A, J.T @ r)

    def along(h: float) -> NDArray[Any]:
        return reference_residuals(problem, "vd", problem.parameters + h * v)

    h = 0.1
    curvature = (along(h) - 2 * r + along(-h)) / h**2
    expected = v - 0.5 * np.linalg.solve(A, J.T @ curvature)
    step = one_step(problem, jetmlp.LevenbergMarquardt(initial_damping=damping))
    assert step == pytest.approx(expected, rel=1e-8, abs=1e-10 * np.abs(expected).max())
    assert np.abs(step - v).max() > 1e-4 * np.abs(v).max()


@pytest.mark.parametrize("geodesic", [False, True])
def test_dual_and_primal_go_the_same_way(geodesic: bool) -> None:
    problem = without(make_problem(Network((2, 7, 6, 2)), 20), 0.2)
    losses = []
    for form in ("dual", "primal"):
        optimizer = jetmlp.LevenbergMarquardt(form=form, geodesic_acceleration=geodesic)
        trainer = jetmlp.Trainer(model_of(problem), optimizer, **WEIGHTS)
        losses.append(trainer.fit(*data_of(problem), epochs=8)["loss"])
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)


# ---- Where it leads ----


def test_convergence_is_quadratic_where_the_residual_vanishes(rng: np.random.Generator) -> None:
    """Data of a network that can be met exactly: the errors go 7e-3, 2e-5, 6e-8, 7e-16."""
    problem = make_problem(Network((2, 4, 1)), 60)
    teacher = model_of(problem)
    Y, dYdX = teacher.predict_with_jacobian(problem.X)
    model = teacher.copy()
    model.parameters = problem.parameters + 3e-3 * rng.normal(size=model.n_parameters)
    optimizer = jetmlp.LevenbergMarquardt(initial_damping=1e-12, geodesic_acceleration=False)
    history = jetmlp.Trainer(model, optimizer).fit(problem.X, Y, dYdX, epochs=5)
    errors = np.sqrt(history["loss"])
    assert errors[1] < 100 * errors[0] ** 2
    assert errors[2] < 200 * errors[1] ** 2
    assert errors[3] < 200 * errors[2] ** 2
    assert errors[-1] < 1e-14


@pytest.mark.parametrize("seed", range(3))
def test_runge_to_six_digits_of_the_derivative(seed: int) -> None:
    trainer = runge_trainer(seed)
    history = trainer.fit(X, F, DF, epochs=250)
    grid = np.linspace(-1, 1, 2001)
    f = 1 / (1 + 25 * grid**2)
    values, jacobian = trainer.model.predict_with_jacobian(grid)
    assert np.abs(jacobian[:, 0, 0] + 50 * grid * f**2).max() < 1e-6
    assert np.abs(values[:, 0] - f).max() < 1e-7
    assert (np.diff(history["loss"]) < 0).all()


def test_losses_are_those_of_the_objective_before_each_step() -> None:
    problem = without(make_problem(Network((2, 7, 2)), 30), 0.2)
    objective = jetmlp.Objective(model_of(problem), *data_of(problem), **WEIGHTS)
    trainer = jetmlp.Trainer(model_of(problem), jetmlp.LevenbergMarquardt(), **WEIGHTS)
    seen = [objective.losses(problem.parameters)]
    history = trainer.fit(
        *data_of(problem),
        epochs=5,
        validation_data=data_of(problem),
        callbacks=lambda epoch, losses: seen.append(objective.losses(trainer.model.parameters)),
    )
    for column, name in enumerate(("loss", "value_loss", "derivative_loss")):
        expected = [losses[column] for losses in seen]
        assert history[name] == pytest.approx(expected[:-1], rel=1e-12)
        assert history[f"val_{name}"] == pytest.approx(expected[1:], rel=1e-12)
    assert np.isnan(history["learning_rate"]).all()
    assert history.stopped_because == "epochs"


@pytest.mark.parametrize("kinds", ["v", "d"])
def test_values_alone_and_derivatives_alone(kinds: str) -> None:
    trainer = runge_trainer()
    history = trainer.fit(X, F if kinds == "v" else None, DF if kinds == "d" else None, epochs=60)
    assert history["loss"][-1] < 1e-8 * history["loss"][0]
    assert np.isnan(history["derivative_loss" if kinds == "v" else "value_loss"]).all()


# ---- How it ends ----


def test_a_perfect_fit_has_nothing_left_to_do() -> None:
    problem = make_problem(Network((2, 5, 1)), 10)
    model = model_of(problem)
    Y, dYdX = model.predict_with_jacobian(problem.X)
    before = model.parameters
    trainer = jetmlp.Trainer(model, jetmlp.LevenbergMarquardt(gradient_tolerance=1e-14))
    history = trainer.fit(problem.X, Y, dYdX, epochs=50)
    assert history.n_epochs == 1
    assert history.stopped_because in ("target", "gradient")
    assert np.abs(model.parameters - before).max() < 1e-12


def test_a_minimum_above_zero_is_reached_and_known(rng: np.random.Generator) -> None:
    """A line through points that lie on none: the minimum is that of a linear system."""
    x, y = rng.normal(size=(20, 2)), rng.normal(size=20)
    model = jetmlp.MLP([2, 1], dtype="float64", normalize=False)
    history = jetmlp.Trainer(model, jetmlp.LevenbergMarquardt()).fit(x, y, epochs=200)
    assert history.stopped_because == "step"
    expected = np.linalg.lstsq(np.column_stack([x, np.ones(20)]), y, rcond=None)[0]
    assert model.parameters == pytest.approx(expected, rel=1e-7)


def test_huge_targets_still_descend() -> None:
    """The first steps lead so far that tanh saturates; nothing is accepted that is not lower.

    What saturated units leave is the output bias, and the loss of the best constant is the variance of the
    values and the mean square of the slopes.
    """
    trainer = runge_trainer()
    history = trainer.fit(X, 1e100 * F, 1e100 * DF, epochs=20)
    assert (np.diff(history["loss"]) <= 0).all()
    assert history["loss"][-1] <= 1e200 * (F.var() + np.mean(DF**2)) * (1 + 1e-9)
    assert np.isfinite(trainer.model.parameters).all()


# ---- The trainer ----


def test_float32_and_batches_are_refused() -> None:
    with pytest.raises(ValueError, match=r"optimizer: expected a model of dtype='float64' .* got float32"):
        jetmlp.Trainer(jetmlp.MLP([1, 4, 1], dtype="float32", normalize=False), jetmlp.LevenbergMarquardt())
    model = jetmlp.MLP([1, 4, 1], dtype="float64", normalize=False)
    for optimizer in (jetmlp.LevenbergMarquardt(), jetmlp.LBFGS()):
        with pytest.raises(ValueError, match=rf"batch_size: expected None for {type(optimizer).__name__}"):
            jetmlp.Trainer(model, optimizer, batch_size=8)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"initial_damping": 0.0}, ValueError, "initial_damping: .* above 0"),
        ({"form": "both"}, ValueError, "form: expected one of"),
        ({"geodesic_acceleration": 1}, TypeError, "geodesic_acceleration: expected True or False"),
        ({"target_loss": -1.0}, ValueError, "target_loss: .* at least 0"),
        ({"gradient_tolerance": np.nan}, ValueError, "gradient_tolerance"),
        ({"step_tolerance": "small"}, TypeError, "step_tolerance"),
    ],
    ids=str,
)
def test_bad_settings_are_named(options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        jetmlp.LevenbergMarquardt(**options)
