"""The calls on files that a program makes, noted, failed or met by a signal: `file_calls.c`, loaded first.

A program that is to be watched runs with `environment(build(folder))`, and then

>>> calls = FileCalls()
>>> noted = calls.during(save, at=3, action=FAIL, error=errno.ENOSPC)
"""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

NOTHING, FAIL, SHORT, KILL_BEFORE, KILL_AFTER, SIGNAL_BEFORE, SIGNAL_AFTER = range(7)
_SOURCE = Path(__file__).with_suffix(".c")
_LIBRARY = "JETMLP_TESTS_FILE_CALLS"


def build(folder: Path) -> Path:
    """Compile the library, with the C compiler that the package needs anyway."""
    library = folder / "file_calls.so"
    compiler = os.environ.get("CC", "cc").split()
    subprocess.run([*compiler, "-shared", "-fPIC", "-O1", "-o", library, _SOURCE, "-ldl"], check=True)
    return library


def environment(library: Path) -> dict[str, str]:
    """What a program needs in its environment to be watched; sanitizers stay the first."""
    loaded = " ".join(filter(None, [os.environ.get("LD_PRELOAD"), str(library)]))
    return {**os.environ, "LD_PRELOAD": loaded, _LIBRARY: str(library)}


class Call(NamedTuple):
    """A call as it was made: on which descriptor or with which flags, of which path, how it ended."""

    name: str
    number: int
    path: str
    size: int
    result: int
    error: int


class FileCalls:
    """The library in this process."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(os.environ[_LIBRARY])
        self._library.file_calls_stop.restype = ctypes.c_char_p

    def during(
        self,
        work: Callable[[], object],
        at: int = -1,
        action: int = NOTHING,
        error: int = 0,
        *,
        onwards: bool = False,
        spare_removal: bool = False,
    ) -> tuple[list[Call], BaseException | None]:
        """Do something; return the calls on files that this thread made for it, and what was raised.

        From call `at`, counted from 0, there is a fault: in it alone or in all that follow, too, but for the
        removal of files if that is to be spared.
        """
        raised: BaseException | None = None
        self._library.file_calls_start(at, action, error, onwards, spare_removal)
        try:
            work()
        except BaseException as caught:
            raised = caught
        text = self._library.file_calls_stop().decode(errors="surrogateescape")
        calls = [line.split("\t") for line in text.splitlines()]
        return [Call(name, int(a), path, int(b), int(c), int(d)) for name, a, path, b, c, d in calls], raised
