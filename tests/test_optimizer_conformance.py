"""What every optimizer promises to a fit, whatever its method. A new one is one line in `OPTIMIZERS`."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jetmlp
from jetmlp.optimizers.base import TOLERANCES, Optimizer

X = np.linspace(-1.0, 1.0, 41)
Y, DYDX = np.sin(3 * X), 3 * np.cos(3 * X)
HELD_OUT = (np.linspace(-0.9, 0.9, 13), np.sin(3 * np.linspace(-0.9, 0.9, 13)))


@dataclass(frozen=True)
class Case:
    """How a trainer is set up with it, in the types that it works in."""

    optimizer: Callable[[], Optimizer | str]
    dtypes: tuple[str, ...] = ("float32", "float64")
    batch_size: int | None = None
    noise: float = 1.0  # with which a fit to 400 samples is never done


def evidence() -> jetmlp.LevenbergMarquardt:
    """With a prior that holds nothing back, which a fit to a few exact samples has no need of."""
    return jetmlp.LevenbergMarquardt(regularization="evidence", prior_precision=1e-6, first_update=15)


def chain() -> jetmlp.Chain:
    return jetmlp.Chain([jetmlp.Adam(1e-2), jetmlp.LBFGS(), jetmlp.LevenbergMarquardt()], epochs=[3, 2])


OPTIMIZERS = {
    "Adam": Case(lambda: jetmlp.Adam(1e-2)),
    "AdamW": Case(lambda: jetmlp.Adam(1e-2, weight_decay=0.1)),
    "Adam in batches": Case(lambda: jetmlp.Adam(jetmlp.schedules.Cosine(1e-2, 300, 1e-3)), batch_size=16),
    "LBFGS": Case(jetmlp.LBFGS),
    "LevenbergMarquardt dual": Case(lambda: jetmlp.LevenbergMarquardt(form="dual"), ("float64",)),
    "LevenbergMarquardt primal": Case(lambda: jetmlp.LevenbergMarquardt(form="primal"), ("float64",)),
    "LevenbergMarquardt evidence": Case(evidence, ("float64",)),
    "SelfScaledBroyden": Case(jetmlp.SelfScaledBroyden, ("float64",)),
    "self-scaled BFGS": Case(lambda: jetmlp.SelfScaledBroyden("bfgs"), ("float64",)),
    "StochasticGaussNewton": Case(
        lambda: jetmlp.StochasticGaussNewton(jetmlp.schedules.Cosine(1.0, 300, 0.01)),
        ("float64",),
        batch_size=16,
        noise=0.1,  # with more it ends by rising
    ),
    "Chain": Case(chain, ("float64",)),
    "auto": Case(lambda: "auto"),
}
CASES = [(name, dtype) for name, case in OPTIMIZERS.items() for dtype in case.dtypes]


@pytest.fixture(params=CASES, ids=" ".join)
def case(request: pytest.FixtureRequest) -> tuple[str, str]:
    found: tuple[str, str] = request.param
    return found


def trainer_of(case: tuple[str, str], model: jetmlp.MLP | None = None, **arguments: Any) -> jetmlp.Trainer:  # noqa: ANN401
    name, dtype = case
    setup = OPTIMIZERS[name]
    model = jetmlp.MLP([1, 9, 7, 1], dtype=dtype, seed=2, normalize=False) if model is None else model
    return jetmlp.Trainer(model, setup.optimizer(), batch_size=setup.batch_size, **arguments)


def fit_in_parts(case: tuple[str, str], *parts: int, **arguments: Any) -> dict[str, bytes]:  # noqa: ANN401
    trainer = trainer_of(case, **arguments)
    histories = [trainer.fit(X, Y, DYDX, epochs=epochs) for epochs in parts]
    columns = {name: np.concatenate([history[name] for history in histories]) for name in histories[0]}
    assert trainer.n_epochs == sum(parts)
    return {
        "parameters": trainer.model.parameters.tobytes(),
        **{name: column.tobytes() for name, column in columns.items()},
    }


@pytest.mark.parametrize("parts", [(3, 6), (1,) * 9, (0, 9, 0)], ids=str)
def test_a_second_fit_goes_on_where_the_first_stopped(case: tuple[str, str], parts: tuple[int, ...]) -> None:
    assert fit_in_parts(case, *parts) == fit_in_parts(case, 9)


def test_the_same_bytes_for_any_number_of_threads(case: tuple[str, str]) -> None:
    """With systems of more than 300 equations in either form, and many blocks of samples."""
    x = np.linspace(-1.0, 1.0, 160)
    found = []
    for n_threads in (1, 2, 3):
        model = jetmlp.MLP([1, 20, 15, 1], dtype=case[1], seed=2, normalize=False)
        trainer = trainer_of(case, model, n_threads=n_threads)
        history = trainer.fit(x, np.sin(3 * x), 3 * np.cos(3 * x), epochs=6)
        found.append((model.parameters.tobytes(), history["loss"].tobytes()))
    assert found[0] == found[1] == found[2]


def test_many_fits_at_once_are_the_same_fits(case: tuple[str, str]) -> None:
    def fleet() -> list[jetmlp.Trainer]:
        return [
            trainer_of(case, jetmlp.MLP([1, 6, 1], dtype=case[1], seed=seed, normalize=False))
            for seed in range(3)
        ]

    together, alone = fleet(), fleet()
    histories = jetmlp.fit_many(together, X, Y, DYDX, epochs=6, n_threads=2)
    for many, one, history in zip(together, alone, histories, strict=True):
        assert np.array_equal(history["loss"], one.fit(X, Y, DYDX, epochs=6)["loss"])
        assert np.array_equal(many.model.parameters, one.model.parameters)


def test_it_lowers_the_loss(case: tuple[str, str]) -> None:
    history = trainer_of(case).fit(X, Y, DYDX, epochs=200)
    assert history["loss"][-1] < 0.5 * history["loss"][0]


def test_the_history_has_the_loss_before_each_epoch(case: tuple[str, str]) -> None:
    """For steps on all samples; and after a fit the model has the parameters of its last step."""
    trainer = trainer_of(case)
    losses = [jetmlp.Objective(trainer.model, X, Y, DYDX).loss(trainer.model.parameters)]
    objective = jetmlp.Objective(trainer.model, X, Y, DYDX)
    history = trainer.fit(
        X,
        Y,
        DYDX,
        epochs=7,
        callbacks=lambda *_: losses.append(objective.loss(trainer.model.parameters)),
    )
    if OPTIMIZERS[case[0]].batch_size is None:
        tolerance = 1e-5 if case[1] == "float32" else 1e-12
        assert history["loss"] == pytest.approx(losses[:-1], rel=tolerance)
    assert losses[-1] == objective.loss(trainer.model.parameters)


# ---- How it ends ----


def test_the_reasons_that_every_fit_can_end_for(case: tuple[str, str]) -> None:
    ends: dict[str, dict[str, Any]] = {
        "epochs": {"epochs": 4},
        "callback": {"epochs": 9, "callbacks": lambda epoch, losses: epoch == 2},
        "patience": {"epochs": 10**4, "validation_data": HELD_OUT, "patience": 1, "min_delta": 1e9},
    }
    for reason, arguments in ends.items():
        trainer = trainer_of(case)
        assert trainer.history.stopped_because == ""
        history = trainer.fit(X, Y, DYDX, **arguments)
        assert history.stopped_because == reason
        assert history.n_epochs == trainer.n_epochs == {"epochs": 4, "callback": 3, "patience": 2}[reason]


MET = {"gradient_tolerance": 1.0, "step_tolerance": 0.5, "loss_tolerance": 0.5, "target_loss": 1e-2}
# Optimizers of full batches have all of these; learning rates and chains have none of their own.
TOLERANT = [case for case in CASES if hasattr(OPTIMIZERS[case[0]].optimizer(), TOLERANCES[0])]


@pytest.mark.parametrize("case", TOLERANT, ids=" ".join)
@pytest.mark.parametrize("tolerance", TOLERANCES)
def test_the_tolerances_that_an_optimizer_of_full_batches_can_meet(
    case: tuple[str, str], tolerance: str
) -> None:
    optimizer = OPTIMIZERS[case[0]].optimizer()
    settings = {**vars(optimizer), tolerance: MET[tolerance]}
    trainer = jetmlp.Trainer(
        jetmlp.MLP([1, 9, 7, 1], dtype=case[1], seed=2, normalize=False), type(optimizer)(**settings)
    )
    history = trainer.fit(X, Y, DYDX, epochs=10**4)
    assert history.stopped_because == tolerance.removesuffix("_tolerance").removesuffix("_loss")
    assert history.n_epochs < 10**4


def test_the_best_epoch_is_restored(case: tuple[str, str]) -> None:
    """Whatever the last epoch leads to: targets that the validation data contradict."""
    trainer, seen = trainer_of(case), []
    held_out = (HELD_OUT[0], trainer.model.predict(HELD_OUT[0]) + 0.3 * HELD_OUT[1][:, np.newaxis])
    history = trainer.fit(
        X,
        Y,
        DYDX,
        epochs=25,
        validation_data=held_out,
        restore_best=True,
        callbacks=lambda *_: seen.append(trainer.model.parameters),
    )
    best = int(np.argmin(history["val_loss"]))
    assert best < history.n_epochs - 1, "a fit whose last epoch is not its best, so that errors would show"
    assert np.array_equal(trainer.model.parameters, seen[best])


def test_a_start_that_is_not_finite_diverges_and_changes_nothing(case: tuple[str, str]) -> None:
    _, dtype = case
    model = jetmlp.MLP([1, 4, 1], "relu", dtype=dtype, normalize=False)
    model.parameters = np.full(model.n_parameters, np.sqrt(np.finfo(dtype).max) * 10)
    before = model.parameters
    trainer = trainer_of(case, model)
    with pytest.raises(jetmlp.DivergenceError, match=r"epoch 0\b"):
        trainer.fit(X, Y, DYDX, epochs=3)
    assert trainer.history.stopped_because == "diverged"
    assert trainer.history.n_epochs == trainer.n_epochs == 0
    assert np.array_equal(model.parameters, before)


def test_a_divergence_leaves_the_last_finite_parameters_and_the_epochs_before(case: tuple[str, str]) -> None:
    """A validation loss diverges, which no optimizer sees: one weight grows until it overflows."""
    _, dtype = case
    model = jetmlp.MLP([1, 1], dtype=dtype, normalize=False)
    model.parameters = [1.0, 0.0]
    # Predictions of float32 overflow, squares of float64: those of float32 are summed in double.
    largest = float(np.finfo(dtype).max)
    far = 0.3 * (largest if dtype == "float32" else np.sqrt(largest))
    trainer, losses = trainer_of(case, model), []
    steep = (np.array([1.0, -1.0]), np.array([1e3, -1e3]))
    with pytest.raises(jetmlp.DivergenceError) as caught:
        trainer.fit(
            *steep,
            epochs=10**5,
            validation_data=([far], [0.0]),
            callbacks=lambda epoch, of_epoch: losses.append(of_epoch["val_loss"]),
        )
    history = trainer.history
    assert caught.value.epoch == history.n_epochs == trainer.n_epochs == len(losses)
    assert np.isfinite(history["val_loss"]).all()
    assert all(before < after for before, after in pairwise(losses))
    assert np.isfinite(np.square(model.predict([far]), dtype=np.float64)).all()
    assert trainer.fit(X, Y, DYDX, epochs=2).n_epochs == 2


# ---- Ctrl-C ----


def long_fit(name: str, dtype: str) -> None:
    """Run by a test in a process of its own: a long fit, and what it says after Ctrl-C."""
    random = np.random.default_rng(0)
    x = random.uniform(-1, 1, 400)
    noise = OPTIMIZERS[name].noise * random.normal(size=400)
    trainer = trainer_of((name, dtype), jetmlp.MLP([1, 24, 24, 1], dtype=dtype, normalize=False))

    def announce(epoch: int, losses: dict[str, float]) -> None:
        if epoch == 3:
            print("ready", flush=True)

    ended = "finished"
    try:
        trainer.fit(x, np.sin(x) + noise, epochs=3 * 10**5, callbacks=announce)
    except KeyboardInterrupt:
        ended = "interrupted"
    history, parameters = trainer.history, trainer.model.parameters
    found = {
        "ended": ended,
        "reason": history.stopped_because,
        "finite": bool(np.isfinite(parameters).all()),
        "n_epochs": trainer.n_epochs,
        "n_recorded": history.n_epochs,
        "moved": bool(
            (parameters != jetmlp.MLP([1, 24, 24, 1], dtype=dtype, normalize=False).parameters).any()
        ),
        "afterwards": trainer.fit(x, np.sin(x), epochs=2).n_epochs,
    }
    print(json.dumps(found))


def test_ctrl_c_keeps_parameters_and_history_and_a_usable_trainer(case: tuple[str, str]) -> None:
    with subprocess.Popen(
        [sys.executable, __file__, *case],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parent,
    ) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "ready\n"
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 0
    found = json.loads(out)
    assert found["ended"] == found["reason"] == "interrupted"
    assert found["finite"]
    assert found["moved"]
    assert found["n_recorded"] == found["n_epochs"] > 3
    assert found["afterwards"] == 2


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    long_fit(*sys.argv[1:])
