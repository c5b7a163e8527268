"""Fits that end before their time: a loss that is no longer finite, and Ctrl-C."""

from __future__ import annotations

import json
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jetmlp
from problems import Problem, make_problem, model_of
from reference import Network


@pytest.fixture(params=["float32", "float64"])
def problem(request: pytest.FixtureRequest) -> Problem:
    """ReLU does not saturate: parameters that are too large make a loss that is not finite."""
    return make_problem(Network((2, 8, 8, 2), "relu"), 20, dtype=request.param)


def data_of(problem: Problem) -> tuple[Any, Any, Any]:
    return problem.X, problem.Y, problem.dYdX


def leap_after(epochs: int, problem: Problem) -> jetmlp.Adam:
    """Small steps, then one to parameters that are finite while their products are not."""
    large = float(np.sqrt(np.finfo(problem.dtype).max)) * 100
    return jetmlp.Adam(lambda epoch: 1e-3 if epoch < epochs else large)


# ---- Divergence ----


@pytest.mark.parametrize("callbacks", [(), (lambda epoch, losses: None,)], ids=["alone", "with a callback"])
def test_divergence_names_the_epoch_and_keeps_the_last_finite_parameters(
    problem: Problem, callbacks: tuple[Any, ...]
) -> None:
    """The update of epoch 5 leaps; epoch 6 finds a loss that is not finite."""
    trainer = jetmlp.Trainer(model_of(problem), leap_after(5, problem))
    with pytest.raises(jetmlp.DivergenceError, match=r"epoch 6\b") as caught:
        trainer.fit(*data_of(problem), epochs=9, callbacks=callbacks)
    assert caught.value.epoch == 6
    assert trainer.history.n_epochs == trainer.n_epochs == 6
    assert all(np.isfinite(column).all() for column in trainer.history.values())

    before_the_leap = jetmlp.Trainer(model_of(problem), jetmlp.Adam())
    before_the_leap.fit(*data_of(problem), epochs=5)
    assert np.array_equal(trainer.model.parameters, before_the_leap.model.parameters)
    loss = jetmlp.Objective(trainer.model, *data_of(problem)).loss(trainer.model.parameters)
    assert loss == pytest.approx(trainer.history["loss"][5], rel=1e-14)
    assert np.isfinite(trainer.model.predict(problem.X)).all()


def test_divergence_in_the_middle_of_an_epoch(problem: Problem) -> None:
    trainer = jetmlp.Trainer(model_of(problem), leap_after(3, problem), batch_size=4)
    with pytest.raises(jetmlp.DivergenceError) as caught:
        trainer.fit(*data_of(problem), epochs=9)
    assert caught.value.epoch == trainer.history.n_epochs == 3
    values, jacobian = trainer.model.predict_with_jacobian(problem.X)
    assert np.isfinite(values).all()
    assert np.isfinite(jacobian).all()


@pytest.mark.parametrize("callbacks", [False, True], ids=["alone", "with a callback"])
@pytest.mark.parametrize("epochs", [1, 3])
def test_a_step_beyond_all_numbers_diverges_and_no_callback_sees_it(
    problem: Problem, epochs: int, callbacks: bool
) -> None:
    """Also in the last epoch, where no loss follows the step."""
    model = model_of(problem)
    before = model.parameters

    def look(epoch: int, losses: dict[str, float]) -> None:
        assert np.isfinite(model.parameters).all()

    trainer = jetmlp.Trainer(model, jetmlp.Adam(1.7e308))
    with pytest.raises(jetmlp.DivergenceError) as caught:
        trainer.fit(*data_of(problem), epochs=epochs, callbacks=[look] if callbacks else [])
    assert caught.value.epoch == trainer.history.n_epochs == 0
    assert np.array_equal(model.parameters, before)


def test_a_parameter_that_is_not_finite_diverges_even_if_the_loss_is() -> None:
    """A sigmoid of infinity is 1: just what the data says."""
    model = jetmlp.MLP([1, 1], output_activation="sigmoid", dtype="float32", normalize=False)
    before, x = model.parameters, np.linspace(0.1, 1, 20)
    trainer = jetmlp.Trainer(model, jetmlp.Adam(1e40))
    with pytest.raises(jetmlp.DivergenceError, match=r"epoch 0\b"):
        trainer.fit(x, np.ones(20), epochs=5)
    assert np.array_equal(model.parameters, before)


def test_a_start_that_is_not_finite_diverges_at_once(problem: Problem) -> None:
    model = model_of(problem)
    model.parameters = model.parameters * np.sqrt(np.finfo(model.dtype).max)
    before = model.parameters
    trainer = jetmlp.Trainer(model, jetmlp.Adam())
    with pytest.raises(jetmlp.DivergenceError, match=r"epoch 0\b"):
        trainer.fit(*data_of(problem), epochs=3)
    assert trainer.history.n_epochs == 0
    assert np.array_equal(model.parameters, before)


