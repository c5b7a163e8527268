"""The l2 penalty on the weights and AdamW's decay. test_trajectory.py holds the decay to PyTorch's AdamW."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import jetmlp
import reference_training
from problems import Problem, make_problem, model_of, problems
from reference import Network
from reference_weighted import penalty, weighted_losses, weighted_sample_gradients

WEIGHTS = (2.0, 0.3)
LOSS = {"value_weight": 2.0, "derivative_weight": 0.3}


@settings(max_examples=30)
@given(problem=problems(), l2=st.floats(1e-3, 10.0))
def test_loss_and_gradient(problem: Problem, l2: float) -> None:
    """Against complex steps, over the weights and not the biases."""
    data = (problem.X, problem.Y, problem.dYdX)
    oracle = (problem.network, problem.parameters, *data, *WEIGHTS, l2)
    objective = jetmlp.Objective(model_of(problem), *data, **LOSS, l2=l2)
    losses = objective.losses(problem.parameters)
    assert losses == pytest.approx(weighted_losses(*oracle), rel=1e-12)
    loss, gradient = objective.loss_and_gradient(problem.parameters)
    assert loss == losses[0]
    contributions = weighted_sample_gradients(*oracle)
    scale = np.abs(contributions).sum(axis=1)
    assert (np.abs(gradient - contributions.sum(axis=1)) <= 1e-10 * (scale + 1e-3 * scale.max())).all()


def test_the_penalty_is_the_sum_of_squared_weights() -> None:
    model = jetmlp.MLP([2, 5, 3], init="fan_in_uniform", dtype="float32", seed=4, normalize=False)
    data = (np.zeros((1, 2)), model.predict(np.zeros((1, 2))))  # without an error
    expected = 0.7 * sum(float((W.astype(np.float64) ** 2).sum()) for W in model.weights)
    assert jetmlp.Objective(model, *data, l2=0.7).loss(model.parameters) == pytest.approx(expected, rel=1e-6)
    assert all((b != 0).any() for b in model.biases)


def test_a_fit_reports_the_penalty_in_the_loss_and_not_in_that_of_validation() -> None:
    problem = make_problem(Network((2, 6, 3)), 23)
    data = (problem.X, problem.Y, problem.dYdX)
    trainer = jetmlp.Trainer(model_of(problem), jetmlp.Adam(1e-30), l2=0.05, **LOSS)
    history = trainer.fit(*data, epochs=1, validation_data=data)
    errors = 2.0 * history["value_loss"][0] + 0.3 * history["derivative_loss"][0]
    added = 0.05 * float(penalty(problem.network, problem.parameters))
    assert history["loss"][0] == pytest.approx(errors + added, rel=1e-13)
    assert history["val_loss"][0] == pytest.approx(errors, rel=1e-13)


def test_a_fit_follows_the_oracle(rng: np.random.Generator) -> None:
    """Gradient steps of a linear model: ridge regression, which has a closed form."""
    X, Y = rng.normal(size=(40, 3)), rng.normal(size=(40, 2))
    model = jetmlp.MLP([3, 2], dtype="float64", seed=1, normalize=False)
    rates = jetmlp.schedules.Step(3e-2, 1000, 0.1)
    jetmlp.Trainer(model, jetmlp.Adam(rates), l2=0.2).fit(X, Y, epochs=4000)
    centred = X - X.mean(axis=0)
    # The mean runs over n·m entries: centred'centred W / (n m) + l2 W = centred'Y / (n m).
    expected = np.linalg.solve(centred.T @ centred + 0.2 * 80 * np.eye(3), centred.T @ Y).T
    assert model.weights[0] == pytest.approx(expected, abs=1e-9)
    assert model.biases[0] == pytest.approx(Y.mean(axis=0) - expected @ X.mean(axis=0), abs=1e-9)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_weight_decay_follows_the_oracle(dtype: str) -> None:
    """With a schedule, whose rate scales the decay too."""
    problem = make_problem(Network((2, 6, 5, 3), "silu"), 23, dtype=dtype)
    data = (problem.X, problem.Y, problem.dYdX)
    rates = jetmlp.schedules.Cosine(3e-2, 20, 1e-3)
    adam = jetmlp.Adam(rates, beta1=0.8, weight_decay=0.4)
    trainer = jetmlp.Trainer(model_of(problem), adam, **LOSS)
    trainer.fit(*data, epochs=20)
    parameters, oracle = problem.parameters, reference_training.Adam(beta1=0.8, weight_decay=0.4)
    for epoch in range(20):
        oracle.learning_rate = rates(epoch)
        _, gradient = reference_training.losses_and_gradient(problem.network, parameters, *data, *WEIGHTS)
        parameters = oracle.step(parameters, gradient)
    tolerance = 1e-11 if dtype == "float64" else 2e-4
    assert trainer.model.parameters == pytest.approx(parameters, abs=tolerance)


def test_decay_alone_shrinks_everything_by_the_rate() -> None:
    """Where the gradient is zero nothing but the decay is left, of weights and biases."""
    model = jetmlp.MLP([2, 5, 3], init="fan_in_uniform", dtype="float64", seed=4, normalize=False)
    X, before = np.ones((4, 2)), model.parameters
    adam = jetmlp.Adam(1e-2, weight_decay=0.5)
    jetmlp.Trainer(model, adam).fit(X, model.predict(X), epochs=1)
    assert model.parameters == pytest.approx((1 - 1e-2 * 0.5) * before, rel=1e-14)


@pytest.mark.parametrize("value", [-1e-3, np.nan, np.inf, "1", None])
def test_what_is_refused(value: object) -> None:
    model = jetmlp.MLP([2, 3], dtype="float32", normalize=False)
    with pytest.raises((TypeError, ValueError), match=r"^l2: expected a .*number"):
        jetmlp.Trainer(model, jetmlp.Adam(), l2=value)  # type: ignore[arg-type]
    with pytest.raises((TypeError, ValueError), match=r"^l2: expected a .*number"):
        jetmlp.Objective(model, np.ones((1, 2)), np.ones((1, 3)), l2=value)  # type: ignore[arg-type]
    with pytest.raises((TypeError, ValueError), match=r"^weight_decay: expected a .*number"):
        jetmlp.Adam(weight_decay=value)  # type: ignore[arg-type]
