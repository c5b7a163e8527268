"""The default path is the good one, and a wrong start is named with its cure."""

from __future__ import annotations

import copy
import io
import pickle
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import jetmlp
from jetmlp import schedules

x = np.linspace(-1, 1, 50)


def unscaled(n: int, rng: np.random.Generator) -> tuple[np.ndarray[Any, Any], ...]:
    """Four inputs of very different units, their values and slopes."""
    units, offsets = np.array([1000.0, 5.0, 1e-3, 2e4]), np.array([200.0, -3.0, 0.0, 1e4])
    U = rng.uniform(0, 1, (n, 4))
    a, b, c, d = U.T
    Y = 1e3 * (np.sin(3 * a) * b + np.exp(c * d) + a * d**2)
    J = np.stack(
        [3 * np.cos(3 * a) * b + d**2, np.sin(3 * a), d * np.exp(c * d), c * np.exp(c * d) + 2 * a * d],
        axis=1,
    )
    return U * units + offsets, Y, 1e3 * J / units


def test_the_first_thing_to_try_works(rng: np.random.Generator) -> None:
    """R² was −80 in values and −153,000 in slopes with the defaults of before."""
    model = jetmlp.MLP([4, 32, 32, 1])
    trainer = jetmlp.Trainer(model)
    history = trainer.fit(*unscaled(300, rng), epochs=40)
    errors = jetmlp.metrics.evaluate(model, *unscaled(1000, rng))
    assert errors["value"]["r2"] > 0.999
    assert errors["derivative"]["r2"] > 0.99
    assert type(trainer.optimizer) is jetmlp.LevenbergMarquardt
    assert history.optimizer == "LevenbergMarquardt"


def test_the_defaults() -> None:
    model = jetmlp.MLP([2, 3, 1])
    assert model.dtype == np.float64
    assert model.normalize
    assert jetmlp.Trainer(model).optimizer == "auto"


def test_large_data_take_batches() -> None:
    """More than a million numbers: Adam in batches, and the history says so."""
    n = 600_000
    inputs = np.linspace(-1, 1, n)
    trainer = jetmlp.Trainer(jetmlp.MLP([1, 4, 1], dtype="float32"))
    history = trainer.fit(inputs, inputs**2, 2 * inputs, epochs=1)
    assert history.optimizer == "Adam"
    assert "batch_size=256" in repr(trainer)
    assert history["loss"][0] < 1.0


def test_samples_in_units_that_a_plain_network_cannot_take_are_named_once() -> None:
    inputs = np.stack([x, 577 * x + 3e4], axis=1)
    trainer = jetmlp.Trainer(jetmlp.MLP([2, 4, 1], normalize=False), jetmlp.Adam())
    expected = r"X\[:, 1\] has mean 3e\+04 and standard deviation 340, .*normalize=True"
    with pytest.warns(UserWarning, match=expected) as caught:
        trainer.fit(inputs, 1e3 * x, epochs=1)
    assert len(caught) == 1
    assert "Y[:, 0] has standard deviation 589" in str(caught[0].message)
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trainer.fit(inputs, 1e3 * x, epochs=1)  # once is enough


@pytest.mark.parametrize("scale", [0.1, 1.0, 5.0])
def test_samples_of_size_one_are_not(scale: float) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = jetmlp.MLP([1, 4, 1], normalize=False)
        jetmlp.Trainer(model, jetmlp.Adam()).fit(scale * x, np.sin(x) / scale, epochs=1)
        normalized = jetmlp.MLP([1, 4, 1])
        jetmlp.Trainer(normalized, jetmlp.Adam()).fit(1e9 * x, 1e9 * np.sin(x), epochs=1)


# ---- Validation ----


def test_validation_compares_like_with_like() -> None:
    """Values fitted, values and slopes validated: the loss that patience watches is that of the values."""
    held_out = (x + 0.01, np.sin(x + 0.01), np.cos(x + 0.01))
    trainer = jetmlp.Trainer(jetmlp.MLP([1, 8, 1]), jetmlp.Adam(1e-2))
    history = trainer.fit(x, np.sin(x), epochs=5, validation_data=held_out)
    np.testing.assert_array_equal(history["val_loss"], history["val_value_loss"])
    assert (history["val_derivative_loss"] > 0).all()
    with pytest.raises(ValueError, match=r"^validation_data: expected at least one kind of target"):
        trainer.fit(x, np.sin(x), epochs=1, validation_data=(x, None, np.cos(x)))


