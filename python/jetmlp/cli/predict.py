"""``jetmlp predict``: values, error bars and derivatives at the rows of a table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from ..data.derivative_names import spelled
from ..surrogate.surrogate import Surrogate
from ..tables.samples import inputs_of
from ..tables.write import expect_writable_kind, table_text, write_table
from .arguments import SETTINGS, examples, file, json_option, map_option
from .columns import extrapolating, input_columns
from .console import EXIT_OK, EXIT_USAGE, CommandError, say, say_json, tell
from .describing import names_of
from .files import Model, expect_output, load_mapping, load_model, load_table, reading, writing

Array = NDArray[np.float64]


@click.command(
    **SETTINGS,
    short_help="predict at the rows of a table",
    epilog=examples(
        "jetmlp predict model.safetensors new.csv --out predictions.csv",
        "jetmlp predict model.safetensors new.csv --derivatives --no-inputs | head",
        "jetmlp predict model.safetensors new.csv --x 'F [N],t [mm]'",
    ),
)
@click.argument("model", metavar="MODEL", type=file)
@click.argument("data", metavar="DATA", type=file)
@click.option("--x", metavar="NAMES", help="columns of the inputs, in the order of the model's")
@map_option
@click.option("--derivatives", is_flag=True, help="derivatives, too, in columns such as df/dx1")
@click.option(
    "--std/--no-std", default=None, help="with standard deviations, *_std (default, where the model has them)"
)
@click.option(
    "--inputs/--no-inputs", "with_inputs", default=True, help="with the inputs (default), or without"
)
@click.option(
    "--out", metavar="FILE", type=file, help="CSV, Parquet or NPZ file (default: CSV on the terminal)"
)
@json_option
def predict(
    model: Path,
    data: Path,
    x: str | None,
    map_file: Path | None,
    derivatives: bool,
    std: bool | None,
    with_inputs: bool,
    out: Path | None,
    as_json: bool,
) -> int:
    """Predict with MODEL at the rows of DATA, a CSV, Parquet or NPZ file.

    Columns are matched with the inputs of the model by name, in any order. Rows outside the samples that the
    model was fitted to are warned of. A standard deviation is that of the function: 68 % of errors are to be
    within one.
    """
    if out is not None:
        with writing(out):
            expect_writable_kind(out)
        expect_output(out, model, data, map_file)
    mapping = load_mapping(map_file)
    found = load_model(model)
    if std and not isinstance(found, Surrogate):
        raise CommandError(f"--std: expected a surrogate, got {model}, which has no error bars", EXIT_USAGE)
    table = load_table(data, mapping)
    with reading(data):
        X = inputs_of(table, input_columns(found, table, x, mapping))
    outside = extrapolating(found, table, X)
    columns = _columns(found, X, with_inputs, derivatives, isinstance(found, Surrogate) and std is not False)
    if out is not None:
        with writing(out):
            write_table(out, columns)
    if as_json:
        say_json(
            {
                "model": str(model),
                "data": table.source,
                "rows": len(table),
                "columns": {name: column.tolist() for name, column in columns.items()},
                "extrapolating": outside,
                "out": None if out is None else str(out),
            }
        )
    elif out is None:
        say(table_text(columns).removesuffix("\n"))
    else:
        tell(f"wrote {out}: {len(table)} rows, {', '.join(columns)}")
    return EXIT_OK


def _columns(model: Model, X: Array, with_inputs: bool, derivatives: bool, std: bool) -> dict[str, Array]:
    inputs, outputs = names_of(model)
    columns = [(name, X[:, k]) for k, name in enumerate(inputs)] if with_inputs else []
    values = _with_deviation(model, X, std, slopes=False)
    for o, output in enumerate(outputs):
        columns += [(output + ending, array[:, o]) for ending, array in values]
    if derivatives:
        slopes = _with_deviation(model, X, std, slopes=True)
        for o, output in enumerate(outputs):
            for k, name in enumerate(inputs):
                columns += [(spelled(output, name) + ending, array[:, o, k]) for ending, array in slopes]
    names = [name for name, _ in columns]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise CommandError(
            f"expected names of their own for all columns, got {twice!r} twice; --no-std and --no-inputs "
            "leave some out",
            EXIT_USAGE,
        )
    return dict(columns)


def _with_deviation(model: Model, X: Array, std: bool, *, slopes: bool) -> list[tuple[str, NDArray[Any]]]:
    """Return predictions and, if asked for, their standard deviations, each with the end of its name."""
    if isinstance(model, Surrogate) and std:
        mean, deviation = (model.jacobian if slopes else model.predict)(X, return_std=True)
        return [("", mean), ("_std", deviation)]
    return [("", model.jacobian(X) if slopes else model.predict(X))]
