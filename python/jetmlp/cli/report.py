"""``jetmlp report``: something to hand in, from what `reproduce` wrote or from a surrogate."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from .. import report
from ..files.load import load
from ..surrogate.surrogate import Surrogate
from .console import EXIT_OK, EXIT_USAGE, complain, say

if TYPE_CHECKING:
    from .arguments import Commands


def add_to(commands: Commands) -> None:
    """Add this command to the others."""
    parser = commands.add_parser(
        "report",
        help="a report to hand in: PDF, and a page for a browser",
        description=(
            "Write report.pdf, report.html and report-source (text and figures, to go on writing), from the\n"
            "folder that reproduce wrote, or from the file of a surrogate, which has its samples."
        ),
        epilog=(
            "examples:\n  jetmlp report results\n"
            '  jetmlp report model.safetensors --out report --x "width [mm]" --x load --y stress'
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("path", metavar="PATH", help="a folder of reproduce, or a file of Surrogate.save")
    parser.add_argument(
        "--out", metavar="DIR", help="where to write (default: the folder itself; of a file, report)"
    )
    parser.add_argument("--x", metavar="NAME", action="append", help="of an input, in order, for each")
    parser.add_argument("--y", metavar="NAME", action="append", help="of an output, in order, for each")
    parser.add_argument("--title", metavar="TEXT", help="of the report")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Do it."""
    path = Path(options.path)
    try:
        if path.is_dir():
            if options.x or options.y:
                return complain("error: --x, --y: expected only with the file of a surrogate", EXIT_USAGE)
            written = report.write_report(path, options.out, title=options.title)
        else:
            surrogate = load(path)
            if not isinstance(surrogate, Surrogate):
                kind = type(surrogate).__name__
                return complain(
                    f"error: PATH: expected a surrogate, which keeps its samples, got {kind}", EXIT_USAGE
                )
            written = report.report_surrogate(
                surrogate,
                options.out or "report",
                input_names=options.x,
                output_names=options.y,
                title=options.title,
                file=path.name,
            )
    except (ImportError, ValueError) as error:
        return complain(f"error: {error}", EXIT_USAGE)
    except OSError as error:
        return complain(f"error: {error.filename or options.out}: {error.strerror or error}", EXIT_USAGE)
    say(f"{written.pdf}\n{written.page}\n{written.source}")
    return EXIT_OK
