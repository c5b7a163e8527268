"""``jetmlp info``: what is installed."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from .._core.info import info
from .console import EXIT_OK, say

if TYPE_CHECKING:
    from .arguments import Commands


def add_to(commands: Commands) -> None:
    """Add this command to the others."""
    parser = commands.add_parser(
        "info",
        help="say what is installed and which instruction set is used",
        description="Say version, instruction-set levels (at work, built, supported), compiler and Eigen.",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Do it."""
    for name, value in info().items():
        say(f"{name + ':':<18}{', '.join(value) if isinstance(value, list) else value}")
    return EXIT_OK
