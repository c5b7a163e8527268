"""Functions that sweeps of the tests run in other processes, and a driver that is killed."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import numpy as np

import jetmlp

SPACE = {
    "layer_sizes": [[1, 4, 1], [1, 8, 1]],
    "optimizer": [jetmlp.LevenbergMarquardt(), jetmlp.Adam(learning_rate=0.01)],
    "epochs": [30],
    "seed": range(3),
}


def samples() -> jetmlp.Samples:
    x = np.linspace(-1.0, 1.0, 40)
    return jetmlp.Samples(x, np.sin(3 * x), 3 * np.cos(3 * x))


def squared(number: float, seed: int = 0) -> float:
    return (number - 2) ** 2 + seed


def fails_at(number: int, marks: str) -> dict[str, int]:
    """Leave a mark for every call; raise for 3, and end the process for 4."""
    mark = Path(marks) / f"{number}"
    calls = len(list(Path(marks).glob(f"{number}-*")))
    mark.with_name(f"{number}-{calls}").touch()
    if number == 3:
        raise ArithmeticError("three")
    if number == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    return {"twice": 2 * number}


def slow(number: int, seconds: float, marks: str) -> int:
    """Leave a mark for every call that ends."""
    time.sleep(seconds)
    with open(Path(marks) / "calls", "a") as file:
        file.write(f"{number}\n")
    return number * number


def slow_space(marks: str, n_runs: int) -> dict[str, list[object]]:
    return {"number": list(range(n_runs)), "seconds": [0.1], "marks": [marks]}


if __name__ == "__main__":  # the driver that is killed
    from dask.distributed import Client

    import sweep_functions

    address, path, marks, n_runs = sys.argv[1:]
    with Client(address, set_as_default=False) as client:
        jetmlp.sweep(
            slow_space(marks, int(n_runs)), function=sweep_functions.slow, path=path, executor=client
        )
