"""Many fits at once are the same fits."""

from __future__ import annotations

import signal
import subprocess
import sys

import numpy as np
import pytest

import jetmlp

X = np.linspace(-1.0, 1.0, 90)
Y, DYDX = np.sin(3.0 * X), 3.0 * np.cos(3.0 * X)


def trainers(count: int, dtype: str = "float32") -> list[jetmlp.Trainer]:
    return [
        jetmlp.Trainer(
            jetmlp.MLP([1, 8 + seed, 1], dtype=dtype, seed=seed, normalize=False),
            jetmlp.Adam(1e-3 * (1 + seed)),
            batch_size=None if seed % 2 else 32,
            seed=seed,
        )
        for seed in range(count)
    ]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n_threads", [None, 1, 2, 7], ids="threads={}".format)
def test_each_fit_has_the_bytes_it_has_alone(n_threads: int | None, dtype: str) -> None:
    together, alone = trainers(5, dtype), trainers(5, dtype)
    for _ in range(2):  # a second call goes on
        histories = jetmlp.fit_many(
            together, X, Y, DYDX, epochs=20, validation_data=(X, Y), n_threads=n_threads
        )
        for many, one, history in zip(together, alone, histories, strict=True):
            expected = one.fit(X, Y, DYDX, epochs=20, validation_data=(X, Y))
            assert history is many.history
            assert list(history) == list(expected)
            for name in expected:
                assert np.array_equal(history[name], expected[name], equal_nan=True), name
            assert np.array_equal(many.model.parameters, one.model.parameters)


def test_nothing_to_fit_is_nothing_fitted() -> None:
    assert jetmlp.fit_many([], X, Y, epochs=3) == []


def test_one_that_diverges_is_named_and_the_others_are_fitted() -> None:
    fleet, alone = trainers(3), trainers(3)
    fleet[1] = jetmlp.Trainer(jetmlp.MLP([1, 8, 1], dtype="float32", normalize=False), jetmlp.Adam(1e30))
    with pytest.raises(jetmlp.DivergenceError, match=r"trainers\[1\]") as caught:
        jetmlp.fit_many(fleet, X, Y, epochs=10)
    assert caught.value.trainer == 1
    assert caught.value.epoch == fleet[1].history.n_epochs < 10
    for index in (0, 2):
        alone[index].fit(X, Y, epochs=10)
        assert np.array_equal(fleet[index].model.parameters, alone[index].model.parameters)


def test_bad_calls_name_the_argument_and_change_nothing() -> None:
    fleet = trainers(2)
    before = [trainer.model.parameters for trainer in fleet]
    twice = [fleet[0], jetmlp.Trainer(fleet[0].model, jetmlp.Adam())]
    cases = [
        (TypeError, "trainers", lambda: jetmlp.fit_many(3, X, Y, epochs=1)),  # type: ignore[arg-type]
        (TypeError, "trainers", lambda: jetmlp.fit_many([fleet[0], None], X, Y, epochs=1)),  # type: ignore[list-item]
        (ValueError, "different trainers", lambda: jetmlp.fit_many([fleet[0]] * 2, X, Y, epochs=1)),
        (ValueError, "different models", lambda: jetmlp.fit_many(twice, X, Y, epochs=1)),
        (ValueError, "Y: expected shape", lambda: jetmlp.fit_many(fleet, X, Y[:3], epochs=1)),
        (ValueError, "epochs", lambda: jetmlp.fit_many(fleet, X, Y, epochs=-1)),
        (ValueError, "n_threads", lambda: jetmlp.fit_many(fleet, X, Y, epochs=1, n_threads=0)),
    ]
    for kind, message, call in cases:
        with pytest.raises(kind, match=message):
            call()
    assert all(np.array_equal(t.model.parameters, p) for t, p in zip(fleet, before, strict=True))
    assert [trainer.n_epochs for trainer in fleet] == [0, 0]


def test_a_trainer_at_work_is_not_taken_twice() -> None:
    fleet = trainers(2)

    def again(epoch: int, losses: dict[str, float]) -> None:
        jetmlp.fit_many(fleet, X, Y, epochs=1)

    with pytest.raises(RuntimeError, match="already fitting"):
        fleet[1].fit(X, Y, epochs=2, callbacks=again)
    assert len(jetmlp.fit_many(fleet, X, Y, epochs=1)) == 2  # and the failed call let go of the others


INTERRUPTED = """
import threading
import time

import numpy as np
import jetmlp

x = np.linspace(-1, 1, 20_000)  # many samples and few epochs: hours of work that begin at once
fleet = [jetmlp.Trainer(jetmlp.MLP([1, 32, 32, 1], seed=seed)) for seed in range(4)]
before = [trainer.model.parameters for trainer in fleet]


def announce():
    while not all(trainer.n_epochs > 0 for trainer in fleet[:2]):
        time.sleep(0.001)
    print("both at work", flush=True)


threading.Thread(target=announce, daemon=True).start()
try:
    jetmlp.fit_many(fleet, x, np.sin(x), epochs=1_000_000, n_threads=2)
except KeyboardInterrupt:
    changed = [not np.array_equal(t.model.parameters, p) for t, p in zip(fleet, before)]
    kept = [t.history.n_epochs == t.n_epochs > 0 for t in fleet]
    print(changed, kept)
"""


def test_ctrl_c_ends_all_and_keeps_what_they_have() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "both at work\n"
    process.send_signal(signal.SIGINT)
    out, error = process.communicate(timeout=60)
    assert out.strip() == "[True, True, False, False] [True, True, False, False]", error


def test_a_bootstrap_draws_by_each_trainers_seed() -> None:
    """Each fit is the one to the samples that its seed draws, with replacement."""
    fleet = [
        jetmlp.Trainer(jetmlp.MLP([2, 5, 1], seed=3), jetmlp.Adam(1e-2), seed=seed) for seed in (0, 1, 1)
    ]
    inputs = np.arange(40.0).reshape(20, 2)
    samples = jetmlp.Samples(inputs, np.sin(inputs[:, 0]), np.ones((20, 2)))
    jetmlp.fit_many(fleet, samples, epochs=4, bootstrap=True)
    for trainer in fleet:
        rows = (jetmlp.random.Generator(trainer.seed).uniform(20) * 20).astype(int)
        assert len(set(rows.tolist())) < 20
        alone = jetmlp.Trainer(jetmlp.MLP([2, 5, 1], seed=3), jetmlp.Adam(1e-2), seed=trainer.seed)
        alone.fit(samples[rows], epochs=4)
        np.testing.assert_array_equal(trainer.model.parameters, alone.model.parameters)
    assert not np.array_equal(fleet[0].model.parameters, fleet[1].model.parameters)
    np.testing.assert_array_equal(fleet[1].model.parameters, fleet[2].model.parameters)
    with pytest.raises(TypeError, match=r"^bootstrap: expected True or False"):
        jetmlp.fit_many(fleet, samples, epochs=1, bootstrap=1)  # type: ignore[arg-type]
