"""Signals are looked for within long calls of the core, not only after; `looks.py` measures how often."""

from __future__ import annotations

import signal
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import starmap
from typing import Any

import numpy as np
import pytest

from jetmlp import _core

WIDTH = 2500
LARGE = _core.Architecture([2, WIDTH, WIDTH, 1], "tanh", "identity")
ADAM = {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 0.0}


def make(scheme: str) -> Callable[[], object]:
    return partial(LARGE.initial_parameters64, scheme, 0)


def predict() -> Callable[[], object]:
    parameters, X = np.zeros(LARGE.n_parameters), np.zeros((64, 2))
    return partial(_core.predict, LARGE, parameters, X, True, True, 1)


def gradient() -> Callable[[], object]:
    X, parameters = np.zeros((8, 2)), np.zeros(LARGE.n_parameters)
    objective = _core.Objective64(LARGE, X, [np.zeros(8), None, None], [1.0] * 3, 0.0, [None] * 3, None)
    return partial(objective.loss_and_gradient, parameters, 1)


def steps() -> Callable[[], object]:
    X, parameters = np.zeros((1, 2)), np.zeros(LARGE.n_parameters)
    objective = _core.Objective64(LARGE, X, [np.zeros(1), None, None], [1.0] * 3, 0.0, [None] * 3, None)
    trainer = _core.Trainer64(_core.optimizer_options("Adam", ADAM), LARGE.n_parameters, 0, True, 0)
    return partial(trainer.fit, objective, None, 2, 1e-3, parameters, 0, 0.0, False, 1, None, None)


def samples() -> Callable[[], object]:
    small, X = _core.Architecture([2, 2, 1], "tanh", "identity"), np.zeros((3_000_000, 2))
    Y = np.zeros(len(X))
    weights = [Y + 1, None, None]
    return partial(_core.Objective64, small, X, [Y, None, None], [1.0] * 3, 0.0, weights, None)


CALLS: dict[str, Callable[[], Callable[[], object]]] = {
    "glorot_uniform": lambda: make("glorot_uniform"),
    "he_normal": lambda: make("he_normal"),
    "predict": predict,
    "loss_and_gradient": gradient,
    "fit, Adam": steps,
    "samples into the core": samples,
}


@contextmanager
def timer(handle: Callable[..., Any], seconds: float) -> Iterator[None]:
    handler = signal.signal(signal.SIGALRM, handle)
    signal.setitimer(signal.ITIMER_REAL, seconds, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, handler)


@pytest.mark.parametrize("name", CALLS)
def test_a_signal_is_handled_within_one_call_of_the_core(name: str) -> None:
    """No Python runs between the call and the place of its result: what is raised came out of the call."""
    call = CALLS[name]()

    def handle(*_: object) -> None:
        raise TimeoutError

    results: deque[Any] = deque()
    try:
        with timer(handle, 0.001):
            results.extend(starmap(call, [()]))
            signal.pause()  # there was no look, or it took no longer than the time between two
    except TimeoutError:
        pass
    if results:  # a fit gives back what it has, and the error
        _, table, ended, error = results[0]
        assert (len(table) < 2, ended, type(error)) == (True, "interrupted", TimeoutError)
