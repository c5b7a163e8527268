"""Ending on the validation loss, and the parameters of its lowest epoch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import jetmlp
from problems import make_problem, model_of
from reference import Network

# Noisy values to overfit: the validation loss falls, then rises.
X = np.linspace(-1, 1, 12)
Y = np.sin(3 * X) + 0.3 * np.random.default_rng(3).normal(size=12)
HELD_OUT = (np.linspace(-0.95, 0.95, 30), np.sin(3 * np.linspace(-0.95, 0.95, 30)))
RATE = 3e-2


def trainer_of(seed: int = 0, **arguments: Any) -> jetmlp.Trainer:  # noqa: ANN401
    return jetmlp.Trainer(
        jetmlp.MLP([1, 20, 20, 1], dtype="float64", seed=seed, normalize=False),
        jetmlp.Adam(RATE),
        batch_size=5,
        **arguments,
    )


def whole_fit(seed: int = 0, epochs: int = 200) -> tuple[jetmlp.History, list[NDArray[Any]]]:
    """Its history, and the parameters after every epoch."""
    trainer, parameters = trainer_of(seed), []
    history = trainer.fit(
        X,
        Y,
        epochs=epochs,
        validation_data=HELD_OUT,
        callbacks=lambda epoch, losses: parameters.append(trainer.model.parameters),
    )
    return history, parameters


def stopping_epoch(losses: NDArray[Any], patience: int, min_delta: float) -> int:
    """The epoch after which to stop, by the definition."""
    to_beat, last = np.inf, -1
    for epoch, loss in enumerate(losses):
        if loss < to_beat - min_delta:
            to_beat, last = loss, epoch
        if epoch - last >= patience:
            return epoch
    return len(losses) - 1


@pytest.mark.parametrize("min_delta", [0.0, 1e-3, 0.05])
@pytest.mark.parametrize("patience", [1, 3, 25])
def test_patience(patience: int, min_delta: float) -> None:
    expected, _ = whole_fit()
    last = stopping_epoch(expected["val_loss"], patience, min_delta)
    assert last < 199, "a fit that stops, so that errors would show"
    trainer = trainer_of()
    history = trainer.fit(X, Y, epochs=200, validation_data=HELD_OUT, patience=patience, min_delta=min_delta)
    assert history.n_epochs == trainer.n_epochs == last + 1
    assert history.stopped_because == "patience"
    for name, column in history.items():
        assert np.array_equal(column, expected[name][: last + 1], equal_nan=True), name


@pytest.mark.parametrize("patience", [None, 10])
def test_the_best_epoch_is_restored(patience: int | None) -> None:
    expected, parameters = whole_fit()
    trainer = trainer_of()
    history = trainer.fit(X, Y, epochs=200, validation_data=HELD_OUT, patience=patience, restore_best=True)
    best = int(np.argmin(history["val_loss"]))
    assert 0 < best < history.n_epochs - 1
    assert history.best_epoch == best
    assert np.array_equal(trainer.model.parameters, parameters[best])
    assert patience is not None or np.array_equal(history["val_loss"], expected["val_loss"])
    loss = np.mean((trainer.model.predict(HELD_OUT[0])[:, 0] - HELD_OUT[1]) ** 2)
    assert history["val_loss"].min() == pytest.approx(loss, rel=1e-12)


def test_min_delta_does_not_change_what_is_best() -> None:
    trainer = trainer_of()
    history = trainer.fit(
        X, Y, epochs=200, validation_data=HELD_OUT, patience=5, min_delta=0.2, restore_best=True
    )
    _, parameters = whole_fit(epochs=history.n_epochs)
    assert np.array_equal(trainer.model.parameters, parameters[int(np.argmin(history["val_loss"]))])


def test_without_restoring_the_last_parameters_stay() -> None:
    trainer = trainer_of()
    history = trainer.fit(X, Y, epochs=200, validation_data=HELD_OUT, patience=10)
    assert np.array_equal(trainer.model.parameters, whole_fit(epochs=history.n_epochs)[1][-1])


def test_callbacks_see_every_epoch_and_may_stop_before() -> None:
    trainer, seen = trainer_of(), []

    def stop(epoch: int, losses: dict[str, float]) -> bool:
        seen.append(trainer.model.parameters)
        return epoch == 8

    history = trainer.fit(
        X, Y, epochs=200, validation_data=HELD_OUT, patience=100, restore_best=True, callbacks=stop
    )
    assert history.n_epochs == len(seen) == 9
    assert history.stopped_because == "callback"
    assert history.best_epoch is not None
    assert np.array_equal(trainer.model.parameters, seen[history.best_epoch])


def test_patience_asks_no_callback_but_waits_for_one() -> None:
    """A callback sees the epoch that patience ends with; where both end the fit, the callback is named."""
    plain = trainer_of().fit(X, Y, epochs=200, validation_data=HELD_OUT, patience=5)
    last = plain.n_epochs - 1
    for stop_at, reason in ((last, "callback"), (last + 1, "patience")):
        seen: list[int] = []
        history = trainer_of().fit(
            X,
            Y,
            epochs=200,
            validation_data=HELD_OUT,
            patience=5,
            callbacks=[
                lambda epoch, losses, seen=seen: seen.append(epoch),
                lambda e, _, end=stop_at: e == end,
            ],
        )
        assert history.stopped_because == reason
        assert seen == list(range(last + 1))


def test_the_best_epoch_is_restored_after_a_divergence_too() -> None:
    rates = [1e-2] * 5 + [1e200] * 5
    trainer = jetmlp.Trainer(
        jetmlp.MLP([1, 8, 1], activation="identity", dtype="float64", normalize=False),
        jetmlp.Adam(lambda e: rates[e]),
    )
    with pytest.raises(jetmlp.DivergenceError):
        trainer.fit(X, Y, epochs=10, validation_data=HELD_OUT, restore_best=True)
    best = trainer.history.best_epoch
    assert best is not None
    loss = np.mean((trainer.model.predict(HELD_OUT[0])[:, 0] - HELD_OUT[1]) ** 2)
    assert trainer.history["val_loss"][best] == pytest.approx(loss, rel=1e-12)


def test_fit_many_stops_each_by_itself() -> None:
    arguments = {"epochs": 150, "validation_data": HELD_OUT, "patience": 8, "restore_best": True}
    fleet, alone = [trainer_of(seed) for seed in range(4)], [trainer_of(seed) for seed in range(4)]
    histories = jetmlp.fit_many(fleet, X, Y, **arguments, n_threads=2)
    lengths = set()
    for many, one, history in zip(fleet, alone, histories, strict=True):
        expected = one.fit(X, Y, **arguments)
        assert np.array_equal(history["val_loss"], expected["val_loss"])
        assert np.array_equal(many.model.parameters, one.model.parameters)
        lengths.add(history.n_epochs)
    assert len(lengths) > 1


def test_best_epoch_without_validation_or_epochs() -> None:
    problem = make_problem(Network((2, 6, 3)), 23)
    trainer = jetmlp.Trainer(model_of(problem), jetmlp.Adam())
    assert trainer.fit(problem.X, problem.Y, epochs=3).best_epoch is None
    data = (problem.X, problem.Y)
    history = trainer.fit(*data, epochs=0, validation_data=data, patience=3, restore_best=True)
    assert history.best_epoch is None


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "patience without validation": ({"patience": 3}, "^patience: expected validation_data"),
    "best without validation": ({"restore_best": True}, "^restore_best: expected validation_data"),
    "patience 0": ({"patience": 0, "validation_data": HELD_OUT}, "^patience: .* at least 1, got 0"),
    "patience as a float": ({"patience": 2.0, "validation_data": HELD_OUT}, "^patience: .*integer, got 2.0"),
    "negative delta": (
        {"patience": 2, "min_delta": -1e-3, "validation_data": HELD_OUT},
        "^min_delta: .* at least 0, got -0.001",
    ),
    "delta without patience": ({"min_delta": 1e-3, "validation_data": HELD_OUT}, "^min_delta: .*patience"),
    "best as a number": ({"restore_best": 1, "validation_data": HELD_OUT}, "^restore_best: .*True or False"),
}


@pytest.mark.parametrize(("arguments", "message"), BAD.values(), ids=BAD)
def test_what_is_refused(arguments: dict[str, Any], message: str) -> None:
    trainer = trainer_of()
    with pytest.raises((TypeError, ValueError), match=message):
        trainer.fit(X, Y, epochs=2, **arguments)
    with pytest.raises((TypeError, ValueError), match=message):
        jetmlp.fit_many([trainer], X, Y, epochs=2, **arguments)
    assert trainer.n_epochs == 0
