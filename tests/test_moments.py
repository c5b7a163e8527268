"""Gradients whose squares leave a type: an error and an optimizer that goes on, not steps of zero."""

from __future__ import annotations

import numpy as np
import pytest

import jetmlp

X = np.linspace(-1.0, 1.0, 8)
#: Targets whose gradient has squares beyond the type.
BEYOND = {"float32": 1e25, "float64": 3.5e154}


def trainer_of(dtype: str, optimizer: jetmlp.optimizers.base.Optimizer) -> jetmlp.Trainer:
    model = jetmlp.MLP([1, 6, 1], dtype=dtype, seed=3, normalize=False)
    return jetmlp.Trainer(model, optimizer, n_threads=1)


def learns(trainer: jetmlp.Trainer, epochs: int) -> bool:
    loss = trainer.fit(X, np.sin(X), epochs=epochs)["loss"]
    return bool(loss[-1] < 0.5 * loss[0])


@pytest.mark.parametrize("dtype", BEYOND)
@pytest.mark.parametrize("weight_decay", [0.0, 0.01])
def test_adam_refuses_a_gradient_that_its_second_moment_cannot_hold(dtype: str, weight_decay: float) -> None:
    trainer = trainer_of(dtype, jetmlp.Adam(1e-2, weight_decay=weight_decay))
    assert learns(trainer, 100)
    before = trainer.model.parameters
    beyond = np.where(X > 0.9, BEYOND[dtype], np.sin(X))
    with pytest.raises(jetmlp.DivergenceError):
        trainer.fit(X, beyond, epochs=5)
    assert np.isfinite(trainer.model.parameters).all()
    np.testing.assert_array_equal(trainer.model.parameters, before)
    # The moments are those of the fit before: it goes on as if nothing had been.
    other = trainer_of(dtype, jetmlp.Adam(1e-2, weight_decay=weight_decay))
    other.fit(X, np.sin(X), epochs=100)
    trainer.fit(X, np.sin(X), epochs=20)
    other.fit(X, np.sin(X), epochs=20)
    np.testing.assert_array_equal(trainer.model.parameters, other.model.parameters)


@pytest.mark.parametrize("dtype", BEYOND)
def test_adam_learns_after_a_first_fit_that_diverged(dtype: str) -> None:
    trainer = trainer_of(dtype, jetmlp.Adam(1e-2))
    with pytest.raises(jetmlp.DivergenceError):
        trainer.fit(X, np.full(8, BEYOND[dtype] * 100), epochs=3)
    assert learns(trainer, 100)


def test_one_batch_beyond_does_not_stop_adam_for_ever() -> None:
    trainer = jetmlp.Trainer(
        jetmlp.MLP([1, 6, 1], dtype="float32", seed=3, normalize=False),
        jetmlp.Adam(1e-2),
        batch_size=2,
        shuffle=False,
        n_threads=1,
    )
    Y = np.sin(X)
    with pytest.raises(jetmlp.DivergenceError):
        trainer.fit(X, np.where(X[-1] == X, 1e21, Y), epochs=4)
    assert learns(trainer, 60)


@pytest.mark.parametrize("largest", [1e15, 9e18], ids=str)
def test_gradients_within_are_taken(largest: float) -> None:
    """Of a network without hidden layers at W = b = 0 the gradient is −2 mean(Y [x, 1])."""
    model = jetmlp.MLP([1, 1], dtype="float32", normalize=False)
    model.parameters = np.zeros(2, dtype=np.float32)
    jetmlp.Trainer(model, jetmlp.Adam(1.0), n_threads=1).fit([1.0], [largest / 2], epochs=1)
    np.testing.assert_allclose(model.parameters, [1.0, 1.0], rtol=1e-6)


@pytest.mark.parametrize(
    "optimizer",
    [
        jetmlp.LBFGS(),
        jetmlp.SelfScaledBroyden(),
        jetmlp.LevenbergMarquardt(),
        jetmlp.StochasticGaussNewton(),
        jetmlp.Adam(1e-2),
    ],
    ids=lambda optimizer: type(optimizer).__name__,
)
@pytest.mark.parametrize("size", [1e100, 1e153, 1e160, 1e200, 1e307], ids=str)
def test_no_optimizer_ends_well_without_a_finite_loss(
    optimizer: jetmlp.optimizers.base.Optimizer, size: float
) -> None:
    """Inputs and values of any size: an error, or finite predictions; and good data are learned after."""
    trainer = trainer_of("float64", optimizer)
    try:
        trainer.fit(X * size, np.sin(X) * size, epochs=3)
    except jetmlp.DivergenceError:
        assert np.isfinite(trainer.model.parameters).all()
    assert np.isfinite(trainer.model.predict(X * size)).all()
    other = trainer_of("float64", optimizer)
    trainer.model.parameters = other.model.parameters
    epochs = 300 if isinstance(optimizer, (jetmlp.Adam, jetmlp.StochasticGaussNewton)) else 20
    if size >= 1e153:  # below, a loss that was finite is a lesson that counts
        assert learns(trainer, epochs)


@pytest.mark.parametrize("dtype", BEYOND)
def test_a_last_step_into_the_void_is_taken_back(dtype: str) -> None:
    """Nobody asks for the loss after the last step of Adam; here it leads to numbers beyond the type."""
    model = jetmlp.MLP([1, 4, 4, 1], activation="identity", dtype=dtype, seed=1, normalize=False)
    before = model.parameters
    rate = 1e20 if dtype == "float32" else 1e130
    trainer = jetmlp.Trainer(model, jetmlp.Adam(rate), n_threads=1)
    with pytest.raises(jetmlp.DivergenceError):
        trainer.fit(X, np.sin(X), epochs=1)
    np.testing.assert_array_equal(model.parameters, before)
    assert trainer.history.n_epochs == 1
