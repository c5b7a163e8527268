"""Learning rates from epoch to epoch: their values, and that a fit really uses them."""

from __future__ import annotations

import itertools
import math
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import jetmlp
from jetmlp import schedules
from problems import make_problem, model_of
from reference import Network
from refusals import NO_COUNTS, NO_NUMBERS, assert_refused

PROBLEM = make_problem(Network((1, 6, 1)), 20)
DATA = (PROBLEM.X, PROBLEM.Y, PROBLEM.dYdX)

Schedule = Callable[[int], float]

# schedule, and rates at chosen epochs, worked out by hand
VALUES: dict[str, tuple[Schedule, dict[int, float]]] = {
    "constant": (schedules.Constant(0.3), {0: 0.3, 1: 0.3, 10**6: 0.3}),
    "cosine": (
        schedules.Cosine(1.0, 12, 0.2),
        {0: 1.0, 3: 0.6 + 0.4 * math.sqrt(0.5), 4: 0.8, 6: 0.6, 8: 0.4, 12: 0.2, 13: 0.2, 999: 0.2},
    ),
    "cosine to the default": (schedules.Cosine(0.1, 2), {0: 0.1, 1: 0.0500005, 2: 1e-6, 3: 1e-6}),
    "exponential": (schedules.Exponential(0.5, 0.9), {0: 0.5, 1: 0.45, 2: 0.405, 10: 0.5 * 0.9**10}),
    "growing exponential": (schedules.Exponential(1e-3, 2.0), {0: 1e-3, 3: 8e-3, 10: 1.024}),
    "one cycle": (
        schedules.OneCycle(1.0, 100),
        {
            0: 1 / 25,
            15: (1 + 1 / 25) / 2,
            30: 1.0,
            65: (1 + 4e-6) / 2,
            100: 4e-6,
            101: 4e-6,
            500: 4e-6,
        },
    ),
    "one cycle of its own": (
        schedules.OneCycle(0.2, 10, warmup=0.5, start_divisor=2, end_divisor=4),
        {0: 0.1, 5: 0.2, 10: 0.025, 11: 0.025},
    ),
    "step": (
        schedules.Step(1.0, 10),
        {0: 1.0, 9: 1.0, 10: 0.1, 19: 0.1, 20: 0.01, 35: 1e-3},
    ),
    "step by a half": (schedules.Step(0.8, 1, 0.5), {0: 0.8, 1: 0.4, 2: 0.2, 3: 0.1}),
}


@pytest.mark.parametrize(("schedule", "values"), VALUES.values(), ids=VALUES)
def test_values(schedule: Schedule, values: dict[int, float]) -> None:
    for epoch, rate in values.items():
        assert schedule(epoch) == pytest.approx(rate, rel=1e-12), epoch


@given(
    initial=st.floats(1e-3, 1),
    final=st.floats(1e-9, 1e-4),
    epochs=st.integers(1, 500),
    epoch=st.integers(0, 1000),
)
def test_cosine_falls_between_its_ends(initial: float, final: float, epochs: int, epoch: int) -> None:
    schedule = schedules.Cosine(initial, epochs, final)
    assert schedule(0) == pytest.approx(initial, rel=1e-14)
    assert final <= schedule(epoch + 1) <= schedule(epoch)


@given(peak=st.floats(1e-4, 1), epochs=st.integers(1, 300), warmup=st.floats(0.01, 0.99))
def test_one_cycle_rises_once_and_falls_once(peak: float, epochs: int, warmup: float) -> None:
    schedule = schedules.OneCycle(peak, epochs, warmup)
    rates = [schedule(epoch) for epoch in range(epochs + 2)]
    assert rates[0] == pytest.approx(peak / 25)
    assert rates[-1] == rates[-2] == pytest.approx(peak / 25e4)
    assert max(rates) <= peak * (1 + 1e-14)
    rises = [later > earlier for earlier, later in itertools.pairwise(rates)]
    assert rises == sorted(rises, reverse=True)


# ---- In a fit ----


@pytest.mark.parametrize("schedule", [schedule for schedule, _ in VALUES.values()], ids=VALUES)
@pytest.mark.parametrize("batch_size", [None, 6], ids="batch={}".format)
def test_a_fit_uses_and_records_the_rate_of_every_epoch(schedule: Schedule, batch_size: int | None) -> None:
    """The same as a fit whose rates are looked up in a list."""
    rates = [schedule(epoch) for epoch in range(12)]
    trainers = [
        jetmlp.Trainer(model_of(PROBLEM), jetmlp.Adam(rate), batch_size=batch_size)
        for rate in (schedule, rates.__getitem__)
    ]
    for trainer in trainers:
        assert np.array_equal(trainer.fit(*DATA, epochs=12)["learning_rate"], rates)
    assert np.array_equal(trainers[0].model.parameters, trainers[1].model.parameters)


