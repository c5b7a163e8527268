"""The command line: all commands, a file each."""

from __future__ import annotations

import click

from .._core.info import info as installed
from .arguments import SETTINGS, examples
from .console import EXIT_CODES
from .evaluate import evaluate
from .export import export
from .fit import fit
from .info import info
from .predict import predict
from .report import report
from .reproduce import reproduce
from .sweep import sweep

#: In the order in which the help has them. One more is one more file and one more entry.
COMMANDS: tuple[click.Command, ...] = (fit, predict, evaluate, sweep, export, report, info, reproduce)


class InOrder(click.Group):
    """Lists its commands in the order in which they were added."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name them."""
        return list(self.commands)


def make_command() -> click.Group:
    """Make the command that has all others in it."""
    command = InOrder(
        "jetmlp",
        help="Small neural networks fitted to function values and derivatives.",
        epilog=examples(
            "jetmlp fit data.csv --out model.safetensors",
            "jetmlp predict model.safetensors new.csv --out predictions.csv",
            "jetmlp COMMAND --help",
        )
        + "\n\n"
        + EXIT_CODES,
        commands={name: command for command in COMMANDS if (name := command.name) is not None},
        no_args_is_help=False,
        **SETTINGS,
    )
    return click.version_option(installed()["version"], prog_name="jetmlp", message="%(prog)s %(version)s")(
        command
    )