# ---- Schedules that look at the losses ----


def test_a_plateau_reduces_the_rate() -> None:
    """By the rule, replayed on the losses that the history shows."""
    schedule = schedules.ReduceOnPlateau(0.1, factor=0.5, patience=3, threshold=1e-2, final=1e-3)
    trainer = jetmlp.Trainer(jetmlp.MLP([1, 8, 1]), jetmlp.Adam(schedule))
    history = trainer.fit(x, np.sin(5 * x), epochs=200, validation_data=(x, np.sin(5 * x)))
    rate, lowest, in_vain, expected = 0.1, np.inf, 0, []
    for loss in history["val_loss"]:
        expected.append(max(rate, 1e-3))
        if loss < lowest * (1 - 1e-2):
            lowest, in_vain = loss, 0
        else:
            in_vain += 1
        if in_vain == 3:
            rate, in_vain = rate / 2, 0
    np.testing.assert_allclose(history["learning_rate"], expected)
    assert len(set(expected)) > 3


def test_a_plateau_belongs_to_its_trainer() -> None:
    schedule = schedules.ReduceOnPlateau(0.1, patience=1)
    trainers = [jetmlp.Trainer(jetmlp.MLP([1, 4, 1]), jetmlp.Adam(schedule)) for _ in range(2)]
    chained = jetmlp.Trainer(
        jetmlp.MLP([1, 4, 1]), jetmlp.Chain([jetmlp.Adam(schedule), jetmlp.LBFGS()], epochs=[20])
    )
    histories = [trainer.fit(x, x, epochs=20) for trainer in (*trainers, chained)]
    assert schedule(0) == 0.1
    assert histories[0]["learning_rate"][-1] < 0.1
    for history in histories[1:]:
        np.testing.assert_array_equal(history["learning_rate"], histories[0]["learning_rate"])
    many = [jetmlp.Trainer(jetmlp.MLP([1, 4, 1]), jetmlp.Adam(schedule)) for _ in range(2)]
    for history in jetmlp.fit_many(many, x, x, epochs=20):
        np.testing.assert_array_equal(history["learning_rate"], histories[0]["learning_rate"])


# ---- Callbacks ----


def test_parameters_assigned_by_a_callback_are_refused() -> None:
    model = jetmlp.MLP([1, 4, 1])

    def meddle(epoch: int, losses: dict[str, float]) -> None:
        if epoch == 2:
            model.parameters = model.parameters * 0.5

    trainer = jetmlp.Trainer(model, jetmlp.Adam())
    with pytest.raises(RuntimeError, match=r"^parameters: expected model\.parameters to be left alone"):
        trainer.fit(x, x, epochs=9, callbacks=meddle)
    assert trainer.history.n_epochs == 3


# ---- The bar ----


