"""Stochastic Gauss-Newton against dense linear algebra, and its rate, batches, damping and end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import jetmlp
from problems import Problem, make_problem, model_of
from reference import Network
from reference_residuals import WEIGHTS, reference_jacobian, reference_residuals, without

X = np.linspace(-1.0, 1.0, 60)
Y, DYDX = np.sin(3 * X), 3 * np.cos(3 * X)


def rows_of(problem: Problem, first: int, end: int) -> Problem:
    return replace(problem, X=problem.X[first:end], Y=problem.Y[first:end], dYdX=problem.dYdX[first:end])


def dense_step(problem: Problem, rate: float, damping: float) -> NDArray[Any]:
    """The parameters after one step on all samples of a problem."""
    J, r = reference_jacobian(problem, "vd"), reference_residuals(problem, "vd", problem.parameters)
    K = J @ J.T
    shift = damping * np.trace(K) / len(r) * np.eye(len(r))
    return np.asarray(problem.parameters - rate * J.T @ np.linalg.solve(K + shift, r))


def trainer_of(
    model: jetmlp.MLP | None = None,
    batch_size: int | None = None,
    **options: Any,  # noqa: ANN401
) -> jetmlp.Trainer:
    model = jetmlp.MLP([1, 12, 12, 1], dtype="float64", normalize=False) if model is None else model
    return jetmlp.Trainer(model, jetmlp.StochasticGaussNewton(**options), batch_size=batch_size)


# ---- The step ----


@pytest.mark.parametrize(
    "sizes_and_n", [((1, 8, 8, 1), 20), ((3, 8, 5, 2), 9), ((2, 4, 1), 70), ((1, 3), 12)], ids=str
)
@pytest.mark.parametrize("share", [0.0, 0.3])
def test_the_steps_of_an_epoch_are_those_of_dense_solves(
    sizes_and_n: tuple[tuple[int, ...], int], share: float
) -> None:
    """One after the other, each on its batch, whose means are its own; the last batch is smaller."""
    sizes, n = sizes_and_n
    problem = without(make_problem(Network(sizes), n), share)
    batch_size, rate, damping = (2 * n + 4) // 5, 0.7, 2.0  # more than the warm-up's
    trainer = jetmlp.Trainer(
        model_of(problem),
        jetmlp.StochasticGaussNewton(rate, damping),
        batch_size=batch_size,
        shuffle=False,
        **WEIGHTS,
    )
    trainer.fit(problem.X, problem.Y, problem.dYdX, epochs=1)
    expected = problem
    for first in range(0, n, batch_size):
        batch = rows_of(expected, first, first + batch_size)
        expected = replace(expected, parameters=dense_step(batch, rate, damping))
    moved = expected.parameters - problem.parameters
    assert trainer.model.parameters - problem.parameters == pytest.approx(
        moved, rel=1e-8, abs=1e-10 * np.abs(moved).max()
    )


def test_the_first_step_is_damped_more() -> None:
    problem = make_problem(Network((2, 6, 5, 1)), 15)
    trainer = jetmlp.Trainer(model_of(problem), jetmlp.StochasticGaussNewton(0.5, 1e-3), **WEIGHTS)
    trainer.fit(problem.X, problem.Y, problem.dYdX, epochs=1)
    expected = dense_step(problem, 0.5, 1.0)
    assert trainer.model.parameters == pytest.approx(expected, rel=1e-8, abs=1e-10)


def test_a_batch_without_residuals_takes_no_step() -> None:
    """Its samples have no values, and slopes do not count."""
    y, slopes = np.where(np.arange(60) < 20, np.nan, Y), DYDX.copy()
    arguments: dict[str, Any] = {"derivative_weight": 0.0, "shuffle": False}

    def fitted(rows: slice) -> NDArray[Any]:
        model = jetmlp.MLP([1, 5, 1], dtype="float64", normalize=False)
        trainer = jetmlp.Trainer(model, jetmlp.StochasticGaussNewton(0.5), batch_size=20, **arguments)
        trainer.fit(X[rows], y[rows], slopes[rows], allow_missing_values=True, epochs=1)
        return model.parameters

    assert np.array_equal(fitted(slice(0, 60)), fitted(slice(20, 60)))


# ---- What it is by default ----


def test_the_rate_is_half_a_cosine_over_each_fit() -> None:
    trainer = trainer_of()
    for epochs in (5, 8, 1):
        rates = trainer.fit(X, Y, DYDX, epochs=epochs)["learning_rate"]
        assert rates == pytest.approx(0.5 * (1 + np.cos(np.pi * np.arange(epochs) / epochs)), abs=1e-15)


def test_in_a_chain_the_cosine_is_over_its_share() -> None:
    links = [jetmlp.Adam(1e-3), jetmlp.StochasticGaussNewton(), jetmlp.LBFGS()]
    model = jetmlp.MLP([1, 5, 1], dtype="float64", normalize=False)
    trainer = jetmlp.Trainer(model, jetmlp.Chain(links, epochs=[2, 4]))
    rates = trainer.fit(X, Y, DYDX, epochs=9)["learning_rate"]
    cosine = 0.5 * (1 + np.cos(np.pi * np.arange(4) / 4))
    assert rates == pytest.approx([1e-3, 1e-3, *cosine, np.nan, np.nan, np.nan], nan_ok=True, abs=1e-15)


@pytest.mark.parametrize("chained", [False, True])
def test_batches_have_24_samples(*, chained: bool) -> None:
    found = []
    for batch_size in (None, 24, 60):
        optimizer: Any = jetmlp.StochasticGaussNewton(0.5)
        optimizer = jetmlp.Chain([optimizer, jetmlp.LBFGS()], epochs=[3]) if chained else optimizer
        model = jetmlp.MLP([1, 5, 1], dtype="float64", normalize=False)
        jetmlp.Trainer(model, optimizer, batch_size=batch_size).fit(X, Y, DYDX, epochs=3)
        found.append(model.parameters)
    assert np.array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])


def test_it_fits_more_data_than_one_batch_closely() -> None:
    history = trainer_of(damping=1e-6).fit(X, Y, DYDX, epochs=100)
    assert history["loss"][-1] < 1e-5


# ---- How it ends ----


def rising(*, chained: bool) -> jetmlp.Trainer:
    """Steps of the whole Gauss-Newton length on batches whose noise the network cannot fit."""
    optimizer: Any = jetmlp.StochasticGaussNewton(1.0, 1e-6)
    if chained:
        optimizer = jetmlp.Chain([optimizer, jetmlp.LBFGS()], epochs=[500])
    return jetmlp.Trainer(jetmlp.MLP([1, 3, 1], dtype="float64", normalize=False), optimizer, batch_size=6)


def noisy(rng: np.random.Generator) -> NDArray[Any]:
    return np.asarray(Y + 0.3 * rng.normal(size=Y.shape))


def test_a_loss_that_keeps_rising_ends_the_fit_before_the_lowest_epoch(rng: np.random.Generator) -> None:
    trainer, y, path = rising(chained=False), noisy(rng), []
    path.append(trainer.model.parameters)
    history = trainer.fit(X, y, epochs=500, callbacks=lambda *_: path.append(trainer.model.parameters))
    assert history.stopped_because == "rising"
    losses = history["loss"]
    assert (losses[-5:] > 1.5 * losses.min()).all()
    assert np.array_equal(trainer.model.parameters, path[int(np.argmin(losses))])
    assert trainer.fit(X, y, epochs=1).n_epochs == 1


def test_a_chain_then_goes_on_with_the_next_optimizer(rng: np.random.Generator) -> None:
    history = rising(chained=True).fit(X, noisy(rng), epochs=500)
    assert history.n_epochs > 20
    # The rates are those of the epochs asked for; the losses tell whose turn it was.
    losses = history["loss"][-20:]
    assert (np.diff(losses) <= 0).all()


# ---- What it refuses ----


def test_what_it_does_not_take() -> None:
    with pytest.raises(ValueError, match=r"float64.*StochasticGaussNewton, got float32"):
        jetmlp.Trainer(jetmlp.MLP([1, 4, 1], dtype="float32"), jetmlp.StochasticGaussNewton())
    model = jetmlp.MLP([1, 4, 1], dtype="float64", normalize=False)
    before = model.parameters
    with pytest.raises(ValueError, match=r"l2: expected 0 for StochasticGaussNewton"):
        jetmlp.Trainer(model, jetmlp.StochasticGaussNewton(), l2=1e-3).fit(X, Y, epochs=1)
    assert np.array_equal(model.parameters, before)
    with pytest.raises(ValueError, match=r"damping: expected"):
        jetmlp.StochasticGaussNewton(damping=0.0)
    with pytest.raises(ValueError, match=r"learning_rate: expected"):
        jetmlp.StochasticGaussNewton(-1.0)
    with pytest.raises(ValueError, match=r"learning_rate\(1\): expected"):
        trainer_of(learning_rate=lambda epoch: -float(epoch)).fit(X, Y, epochs=3)
