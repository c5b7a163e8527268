"""The command ``jetmlp``: results on standard output, everything else on standard error."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence

import click

from .. import _command
from .commands import make_command
from .console import (
    EXIT_BROKEN_PIPE,
    EXIT_FAILED,
    EXIT_OK,
    EXIT_USAGE,
    NO_MEMORY,
    CommandError,
    EndedError,
    complain,
    ended,
    output,
)

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of the process.

    Returns
    -------
    int
        The exit code: 0; 1 if the work itself failed, such as a fit that diverged or a file that could not be
        written in the end; 2 for anything wrong with the call and the files it names, such as an unknown
        name, a cell that is no number or a library that is not there; 130, 143 or 129 after Ctrl-C, SIGTERM
        or SIGHUP; always with one line on standard error; 141, without one, if the reader of standard output
        has left.
    """
    _command.work()
    try:
        return _flushed(sys.argv[1:] if arguments is None else list(arguments))
    except KeyboardInterrupt as signal:
        end = ended(signal)
        return complain(str(end), end.code)
    finally:
        _command.done()


def _flushed(arguments: list[str]) -> int:
    """Run the command and let its output go."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A character that a terminal or a file cannot have is no reason to fail.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        code = _run(arguments)
        if sys.stdout is not None:
            sys.stdout.flush()
        return code
    except BrokenPipeError:
        _drop_output()
        return EXIT_BROKEN_PIPE
    except OSError as error:
        _drop_output()
        return complain(f"error: cannot write to standard output: {error.strerror or error}", EXIT_FAILED)


def _run(arguments: list[str]) -> int:
    command = make_command()
    # Not command.main(), which has ways of its own to end after Ctrl-C and a broken pipe.
    try:
        with command.make_context("jetmlp", arguments) as context:
            code = command.invoke(context)
        return code if isinstance(code, int) else EXIT_OK
    except click.exceptions.Exit as end:  # after --help and --version
        output()  # they pass over a closed one in silence
        return end.exit_code
    except click.UsageError as error:
        where = "jetmlp" if error.ctx is None else error.ctx.command_path
        return complain(f"error: {_said(error)}", EXIT_USAGE, where)
    except EndedError as end:
        return complain(str(end), end.code)
    except CommandError as error:
        return complain(f"error: {error}", error.code)
    except MemoryError:
        return complain(f"error: {NO_MEMORY}", EXIT_FAILED)


def _said(error: click.UsageError) -> str:
    """Return what is wrong with the arguments, in the words of this package."""
    context = error.ctx
    asked = "" if context is None else f"; see {context.command_path} --help"
    text = error.format_message().rstrip(".")
    if context is not None and isinstance(context.command, click.Group) and text == "Missing command":
        return f"expected a command: {', '.join(context.command.commands)}{asked}"
    if isinstance(error, click.MissingParameter) and error.param is not None:
        return f"expected {error.param.metavar or error.param.human_readable_name}{asked}"
    if isinstance(error, click.BadParameter) and error.param is not None:
        return f"{'/'.join(error.param.opts)}: {error.message}"
    return text[:1].lower() + text[1:] + asked


def _drop_output() -> None:
    """Let what Python still wants to flush go nowhere."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