def test_a_validation_loss_that_is_not_finite_diverges() -> None:
    """One weight, on its way from 1 to 9 in steps of 0.5; beyond 3.4 it makes 1e38 overflow."""
    model = jetmlp.MLP([1, 1], dtype="float32", normalize=False)
    model.parameters = [1.0, 0.0]
    trainer = jetmlp.Trainer(model, jetmlp.Adam(0.5))
    with pytest.raises(jetmlp.DivergenceError, match=r"epoch 4\b") as caught:
        trainer.fit([1.0], [9.0], epochs=9, validation_data=([1e38], [0.0]))
    assert caught.value.epoch == trainer.history.n_epochs == 4
    assert np.isfinite(trainer.history["val_loss"]).all()
    assert model.parameters[0] == pytest.approx(3.0, abs=0.1)


def test_the_epoch_is_counted_in_this_fit(problem: Problem) -> None:
    trainer = jetmlp.Trainer(model_of(problem), leap_after(5, problem))
    trainer.fit(*data_of(problem), epochs=4)
    with pytest.raises(jetmlp.DivergenceError) as caught:
        trainer.fit(*data_of(problem), epochs=4)
    assert caught.value.epoch == 2


def test_a_model_that_diverged_can_be_trained_again(problem: Problem) -> None:
    model = model_of(problem)
    with pytest.raises(jetmlp.DivergenceError):
        jetmlp.Trainer(model, leap_after(5, problem)).fit(*data_of(problem), epochs=9)
    """As one that always had the parameters it was left with."""
    other = model_of(problem)
    other.parameters = model.parameters
    again, fresh = (
        jetmlp.Trainer(one, jetmlp.Adam()).fit(*data_of(problem), epochs=9) for one in (model, other)
    )
    assert np.array_equal(again["loss"], fresh["loss"])
    assert again["loss"][-1] < again["loss"][0]


def test_the_error_is_an_arithmetic_error_and_travels_between_processes() -> None:
    error = pickle.loads(pickle.dumps(jetmlp.DivergenceError(17)))
    assert isinstance(error, ArithmeticError)
    assert type(error) is jetmlp.DivergenceError
    assert error.epoch == 17
    assert "epoch 17" in str(error)


# ---- Ctrl-C ----


@pytest.fixture
def interrupted() -> Callable[[str, int], dict[str, Any]]:
    """Start a long computation, press Ctrl-C once it is under way, and see what it says in the end."""

    def run(name: str, n_threads: int) -> dict[str, Any]:
        program = Path(__file__).with_name("long_computations.py")
        with subprocess.Popen(
            [sys.executable, program, name, str(n_threads)], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            try:
                assert process.stdout.readline() == "ready\n"
                process.send_signal(signal.SIGINT)
                out, _ = process.communicate(timeout=20)  # of hours that it would take
            finally:
                process.kill()
        assert process.returncode == 0
        found: dict[str, Any] = json.loads(out)
        return found

    return run


@pytest.mark.parametrize("n_threads", [1, 2], ids="threads={}".format)
@pytest.mark.parametrize("name", ["many epochs", "many epochs with a bar", "huge batch", "large system"])
def test_ctrl_c_ends_a_fit_with_what_it_has(
    interrupted: Callable[[str, int], dict[str, Any]], name: str, n_threads: int
) -> None:
    found = interrupted(name, n_threads)
    assert found["ended"] == "interrupted"
    assert found["finite"]
    assert found["n_recorded"] == found["n_epochs"]
    if name.startswith("many"):
        assert 100 < found["n_epochs"] < 10**7
        assert found["history"][-1] < found["history"][0]
    assert found["afterwards"] == 2


def test_an_interrupt_shortly_before_the_end_does_not_cost_the_fit(rng: np.random.Generator) -> None:
    """A fit of some milliseconds, too short for the core to look for signals on its way."""
    x = rng.uniform(-1, 1, 1000)
    trainers = [
        jetmlp.Trainer(jetmlp.MLP([1, 16, 1], dtype="float32", normalize=False), jetmlp.Adam())
        for _ in range(2)
    ]

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    handler = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.001)
        with pytest.raises(KeyboardInterrupt):  # noqa: PT012
            trainers[0].fit(x, np.sin(x), epochs=100)
            time.sleep(10)
    finally:
        signal.signal(signal.SIGALRM, handler)
    n_epochs = trainers[0].n_epochs
    assert trainers[0].history.n_epochs == n_epochs
    if n_epochs == 100:  # else it was a long fit here, and ended somewhere in an epoch
        trainers[1].fit(x, np.sin(x), epochs=100)
        assert np.array_equal(trainers[0].model.parameters, trainers[1].model.parameters)


@pytest.mark.parametrize("n_threads", [1, 2], ids="threads={}".format)
@pytest.mark.parametrize(
    "name", ["predict", "jacobian", "hessian", "laplacian", "hvp", "directional", "objective"]
)
def test_ctrl_c_ends_an_evaluation(
    interrupted: Callable[[str, int], dict[str, Any]], name: str, n_threads: int
) -> None:
    found = interrupted(name, n_threads)
    assert found["ended"] == "interrupted"
    assert found["finite"]
