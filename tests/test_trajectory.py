"""Training step by step: PyTorch's losses, the oracle's, and the same bytes for the same seed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import golden
import jetmlp
import reference_training
from golden import Trajectory
from problems import Problem, make_problem, model_of
from reference import Network

LOSSES = ("loss", "value_loss", "derivative_loss")
EVERY_LOSS = LOSSES + tuple(f"val_{name}" for name in LOSSES)


def follow(run: Trajectory, dtype: str, n_threads: int = 1) -> tuple[NDArray[Any], NDArray[Any]]:
    """Train from the run's start as it was trained; epoch losses (epochs, 3) and final parameters."""
    model = jetmlp.MLP(
        list(run.network.layer_sizes), activation=run.network.activation, dtype=dtype, normalize=False
    )
    model.parameters = run.initial_parameters
    trainer = jetmlp.Trainer(
        model,
        optimizer=jetmlp.Adam(learning_rate=run.learning_rate, weight_decay=run.weight_decay),
        value_weight=run.value_weight,
        derivative_weight=run.derivative_weight,
        batch_size=run.batch_size,
        shuffle=run.shuffle,
        n_threads=n_threads,
        seed=run.seed,
    )
    history = trainer.fit(run.X, run.Y, run.dYdX, epochs=run.epochs)
    return np.stack([history[name] for name in LOSSES], axis=1), model.parameters


