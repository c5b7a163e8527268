"""Faults that only a preloaded library can make: run as a program with faults.cpp, compiled, preloaded.

"allocations": in fits of each optimizer an allocation of the core fails, each in its turn. Prints how many
there are, and whose failures did not leave model, history and optimizer at the same epoch, from where the fit
goes on as if nothing had been. "threads": prints the parameters of a fit for which so many threads start.
"""

from __future__ import annotations

import ctypes
import json
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

import jetmlp

EPOCHS = 6
X = np.random.default_rng(0).uniform(-1, 1, (24, 2))
Y, SLOPES = np.sin(X.sum(axis=1)), np.cos(X.sum(axis=1))[:, np.newaxis].repeat(2, axis=1)

OPTIMIZERS: dict[str, Callable[[], Any]] = {
    "Adam": lambda: jetmlp.Adam(1e-2),
    "LBFGS": lambda: jetmlp.LBFGS(memory=3),
    "SelfScaledBroyden": jetmlp.SelfScaledBroyden,
    "LevenbergMarquardt": jetmlp.LevenbergMarquardt,
    "LevenbergMarquardt, evidence": lambda: jetmlp.LevenbergMarquardt(regularization="evidence"),
    "StochasticGaussNewton": lambda: jetmlp.StochasticGaussNewton(0.5),  # else by the epochs of a fit
    "Chain": lambda: jetmlp.Chain((jetmlp.Adam(1e-2), jetmlp.LBFGS()), (3,)),
}


class Failing:
    """A trainer of the core, one of whose allocations in a fit fails."""

    def __init__(self, core: Any, library: ctypes.CDLL) -> None:  # noqa: ANN401
        self._core, self._library = core, library
        self.number = self.n_allocations = 0

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._core, name)

    def fit(self, *arguments: Any) -> Any:  # noqa: ANN401
        self._library.fail_allocation(self.number)
        try:
            return self._core.fit(*arguments)
        finally:
            self.n_allocations = self._library.allocations_since()
            self._library.fail_allocation(0)


def new_trainer(optimizer: str, library: ctypes.CDLL, n_threads: int) -> tuple[jetmlp.Trainer, Failing]:
    model = jetmlp.MLP([2, 6, 1], seed=1, normalize=False)
    trainer = jetmlp.Trainer(model, OPTIMIZERS[optimizer](), n_threads=n_threads)
    trainer._core = Failing(trainer._core, library)
    return trainer, trainer._core


def fit(trainer: jetmlp.Trainer, epochs: int) -> None:
    held_out = (X[::3], Y[::3], SLOPES[::3])
    trainer.fit(X, Y, SLOPES, epochs=epochs, validation_data=held_out)


def faults(optimizer: str, library: ctypes.CDLL, n_threads: int, step: int) -> dict[str, Any]:
    trainer, core = new_trainer(optimizer, library, n_threads)
    path = [trainer.model.parameters]
    for _ in range(EPOCHS):
        fit(trainer, 1)
        path.append(trainer.model.parameters)
    # A fit over all epochs has more epochs between its beginnings: its own last parameters count.
    trainer, core = new_trainer(optimizer, library, n_threads)
    fit(trainer, EPOCHS)
    last, total = trainer.model.parameters, core.n_allocations
    wrong: list[str] = []
    n_failed = 0
    for number in range(1, total + 1, step):
        trainer, core = new_trainer(optimizer, library, n_threads)
        core.number = number
        try:
            fit(trainer, EPOCHS)
        except MemoryError:
            n_failed += 1
        core.number = 0
        done = trainer.n_epochs
        if trainer.history.n_epochs != done:
            wrong.append(f"{number}: history of {trainer.history.n_epochs}, optimizer at {done}")
        elif not np.array_equal(trainer.model.parameters, path[done]):
            wrong.append(f"{number}: model is not at epoch {done}")
        else:
            fit(trainer, EPOCHS - done)
            if not np.array_equal(trainer.model.parameters, last):
                wrong.append(f"{number}: goes on from epoch {done} another way")
    return {"allocations": total, "failed": n_failed, "tried": len(range(1, total + 1, step)), "wrong": wrong}


def threads(library: ctypes.CDLL) -> dict[str, str]:
    """Parameters of a fit, predictions and a Gram matrix on six threads of which so many can start."""
    rows = np.random.default_rng(1).uniform(-1, 1, (3000, 2))
    found = {}
    for count in (-1, 0, 1, 3):
        model = jetmlp.MLP([2, 16, 16, 1], seed=2)
        library.let_threads_start(count)
        try:
            trainer = jetmlp.Trainer(model, jetmlp.LBFGS(), n_threads=6)
            trainer.fit(rows, np.sin(rows[:, 0]), np.cos(rows), epochs=30)
            library.let_threads_start(count)
            predicted = model.hessian(rows, n_threads=6)
        finally:
            library.let_threads_start(-1)
        found[str(count)] = model.parameters.tobytes().hex()[-600:] + predicted.tobytes().hex()[-600:]
    return found


def main(what: str, path: str, n_threads: int = 1, step: int = 1) -> None:
    library = ctypes.CDLL(path)
    library.fail_allocation.argtypes = library.let_threads_start.argtypes = [ctypes.c_long]
    library.allocations_since.restype = ctypes.c_long
    if what == "threads":
        print(json.dumps(threads(library)))
        return
    for optimizer in OPTIMIZERS:
        print(json.dumps({"optimizer": optimizer, **faults(optimizer, library, n_threads, step)}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:3], *map(int, sys.argv[3:]))
