"""Computations that take minutes and more, for test_ending.py to interrupt: run as a program with a name.

Says "ready" once the computation is under way, and as JSON how it ended and what it left behind.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable

import numpy as np

import jetmlp

Check = Callable[[], bool]


def announce(ready: Check) -> None:
    def wait() -> None:
        while not ready():
            time.sleep(0.001)
        print("ready", flush=True)

    threading.Thread(target=wait, daemon=True).start()


def seconds_from_now(seconds: float) -> Check:
    start = time.monotonic()
    return lambda: time.monotonic() > start + seconds


def report(ended: str, model: jetmlp.MLP, trainer: jetmlp.Trainer | None) -> None:
    found = {"ended": ended, "at": time.monotonic(), "finite": bool(np.isfinite(model.parameters).all())}
    if trainer is not None:
        found["n_epochs"] = trainer.n_epochs
        found["history"] = trainer.history["loss"].tolist()[:1000]
        found["n_recorded"] = trainer.history.n_epochs
        x = np.linspace(-1, 1, 10)
        found["afterwards"] = trainer.fit(x, x, epochs=2).n_epochs
    print(json.dumps(found))


def fit(
    n_samples: int, ready: Callable[[jetmlp.Trainer], Check], *, n_threads: int, progress: bool = False
) -> None:
    x = np.linspace(-1, 1, n_samples)
    model = jetmlp.MLP([1, 64, 64, 1] if n_samples > 1000 else [1, 8, 1], dtype="float32", normalize=False)
    trainer = jetmlp.Trainer(model, jetmlp.Adam(), n_threads=n_threads)
    announce(ready(trainer))
    ended = "finished"
    try:
        trainer.fit(x, np.sin(x), np.cos(x), epochs=10**7, progress=progress)
    except KeyboardInterrupt:
        ended = "interrupted"
    report(ended, model, trainer)


def large_system(n_threads: int) -> None:
    """Thousands of residuals: a step of Levenberg-Marquardt takes seconds."""
    x = np.linspace(-1, 1, 2500)
    model = jetmlp.MLP([1, 64, 64, 64, 1], dtype="float64", normalize=False)
    trainer = jetmlp.Trainer(model, jetmlp.LevenbergMarquardt(), n_threads=n_threads)
    announce(seconds_from_now(0.3))
    ended = "finished"
    try:
        trainer.fit(x, np.sin(x), np.cos(x), epochs=10**5)
    except KeyboardInterrupt:
        ended = "interrupted"
    found = {
        "ended": ended,
        "finite": bool(np.isfinite(model.parameters).all()),
        "n_epochs": trainer.n_epochs,
        "n_recorded": trainer.history.n_epochs,
        "afterwards": trainer.fit(x[:20], x[:20], epochs=2).n_epochs,
    }
    print(json.dumps(found))


def evaluate(what: str, n_threads: int) -> None:
    x = np.linspace(-1, 1, 2 * 10**6)
    model = jetmlp.MLP([1, 512, 512, 1], dtype="float32", normalize=False)
    objective = jetmlp.Objective(model, x, x, x, n_threads=n_threads)
    computations: dict[str, Callable[[], object]] = {
        "predict": lambda: model.predict(x, n_threads=n_threads),
        "jacobian": lambda: model.jacobian(x, n_threads=n_threads),
        "hessian": lambda: model.hessian(x, n_threads=n_threads),
        "laplacian": lambda: model.laplacian(x, n_threads=n_threads),
        "hvp": lambda: model.hvp(x, [1.0], n_threads=n_threads),
        "directional": lambda: model.directional_derivatives(x, [1.0], n_threads=n_threads),
        "objective": lambda: objective.loss_and_gradient(model.parameters),
    }
    announce(seconds_from_now(0.3))
    ended = "finished"
    try:
        computations[what]()
    except KeyboardInterrupt:
        ended = "interrupted"
    report(ended, model, None)


def main(name: str, n_threads: int) -> None:
    if name in ("many epochs", "many epochs with a bar"):
        fit(20, lambda trainer: lambda: trainer.n_epochs > 100, n_threads=n_threads, progress="bar" in name)
    elif name == "large system":
        large_system(n_threads)
    elif name == "huge batch":
        fit(2 * 10**6, lambda trainer: seconds_from_now(0.3), n_threads=n_threads)
    else:
        evaluate(name, n_threads)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