def test_the_rate_is_the_size_of_adams_first_step() -> None:
    """Its first step moves every parameter by the learning rate, against the sign of its gradient."""
    for rate in (1e-2, 1e-5):
        model = model_of(PROBLEM)
        _, gradient = jetmlp.Objective(model, *DATA).loss_and_gradient(model.parameters)
        before = model.parameters
        jetmlp.Trainer(model, jetmlp.Adam(lambda epoch, rate=rate: rate, epsilon=1e-30)).fit(*DATA, epochs=1)
        assert model.parameters - before == pytest.approx(-rate * np.sign(gradient), rel=1e-9)


def test_epochs_are_counted_over_all_fits_of_a_trainer() -> None:
    asked: list[int] = []

    def rate(epoch: int) -> float:
        asked.append(epoch)
        return 1e-3 / (1 + epoch)

    adam = jetmlp.Adam(rate)
    trainer = jetmlp.Trainer(model_of(PROBLEM), adam)
    histories = [trainer.fit(*DATA, epochs=epochs) for epochs in (3, 0, 2)]
    assert asked == [0, 1, 2, 3, 4]
    assert np.array_equal(histories[2]["learning_rate"], [1e-3 / 4, 1e-3 / 5])
    jetmlp.Trainer(model_of(PROBLEM), adam).fit(*DATA, epochs=1)
    assert asked[-1] == 0


def test_a_constant_is_a_number() -> None:
    trainers = [
        jetmlp.Trainer(model_of(PROBLEM), jetmlp.Adam(rate)) for rate in (0.02, schedules.Constant(0.02))
    ]
    for trainer in trainers:
        assert np.array_equal(trainer.fit(*DATA, epochs=5)["learning_rate"], [0.02] * 5)
    assert np.array_equal(trainers[0].model.parameters, trainers[1].model.parameters)


@pytest.mark.parametrize("rate", [np.float32(0.25), Fraction(1, 4), np.array(0.25), 2**-2], ids=repr)
def test_a_schedule_may_return_any_real_number(rate: float) -> None:
    trainer = jetmlp.Trainer(model_of(PROBLEM), jetmlp.Adam(lambda epoch: rate))
    assert trainer.fit(*DATA, epochs=1)["learning_rate"][0] == 0.25


# ---- As objects ----

FIELDS = [
    (schedules.Constant, {"learning_rate": 1.0}),
    (schedules.Cosine, {"initial": 1.0, "epochs": 10, "final": 0.1}),
    (schedules.Exponential, {"initial": 1.0, "decay": 0.9}),
    (
        schedules.OneCycle,
        {"peak": 1.0, "epochs": 10, "warmup": 0.3, "start_divisor": 25.0, "end_divisor": 1e4},
    ),
    (schedules.Step, {"initial": 1.0, "every": 10, "factor": 0.1}),
    (
        schedules.ReduceOnPlateau,
        {"initial": 1.0, "factor": 0.5, "patience": 10, "threshold": 1e-4, "final": 1e-6},
    ),
]
EVERY_FIELD = [(kind, good, name) for kind, good in FIELDS for name in good]
INTEGERS = ("epochs", "every", "patience")
RATES = ("learning_rate", "initial", "final", "peak", "threshold")  # 0 is one: frozen, or warming up


@pytest.mark.parametrize(
    ("kind", "good", "name"), EVERY_FIELD, ids=[f"{kind.__name__}.{name}" for kind, _, name in EVERY_FIELD]
)
def test_every_field_is_checked(kind: Callable[..., Schedule], good: dict[str, float], name: str) -> None:
    bad = NO_COUNTS if name in INTEGERS else NO_NUMBERS if name in RATES else {**NO_NUMBERS, "zero": 0}
    for value in bad.values():
        assert_refused(lambda value=value: kind(**{**good, name: value}), name, repr(value))
    if name == "warmup":
        assert_refused(lambda: kind(**{**good, name: 1.0}), name, "1.0")


@pytest.mark.parametrize(("kind", "good"), FIELDS, ids=[kind.__name__ for kind, _ in FIELDS])
def test_schedules_are_plain_values(kind: Callable[..., Schedule], good: dict[str, float]) -> None:
    """Comparable, hashable, printable, picklable, and fixed; numbers of any real type become plain ones."""
    schedule = kind(**good)
    assert schedule == kind(*good.values()) == pickle.loads(pickle.dumps(schedule))
    assert len({schedule, kind(**good)}) == 1
    assert repr(schedule) == repr(kind(**{name: np.asarray(value)[()] for name, value in good.items()}))
    with pytest.raises(FrozenInstanceError):
        setattr(schedule, next(iter(good)), 2.0)
