"""``jetmlp reproduce``: run experiments and report them."""

from __future__ import annotations

import argparse
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

from .. import report
from ..experiments import DEFAULT_SEEDS, EXPERIMENTS, get
from ..fitting.errors import DivergenceError
from .arguments import integer
from .console import EXIT_FAILED, EXIT_OK, EXIT_USAGE, complain, say

if TYPE_CHECKING:
    from .arguments import Commands

_NEEDED = ("matplotlib", "rich")


def add_to(commands: Commands) -> None:
    """Add this command to the others."""
    parser = commands.add_parser(
        "reproduce",
        help="run the published experiments; figures, numbers and a comparison",
        description=(
            "Run experiments, each into a folder of its own with figures, metrics.json and CSV files,\n"
            "and put what was published beside what was measured: on the terminal, in summary.md\n"
            "and in summary.json."
        ),
        epilog="experiments:\n" + "\n".join(f"  {line}" for line in _descriptions()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="experiments to run (default: all)")
    parser.add_argument(
        "--out", metavar="DIR", default="results", help="folder for the results (default: %(default)s)"
    )
    parser.add_argument(
        "--seed", metavar="S", type=integer(0, 2**63), default=0, help="the first seed (default: %(default)s)"
    )
    several = ", ".join(
        f"{name} takes at least {experiment.least_seeds}"
        for name, experiment in EXPERIMENTS.items()
        if experiment.least_seeds > 1
    )
    parser.add_argument(
        "--seeds",
        metavar="K",
        type=integer(1, 1000),
        default=None,
        help="how many seeds to run, S ... S+K-1; the summary has medians and ranges, figures show the first "
        f"(default: {DEFAULT_SEEDS}; fewer for experiments of many fits, as their tables say; {several})",
    )
    parser.add_argument(
        "--threads",
        metavar="T",
        type=integer(1, 256),
        default=None,
        help="fits at a time, which does not change the results (default: one for each processor, at most 8)",
    )
    parser.add_argument(
        "--report", action="store_true", help="write a report to hand in as well: report.pdf and report.html"
    )
    parser.add_argument("--list", action="store_true", help="list the experiments and stop")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Do it."""
    if options.list:
        for line in _descriptions():
            say(line)
        return EXIT_OK
    try:
        for name in options.names:
            get(name)
    except ValueError as error:
        return complain(f"error: {error}", EXIT_USAGE)
    if options.report and report.missing():
        needed = " and ".join(report.missing())
        return complain(f'error: --report needs {needed}: pip install "jetmlp[paper]"', EXIT_USAGE)
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        needed = " and ".join(missing)
        return complain(f'error: this needs {needed}: pip install "jetmlp[report]"', EXIT_USAGE)
    try:
        summary = report.reproduce(
            options.names,
            options.out,
            seed=options.seed,
            n_seeds=options.seeds,
            n_threads=options.threads,
            progress=True,
        )
        written = report.write_report(options.out) if options.report else None
    except DivergenceError as error:
        return complain(f"error: {error}", EXIT_FAILED)
    except OSError as error:
        where = options.out if error.filename is None else error.filename
        return complain(f"error: cannot write to {where}: {error.strerror or error}", EXIT_USAGE)
    report.print_tables(summary.tables, sys.stdout)
    sys.stdout.flush()
    sys.stderr.write(f"jetmlp: wrote {summary.folder} in {summary.document['time_s']:.1f} s\n")
    if written is not None:
        sys.stderr.write(f"jetmlp: wrote {written.pdf} and {written.page}\n")
    return EXIT_OK


def _descriptions() -> list[str]:
    width = max(map(len, EXPERIMENTS))
    return [f"{name:<{width}}  {experiment.description}" for name, experiment in EXPERIMENTS.items()]
