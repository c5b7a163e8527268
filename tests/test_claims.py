"""One at a time: models and trainers that two want at once, objectives in signal handlers, and forks."""

from __future__ import annotations

import os
import signal
import threading
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import jetmlp
from problems import make_problem, model_of
from reference import Network

PROBLEM = make_problem(Network((2, 6, 2)), 20)
DATA = (PROBLEM.X, PROBLEM.Y, PROBLEM.dYdX)
ON_FOR_EVER = 2**31


class Busy:
    """A fit in another thread, from its first epoch until it is left."""

    def __init__(self, fit: Callable[..., object]) -> None:
        self._begun, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=fit, args=(self._look,))

    def _look(self, epoch: int, losses: dict[str, float]) -> bool:
        self._begun.set()
        return self._over.is_set()

    def __enter__(self) -> None:
        self._thread.start()
        assert self._begun.wait(60)

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


def fitting(trainer: jetmlp.Trainer) -> Busy:
    return Busy(lambda look: trainer.fit(*DATA, epochs=ON_FOR_EVER, callbacks=look))


# ---- The claim on the model ----


def test_a_second_trainer_of_a_model_that_is_being_fitted_is_refused() -> None:
    model = model_of(PROBLEM)
    first, second = (jetmlp.Trainer(model, jetmlp.Adam()) for _ in range(2))
    with fitting(first):
        for fit in (
            lambda: second.fit(*DATA, epochs=1),
            lambda: jetmlp.fit_many([second], *DATA, epochs=1),
        ):
            with pytest.raises(RuntimeError, match=r"^model: .* already fitting it; .* model\.copy\(\)$"):
                fit()
    assert (second.n_epochs, second.history.n_epochs) == (0, 0)
    second.fit(*DATA, epochs=1)
    assert second.n_epochs == 1


def test_what_is_assigned_to_a_model_that_is_being_fitted_is_refused() -> None:
    model = jetmlp.MLP([2, 6, 2])
    trainer = jetmlp.Trainer(model, jetmlp.Adam())
    with fitting(trainer):
        normalization = model.normalization
        assert normalization is not None
        for name in ("parameters", "normalization"):
            with pytest.raises(RuntimeError, match=rf"^{name}: expected model\.{name} to be left alone"):
                setattr(model, name, getattr(model, name))
        assert model.normalization is normalization
        # Whatever only reads is free to.
        assert np.isfinite(model.predict(PROBLEM.X)).all()
        assert np.isfinite(jetmlp.Objective(model, *DATA).loss(model.parameters))
        copied = model.copy()
        copied.parameters = np.zeros(model.n_parameters)
    model.parameters = np.zeros(model.n_parameters)
    model.normalization = normalization


def test_what_a_callback_assigns_is_refused_there_and_the_fit_goes_on() -> None:
    model = model_of(PROBLEM)
    refused: list[int] = []

    def meddle(epoch: int, losses: dict[str, float]) -> None:
        with pytest.raises(RuntimeError, match="returning True"):
            model.parameters = model.parameters
        refused.append(epoch)

    trainer, alone = (jetmlp.Trainer(one, jetmlp.Adam()) for one in (model, model_of(PROBLEM)))
    trainer.fit(*DATA, epochs=3, callbacks=meddle)
    alone.fit(*DATA, epochs=3)
    assert refused == [0, 1, 2]
    assert np.array_equal(model.parameters, alone.model.parameters)


def test_an_anchored_fit_with_a_callback_holds_its_own_claim() -> None:
    x = np.linspace(0, 1, 12)
    trainer = jetmlp.Trainer(jetmlp.MLP([1, 6, 1]), jetmlp.LBFGS())
    trainer.fit(x, dYdX=np.cos(x), epochs=30, anchor=([0.0], [2.0]), callbacks=lambda epoch, losses: None)
    assert trainer.model.predict([0.0])[0, 0] == pytest.approx(2.0, abs=1e-12)


def in_two_threads(fit: Callable[[], object]) -> list[str]:
    """What the one says that comes second."""
    errors: list[str] = []
    both = threading.Barrier(2)

    def run() -> None:
        both.wait()
        try:
            fit()
        except RuntimeError as error:
            errors.append(str(error))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


@pytest.mark.parametrize("kind", ["StagedMLP", "Surrogate"])
def test_models_that_fit_themselves_do_so_once_at_a_time(kind: str) -> None:
    x = np.linspace(-1, 1, 10)
    staged = jetmlp.StagedMLP([[1, 6, 1], [1, 8, 1]])
    surrogate = jetmlp.Surrogate(n_threads=1)
    fits: dict[str, Callable[[], object]] = {
        "StagedMLP": lambda: staged.fit(x, np.sin(3 * x), 3 * np.cos(3 * x), epochs=(400, 400)),
        "Surrogate": lambda: surrogate.fit(x, np.sin(3 * x), 3 * np.cos(3 * x)),
    }
    [error] = in_two_threads(fits[kind])
    assert f"this jetmlp.{kind} is already being fitted" in error
    fits[kind]()
    model: Any = {"StagedMLP": staged, "Surrogate": surrogate}[kind]
    assert np.abs(model.predict(x)[:, 0] - np.sin(3 * x)).max() < 1e-3


# ---- Signal handlers ----


