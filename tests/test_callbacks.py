"""Callbacks, the progress bar, and calling `fit` while it runs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tqdm.auto
from numpy.typing import NDArray

import jetmlp
from problems import make_problem, model_of
from reference import Network

PROBLEM = make_problem(Network((2, 6, 2)), 20)
DATA = (PROBLEM.X, PROBLEM.Y, PROBLEM.dYdX)


def new_trainer() -> jetmlp.Trainer:
    """In batches, shuffled, so that what comes later depends on everything before."""
    return jetmlp.Trainer(model_of(PROBLEM), jetmlp.Adam(0.02), batch_size=6)


@pytest.fixture
def trainer() -> jetmlp.Trainer:
    return new_trainer()


@pytest.fixture(scope="module")
def path() -> list[NDArray[Any]]:
    """Parameters after 0, 1, … 8 epochs that nobody watches."""
    trainer = new_trainer()
    states = [trainer.model.parameters]
    for _ in range(8):
        trainer.fit(*DATA, epochs=1)
        states.append(trainer.model.parameters)
    return states


def assert_goes_on(trainer: jetmlp.Trainer, path: list[NDArray[Any]]) -> None:
    """The trainer is where it would be without what happened, and stays on the way."""
    done = trainer.n_epochs
    assert np.array_equal(trainer.model.parameters, path[done])
    trainer.fit(*DATA, epochs=8 - done)
    assert np.array_equal(trainer.model.parameters, path[8])


# ---- Callbacks ----


def test_callbacks_get_epoch_and_losses_with_the_model_up_to_date(
    trainer: jetmlp.Trainer, path: list[NDArray[Any]]
) -> None:
    seen: list[tuple[int, dict[str, float], NDArray[Any]]] = []

    def watch(epoch: int, losses: dict[str, float]) -> None:
        seen.append((epoch, losses, trainer.model.parameters))

    history = trainer.fit(*DATA, epochs=4, validation_data=DATA, callbacks=watch)
    assert [epoch for epoch, _, _ in seen] == [0, 1, 2, 3]
    assert [losses for _, losses, _ in seen] == [
        {name: column[epoch] for name, column in history.items()} for epoch in range(4)
    ]
    assert all(type(loss) is float for _, losses, _ in seen for loss in losses.values())
    assert np.array_equal([parameters for _, _, parameters in seen], path[1:5])


def test_epochs_are_counted_from_zero_in_every_fit(trainer: jetmlp.Trainer) -> None:
    epochs: list[int] = []
    for count in (2, 3):
        trainer.fit(*DATA, epochs=count, callbacks=lambda epoch, losses: epochs.append(epoch))
    assert epochs == [0, 1, 0, 1, 2]


def test_without_validation_data_callbacks_get_no_validation_losses(trainer: jetmlp.Trainer) -> None:
    names: list[str] = []
    trainer.fit(*DATA, epochs=1, callbacks=lambda epoch, losses: names.extend(losses))
    assert names == ["loss", "value_loss", "derivative_loss", "learning_rate"]


CONTAINERS: dict[str, Callable[[list[Any]], Any]] = {
    "list": list,
    "tuple": tuple,
    "iterator": iter,
    "generator": lambda callbacks: (callback for callback in callbacks),
}


@pytest.mark.parametrize("container", CONTAINERS.values(), ids=CONTAINERS)
def test_several_callbacks_are_called_in_turn_every_epoch(
    trainer: jetmlp.Trainer, container: Callable[[list[Any]], Any]
) -> None:
    calls: list[str] = []
    callbacks = [lambda epoch, losses, name=name: calls.append(f"{name}{epoch}") for name in "ab"]
    trainer.fit(*DATA, epochs=2, callbacks=container(callbacks))
    assert calls == ["a0", "b0", "a1", "b1"]


@pytest.mark.parametrize("answer", [True, np.True_], ids=["True", "NumPy's True"])
def test_a_callback_stops_the_fit_by_returning_true(
    trainer: jetmlp.Trainer, path: list[NDArray[Any]], answer: object
) -> None:
    calls: list[int] = []
    callbacks = [
        lambda epoch, losses: answer if epoch == 2 else not answer,
        lambda epoch, losses: calls.append(epoch),  # also in the epoch that the other one ends
    ]
    history = trainer.fit(*DATA, epochs=8, callbacks=callbacks)
    assert history.n_epochs == trainer.n_epochs == len(calls) == 3
    assert trainer.history is history
    assert_goes_on(trainer, path)


@pytest.mark.parametrize("answer", [None, False, np.False_, 0, 1, "stop", [1], np.ones(2)], ids=repr)
def test_any_other_answer_means_nothing(trainer: jetmlp.Trainer, answer: object) -> None:
    """A callback that ends in an expression, say `list.append`, must not end the fit by chance."""
    assert trainer.fit(*DATA, epochs=3, callbacks=lambda epoch, losses: answer).n_epochs == 3


@pytest.mark.parametrize(
    "error", [LookupError("mine"), StopIteration(), KeyboardInterrupt(), SystemExit(3)], ids=repr
)
def test_an_exception_of_a_callback_ends_the_fit_and_costs_nothing(
    trainer: jetmlp.Trainer, path: list[NDArray[Any]], error: BaseException
) -> None:
    def raise_in_third_epoch(epoch: int, losses: dict[str, float]) -> None:
        if epoch == 2:
            raise error

    with pytest.raises(type(error)) as caught:
        trainer.fit(*DATA, epochs=8, validation_data=DATA, callbacks=raise_in_third_epoch)
    assert caught.value is error
    assert raise_in_third_epoch.__name__ in [entry.name for entry in caught.traceback]
    assert trainer.history.n_epochs == trainer.n_epochs == 3
    assert np.isfinite(trainer.history["val_loss"]).all()
    assert_goes_on(trainer, path)


def test_a_callback_may_use_the_model_in_every_way(trainer: jetmlp.Trainer, path: list[NDArray[Any]]) -> None:
    copies: list[jetmlp.MLP] = []

    def use(epoch: int, losses: dict[str, float]) -> None:
        trainer.model.predict_with_jacobian(PROBLEM.X, n_threads=2)
        copies.append(trainer.model.copy())
        jetmlp.Trainer(copies[-1].copy(), jetmlp.Adam()).fit(
            *DATA, epochs=2
        )  # another trainer is nobody's business

    trainer.fit(*DATA, epochs=3, callbacks=use)
    assert np.array_equal([model.parameters for model in copies], path[1:4])
    assert_goes_on(trainer, path)


# ---- One fit at a time ----


def test_a_fit_within_a_fit_is_refused(trainer: jetmlp.Trainer, path: list[NDArray[Any]]) -> None:
    with pytest.raises(RuntimeError, match="already fitting"):
        trainer.fit(*DATA, epochs=8, callbacks=lambda epoch, losses: trainer.fit(*DATA, epochs=1))
    assert trainer.n_epochs == 1
    assert_goes_on(trainer, path)


def test_a_fit_from_another_thread_is_refused(trainer: jetmlp.Trainer, path: list[NDArray[Any]]) -> None:
    errors: list[BaseException] = []

    def intrude() -> None:
        try:
            trainer.fit(*DATA, epochs=1)
        except RuntimeError as error:
            errors.append(error)

    def run_intruder(epoch: int, losses: dict[str, float]) -> None:
        thread = threading.Thread(target=intrude)
        thread.start()
        thread.join()

    trainer.fit(*DATA, epochs=3, callbacks=run_intruder)
    assert ["already fitting" in str(error) for error in errors] == [True] * 3
    assert_goes_on(trainer, path)


def test_trainers_in_two_threads_do_not_meet(path: list[NDArray[Any]]) -> None:
    trainers = [new_trainer() for _ in range(4)]
    threads = [threading.Thread(target=trainer.fit, args=DATA, kwargs={"epochs": 8}) for trainer in trainers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for trainer in trainers:
        assert np.array_equal(trainer.model.parameters, path[8])


# ---- Progress ----


@pytest.mark.parametrize("validated", [False, True], ids=["alone", "with validation"])
def test_progress_is_one_bar_on_stderr(
    trainer: jetmlp.Trainer, capfd: pytest.CaptureFixture[str], validated: bool
) -> None:
    history = trainer.fit(*DATA, epochs=5, validation_data=DATA if validated else None, progress=True)
    out, err = capfd.readouterr()
    assert out == ""
    assert err.endswith("\n")
    assert err.count("\n") == 1
    last = err.split("\r")[-1]
    assert "100%" in last
    assert "5/5" in last
    assert f" loss={history['loss'][-1]:.2e}" in last
    assert ("val_loss=" in last) == validated


@pytest.mark.parametrize("progress", [False, np.False_], ids=["False", "NumPy's False"])
def test_nothing_is_printed_unless_asked(
    trainer: jetmlp.Trainer, capfd: pytest.CaptureFixture[str], progress: bool
) -> None:
    trainer.fit(*DATA, epochs=5, progress=progress)
    assert capfd.readouterr() == ("", "")


def test_the_bar_is_closed_when_a_callback_fails(
    trainer: jetmlp.Trainer, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(epoch: int, losses: dict[str, float]) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        trainer.fit(*DATA, epochs=5, progress=True, callbacks=fail)
    assert "1/5" in capfd.readouterr().err.splitlines()[-1]


def test_the_bar_is_the_one_that_suits_where_it_runs(
    trainer: jetmlp.Trainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`tqdm.auto`: text in a terminal, a widget in Jupyter."""
    bars: list[Any] = []

    class Bar(tqdm.auto.tqdm):  # type: ignore[type-arg]
        def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401
            super().__init__(*arguments, **options)
            bars.append(self)

    monkeypatch.setattr(tqdm.auto, "tqdm", Bar)
    trainer.fit(*DATA, epochs=5, progress=True)
    assert [(bar.total, bar.n) for bar in bars] == [(5, 5)]
