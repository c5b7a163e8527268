"""The longest time without a look for signals: `python tests/looks.py [NAME …]`, `--small` for a try.

A timer signal comes every millisecond; its handler is called whenever Python, or the core for it, looks.
Between two calls the processor time of this thread is taken: a look that is late only because others have
the core is no fault, and they lengthen that time by little (caches, pages). Prints the longest for each
thing to do, with 19 million parameters or 10 million rows.
"""

from __future__ import annotations

import pickle
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

import jetmlp

MOST = 50.0  # milliseconds
Work = Callable[[], object]


@contextmanager
def watched(found: list[tuple[float, str]]) -> Iterator[None]:
    """Note each time between two looks, in milliseconds of this thread, and the line of the second."""
    before = time.thread_time()

    def look(_: int = 0, frame: FrameType | None = None) -> None:
        nonlocal before
        now = time.thread_time()
        where = "the end" if frame is None else f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
        found.append((1e3 * (now - before), where))
        before = time.thread_time()

    handler = signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, 1e-3, 1e-3)
    try:
        yield
        look()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, handler)


def wide(small: bool) -> list[int]:
    width = 400 if small else 4400
    return [2, width, width, 1]


def of_parameters(small: bool) -> dict[str, Callable[[], Work]]:
    """What there is to do with many parameters."""
    X = np.random.default_rng(0).uniform(-1, 1, (64, 2))
    Y, J = np.sin(X.sum(1)), np.cos(X.sum(1))[:, np.newaxis].repeat(2, 1)

    def model(dtype: str = "float64") -> jetmlp.MLP:
        return jetmlp.MLP(wide(small), dtype=dtype)

    def evaluation(name: str) -> Work:
        network = model()
        return lambda: getattr(network, name)(X[:4], n_threads=1)

    def fit(optimizer: Any, n: int = 8, epochs: int = 2, **options: Any) -> Work:  # noqa: ANN401
        trainer = jetmlp.Trainer(model(), optimizer, n_threads=1)
        return lambda: trainer.fit(X[:n], Y[:n], J[:n], epochs=epochs, **options)

    def objective(name: str) -> Work:
        network = model()
        function = getattr(jetmlp.Objective(network, X[:8], Y[:8], J[:8], n_threads=1), name)
        return lambda: function(network.parameters)

    def saved() -> Path:
        path = Path(tempfile.mkdtemp()) / "model.safetensors"
        model().save(path)
        return path

    def save() -> Work:
        network, path = model(), Path(tempfile.mkdtemp()) / "model.safetensors"
        return lambda: network.save(path)

    def load() -> Work:
        path = saved()
        return lambda: jetmlp.load(path)

    def assign() -> Work:
        network = model()
        parameters = network.parameters
        return lambda: setattr(network, "parameters", parameters)

    return {
        "MLP": lambda: model,
        "MLP, float32, he_normal": lambda: lambda: jetmlp.MLP(wide(small), dtype="float32", init="he_normal"),
        "copy": lambda: model().copy,
        "parameters =": assign,
        "pickle": lambda: (lambda network: lambda: pickle.loads(pickle.dumps(network)))(model()),
        "save": save,
        "load": load,
        "predict": lambda: evaluation("predict"),
        "jacobian": lambda: evaluation("jacobian"),
        "hessian": lambda: evaluation("hessian"),
        "loss_and_gradient": lambda: objective("loss_and_gradient"),
        "residuals": lambda: objective("residuals"),
        "fit, Adam": lambda: fit(jetmlp.Adam()),
        "fit, Adam, callback": lambda: fit(jetmlp.Adam(), callbacks=lambda epoch, losses: None),
        "fit, Adam, l2, validation": lambda: fit(jetmlp.Adam(), validation_data=(X, Y), restore_best=True),
        "fit, LBFGS": lambda: fit(jetmlp.LBFGS(memory=3), epochs=3),
        "fit, LevenbergMarquardt": lambda: fit(jetmlp.LevenbergMarquardt(), epochs=2),
        "fit, StochasticGaussNewton": lambda: fit(jetmlp.StochasticGaussNewton(), epochs=2),
    }


def of_rows(small: bool) -> dict[str, Callable[[], Work]]:
    """What there is to do with many rows."""
    n = 10**5 if small else 10**7
    X = np.linspace(-1, 1, n)[:, np.newaxis]
    Y, J = np.sin(3 * X) + 1, 3 * np.cos(3 * X)

    def model(normalize: bool = True) -> jetmlp.MLP:
        return jetmlp.MLP([1, 4, 1], normalize=normalize)

    def fit(normalize: bool = True, **options: Any) -> Work:  # noqa: ANN401
        trainer = jetmlp.Trainer(model(normalize), jetmlp.Adam(), n_threads=1, **options)
        return lambda: trainer.fit(X, Y, J, epochs=1)

    def evaluation(name: str) -> Work:
        network = model()
        jetmlp.Trainer(network, jetmlp.Adam()).fit(X[::1000], Y[::1000], J[::1000], epochs=1)
        return lambda: getattr(network, name)(X, n_threads=1)

    def gram() -> Work:
        network = jetmlp.MLP([1, 64, 64, 1])
        some = slice(None, None, n // (300 if small else 2000))
        objective = jetmlp.Objective(network, X[some], Y[some], J[some], n_threads=1)
        return lambda: objective.gram(network.parameters)

    samples = jetmlp.Samples(X, Y, J)
    return {
        "Samples": lambda: lambda: jetmlp.Samples(X, Y, J),
        "Samples, pickle": lambda: lambda: pickle.loads(pickle.dumps(samples)),
        "Samples of float32": lambda: (lambda x: lambda: jetmlp.Samples(x, x, x))(X.astype(np.float32)),
        "Objective": lambda: lambda: jetmlp.Objective(model(), samples),
        "rows: fit": fit,
        "rows: fit, not normalized": lambda: fit(normalize=False),
        "rows: fit, balanced": lambda: fit(derivative_weight="balanced"),
        "rows: fit, batches": lambda: fit(batch_size=100_000),
        "rows: predict": lambda: evaluation("predict"),
        "rows: predict_with_jacobian": lambda: evaluation("predict_with_jacobian"),
        "rows: hessian": lambda: evaluation("hessian"),
        "rows: evaluate": lambda: (lambda network: lambda: jetmlp.metrics.evaluate(network, X, Y, J))(
            model(False)
        ),
        "gram": gram,
    }


def longest(prepare: Callable[[], Work]) -> tuple[list[tuple[float, str]], float]:
    """Return the longest times without a look, and the time of all."""
    work = prepare()
    found: list[tuple[float, str]] = []
    begin = time.thread_time()
    with watched(found):
        work()
    return sorted(found, reverse=True)[:4], 1e3 * (time.thread_time() - begin)


def main(arguments: list[str]) -> int:
    warnings.simplefilter("ignore")
    small = "--small" in arguments
    names = [argument for argument in arguments if not argument.startswith("--")]
    too_long = 0
    for several in (of_parameters, of_rows):
        for name, prepare in several(small).items():
            if names and name not in names:
                continue
            gaps, total = longest(prepare)
            too_long += gaps[0][0] > MOST
            places = ", ".join(f"{gap:.0f} ms before {where}" for gap, where in gaps if gap > MOST)
            print(f"{name}: longest {gaps[0][0]:.0f} ms of {total:.0f} ms" + f" *** {places}" * bool(places))
    return too_long


if __name__ == "__main__":
    print(f"{main(sys.argv[1:])} beyond {MOST:.0f} ms")
