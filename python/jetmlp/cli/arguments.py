"""The parser of every command, and the types of its arguments."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

from .console import EXIT_USAGE

if TYPE_CHECKING:
    # A class that argparse hands out but does not name.
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


class Parser(argparse.ArgumentParser):
    """Complains in one line."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and leave."""
        self.exit(EXIT_USAGE, f"{self.prog}: error: {message}\n")


def integer(low: int, high: int) -> Callable[[str], int]:
    """Return the type of an argument that is an integer from `low` to `high`."""

    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = low - 1
        if not low <= number <= high:
            raise argparse.ArgumentTypeError(f"expected an integer from {low} to {high}, got {text!r}")
        return number

    return parse
