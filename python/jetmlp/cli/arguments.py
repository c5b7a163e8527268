"""The types of arguments, and options that several commands have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Function = TypeVar("Function", bound=Callable[..., Any])

#: Of every command: examples and lists in its help are not folded, and -h asks for it, too.
SETTINGS: dict[str, Any] = {"context_settings": {"help_option_names": ["-h", "--help"]}}


def integer(low: int, high: int) -> Callable[[str], int]:
    """Return the type of an argument that is an integer from `low` to `high`."""

    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = low - 1
        if not low <= number <= high:
            raise click.BadParameter(f"expected an integer from {low} to {high}, got {text!r}")
        return number

    return parse


def seconds_above_0(text: str) -> float:
    """Take a time above 0."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0.0 < number < float("inf"):
        raise click.BadParameter(f"expected a number of seconds above 0, got {text!r}")
    return number


def file(text: str) -> Path:
    """Take the path of a file, which is looked at only when it is read or written."""
    if not text.strip() or "\0" in text:
        raise click.BadParameter(f"expected the name of a file, got {text!r}")
    return Path(text)


def folder(text: str) -> Path:
    """Take the path of a folder, which is looked at only when it is written."""
    if not text.strip() or "\0" in text:
        raise click.BadParameter(f"expected the name of a folder, got {text!r}")
    return Path(text)


def examples(*lines: str) -> str:
    """Return the end of a help: commands that can be pasted."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def column_options(function: Function) -> Function:
    """Add the options that say which columns hold what."""
    for option in reversed(
        (
            click.option("--x", metavar="NAMES", help="columns of the inputs, as a,b,c or 'x*'"),
            click.option("--y", metavar="NAMES", help="columns of the outputs"),
            click.option(
                "--dydx",
                metavar="NAMES",
                help="columns of the derivatives (default: those whose names say so, such as df_dx1, df/dx1, "
                "d(f)/d(x1), f:x1 or f!x1); 'none' uses none",
            ),
            map_option,
        )
    ):
        function = option(function)
    return function


def map_option(function: Function) -> Function:
    """Add the option of a file that says which columns hold what."""
    option = click.option(
        "--map",
        "map_file",
        metavar="FILE.json",
        type=file,
        help='which columns hold what where names do not say it: {"inputs": {"load": "F [N]"}, "outputs": '
        '["stress"], "derivatives": {"stress:load": "column 9"}}',
    )
    decorated: Function = option(function)
    return decorated


def json_option(function: Function) -> Function:
    """Add the option for programs."""
    option = click.option("--json", "as_json", is_flag=True, help="results as one JSON object, for programs")
    decorated: Function = option(function)
    return decorated
