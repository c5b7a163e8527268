"""``jetmlp reproduce``: run experiments and report them."""

from __future__ import annotations

import errno
from pathlib import Path

import click

from .. import report
from .._runs import RunFolder
from ..experiments import DEFAULT_SEEDS, EXPERIMENTS, get
from ..fitting.errors import DivergenceError
from .arguments import SETTINGS, examples, folder, integer
from .console import (
    EXIT_FAILED,
    EXIT_OK,
    EXIT_USAGE,
    NO_MEMORY,
    CommandError,
    ended,
    output,
    say,
    tell,
    warn,
)
from .libraries import expect_figures, expect_libraries

_NEEDED = ("matplotlib", "rich")
#: What goes wrong with a disk while it is written to, after all was found in order at the start.
_LATER = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
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
@click.option(
    "--out", metavar="DIR", type=folder, default="results", help="folder for the results", show_default=True
)
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
    "--resume",
    is_flag=True,
    help="go on with what was interrupted: fits that are in DIR/runs are not run again",
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
    out: Path,
    seed: int,
    seeds: int | None,
    threads: int | None,
    resume: bool,
    with_report: bool,
    only_list: bool,
) -> int:
    """Run experiments (by NAME, default all), each into a folder of its own with figures and numbers.

    The folder has metrics.json and CSV files. What was published is put beside what was measured: on the
    terminal, in summary.md and in summary.json.

    Each fit is kept in DIR/runs as soon as it is done, until the report is whole: whatever ends the command,
    --resume goes on from there. One command at a time writes to a DIR.
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
    expect_libraries(*_NEEDED, extra="report")
    expect_figures()
    runs = report.runs_of(out)
    if not resume and len(runs):
        warn(f"{runs.path} has {_fits(len(runs))} of an earlier call; --resume goes on from there")
    try:
        summary = report.reproduce(
            list(names), out, seed=seed, n_seeds=seeds, n_threads=threads, resume=resume, progress=True
        )
        written = report.write_report(out) if with_report else None
    except DivergenceError as error:
        raise CommandError(f"{error}{_kept(runs)}", EXIT_FAILED) from None
    except MemoryError:
        raise CommandError(f"{NO_MEMORY}{_kept(runs)}", EXIT_FAILED) from None
    except OSError as error:
        where = out if error.filename is None else error.filename
        text, code = f"cannot write to {where}: {error.strerror or error}", EXIT_USAGE
        if error.errno in _LATER:
            text, code = f"{text}{_kept(runs)}", EXIT_FAILED
        raise CommandError(text, code) from None
    except KeyboardInterrupt as signal:
        raise ended(signal, _kept(runs)) from None
    stream = output()
    report.print_tables(summary.tables, stream)
    stream.flush()
    tell(f"wrote {summary.folder} in {summary.document['time_s']:.1f} s")
    if written is not None:
        tell(f"wrote {written.pdf} and {written.page}")
    return EXIT_OK


def _kept(runs: RunFolder) -> str:
    """Say, after what went wrong, that not all is lost."""
    return f"; {runs.path} keeps {_fits(len(runs))}, --resume goes on from there" if len(runs) else ""


def _fits(count: int) -> str:
    return f"{count} finished fit{'' if count == 1 else 's'}"
