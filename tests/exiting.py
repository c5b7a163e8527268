"""Computations that the end of the interpreter finds at work: `python tests/exiting.py [COUNT [KIND …]]`.

Each time a child forked from this program runs one in a daemon thread, again and again, and comes to the
end of the program while it is under way. Prints how many of COUNT children ended with exit code 0, and the
longest time from there to the end of the process.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable
from contextlib import suppress

import numpy as np

import jetmlp

X = np.random.default_rng(0).uniform(-1, 1, (4000, 2))
Y = np.sin(X.sum(axis=1))
SLOPES = np.cos(X.sum(axis=1))[:, np.newaxis].repeat(2, axis=1)
#: A child that takes longer to end hangs.
MOST_SECONDS = 60
FOR_EVER = 10**9


def model() -> jetmlp.MLP:
    return jetmlp.MLP([2, 64, 64, 1], seed=0)


def fit(
    optimizer: jetmlp.Adam | jetmlp.LevenbergMarquardt, n: int, **options: object
) -> Callable[[], object]:
    trainer = jetmlp.Trainer(model(), optimizer, n_threads=2)
    return lambda: trainer.fit(X[:n], Y[:n], SLOPES[:n], epochs=FOR_EVER, **options)  # type: ignore[arg-type]


def fit_many() -> Callable[[], object]:
    trainers = [jetmlp.Trainer(jetmlp.MLP([2, 16, 1], seed=k), jetmlp.Adam()) for k in range(3)]
    return lambda: jetmlp.fit_many(trainers, X[:200], Y[:200], SLOPES[:200], epochs=FOR_EVER, n_threads=2)


def evaluate(name: str) -> Callable[[], object]:
    evaluated = getattr(model(), name)
    return lambda: evaluated(X, n_threads=2)


def objective(name: str) -> Callable[[], object]:
    network = model()
    function = getattr(jetmlp.Objective(network, X[:300], Y[:300], SLOPES[:300], n_threads=2), name)
    return lambda: function(network.parameters)


def staged() -> Callable[[], object]:
    network = jetmlp.StagedMLP([[2, 12, 1], [2, 16, 1]])
    return lambda: network.fit(X[:60], Y[:60], SLOPES[:60], epochs=2000)


def look(epoch: int, losses: dict[str, float]) -> None:
    """Use the time of Python's lock, as a callback that draws does."""
    sum(range(2000))


def doze(epoch: int, losses: dict[str, float]) -> None:
    """Let go of Python's lock, and want it back at any time."""
    time.sleep(0.0005)


def sleep(epoch: int, losses: dict[str, float]) -> None:
    """Stay away for longer than the end of the interpreter waits."""
    time.sleep(0.6)


KINDS: dict[str, Callable[[], Callable[[], object]]] = {
    "fit, Adam": lambda: fit(jetmlp.Adam(), 2000),
    "fit, LevenbergMarquardt": lambda: fit(jetmlp.LevenbergMarquardt(), 200),
    "fit with a callback": lambda: fit(jetmlp.Adam(), 50, callbacks=look),
    "fit with a callback that sleeps": lambda: fit(jetmlp.Adam(), 50, callbacks=doze),
    "fit with a callback that does not come back": lambda: fit(jetmlp.Adam(), 50, callbacks=sleep),
    "fit with a learning rate of one's own": lambda: fit(jetmlp.Adam(lambda epoch: 1e-3), 50),
    "fit_many": fit_many,
    "StagedMLP.fit": staged,
    "Surrogate.fit": lambda: lambda: jetmlp.Surrogate(n_threads=2).fit(X[:40], Y[:40], SLOPES[:40]),
    "predict": lambda: evaluate("predict"),
    "hessian": lambda: evaluate("hessian"),
    "Objective.loss_and_gradient": lambda: objective("loss_and_gradient"),
    "Objective.gram": lambda: objective("gram"),
}


def at_work(computation: Callable[[], object]) -> Callable[[], None]:
    def work() -> None:
        while True:
            computation()

    return work


def child(kind: str, index: int) -> float:
    """Come to the end of the program at some time of a computation; the time then."""
    work = at_work(KINDS[kind]())
    threading.Thread(target=work, daemon=True).start()
    time.sleep(0.02 + 0.0014 * (index % 50))
    return time.time()


def ends(kind: str, count: int) -> tuple[list[int], float]:
    """Exit codes of so many children, and the longest time that one took to end."""
    codes, longest = [], 0.0
    for index in range(count):
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reading)
            signal.alarm(MOST_SECONDS)
            end = child(kind, index)
            os.write(writing, repr(end).encode())
            raise End
        os.close(writing)
        _, status = os.waitpid(pid, 0)
        with os.fdopen(reading) as pipe:
            began = float(pipe.read() or "nan")
        longest = max(longest, time.time() - began)
        codes.append(os.waitstatus_to_exitcode(status))
    return codes, longest


class End(Exception):  # noqa: N818
    """A child has come to the end."""


def main(count: int, kinds: list[str]) -> None:
    warnings.simplefilter("ignore", DeprecationWarning)  # of Python 3.12: a fork with threads
    for kind in kinds or KINDS:
        codes, longest = ends(kind, count)
        others = sorted({code for code in codes if code != 0})
        print(
            f"{kind}: {codes.count(0)} of {count} with exit code 0"
            + (f", others {others}" if others else "")
            + f"; longest {longest:.2f} s",
            flush=True,
        )


if __name__ == "__main__":
    with suppress(End):
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 200, sys.argv[2:])
