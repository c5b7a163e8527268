"""The command ``jetmlp``: results on standard output, everything else on standard error."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from typing import NoReturn

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells have it

_NEEDED = ("matplotlib", "rich")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of the process.

    Returns
    -------
    int
        The exit code: 0; 1 if a fit diverged; 2 for anything wrong with the call, such as an unknown name, a
        folder that cannot be written or a library that is not there, always with one line on standard
        error; 130 after Ctrl-C.
    """
    try:
        options = _parser().parse_args(arguments)
        if options.command == "info":
            return _info()
        if options.list:
            return _list()
        return _reproduce(options)
    except KeyboardInterrupt:
        return _complain("interrupted", EXIT_INTERRUPTED)
    except BrokenPipeError:
        # Whoever read standard output has left; what Python still wants to flush goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILED


class _Parser(argparse.ArgumentParser):
    """Complains in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(EXIT_USAGE, f"{self.prog}: error: {message}\n")


def _parser() -> argparse.ArgumentParser:
    from . import __version__

    parser = _Parser(
        prog="jetmlp",
        description="Small neural networks fitted to function values and derivatives.",
        epilog="jetmlp COMMAND --help says more about a command.",
    )
    parser.add_argument("--version", action="version", version=f"jetmlp {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=_Parser)
    commands.add_parser(
        "info",
        help="say what is installed and which instruction set is used",
        description="Say version, instruction-set level, levels available, compiler and Eigen.",
    )
    reproduce = commands.add_parser(
        "reproduce",
        help="run the published experiments; figures, numbers and a comparison",
        description=(
            "Run experiments, each into a folder of its own with figures, metrics.json and CSV files,\n"
            "and put what was published beside what was measured: on the terminal, in summary.md\n"
            "and in summary.json."
        ),
        epilog="experiments:\n" + "\n".join(_descriptions()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    reproduce.add_argument("names", nargs="*", metavar="NAME", help="experiments to run (default: all)")
    reproduce.add_argument(
        "--out", metavar="DIR", default="results", help="folder for the results (default: %(default)s)"
    )
    reproduce.add_argument(
        "--seed", metavar="S", type=_seed, default=0, help="the first seed (default: %(default)s)"
    )
    reproduce.add_argument(
        "--seeds",
        metavar="K",
        type=_positive,
        default=1,
        help="how many seeds to run, S ... S+K-1; the summary then has medians and ranges, figures show the "
        "first (default: %(default)s; ablation takes at least 5 and monomials 3)",
    )
    reproduce.add_argument(
        "--threads",
        metavar="T",
        type=_threads,
        default=None,
        help="fits at a time, which does not change the results (default: one for each processor, at most 8)",
    )
    reproduce.add_argument("--list", action="store_true", help="list the experiments and stop")
    return parser


def _descriptions() -> list[str]:
    from .experiments import EXPERIMENTS

    width = max(map(len, EXPERIMENTS))
    return [f"  {name:<{width}}  {experiment.description}" for name, experiment in EXPERIMENTS.items()]


def _integer(text: str, low: int, high: int) -> int:
    try:
        number = int(text)
    except ValueError:
        number = low - 1
    if not low <= number <= high:
        raise argparse.ArgumentTypeError(f"expected an integer from {low} to {high}, got {text!r}")
    return number


def _seed(text: str) -> int:
    return _integer(text, 0, 2**63)


def _positive(text: str) -> int:
    return _integer(text, 1, 1000)


def _threads(text: str) -> int:
    return _integer(text, 1, 256)


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")


def _complain(message: str, code: int) -> int:
    sys.stderr.write(f"jetmlp: {message}\n")
    return code


def _info() -> int:
    from ._core.info import info

    for name, value in info().items():
        _print(f"{name + ':':<18}{', '.join(value) if isinstance(value, list) else value}")
    return EXIT_OK


def _list() -> int:
    for line in _descriptions():
        _print(line.strip())
    return EXIT_OK


def _reproduce(options: argparse.Namespace) -> int:
    from .experiments import get
    from .fitting.errors import DivergenceError

    try:
        for name in options.names:
            get(name)
    except ValueError as error:
        return _complain(f"error: {error}", EXIT_USAGE)
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        needed = " and ".join(missing)
        return _complain(f'error: this needs {needed}: pip install "jetmlp[report]"', EXIT_USAGE)

    from . import report

    try:
        summary = report.reproduce(
            options.names,
            options.out,
            seed=options.seed,
            n_seeds=options.seeds,
            n_threads=options.threads,
            progress=True,
        )
    except DivergenceError as error:
        return _complain(f"error: {error}", EXIT_FAILED)
    except OSError as error:
        where = options.out if error.filename is None else error.filename
        return _complain(f"error: cannot write to {where}: {error.strerror or error}", EXIT_USAGE)
    report.print_tables(summary.tables, sys.stdout)
    sys.stdout.flush()
    sys.stderr.write(f"jetmlp: wrote {summary.folder} in {summary.document['time_s']:.1f} s\n")
    return EXIT_OK
