"""What every command says and how it ends."""

from __future__ import annotations

import errno
import json
import math
import os
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, TextIO

import click

from .._command import Ended

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
# 128 and the number of the signal, as shells have it.
EXIT_INTERRUPTED = 130
EXIT_BROKEN_PIPE = 141

#: The end of the help of every command.
EXIT_CODES = """Exit codes: 0 done; 1 the work itself failed, such as a fit that diverged, a full disk or too
little memory; 2 something is wrong with the call, the files it names or the installation; 130 Ctrl-C, 143 and
129 the signals TERM and HUP: files are then whole or as they were, and a second signal ends at once; 141 the
reader of the output has left. But for 0 and 141 there is one line on standard error."""


#: Said where memory runs out, wherever that is.
NO_MEMORY = "there is not enough memory for this"


class CommandError(Exception):
    """Ends a command with one line on standard error and an exit code."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


class EndedError(CommandError):
    """The end of a command by a signal, which is no error."""


def ended(signal: KeyboardInterrupt, more: str = "") -> EndedError:
    """Return the end of a command by Ctrl-C or another signal, and what there is to say of it."""
    if isinstance(signal, Ended):
        return EndedError(f"{signal.said}{more}", signal.code)
    return EndedError(f"interrupted{more}", EXIT_INTERRUPTED)


def say(text: str) -> None:
    """Write a line of results."""
    output().write(text + "\n")


def output() -> TextIO:
    """Return standard output.

    Raises
    ------
    OSError
        If whoever called has closed it.
    """
    if sys.stdout is None:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    return sys.stdout


def say_json(document: dict[str, Any]) -> None:
    """Write results for a program: what is no finite number is null, as JSON has none."""
    say(json.dumps(_finite(document), indent=2, ensure_ascii=False, allow_nan=False))


def tell(message: str, where: str = "jetmlp") -> None:
    """Write a line on standard error; one that nobody can read is no failure of the command."""
    with suppress(OSError, ValueError):  # closed by whoever called, or full
        if sys.stderr is not None:
            sys.stderr.write(f"{where}: {one_line(message)}\n")


def warn(message: str) -> None:
    """Write a line on standard error; the command goes on."""
    tell(f"warning: {message}")


def complain(message: str, code: int, where: str = "jetmlp") -> int:
    """Write a line on standard error; return the exit code."""
    tell(message, where)
    return code


def heading(text: str) -> str:
    """Return a text in bold where a person reads it."""
    return click.style(text, bold=True) if in_colour() else text


def coloured(text: str, colour: str) -> str:
    """Return a text in a colour where a person reads it."""
    return click.style(text, fg=colour) if in_colour() else text


def in_colour() -> bool:
    """Say whether standard output is a terminal that shows colours, to somebody who wants them."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return not plain and sys.stdout is not None and sys.stdout.isatty()


def people_watch() -> bool:
    """Say whether standard error is a terminal."""
    return sys.stderr is not None and sys.stderr.isatty()


def table_lines(heads: Sequence[str], rows: Iterable[Sequence[str]], n_left: int = 1) -> list[str]:
    """Return the lines of a table, the first `n_left` columns to the left and the others to the right."""
    table = [list(row) for row in (heads, *rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) if place < n_left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    ]
    return [heading(lines[0]), *lines[1:]]


def one_line(message: str) -> str:
    """Return a message without ends of lines, whatever is in it."""
    return " ".join(message.split())


def _finite(value: Any) -> Any:  # noqa: ANN401  what JSON can hold
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(entry) for entry in value]
    return value
