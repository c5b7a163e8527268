"""The command line: all commands, a file each."""

from __future__ import annotations

from .._core.info import info as installed
from . import info, report, reproduce
from .arguments import Parser

#: In the order in which the help has them.
COMMANDS = (info, reproduce, report)


def make_parser() -> Parser:
    """Make the parser; what it returns has in ``run`` the function of the command that was chosen."""
    parser = Parser(
        prog="jetmlp",
        description="Small neural networks fitted to function values and derivatives.",
        epilog="jetmlp COMMAND --help says more about a command.",
    )
    parser.add_argument("--version", action="version", version=f"jetmlp {installed()['version']}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=Parser)
    for command in COMMANDS:
        command.add_to(commands)
    return parser