class NoStream(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError("gone")


@pytest.mark.parametrize("stream", [None, NoStream()], ids=["none", "broken"])
def test_a_bar_that_cannot_be_shown_ends_no_fit(monkeypatch: pytest.MonkeyPatch, stream: Any) -> None:  # noqa: ANN401
    monkeypatch.setattr(sys, "stderr", stream)
    trainer = jetmlp.Trainer(jetmlp.MLP([1, 4, 1]), jetmlp.Adam())
    assert trainer.fit(x, x, epochs=3, progress=True).n_epochs == 3


def test_the_bar_ends_with_the_last_loss(capsys: pytest.CaptureFixture[str]) -> None:
    trainer = jetmlp.Trainer(jetmlp.MLP([1, 4, 1]))
    history = trainer.fit(x, np.sin(x), epochs=3, progress=True)
    last = capsys.readouterr().err.replace("\n", "\r").split("\r")
    shown = [text for text in last if text.strip()][-1]
    assert f"loss={history['loss'][-1]:.2e}" in shown
    assert "LevenbergMarquardt" in shown


# ---- Cures ----

model = jetmlp.MLP([1, 2, 1])
CURES: dict[str, tuple[Callable[[], Any], str]] = {
    "optimizer by name": (lambda: jetmlp.Trainer(model, "Adam"), "such as jetmlp.Adam(), got 'Adam'"),
    "optimizer class": (lambda: jetmlp.Trainer(model, jetmlp.Adam), "such as jetmlp.Adam()"),  # type: ignore[arg-type]
    "lr": (lambda: jetmlp.Adam(lr=1e-3), "lr: Adam has no such argument; it is called learning_rate"),  # type: ignore[call-arg]
    "misspelt": (lambda: jetmlp.LBFGS(memroy=3), "did you mean memory?"),  # type: ignore[call-arg]
    "batch_size of fit": (lambda: jetmlp.Trainer(model).fit(x, x, epochs=1, batch_size=8), "batch_size=32"),  # type: ignore[call-arg]
    "rate of trainer": (lambda: jetmlp.Trainer(model, learning_rate=1e-3), "Adam(learning_rate="),  # type: ignore[call-arg]
    "epochs by position": (lambda: jetmlp.Trainer(model).fit(x, x, x, 200), "fit(X, Y, dYdX, epochs=200)"),  # type: ignore[call-arg, misc]
    "y": (lambda: jetmlp.Trainer(model).fit(x, y=x, epochs=1), "it is called Y"),  # type: ignore[call-arg]
    "validation array": (
        lambda: jetmlp.Trainer(model).fit(x, x, epochs=1, validation_data=np.zeros((500, 3))),  # type: ignore[arg-type]
        "got an array of float64 (500, 3)",
    ),
}


@pytest.mark.parametrize(("call", "cure"), CURES.values(), ids=CURES)
def test_a_wrong_call_is_told_the_cure(call: Callable[[], Any], cure: str) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        call()
    assert cure in str(caught.value)
    assert len(str(caught.value)) < 300


# ---- As objects ----


def test_what_cannot_be_pickled_says_why() -> None:
    trainer = jetmlp.Trainer(model, jetmlp.Adam(lambda epoch: 0.1))
    objective = jetmlp.Objective(jetmlp.MLP([1, 2, 1]), x, x)
    for thing, cure in (
        (trainer, "learning_rate: expected .* jetmlp.schedules"),
        (objective, r"jetmlp\.Samples"),
    ):
        for attempt in (pickle.dumps, copy.deepcopy):
            with pytest.raises(TypeError, match=cure):
                attempt(thing)
    assert pickle.loads(pickle.dumps(jetmlp.Adam(0.5))) == copy.deepcopy(jetmlp.Adam(0.5)) == jetmlp.Adam(0.5)


def test_a_trainer_says_what_it_is() -> None:
    trainer = jetmlp.Trainer(jetmlp.MLP([1, 2, 1]), jetmlp.LBFGS())
    trainer.fit(x, x, epochs=2)
    assert repr(trainer).startswith("Trainer(MLP(1-2-1, ")
    assert "LBFGS(memory=20" in repr(trainer)
    assert repr(trainer).endswith("2 epochs done)")


# ---- What a walk through the library as a new user found ----


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: jetmlp.MLP(3, 8, 2), r"^layer_sizes: expected a sequence of integers such as \[2, 32, 1\]"),
        (lambda: jetmlp.MLP(hidden=[8]), r"^hidden: MLP has no such argument; layer_sizes has the hidden"),
        (lambda: jetmlp.MLP([1, 1], activations="tanh"), r"^activations: MLP .*did you mean activation\?"),
        (lambda: jetmlp.Samples(x, x, dydx=x), r"^dydx: Samples has no such argument; it is called dYdX$"),
        (lambda: jetmlp.MLP([1, 1], activation="swish"), r"^activation: .*did you mean 'silu'\?$"),
        (lambda: jetmlp.MLP([1, 1], init="xavier"), r"^init: .*did you mean 'glorot_uniform'\?$"),
    ],
)
def test_the_usual_slips_have_their_cure(call: Callable[[], object], message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        call()


def test_slopes_of_several_outputs_side_by_side_are_told_their_shape() -> None:
    """As a CSV has them."""
    cure = (
        r"^dYdX: .*got \(4, 6\); dYdX\.reshape\(4, 2, 3\) has that shape, where a row has all of one output"
    )
    with pytest.raises(ValueError, match=cure):
        jetmlp.Samples(np.zeros((4, 3)), np.zeros((4, 2)), np.zeros((4, 6)))


def test_a_column_without_a_name_is_told_by_its_number() -> None:
    frame = pytest.importorskip("pandas").DataFrame([[1.0, "a"]], columns=np.arange(2))
    with pytest.raises(TypeError, match=r"got 'a' at \[0, 1\] \(column 1\)"):
        jetmlp.Samples(frame)
