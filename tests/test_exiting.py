"""The end of the interpreter: every computation is stopped first; the exit code is the program's."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import exiting

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")


def check(count: int) -> None:
    """Each kind in `exiting`, in children of one program."""
    program = Path(exiting.__file__)
    result = subprocess.run(
        [sys.executable, str(program), str(count)], capture_output=True, text=True, check=False
    )
    print(result.stdout)
    assert (result.returncode, result.stderr) == (0, "")
    ended = re.findall(r"^(.+): (\d+) of (\d+) with exit code 0", result.stdout, re.MULTILINE)
    assert ended == [(kind, str(count), str(count)) for kind in exiting.KINDS]


def test_no_computation_outlives_the_interpreter() -> None:
    check(3)


@pytest.mark.long
def test_no_computation_outlives_the_interpreter_200_times() -> None:
    check(200)


LATE = """
import atexit, threading, time
import numpy as np

def late():
    print(model.predict([0.5]).shape, trainer.fit([0.0, 1.0], [0.0, 1.0], epochs=2).n_epochs)
    thread.join(60)
    print(thread.is_alive(), ended)

atexit.register(late)  # before the import, so that it is called after what the import registers
import jetmlp
model = jetmlp.MLP([1, 4, 1])
trainer = jetmlp.Trainer(jetmlp.MLP([1, 4, 1]), n_threads=2)
other = jetmlp.Trainer(jetmlp.MLP([1, 4, 1]), jetmlp.Adam())
ended = []

def work():
    try:
        other.fit([0.0, 1.0], [0.0, 1.0], epochs=2**31)
    except BaseException as error:
        ended.append((type(error).__name__, other.n_epochs == other.history.n_epochs > 0))
    try:
        other.model.predict([0.5])
    except BaseException as error:
        ended.append(type(error).__name__)

thread = threading.Thread(target=work, daemon=True)
thread.start()
while other.n_epochs == 0:
    time.sleep(0.001)
"""


def test_what_is_registered_with_atexit_still_computes_and_other_threads_end() -> None:
    result = subprocess.run([sys.executable, "-c", LATE], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == "(1, 1) 2\nFalse [('SystemExit', True), 'SystemExit']\n"