@pytest.mark.parametrize("n_threads", [1, 2], ids="threads={}".format)
@pytest.mark.parametrize("name", golden.NAMES)
def test_follows_pytorch(name: str, n_threads: int) -> None:
    run = golden.load(name)
    losses, parameters = follow(run, "float64", n_threads)
    assert losses.dtype == np.float64
    assert np.allclose(losses, run.losses, rtol=1e-9, atol=0)
    assert np.allclose(parameters, run.final_parameters, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("name", golden.NAMES)
def test_float32_starts_along_the_same_path(name: str) -> None:
    """Rounding errors of 6e-8 grow from step to step; over the first 5 epochs by less than a hundred."""
    losses, parameters = follow(golden.load(name), "float32")
    expected = golden.load(name).losses
    assert losses.dtype == np.float64
    assert parameters.dtype == np.float32
    assert np.allclose(losses[:5], expected[:5], rtol=100 * np.finfo(np.float32).eps, atol=0)
    assert losses[-1, 0] < losses[0, 0] / 20


def train(
    problem: Problem,
    epochs: tuple[int, ...],
    *,
    batch_size: int | None = 16,
    n_threads: int = 1,
    shuffle: bool = True,
    seed: int = 4,
) -> dict[str, NDArray[Any]]:
    """Everything a training leaves behind, of one fit after the other."""
    model = model_of(problem)
    trainer = jetmlp.Trainer(
        model,
        jetmlp.Adam(),
        value_weight=2.0,
        derivative_weight=0.3,
        batch_size=batch_size,
        shuffle=shuffle,
        n_threads=n_threads,
        seed=seed,
    )
    validation = make_problem(problem.network, 21, seed=99)
    histories = [
        trainer.fit(
            problem.X,
            problem.Y,
            problem.dYdX,
            epochs=n,
            validation_data=(validation.X, validation.Y, validation.dYdX),
        )
        for n in epochs
    ]
    left = {name: np.concatenate([history[name] for history in histories]) for name in EVERY_LOSS}
    return {**left, "parameters": model.parameters}


def assert_same_bytes(one: dict[str, NDArray[Any]], other: dict[str, NDArray[Any]]) -> None:
    for name, array in one.items():
        assert array.tobytes() == other[name].tobytes(), name


@pytest.fixture(params=["float32", "float64"])
def problem(request: pytest.FixtureRequest) -> Problem:
    return make_problem(Network((2, 24, 24, 2), "tanh"), 150, dtype=request.param)


@pytest.mark.parametrize("batch_size", [None, 16, 64], ids="batch={}".format)
def test_same_seed_same_bytes(problem: Problem, batch_size: int | None) -> None:
    one, other = (train(problem, (6,), batch_size=batch_size) for _ in range(2))
    assert_same_bytes(one, other)


# A full grid: type, batch and threads together decide how a batch is cut into blocks and who takes them.
@pytest.mark.parametrize("batch_size", [None, 16, 100], ids="batch={}".format)
@pytest.mark.parametrize("n_threads", [2, 3], ids="threads={}".format)
def test_any_number_of_threads_gives_the_same_bytes(
    problem: Problem, n_threads: int, batch_size: int | None
) -> None:
    one = train(problem, (6,), batch_size=batch_size)
    assert_same_bytes(one, train(problem, (6,), batch_size=batch_size, n_threads=n_threads))


def test_threads_give_the_same_bytes_on_work_large_enough_to_share() -> None:
    problem = make_problem(Network((3, 64, 64, 2), "silu"), 2000)
    one, two = (train(problem, (3,), batch_size=700, n_threads=n) for n in (1, 2))
    assert_same_bytes(one, two)


@pytest.mark.parametrize("batch_size", [None, 16], ids="batch={}".format)
def test_two_fits_are_one(problem: Problem, batch_size: int | None) -> None:
    whole = train(problem, (10,), batch_size=batch_size)
    assert_same_bytes(whole, train(problem, (5, 5), batch_size=batch_size))
    assert_same_bytes(whole, train(problem, (1, 7, 2), batch_size=batch_size))


def test_another_seed_takes_another_path(problem: Problem) -> None:
    one, other = train(problem, (3,), seed=1), train(problem, (3,), seed=2)
    assert not np.array_equal(one["parameters"], other["parameters"])


def test_seed_does_not_matter_without_shuffling(problem: Problem) -> None:
    one, other = (train(problem, (3,), shuffle=False, seed=seed) for seed in (1, 2))
    assert_same_bytes(one, other)


@pytest.mark.parametrize("shuffle", [True, False], ids=["shuffled", "in order"])
@pytest.mark.parametrize("batch_size", [1, 7, 32, 33, 50, 1000], ids="batch={}".format)
def test_batches_follow_the_oracle(batch_size: int, shuffle: bool) -> None:
    """Including batches of one, a last batch of one, and a batch larger than the data."""
    assert_follows_oracle(make_problem(Network((2, 8, 7, 3), "sin"), 50), batch_size, shuffle)


@pytest.mark.parametrize("missing", ["nothing", "Y", "dYdX", "half of dYdX"])
@pytest.mark.parametrize("activation", ["relu", "sigmoid", "softplus"])
def test_whatever_is_given_follows_the_oracle(
    activation: str, missing: str, rng: np.random.Generator
) -> None:
    problem = make_problem(Network((3, 9, 2), activation, "tanh"), 50)
    Y = None if missing == "Y" else problem.Y
    dYdX: NDArray[Any] | None = None if missing == "dYdX" else problem.dYdX
    if missing == "half of dYdX":
        dYdX = np.where(rng.random(problem.dYdX.shape) < 0.5, np.nan, problem.dYdX)
    assert_follows_oracle(problem, 16, True, Y=Y, dYdX=dYdX)


def assert_follows_oracle(
    problem: Problem, batch_size: int, shuffle: bool, **targets: NDArray[Any] | None
) -> None:
    n, epochs, seed = len(problem.X), 12, 77
    given = {"Y": problem.Y, "dYdX": problem.dYdX, **targets}
    orders = np.tile(np.arange(n), (epochs, 1))
    if shuffle:
        orders = reference_training.epoch_orders(seed, n, epochs)
    expected, expected_parameters = reference_training.train(
        problem.network,
        problem.parameters,
        problem.X,
        given["Y"],
        given["dYdX"],
        orders,
        batch_size,
        reference_training.Adam(5e-3, beta1=0.8, beta2=0.99, epsilon=1e-6),
        2.0,
        0.3,
    )
    model = model_of(problem)
    trainer = jetmlp.Trainer(
        model,
        optimizer=jetmlp.Adam(5e-3, beta1=0.8, beta2=0.99, epsilon=1e-6),
        value_weight=2.0,
        derivative_weight=0.3,
        batch_size=batch_size,
        shuffle=shuffle,
        seed=seed,
    )
    history = trainer.fit(problem.X, given["Y"], given["dYdX"], epochs=epochs)
    for name, column in zip(LOSSES, expected.T, strict=True):
        assert np.allclose(history[name], column, rtol=1e-9, atol=0, equal_nan=True), name
    assert np.allclose(model.parameters, expected_parameters, rtol=1e-9, atol=1e-11)


def test_validation_losses_are_taken_after_the_epoch() -> None:
    """Full batches: what an epoch leaves behind is what the next one finds before its update."""
    problem = make_problem(Network((2, 8, 2)), 40)
    trainer = jetmlp.Trainer(model_of(problem), jetmlp.Adam(), value_weight=2.0, derivative_weight=0.3)
    data = (problem.X, problem.Y, problem.dYdX)
    history = trainer.fit(*data, epochs=6, validation_data=data)
    for name in LOSSES:
        assert np.allclose(history[f"val_{name}"][:-1], history[name][1:], rtol=1e-13, atol=0)


def test_derivatives_alone_leave_the_output_bias_as_it_is() -> None:
    problem = make_problem(Network((2, 9, 3)), 50)
    model = model_of(problem)
    trainer = jetmlp.Trainer(model, optimizer=jetmlp.Adam(learning_rate=1e-2), batch_size=16)
    trainer.fit(problem.X, None, problem.dYdX, epochs=5)
    assert np.array_equal(model.parameters[-3:], problem.parameters[-3:])
    assert not np.array_equal(model.parameters[:-3], problem.parameters[:-3])