def test_a_signal_handler_that_evaluates_the_objective_below_it_is_told_so() -> None:
    """It would wait for the evaluation that it has interrupted, for ever."""
    x = np.linspace(-1, 1, 200_000)
    model = jetmlp.MLP([1, 64, 64, 1], normalize=False)
    objective, other = (jetmlp.Objective(model, x[:n], x[:n], x[:n], n_threads=1) for n in (len(x), 10))
    said: list[str] = []

    def handle(*_: object) -> None:
        assert np.isfinite(other.loss(model.parameters))
        try:
            objective.loss(model.parameters)
        except RuntimeError as error:
            said.append(str(error))

    handler = signal.signal(signal.SIGALRM, handle)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.02)
        while not said:
            loss, _ = objective.loss_and_gradient(model.parameters)
    finally:
        signal.signal(signal.SIGALRM, handler)
    assert "evaluate another jetmlp.Objective" in said[0]
    assert loss == objective.loss(model.parameters)


@pytest.mark.parametrize("error", [SystemExit(7), KeyboardInterrupt()], ids=repr)
def test_what_a_handler_of_sigterm_raises_ends_a_fit_with_what_it_has(error: BaseException) -> None:
    def handle(*_: object) -> None:
        raise error

    trainer = jetmlp.Trainer(model_of(PROBLEM), jetmlp.Adam())
    handler = signal.signal(signal.SIGTERM, handle)
    timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGTERM))
    try:
        timer.start()
        with pytest.raises(type(error)) as caught:
            trainer.fit(*DATA, epochs=ON_FOR_EVER)
    finally:
        timer.join()
        signal.signal(signal.SIGTERM, handler)
    assert caught.value is error
    assert trainer.n_epochs == trainer.history.n_epochs > 0
    again = jetmlp.Trainer(model_of(PROBLEM), jetmlp.Adam())
    again.fit(*DATA, epochs=trainer.n_epochs)
    assert np.array_equal(trainer.model.parameters, again.model.parameters)


# ---- Forks ----


def in_a_child(check: Callable[[], object]) -> int:
    """Fork, check in the child, and return its exit code: 0 if that raised nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of Python 3.12: there are threads
        pid = os.fork()
    if pid == 0:
        code = 1
        try:
            signal.alarm(60)  # a child that hangs
            check()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")


@forks
@pytest.mark.parametrize("name", ["loss_and_gradient", "gram", "jacobian_product"])
def test_a_child_forked_while_a_thread_evaluates_an_objective_can_do_so_too(name: str) -> None:
    x = np.linspace(-1, 1, 500)
    model = jetmlp.MLP([1, 32, 32, 1], normalize=False)
    objective, alone = (jetmlp.Objective(model, x, x, x, l2=1e-3, n_threads=2) for _ in range(2))
    at = model.parameters
    arguments = (at, np.ones(len(at))) if name == "jacobian_product" else (at,)
    expected = getattr(alone, name)(*arguments)
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            getattr(objective, name)(*arguments)

    def check() -> None:
        for _ in range(2):
            found = getattr(objective, name)(*arguments)
            for one, other in zip(np.atleast_1d(found[-1]), np.atleast_1d(expected[-1]), strict=True):
                assert np.array_equal(one, other)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        for index in range(5):
            time.sleep(0.002 * index)
            assert in_a_child(check) == 0
    finally:
        over.set()
        thread.join()


@forks
def test_a_child_forked_in_the_middle_of_a_fit_can_fit_too() -> None:
    """With a new state of the optimizer: what the other thread was changing is half done there."""
    trainer = jetmlp.Trainer(model_of(PROBLEM), jetmlp.LBFGS(), n_threads=2)
    many = jetmlp.Trainer(model_of(PROBLEM), jetmlp.Adam())

    def check() -> None:
        trainer.model.parameters = model_of(PROBLEM).parameters
        for one in (trainer, many):
            history = one.fit(*DATA, epochs=5)
            assert one.n_epochs == history.n_epochs == 5
        jetmlp.fit_many([many], *DATA, epochs=2, n_threads=2)
        alone = jetmlp.Trainer(model_of(PROBLEM), jetmlp.LBFGS())
        alone.fit(*DATA, epochs=5)
        assert np.array_equal(trainer.model.parameters, alone.model.parameters)

    def fit(look: Any) -> None:  # noqa: ANN401
        trainer.fit(*DATA, epochs=ON_FOR_EVER, callbacks=look)

    with Busy(fit):
        assert in_a_child(check) == 0


@forks
@pytest.mark.parametrize("n_threads", [1, 3])
def test_a_child_forked_by_a_callback_has_the_fit_above_it_and_may_go_on(n_threads: int) -> None:
    """Without the threads that the parent's fit has."""
    network = jetmlp.MLP([2, 32, 2], normalize=False)
    X, Y = np.tile(DATA[0], (40, 1)), np.tile(DATA[1], (40, 1))
    trainer = jetmlp.Trainer(network, jetmlp.Adam(), n_threads=n_threads)
    codes: list[int] = []

    def fork(epoch: int, losses: dict[str, float]) -> bool:
        if epoch != 40:
            return False

        def check() -> None:
            assert np.isfinite(network.predict(X, n_threads=2)).all()
            with pytest.raises(RuntimeError, match="already fitting"):
                trainer.fit(X, Y, epochs=1)

        codes.append(in_a_child(check))
        return False

    trainer.fit(X, Y, epochs=60, callbacks=fork)

    pids: list[int] = []

    def split(epoch: int, losses: dict[str, float]) -> None:
        if epoch == 40:
            pids.append(os.fork())

    parent = os.getpid()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            trainer.fit(X, Y, epochs=60, callbacks=split)
        finally:
            if os.getpid() != parent:
                os._exit(0 if trainer.history.n_epochs == 60 else 1)
    codes.append(os.waitstatus_to_exitcode(os.waitpid(pids[0], 0)[1]))
    assert codes == [0, 0]
