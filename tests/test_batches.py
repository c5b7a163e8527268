"""Fits to samples that come in batches are those to the same samples at hand."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jetmlp
from jetmlp.fitting.reading_ahead import AHEAD, ReadAhead

X = np.random.default_rng(0).uniform(-1, 1, (22, 2))
Y = np.sin(3 * X[:, :1]) * X[:, 1:]
J = np.stack([3 * np.cos(3 * X[:, 0]) * X[:, 1], np.sin(3 * X[:, 0])], axis=1)
W = np.random.default_rng(1).uniform(0.5, 2, len(X))
W[5:10] = 0.0  # of the second batch nothing counts
BATCH = 5
ALL = jetmlp.Samples(X, Y, J, sample_weight=W)
BATCHES = [ALL[first : first + BATCH] for first in range(0, len(X), BATCH)]
PLAIN = [jetmlp.Samples(batch.X, batch.Y, batch.dYdX) for batch in BATCHES]


def trainer_of(normalize: bool = False, **settings: Any) -> jetmlp.Trainer:  # noqa: ANN401
    model = jetmlp.MLP([2, 6, 1], seed=1, normalize=normalize)
    return jetmlp.Trainer(model, jetmlp.Adam(1e-2), l2=1e-2, **settings)


class Anew:
    """Begins anew for every pass."""

    def __iter__(self) -> Iterator[jetmlp.Samples]:
        return iter(BATCHES)


@pytest.mark.parametrize("source", [BATCHES, tuple(BATCHES), Anew(), lambda: iter(BATCHES), lambda: BATCHES])
def test_batches_are_those_of_samples_at_hand(source: Any) -> None:  # noqa: ANN401
    at_hand, coming = trainer_of(batch_size=BATCH, shuffle=False), trainer_of()
    expected = at_hand.fit(ALL, epochs=4, validation_data=ALL[:7])
    history = coming.fit(source, epochs=4, validation_data=ALL[:7])
    assert coming.model.parameters.tobytes() == at_hand.model.parameters.tobytes()
    for name in expected:
        np.testing.assert_allclose(history[name], expected[name], rtol=1e-13)


@pytest.mark.parametrize("weight", [1.0, "balanced"])
def test_scales_and_balance_are_learned_over_all_batches(weight: float | str) -> None:
    at_hand = trainer_of(True, batch_size=BATCH, shuffle=False, derivative_weight=weight)
    coming = trainer_of(True, derivative_weight=weight)
    at_hand.fit(ALL, epochs=3)
    coming.fit(BATCHES, epochs=3)
    np.testing.assert_allclose(coming.model.parameters, at_hand.model.parameters, rtol=1e-9)
    np.testing.assert_allclose(coming.model.normalization.x_scale, at_hand.model.normalization.x_scale)


@pytest.mark.parametrize("kind", ["dYdX", "dYdV", "d2YdX2"])
def test_scales_of_a_grid_are_learned_where_batches_do_not_count(kind: str) -> None:
    grid, ones = np.linspace(-1, 1, 37), np.ones((37, 1, 2))
    weights = np.r_[np.zeros(BATCH), np.ones(37 - 2 * BATCH), np.zeros(BATCH)]
    given = {"dYdX": ones} if kind == "dYdX" else {"d2YdX2": np.ones((37, 1, 2, 2))}
    if kind == "dYdV":
        given = {"dYdV": ones, "directions": np.tile([[1.0, 0.0], [1.0, 1.0]], (37, 1, 1))}
    samples = jetmlp.Samples(np.stack([grid, -grid], axis=1), sample_weight=weights, **given)
    at_hand, coming = trainer_of(True), trainer_of(True)
    at_hand.fit(samples, epochs=1)
    coming.fit([samples[first : first + BATCH] for first in range(0, 37, BATCH)], epochs=1)
    expected, found = at_hand.model.normalization, coming.model.normalization
    np.testing.assert_allclose(found.x_scale, expected.x_scale, rtol=1e-13)
    np.testing.assert_allclose(found.y_scale, expected.y_scale, rtol=1e-13)


def test_auto_is_adam_and_a_second_fit_goes_on() -> None:
    trainer = jetmlp.Trainer(jetmlp.MLP([2, 6, 1], normalize=True))
    trainer.fit(BATCHES, epochs=2)
    assert isinstance(trainer.optimizer, jetmlp.Adam)
    trainer.fit(BATCHES, epochs=3)
    assert trainer.n_epochs == 5


def test_a_checkpoint_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    whole = trainer_of()
    whole.fit(BATCHES, epochs=6)
    path = tmp_path / "fit.safetensors"
    trainer_of().fit(BATCHES, epochs=6, checkpoint=path, callbacks=lambda epoch, _: epoch == 2)
    resumed = jetmlp.Trainer.resume(path)
    assert resumed.fit(BATCHES, epochs=6).n_epochs == 6
    assert resumed.model.parameters.tobytes() == whole.model.parameters.tobytes()
    with pytest.raises(ValueError, match="SHA-256"):
        jetmlp.Trainer.resume(path).fit(BATCHES[:2], epochs=6)


def generator() -> Iterator[jetmlp.Samples]:
    yield from BATCHES


once = iter(BATCHES)
OTHER = jetmlp.Samples(X, Y)
WIDE = jetmlp.Samples(X[:, :1], Y)


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        (generator(), TypeError, "X: .* once; pass the function"),
        (lambda: once, ValueError, "X: expected at least one batch in every pass, got none"),
        (lambda: [], ValueError, "X: expected at least one batch in every pass, got none"),
        (lambda: 3, TypeError, "X: expected a function that returns an iterator of jetmlp.Samples, got .*3"),
        ([ALL, X], TypeError, "X, batch 1: expected jetmlp.Samples, got"),
        ([ALL, OTHER], ValueError, "X, batch 1: expected arrays as the first batch has"),
        ([ALL, WIDE], ValueError, "X, batch 1: expected samples of 2 inputs and 1 output"),
    ],
)
def test_what_cannot_be_fitted_is_refused(source: Any, error: type[Exception], message: str) -> None:  # noqa: ANN401
    trainer = trainer_of(True)
    before = trainer.model.parameters.copy()
    if callable(source) and source() is once:
        list(once)
    with pytest.raises(error, match=message):
        trainer.fit(source, epochs=2)
    assert trainer.n_epochs == 0
    np.testing.assert_array_equal(trainer.model.parameters, before)


def test_settings_that_batches_do_not_have_are_refused() -> None:
    with pytest.raises(ValueError, match="batch_size: expected None for samples that come in batches"):
        trainer_of(batch_size=3).fit(BATCHES, epochs=1)
    with pytest.raises(ValueError, match="optimizer: expected Adam for samples that come in batches"):
        jetmlp.Trainer(jetmlp.MLP([2, 6, 1]), jetmlp.LBFGS()).fit(BATCHES, epochs=1)
    with pytest.raises(ValueError, match=r"dYdX.*expected none beside batches"):
        trainer_of().fit(BATCHES, dYdX=J, epochs=1)


def breaking(
    epoch: int, what: Callable[[], None], ended: list[int]
) -> Callable[[], Iterator[jetmlp.Samples]]:
    """Give batches, in some pass with an event after the first, and keep which passes have ended."""
    passes = iter(range(1000))

    def batches() -> Iterator[jetmlp.Samples]:
        number = next(passes)
        try:
            yield PLAIN[0]
            if number == epoch + 1:  # one pass looks at the first batch
                what()
            yield from PLAIN[1:]
        finally:
            ended.append(number)

    return batches


def test_what_the_reader_raises_ends_the_fit_with_its_epochs_kept() -> None:
    def fail() -> None:
        raise TimeoutError("the disk is gone")

    trainer, ended, n_threads = trainer_of(), list[int](), threading.active_count()
    with pytest.raises(TimeoutError, match="the disk is gone"):
        trainer.fit(breaking(2, fail, ended), epochs=5)
    assert trainer.history.n_epochs == 2
    assert ended == [0, 1, 2, 3]
    assert threading.active_count() == n_threads


def test_where_a_callback_ends_the_fit_the_reader_is_closed() -> None:
    trainer, ended, n_threads = trainer_of(), list[int](), threading.active_count()
    trainer.fit(breaking(-9, print, ended), epochs=100, callbacks=lambda epoch, _: epoch == 1)
    assert trainer.history.n_epochs == 2
    assert ended[:3] == [0, 1, 2]
    assert len(ended) <= 4  # the next epoch may have been begun
    assert threading.active_count() == n_threads


def test_ctrl_c_does_not_wait_for_a_slow_reader() -> None:
    go_on = threading.Event()

    def slow() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        go_on.wait(60)

    trainer, ended = trainer_of(), list[int]()
    try:
        with pytest.raises(KeyboardInterrupt):
            trainer.fit(breaking(1, slow, ended), epochs=5)
        assert trainer.history.n_epochs <= 1  # the reader is ahead
        assert not go_on.is_set()
        assert ended == [0, 1]
    finally:
        go_on.set()
    for _ in range(1000):
        if ended == [0, 1, 2]:
            break
        time.sleep(0.01)
    assert ended == [0, 1, 2]


def test_only_a_few_are_read_ahead() -> None:
    read: list[int] = []
    reader = threading.get_ident()

    def numbers() -> Iterator[int]:
        nonlocal reader
        reader = threading.get_ident()
        for number in range(9):
            read.append(number)
            yield number

    coming = ReadAhead(numbers)  # type: ignore[arg-type]
    for wanted in range(4):
        assert next(coming) == wanted
        assert len(read) <= wanted + 1 + AHEAD
    assert list(coming) == [4, 5, 6, 7, 8]
    assert list(coming) == []
    coming.close()
    assert reader != threading.get_ident()
