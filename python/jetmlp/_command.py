"""What ends the command ``jetmlp``: one line and an exit code, from its very start.

The library itself takes no notice of any of this: it is at work only in a process that was started as the
command, while the rest of the package is imported and after.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from types import FrameType, TracebackType
from typing import NoReturn

#: Signals that end the command, and what is then said. The exit code is 128 and the number, as in shells.
ENDINGS = {
    name: said
    for name, said in (("SIGINT", "interrupted"), ("SIGTERM", "terminated"), ("SIGHUP", "hung up"))
    if hasattr(signal, name)
}
EXIT_USAGE = 2
EXIT_UNEXPECTED = 1


class Ended(KeyboardInterrupt):
    """A signal that ends the command: it takes the ways of Ctrl-C, on which everything is left in order."""

    def __init__(self, said: str, code: int) -> None:
        super().__init__(said)
        self.said = said
        self.code = code


class _Watch:
    """Whether a signal may be taken in order: only while the command is at work, and only the first."""

    at_work = False


def was_started() -> bool:
    """Say whether this process was started as ``jetmlp`` or as ``python -m jetmlp``."""
    name = sys.argv[0] if sys.argv else ""
    if name == "-m":  # the name of the module is not known yet
        options = sys.orig_argv[1:]
        return "-mjetmlp" in options or ("-m", "jetmlp") in pairwise(options)
    path = Path(name)
    return path.name in ("jetmlp", "jetmlp.exe") or path.parts[-2:] == ("jetmlp", "__main__.py")


def _begin() -> None:
    """In a process that was started as the command: take signals, and say in one line what nobody catches.

    With ``python -X dev`` tracebacks are shown as ever.
    """
    if not was_started():
        return
    for name in ENDINGS:
        number = signal.Signals[name]
        # What is ignored stays so: nohup, or a shell that runs the command in the background.
        if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(number, _take)
    if not sys.flags.dev_mode:
        sys.excepthook = _say_uncaught


def work() -> None:
    """From now on the first signal is raised as `Ended`, and a second ends the process at once."""
    _Watch.at_work = True


def done() -> None:
    """From now on any signal ends the process at once: nothing is left to bring in order."""
    _Watch.at_work = False


def _take(number: int, frame: FrameType | None) -> None:
    said, code = ENDINGS[signal.Signals(number).name], 128 + number
    if not _Watch.at_work:
        _end(said, code)
    _Watch.at_work = False
    raise Ended(said, code)


def _say_uncaught(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> NoReturn:
    if isinstance(error, Ended):
        _end(error.said, error.code)
    text = " ".join(str(error).split())
    if isinstance(error, ImportError):  # of a library, or of the compiled core
        _end(f"error: {text}", EXIT_USAGE)
    _end(
        f"error: unexpected {kind.__name__}: {text[:300]}; python -X dev -m jetmlp ... shows where",
        EXIT_UNEXPECTED,
    )


def _end(said: str, code: int) -> NoReturn:
    """End the process without another word; what Python would still do could wait, or fail."""
    with suppress(OSError):  # nobody is there to read it
        os.write(2, f"jetmlp: {said}\n".encode())
    os._exit(code)


_begin()
