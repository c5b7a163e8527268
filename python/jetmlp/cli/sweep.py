"""``jetmlp sweep``: fits of a table with every combination of some settings."""

from __future__ import annotations

import json
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from .._runs import FolderInUseError
from ..optimizers.describing import OPTIMIZERS, optimizer_from
from ..sweeps import SweepResult
from ..sweeps import sweep as run_sweep
from ..tables.resolve import resolve
from ..tables.samples import samples_of
from .arguments import SETTINGS, column_options, examples, file, folder, integer, json_option
from .console import EXIT_FAILED, EXIT_OK, EXIT_USAGE, CommandError, people_watch, say, say_json
from .files import expect_output, load_mapping, load_table, reading, writing
from .libraries import expect_libraries

#: How long to wait for a scheduler [s].
TIMEOUT = 10


@click.command(
    **SETTINGS,
    short_help="fit a table with every combination of some settings",
    epilog=examples(
        "jetmlp sweep data.csv space.json --out runs",
        "jetmlp sweep data.csv space.json --out runs --csv rows.csv --processes 4",
        "jetmlp sweep data.csv space.json --out runs --scheduler tcp://head:8786",
    ),
)
@click.argument("data", metavar="DATA", type=file)
@click.argument("space", metavar="SPACE.json", type=file)
@column_options
@click.option(
    "--out", metavar="DIR", type=folder, help="keep every run there; the same call then runs what is left"
)
@click.option("--csv", "csv_file", metavar="FILE", type=file, help="table of all runs, *.csv")
@click.option("--held-out", metavar="SHARE", type=float, help="of the samples, to measure on (default: 0.2)")
@click.option("--processes", metavar="N", type=integer(1, 1024), help="runs at a time (default: processors)")
@click.option("--scheduler", metavar="ADDRESS", help="of a Dask cluster that runs them, as tcp://host:8786")
@json_option
def sweep(
    data: Path,
    space: Path,
    x: str | None,
    y: str | None,
    dydx: str | None,
    map_file: Path | None,
    out: Path | None,
    csv_file: Path | None,
    held_out: float | None,
    processes: int | None,
    scheduler: str | None,
    as_json: bool,
) -> int:
    """Fit the samples in DATA with every combination of the settings in SPACE.json, many at a time.

    SPACE.json has for each setting the values that it takes, as {"layer_sizes": [[2, 16, 1], [2, 32, 1]],
    "epochs": [200], "optimizer": ["LevenbergMarquardt", {"name": "Adam", "settings": {"learning_rate":
    0.01}}], "seed": [0, 1, 2]}, or is a list of such objects. Settings are ranked by their median error over
    the seeds, on samples held out.
    """
    if scheduler is not None and processes is not None:
        raise CommandError("--processes: expected none beside --scheduler, got both", EXIT_USAGE)
    if csv_file is not None:
        expect_output(csv_file, data, space, map_file)
    settings = _read_space(space)
    mapping = load_mapping(map_file)
    table = load_table(data, mapping)
    with reading(data):
        samples = samples_of(table, resolve(table, x, y, dydx, mapping))
    with ExitStack() as stack:
        executor = None if scheduler is None else stack.enter_context(_client(scheduler))
        try:
            result = run_sweep(
                settings,
                samples,
                held_out=held_out,
                path=out,
                executor=executor,
                n_processes=processes,
                progress=people_watch() and not as_json,
            )
        except (TypeError, ValueError) as error:
            raise CommandError(f"{space}: {error}", EXIT_USAGE) from None
        except FolderInUseError:
            raise CommandError(f"--out: another run is writing to {out}", EXIT_FAILED) from None
        except OSError as error:
            raise CommandError(f"--out: cannot write {out}: {error.strerror or error}", EXIT_USAGE) from None
    if csv_file is not None:
        with writing(csv_file):
            result.to_csv(csv_file)
    return _answer(result, as_json)


def _answer(result: SweepResult, as_json: bool) -> int:
    """Say what was found; no run that has ended well is a failure."""
    summary = result.summary()
    columns = result.columns()
    if as_json:
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        say_json({"runs": rows, "failed": len(result.failed)})
    else:
        for line in str(summary).splitlines():
            say(line)
    if len(result.failed) == len(result):
        raise CommandError(f"no run has ended well; {summary.remarks[-1]}", EXIT_FAILED)
    return EXIT_OK


def _read_space(path: Path) -> Any:  # noqa: ANN401  `sweep` checks it
    """Read a space; its optimizers are names, or names with settings."""
    with reading(path):
        content = path.read_bytes()
    try:
        space = json.loads(content)
    except ValueError as error:
        raise CommandError(f"{path}: expected JSON; {error}", EXIT_USAGE) from None
    for one in space if isinstance(space, list) else [space]:
        if isinstance(one, dict) and isinstance(one.get("optimizer"), list):
            one["optimizer"] = [_optimizer(path, given) for given in one["optimizer"]]
    return space


def _optimizer(path: Path, given: Any) -> Any:  # noqa: ANN401  what JSON can hold
    if given == "auto":
        return given
    described = {"name": given, "settings": {}} if isinstance(given, str) else given
    try:
        return optimizer_from(described)
    except (LookupError, TypeError, ValueError) as error:
        names = ", ".join(("auto", *OPTIMIZERS))
        why = f"; {error}" if not isinstance(error, LookupError) else ""
        raise CommandError(
            f'{path}: optimizer: expected one of {names}, or {{"name": …, "settings": {{…}}}}, got '
            f"{json.dumps(given):.200}{why}",
            EXIT_USAGE,
        ) from None


def _client(address: str) -> Any:  # noqa: ANN401  a dask.distributed.Client
    """Connect to a scheduler."""
    expect_libraries("distributed", extra="cluster")
    distributed: Any = import_module("dask.distributed")
    try:
        return distributed.Client(address, timeout=TIMEOUT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise CommandError(f"--scheduler: cannot reach {address}: {error}", EXIT_FAILED) from None
