"""Signals that find a computation at work: `python tests/signals.py [COUNT [KIND …]]`.

Each time a child forked from this program runs one again and again, and gets a signal after a random time:
Ctrl-C, Ctrl-C twice within some milliseconds, SIGTERM, and SIGTERM with a handler that exits with 7. Prints
how many of COUNT children each ended as they have to, and the longest time from the signal to the end.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import numpy as np

import exiting
import jetmlp
from exiting import SLOPES, X, Y

FOLDER = Path(tempfile.gettempdir()) / f"jetmlp-signals-{os.getpid()}"
#: A child that takes longer to end hangs.
MOST_SECONDS = 60
#: It is sent once more after so many: Python drops what a handler raises while a weak reference is cleared,
#: and says so.
AGAIN = 5.0
#: After the first signal of two, and before the first, in seconds.
LONGEST_GAP, LONGEST_RUN = 0.03, 0.1
#: What a SIGTERM handler of the program exits with.
OWN_CODE = 7


def surrogate() -> Callable[[], object]:
    return lambda: jetmlp.Surrogate().fit(X[:40], Y[:40], SLOPES[:40])


def save() -> Callable[[], object]:
    model = jetmlp.MLP([2, 600, 600, 1])
    return lambda: model.save(FOLDER / "model.safetensors")


def load() -> Callable[[], object]:
    path = FOLDER / "loaded.safetensors"
    jetmlp.MLP([2, 600, 600, 1]).save(path)
    return lambda: jetmlp.load(path)


KINDS: dict[str, Callable[[], Callable[[], object]]] = {
    "fit, Adam": lambda: exiting.fit(jetmlp.Adam(), 2000),
    "fit, LevenbergMarquardt": lambda: exiting.fit(jetmlp.LevenbergMarquardt(), 200),
    "fit_many": exiting.fit_many,
    "predict": lambda: exiting.evaluate("predict"),
    "save": save,
    "load": load,
    "Surrogate.fit": surrogate,
}


def ctrl_c(work: Callable[[], object], ready: Callable[[], object]) -> None:
    """Work until Ctrl-C; then all is as it should be."""
    try:
        try:
            ready()
            while True:
                work()
        except KeyboardInterrupt:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
    except KeyboardInterrupt:  # the second, on the way out of the first
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    model = jetmlp.MLP([2, 8, 1])
    jetmlp.Trainer(model, jetmlp.LBFGS(), n_threads=2).fit(X[:50], Y[:50], SLOPES[:50], epochs=5)
    assert np.isfinite(model.predict(X)).all()
    saved = FOLDER / "model.safetensors"
    assert not saved.exists() or jetmlp.load(saved).n_parameters > 0
    assert not list(FOLDER.glob(".*"))


def until_killed(work: Callable[[], object], ready: Callable[[], object]) -> None:
    ready()
    while True:
        work()


def with_handler(work: Callable[[], object], ready: Callable[[], object]) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(OWN_CODE))
    until_killed(work, ready)


Run = Callable[[Callable[[], object], Callable[[], object]], None]
#: What the child does, the signals that it gets, and the code of its end: negative for that of a signal.
SIGNALS: dict[str, tuple[Run, tuple[signal.Signals, ...], int]] = {
    "Ctrl-C": (ctrl_c, (signal.SIGINT,), 0),
    "Ctrl-C twice": (ctrl_c, (signal.SIGINT, signal.SIGINT), 0),
    "SIGTERM": (until_killed, (signal.SIGTERM,), -signal.SIGTERM),
    "SIGTERM, with a handler": (with_handler, (signal.SIGTERM,), OWN_CODE),
}


def ended(kind: str, what: str, delays: random.Random) -> tuple[int, float]:
    """Return how a child ended, and the seconds from the first signal to its end."""
    FOLDER.mkdir()
    try:
        return _ended(kind, what, delays)
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)  # one that was killed in a save leaves a file


def _child(kind: str, run: Run, ready: int) -> NoReturn:
    """Work, and end as the interpreter does."""
    run(KINDS[kind](), lambda: os.write(ready, b"."))
    sys.exit(0)


def _ended(kind: str, what: str, delays: random.Random) -> tuple[int, float]:
    run, sent, _ = SIGNALS[what]
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _child(kind, run, writing)
    os.close(writing)
    ready = os.read(reading, 1)
    os.close(reading)
    begin, again = 0.0, AGAIN
    for number, one in enumerate(sent if ready else ()):
        time.sleep(delays.uniform(0, LONGEST_GAP if number else LONGEST_RUN))
        begin = begin or time.monotonic()
        os.kill(child, one)
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status), time.monotonic() - begin
        if time.monotonic() - begin > again:
            os.kill(child, sent[-1])
            again += AGAIN
        if time.monotonic() - begin > MOST_SECONDS:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return -signal.SIGKILL, MOST_SECONDS
        time.sleep(0.001)


def main(arguments: list[str]) -> int:
    warnings.simplefilter("ignore")
    count = int(arguments[0]) if arguments else 20
    delays, wrong = random.Random(0), 0
    for kind in arguments[1:] or KINDS:
        for what, (_, _, expected) in SIGNALS.items():
            children = [ended(kind, what, delays) for _ in range(count)]
            right = sum(code == expected for code, _ in children)
            wrong += count - right
            longest = max(seconds for _, seconds in children)
            others = sorted({code for code, _ in children if code != expected})
            print(
                f"{kind}; {what}: {right} of {count} ended with {expected}, longest {1e3 * longest:.0f} ms"
                + f" *** {others}" * bool(others),
                flush=True,
            )
    return wrong


if __name__ == "__main__":
    sys.exit(min(1, main(sys.argv[1:])))
