"""Memory that cycles of work leave behind: `python tests/memory.py [CYCLES]`, by default 5000.

A cycle makes a model, fits it, fits several side by side, evaluates, pickles, is refused and is ended by an
error. Prints by how many KiB a cycle the resident memory grows after a fifth of them, by least squares; what
only waits for Python's collector of garbage is collected before each look.
"""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import sys
from pathlib import Path

import numpy as np

import jetmlp

X = np.random.default_rng(0).uniform(-1, 1, (30, 2))
Y, SLOPES = np.sin(X.sum(axis=1)), np.cos(X.sum(axis=1))[:, np.newaxis].repeat(2, axis=1)
OPTIMIZERS = (jetmlp.Adam, jetmlp.LBFGS, jetmlp.LevenbergMarquardt, jetmlp.SelfScaledBroyden)


def resident() -> float:
    """Resident memory in KiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024


def fail(epoch: int, losses: dict[str, float]) -> None:
    raise LookupError


def cycle(number: int) -> None:
    model = jetmlp.MLP([2, 8, 1], seed=number)
    trainer = jetmlp.Trainer(model, OPTIMIZERS[number % len(OPTIMIZERS)](), n_threads=1 + number % 2)
    trainer.fit(X, Y, SLOPES, epochs=3, validation_data=(X, Y, SLOPES), callbacks=lambda epoch, losses: None)
    with contextlib.suppress(LookupError):
        trainer.fit(X, Y, SLOPES, epochs=3, callbacks=fail)
    with contextlib.suppress(ValueError):
        trainer.fit(X, Y[:3], epochs=3)
    many = [jetmlp.Trainer(jetmlp.MLP([2, 4, 1], seed=k), jetmlp.Adam()) for k in range(2)]
    jetmlp.fit_many(many, X, Y, epochs=2, n_threads=2)
    objective = jetmlp.Objective(model, X, Y, SLOPES, n_threads=1)
    objective.gram(model.parameters)
    objective.loss_and_gradient(model.parameters)
    model.hessian(X, n_threads=2)
    pickle.loads(pickle.dumps(model)).predict(X)


def growth(cycles: int) -> float:
    """KiB a cycle after a fifth of them."""
    found = []
    for number in range(cycles):
        cycle(number)
        if number >= cycles // 5 and number % 20 == 0:
            gc.collect()
            found.append((number, resident()))
    numbers, kibibytes = np.array(found).T
    return float(np.polyfit(numbers, kibibytes, 1)[0])


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    print(f"{growth(count):.3f} KiB a cycle over {count} cycles")
