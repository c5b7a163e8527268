"""``jetmlp reproduce``: run experiments and report them."""

from __future__ import annotations

import sys
from importlib.util import find_spec

import click

from .. import report
from ..experiments import DEFAULT_SEEDS, EXPERIMENTS, get
from ..fitting.errors import DivergenceError
from .arguments import SETTINGS, examples, integer
from .console import EXIT_FAILED, EXIT_OK, EXIT_USAGE, CommandError, say

_NEEDED = ("matplotlib", "rich")
_SEVERAL = ", ".join(
    f"{name} takes at least {experiment.least_seeds}"
    for name, experiment in EXPERIMENTS.items()
    if experiment.least_seeds > 1
)


def _descriptions() -> list[str]:
    width = max(map(len, EXPERIMENTS))
    return [f"{name:<{width}}  {experiment.description}" for name, experiment in EXPERIMENTS.items()]


@click.command(
    **SETTINGS,
    short_help="run the published experiments; figures, numbers and a comparison",
    epilog="\b\nExperiments:\n"
    + "\n".join(f"  {line}" for line in _descriptions())
    + "\n\n"
    + examples(
        "jetmlp reproduce", "jetmlp reproduce --report", "jetmlp reproduce value-only --seeds 1 --out results"
    ),
)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--out", metavar="DIR", default="results", help="folder for the results", show_default=True)
@click.option(
    "--seed", metavar="S", type=integer(0, 2**63), default=0, help="the first seed", show_default=True
)
@click.option(
    "--seeds",
    metavar="K",
    type=integer(1, 1000),
    help="how many seeds to run, S ... S+K-1; the summary has medians and ranges, figures show the first "
    f"(default: {DEFAULT_SEEDS}; fewer for experiments of many fits, as their tables say; {_SEVERAL})",
)
@click.option(
    "--threads",
    metavar="T",
    type=integer(1, 256),
    help="fits at a time, which does not change the results (default: one for each processor, at most 8)",
)
@click.option(
    "--report",
    "with_report",
    is_flag=True,
    help="write a report to hand in as well: report.pdf and report.html",
)
@click.option("--list", "only_list", is_flag=True, help="list the experiments and stop")
def reproduce(
    names: tuple[str, ...],
    out: str,
    seed: int,
    seeds: int | None,
    threads: int | None,
    with_report: bool,
    only_list: bool,
) -> int:
    """Run experiments (by NAME, default all), each into a folder of its own with figures and numbers.

    The folder has metrics.json and CSV files. What was published is put beside what was measured: on the
    terminal, in summary.md and in summary.json.
    """
    if only_list:
        for line in _descriptions():
            say(line)
        return EXIT_OK
    try:
        for name in names:
            get(name)
    except ValueError as error:
        raise CommandError(str(error), EXIT_USAGE) from None
    if with_report and (absent := report.missing()):
        raise CommandError(f'--report needs {" and ".join(absent)}: pip install "jetmlp[paper]"', EXIT_USAGE)
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise CommandError(f'this needs {" and ".join(missing)}: pip install "jetmlp[report]"', EXIT_USAGE)
    try:
        summary = report.reproduce(
            list(names), out, seed=seed, n_seeds=seeds, n_threads=threads, progress=True
        )
        written = report.write_report(out) if with_report else None
    except DivergenceError as error:
        raise CommandError(str(error), EXIT_FAILED) from None
    except OSError as error:
        where = out if error.filename is None else error.filename
        raise CommandError(f"cannot write to {where}: {error.strerror or error}", EXIT_USAGE) from None
    report.print_tables(summary.tables, sys.stdout)
    sys.stdout.flush()
    sys.stderr.write(f"jetmlp: wrote {summary.folder} in {summary.document['time_s']:.1f} s\n")
    if written is not None:
        sys.stderr.write(f"jetmlp: wrote {written.pdf} and {written.page}\n")
    return EXIT_OK
