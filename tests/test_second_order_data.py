"""Second-order optimizers on data as it comes: weights, missing entries, normalized models."""

from __future__ import annotations

import numpy as np
import pytest

import jetmlp

X = np.random.default_rng(5).uniform(-1, 1, (23, 2))
Y = np.stack([np.sin(X[:, 0] + 2 * X[:, 1]), X[:, 0] * X[:, 1]], axis=1)
DYDX = np.stack(
    [
        np.cos(X[:, 0] + 2 * X[:, 1])[:, np.newaxis] * [1.0, 2.0],
        X[:, ::-1],
    ],
    axis=1,
)


def holes(array: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    return np.where(rng.random(array.shape) < share, np.nan, array)


def test_squares_of_weighted_residuals_with_gaps_are_the_loss(rng: np.random.Generator) -> None:
    model = jetmlp.MLP([2, 7, 6, 2], "silu", dtype="float64", seed=2, normalize=False)
    weights = rng.uniform(0.2, 3.0, 23) * (rng.random(23) > 0.2)
    partial_weights = rng.uniform(0.2, 3.0, (23, 2, 2))
    objective = jetmlp.Objective(
        model,
        X,
        holes(Y, 0.3, rng),
        holes(DYDX, 0.3, rng),
        sample_weight=weights,
        derivative_sample_weight=partial_weights,
        allow_missing_values=True,
        value_weight=0.7,
        derivative_weight=1.9,
    )
    residuals = objective.residuals(model.parameters)
    assert residuals @ residuals == pytest.approx(objective.loss(model.parameters), rel=1e-13)
    jacobian = objective.residual_jacobian(model.parameters)
    gradient = objective.loss_and_gradient(model.parameters)[1]
    np.testing.assert_allclose(
        2 * residuals @ jacobian, gradient, rtol=0, atol=1e-13 * np.abs(gradient).max()
    )
    gram = objective.gram(model.parameters)
    np.testing.assert_allclose(gram, jacobian @ jacobian.T, rtol=0, atol=1e-13 * np.abs(gram).max())


@pytest.mark.parametrize("optimizer", [jetmlp.LevenbergMarquardt(), jetmlp.LBFGS()], ids=["LM", "L-BFGS"])
def test_a_weight_of_two_is_a_row_twice(optimizer: jetmlp.LevenbergMarquardt) -> None:
    weights = np.where(np.arange(23) % 3 == 0, 2.0, 1.0)
    twice = np.repeat(np.arange(23), weights.astype(int))
    losses = []
    for rows, given in ((np.arange(23), weights), (twice, None)):
        model = jetmlp.MLP([2, 8, 2], dtype="float64", seed=4, normalize=False)
        trainer = jetmlp.Trainer(model, optimizer)
        losses.append(trainer.fit(X[rows], Y[rows], DYDX[rows], epochs=8, sample_weight=given)["loss"])
    np.testing.assert_allclose(*losses, rtol=1e-7)


def test_levenberg_marquardt_does_not_depend_on_units() -> None:
    """Predictions in the original units are those of a fit in others."""
    unit, factor = np.array([1e3, 2e-4]), np.array([40.0, -0.3])
    predictions = []
    for x_unit, y_unit in ((np.ones(2), np.ones(2)), (unit, factor)):
        model = jetmlp.MLP([2, 8, 2], dtype="float64", seed=4, normalize=True)
        jetmlp.Trainer(model, jetmlp.LevenbergMarquardt()).fit(
            X * x_unit + 5 * x_unit, Y * y_unit - 3, DYDX * y_unit[:, np.newaxis] / x_unit, epochs=15
        )
        predictions.append((model.predict(X * x_unit + 5 * x_unit) + 3) / y_unit)
    np.testing.assert_allclose(*predictions, atol=1e-6)
