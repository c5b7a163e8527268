"""What a fit reports and leaves behind. test_trajectory.py holds its numbers to PyTorch and to the oracle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

import jetmlp
from fit_state import bytes_of
from problems import Problem, make_problem, model_of
from reference import Network

TRAINING = ("loss", "value_loss", "derivative_loss")
VALIDATION = tuple(f"val_{name}" for name in TRAINING)
WEIGHTS = {"value_weight": 2.0, "derivative_weight": 0.3}


@pytest.fixture(params=["float32", "float64"])
def problem(request: pytest.FixtureRequest) -> Problem:
    return make_problem(Network((2, 9, 8, 3), "silu"), 23, dtype=request.param)


def data_of(problem: Problem) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    return problem.X, problem.Y, problem.dYdX


def objective_of(problem: Problem, rows: slice = slice(None)) -> jetmlp.Objective:
    X, Y, dYdX = data_of(problem)
    return jetmlp.Objective(model_of(problem), X[rows], Y[rows], dYdX[rows], **WEIGHTS)


# ---- The history ----


def test_keys_types_and_lengths(problem: Problem) -> None:
    trainer = jetmlp.Trainer(model_of(problem), jetmlp.Adam(), batch_size=10)
    history = trainer.fit(*data_of(problem), epochs=7)
    assert tuple(history) == (*TRAINING, "learning_rate")
    validated = trainer.fit(*data_of(problem), epochs=4, validation_data=data_of(problem))
    assert tuple(validated) == (*TRAINING, *VALIDATION, "learning_rate")
    for columns, epochs in ((history, 7), (validated, 4)):
        assert columns.n_epochs == epochs
        for column in columns.values():
            assert (column.shape, column.dtype) == ((epochs,), np.float64)
            assert np.isfinite(column).all()
    assert trainer.history is validated
    assert trainer.n_epochs == 11


def test_before_the_first_fit_the_history_is_empty(problem: Problem) -> None:
    trainer = jetmlp.Trainer(model_of(problem), jetmlp.Adam())
    assert set(trainer.history) == {*TRAINING, "learning_rate"}
    assert trainer.history.n_epochs == trainer.n_epochs == 0


@pytest.mark.parametrize("validated", [False, True], ids=["alone", "with validation"])
def test_no_epochs_do_nothing(problem: Problem, validated: bool) -> None:
    trainer = jetmlp.Trainer(model_of(problem), jetmlp.Adam())
    before = trainer.model.parameters
    history = trainer.fit(
        *data_of(problem), epochs=0, validation_data=data_of(problem) if validated else None, progress=True
    )
    assert all(column.shape == (0,) and column.dtype == np.float64 for column in history.values())
    assert np.array_equal(trainer.model.parameters, before)


def test_the_first_loss_is_that_of_the_start(problem: Problem) -> None:
    """Before the update, however far that leads."""
    model = model_of(problem)
    expected = objective_of(problem).losses(model.parameters)
    trainer = jetmlp.Trainer(model, jetmlp.Adam(0.5), **WEIGHTS)
    history = trainer.fit(*data_of(problem), epochs=1)
    assert [history[name][0] for name in TRAINING] == pytest.approx(expected, rel=1e-14)
    assert objective_of(problem).loss(model.parameters) != pytest.approx(expected[0], rel=1e-2)


def test_epoch_losses_weigh_batches_by_their_samples(problem: Problem) -> None:
    """Batches of 10, 10 and 3, at a rate so small that nothing moves between them."""
    model = model_of(problem)
    batches = [objective_of(problem, slice(start, start + 10)) for start in (0, 10, 20)]
    losses = [batch.losses(model.parameters) for batch in batches]
    trainer = jetmlp.Trainer(model, jetmlp.Adam(1e-30), batch_size=10, shuffle=False, **WEIGHTS)
    history = trainer.fit(*data_of(problem), epochs=2)
    expected = np.average(losses, axis=0, weights=[10, 10, 3])
    assert expected != pytest.approx(np.mean(losses, axis=0), rel=1e-3)
    for name, loss in zip(TRAINING, expected, strict=True):
        assert history[name] == pytest.approx(loss, rel=1e-13)


def test_validation_losses_are_those_of_the_model_after_the_epoch(problem: Problem) -> None:
    model, validation = model_of(problem), make_problem(problem.network, 9, seed=5, dtype=problem.dtype)
    objective = objective_of(validation)
    after: list[tuple[float, ...]] = []
    history = jetmlp.Trainer(model, jetmlp.Adam(0.1), batch_size=4, **WEIGHTS).fit(
        *data_of(problem),
        epochs=5,
        validation_data=data_of(validation),
        callbacks=lambda epoch, losses: after.append(objective.losses(model.parameters)),
    )
    assert np.array_equal(np.transpose([history[name] for name in VALIDATION]), after)


@pytest.mark.parametrize("prefix", ["", "val_"], ids=["training", "validation"])
def test_the_loss_is_the_weighted_sum_of_its_parts(problem: Problem, prefix: str) -> None:
    trainer = jetmlp.Trainer(model_of(problem), batch_size=10, **WEIGHTS)
    history = trainer.fit(*data_of(problem), epochs=5, validation_data=data_of(problem))
    expected = 2.0 * history[f"{prefix}value_loss"] + 0.3 * history[f"{prefix}derivative_loss"]
    assert history[f"{prefix}loss"] == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("kind", ["value", "derivative"])
def test_absent_kinds_are_nan_and_do_not_count(problem: Problem, kind: str) -> None:
    """In training, in validation, and each without the other."""
    X, Y, dYdX = data_of(problem)
    only = (X, Y) if kind == "value" else (X, None, dYdX)
    other, weight = ("derivative", 2.0) if kind == "value" else ("value", 0.3)
    trainer = jetmlp.Trainer(model_of(problem), **WEIGHTS)
    both = trainer.fit(X, Y, dYdX, epochs=3, validation_data=only)
    assert np.isfinite([both[name] for name in TRAINING]).all()
    alone = trainer.fit(*only, epochs=3, validation_data=(X, Y, dYdX))
    assert np.isfinite([alone[name] for name in VALIDATION]).all()
    for history, prefix in ((both, "val_"), (alone, "")):
        assert np.isnan(history[f"{prefix}{other}_loss"]).all()
        assert history[f"{prefix}loss"] == pytest.approx(weight * history[f"{prefix}{kind}_loss"], rel=1e-14)


def test_batches_without_any_derivative_leave_the_mean_to_the_others(problem: Problem) -> None:
    X, Y, dYdX = data_of(problem)
    dYdX = np.where(np.arange(len(X))[:, None, None] < 10, dYdX, np.nan)
    trainer = jetmlp.Trainer(model_of(problem), jetmlp.Adam(1e-30), batch_size=10, shuffle=False)
    expected = jetmlp.Objective(model_of(problem), X[:10], None, dYdX[:10]).loss(trainer.model.parameters)
    history = trainer.fit(X, Y, dYdX, epochs=2)
    assert history["derivative_loss"] == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("batch_size", [None, 5], ids="batch={}".format)
def test_derivatives_alone_leave_the_output_bias(problem: Problem, batch_size: int | None) -> None:
    model = model_of(problem)
    before = model.parameters
    jetmlp.Trainer(model, jetmlp.Adam(0.1), batch_size=batch_size).fit(
        problem.X, None, problem.dYdX, epochs=20
    )
    assert np.array_equal(model.biases[-1], before[-3:])
    assert (model.parameters[:-3] != before[:-3]).all()


def test_a_history_says_how_it_went(problem: Problem) -> None:
    history = jetmlp.Trainer(model_of(problem), jetmlp.Adam()).fit(*data_of(problem), epochs=3)
    assert "3 epochs" in repr(history)
    assert f"{history['loss'][-1]:.3g}" in repr(history)
    assert "0 epochs" in repr(jetmlp.History())


def test_a_history_goes_to_a_file_with_every_digit(problem: Problem, tmp_path: Any) -> None:  # noqa: ANN401
    history = jetmlp.Trainer(model_of(problem), jetmlp.Adam()).fit(
        *data_of(problem), epochs=3, validation_data=data_of(problem)
    )
    history.to_csv(tmp_path / "history.csv")
    read = np.genfromtxt(tmp_path / "history.csv", delimiter=",", names=True)
    assert read.dtype.names == ("epoch", *history)
    assert np.array_equal(read["epoch"], [0, 1, 2])
    for name, column in history.items():
        assert np.array_equal(read[name], column)


# ---- One fit after another ----


def fits(problem: Problem, *epochs: int, **arguments: Any) -> dict[str, NDArray[Any]]:  # noqa: ANN401
    """Histories end to end, and the final parameters."""
    adam = jetmlp.Adam(jetmlp.schedules.Cosine(3e-2, 8, 1e-3), beta1=0.8, beta2=0.95)
    trainer = jetmlp.Trainer(model_of(problem), adam, batch_size=5, seed=8)
    histories = [trainer.fit(*data_of(problem), epochs=count, **arguments) for count in epochs]
    columns = {name: np.concatenate([history[name] for history in histories]) for name in histories[0]}
    return {**columns, "parameters": trainer.model.parameters}


@pytest.mark.parametrize("epochs", [(1, 9), (4, 6), (1,) * 10, (0, 10, 0)], ids=str)
def test_a_second_fit_goes_on_where_the_first_stopped(problem: Problem, epochs: tuple[int, ...]) -> None:
    """Moments, step count, random stream and the epoch of the schedule."""
    whole, parts = fits(problem, 10), fits(problem, *epochs)
    for name, column in whole.items():
        assert column.tobytes() == parts[name].tobytes(), name


EXTRAS: dict[str, dict[str, Any]] = {
    "progress": {"progress": True},
    "callbacks": {"callbacks": [lambda epoch, losses: None]},
    "validation": {"validation_data": data_of(make_problem(Network((2, 9, 8, 3)), 4))},
}


@pytest.mark.parametrize("extra", EXTRAS.values(), ids=EXTRAS)
def test_watching_changes_nothing(problem: Problem, extra: dict[str, Any]) -> None:
    plain, watched = fits(problem, 3), fits(problem, 3, **extra)
    for name, column in plain.items():
        assert column.tobytes() == watched[name].tobytes(), name


def test_a_fit_starts_from_the_parameters_that_the_model_has(problem: Problem) -> None:
    trainer = jetmlp.Trainer(model_of(problem), **WEIGHTS)
    trainer.fit(*data_of(problem), epochs=2)
    trainer.model.parameters = 0.5 * trainer.model.parameters
    expected = objective_of(problem).loss(trainer.model.parameters)
    assert trainer.fit(*data_of(problem), epochs=1)["loss"][0] == pytest.approx(expected, rel=1e-14)


def test_a_second_fit_may_have_other_data(problem: Problem) -> None:
    trainer = jetmlp.Trainer(model_of(problem), **WEIGHTS)
    for n in (1, 23, 7):
        X, Y, dYdX = (array[:n] for array in data_of(problem))
        expected = objective_of(problem, slice(n)).losses(trainer.model.parameters)
        history = trainer.fit(X, Y, dYdX, epochs=2)
        assert [history[name][0] for name in TRAINING] == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("batch_size", [23, 24, 10**9])
def test_a_batch_of_all_samples_or_more_is_a_full_batch(problem: Problem, batch_size: int) -> None:
    trainers = [
        jetmlp.Trainer(model_of(problem), jetmlp.Adam(), batch_size=size) for size in (None, batch_size)
    ]
    for trainer in trainers:
        trainer.fit(*data_of(problem), epochs=3)
    assert bytes_of(trainers[0]) == bytes_of(trainers[1])


# ---- What data may look like ----

SHAPES: dict[str, Callable[[NDArray[Any]], ArrayLike]] = {
    "lists": lambda array: array.tolist(),
    "Fortran order": np.asfortranarray,
    "every other one": lambda array: np.repeat(array, 2, axis=0)[::2],
    "longdouble": lambda array: array.astype(np.longdouble),
    "without axes of one": np.squeeze,
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("d", [1, 2], ids="d={}".format)
def test_data_of_any_form(d: int, shape: Callable[[NDArray[Any]], ArrayLike]) -> None:
    """With one output, (n,) values and (n, d) derivatives; with one input, (n,) inputs and derivatives."""
    problem = make_problem(Network((d, 5, 1)), 8, dtype="float32")
    trainers = [jetmlp.Trainer(model_of(problem), jetmlp.Adam(), batch_size=3) for _ in range(2)]
    trainers[0].fit(*data_of(problem), epochs=3, validation_data=data_of(problem))
    other = [shape(array) for array in data_of(problem)]
    trainers[1].fit(*other, epochs=3, validation_data=other)
    assert bytes_of(trainers[0]) == bytes_of(trainers[1])


def test_masked_derivatives_are_missing_ones(problem: Problem, rng: np.random.Generator) -> None:
    missing = rng.random(problem.dYdX.shape) < 0.4
    forms = (np.where(missing, np.nan, problem.dYdX), np.ma.masked_array(problem.dYdX, missing))
    trainers = [jetmlp.Trainer(model_of(problem), jetmlp.Adam(), batch_size=5) for _ in forms]
    for trainer, dYdX in zip(trainers, forms, strict=True):
        trainer.fit(problem.X, problem.Y, dYdX, epochs=3)
    assert bytes_of(trainers[0]) == bytes_of(trainers[1])


def test_data_is_neither_changed_nor_watched(problem: Problem) -> None:
    expected, data = fits(problem, 4), [array.copy() for array in data_of(problem)]

    def spoil(epoch: int, losses: dict[str, float]) -> None:
        for array, original in zip(data, data_of(problem), strict=True):
            assert epoch > 0 or np.array_equal(array, original)
            array[...] = np.nan

    adam = jetmlp.Adam(jetmlp.schedules.Cosine(3e-2, 8, 1e-3), beta1=0.8, beta2=0.95)
    trainer = jetmlp.Trainer(model_of(problem), adam, batch_size=5, seed=8)
    trainer.fit(*data, epochs=4, callbacks=spoil)
    assert trainer.model.parameters.tobytes() == expected["parameters"].tobytes()
