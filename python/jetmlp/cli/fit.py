"""``jetmlp fit``: a surrogate of a table."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import click

from ..data.derivative_check import check_derivatives
from ..data.derivative_names import spelled
from ..data.samples import Samples
from ..fitting.errors import DivergenceError
from ..surrogate.surrogate import Surrogate
from ..tables.columns import Columns, listed
from ..tables.resolve import resolve
from ..tables.samples import samples_of
from ..tables.table import Table
from .arguments import SETTINGS, column_options, examples, file, integer, json_option, seconds_above_0
from .console import (
    EXIT_FAILED,
    EXIT_OK,
    EXIT_USAGE,
    CommandError,
    heading,
    people_watch,
    say,
    say_json,
    table_lines,
)
from .describing import described_model, say_goodness
from .files import MODEL, expect_output, load_mapping, load_table, reading, warnings_as_lines, writing


@click.command(
    **SETTINGS,
    short_help="fit a table of values and derivatives",
    epilog=examples(
        "jetmlp fit data.csv --out model.safetensors",
        "jetmlp fit runs.csv --x load,thickness --y stress --out stress.safetensors",
        "jetmlp fit runs.csv --x 'x*' --y f --dydx none",
        "jetmlp fit jenn.npz --json > result.json",
    ),
)
@click.argument("data", metavar="DATA", type=file)
@column_options
@click.option("--out", metavar="MODEL", type=file, help="file of the model, *.safetensors")
@click.option(
    "--seed", metavar="S", type=integer(0, 2**32 - 1), default=0, show_default=True, help="of the search"
)
@click.option("--seconds", metavar="T", type=seconds_above_0, help="limit of the search (default: none)")
@click.option(
    "--threads",
    metavar="N",
    type=integer(1, 256),
    help="networks at a time (default: one for each processor)",
)
@click.option(
    "--check/--no-check",
    default=True,
    help="warn of derivatives that do not belong to the values (default), or do not",
)
@json_option
def fit(
    data: Path,
    x: str | None,
    y: str | None,
    dydx: str | None,
    map_file: Path | None,
    out: Path | None,
    seed: int,
    seconds: float | None,
    threads: int | None,
    check: bool,
    as_json: bool,
) -> int:
    """Fit the samples in DATA, a CSV, Parquet or NPZ file: the best surrogate, without a setting.

    Which columns are inputs, outputs and derivatives follows from their names where these leave no doubt (x1,
    x2, f, df_dx1, df/dx2, f:x1, …), or from --x and --y, or from --map; what was found is shown. A blank is a
    value or a derivative that is not known. Networks are chosen by evidence, and the answer says how good
    they are at samples left out.
    """
    if out is not None:
        if out.suffix != MODEL:
            raise CommandError(f"--out: expected a name that ends in {MODEL}, got {out}", EXIT_USAGE)
        expect_output(out, data, map_file)
    mapping = load_mapping(map_file)
    table = load_table(data, mapping)
    with reading(data):
        columns = resolve(table, x, y, dydx, mapping)
        samples = samples_of(table, columns)
    document = _described(table, columns, samples)
    if not as_json:
        _say_columns(document)
    told: list[str] = []
    with warnings_as_lines(told):
        if check and samples.Y is not None and samples.dYdX is not None:
            _check(table, columns, samples)
    with warnings_as_lines(told):
        surrogate = Surrogate(seed=seed, seconds=seconds, n_threads=threads, check=False)
        try:
            surrogate.fit(samples, progress=people_watch() and not as_json)
        except (DivergenceError, RuntimeError, ValueError) as error:
            raise CommandError(f"{data}: {error}", EXIT_FAILED) from None
        except MemoryError:
            raise CommandError(f"{data}: there is not enough memory for this fit", EXIT_FAILED) from None
    surrogate.input_names, surrogate.output_names = tuple(columns.inputs), tuple(columns.outputs)
    if out is not None:
        with writing(out):
            surrogate.save(out)
    found = described_model(surrogate)
    if as_json:
        told_of = {"networks_used", "networks_tried", "goodness"}
        say_json(
            {
                **document,
                **{key: found[key] for key in found if key in told_of},
                "warnings": told,
                "model": None if out is None else str(out),
            }
        )
        return EXIT_OK
    say("")
    say_goodness(found["goodness"])
    say("")
    if out is None:
        say("Not kept: --out model.safetensors writes it to a file.")
    else:
        say(f"Wrote {out}. Next: jetmlp predict {out} NEW.csv")
    return EXIT_OK


def _check(table: Table, columns: Columns, samples: Samples) -> None:
    """Warn of derivatives that do not belong to the values, by the names of the columns."""
    report = check_derivatives(samples)
    if report.agrees or report.verdict == "undecided":
        return
    names = {"input": list(columns.inputs), "output": list(columns.outputs)}

    def named(found: re.Match[str]) -> str:
        return found[1] + re.sub(r"\d+", lambda number: names[found[2]][int(number[0])], found[3])

    slips = [re.sub(r"(\b(input|output)s? )(\d+(?:(?:, | and )\d+)*)", named, slip) for slip in report.slips]
    warnings.warn(
        f"{table.source}: the derivatives do not seem to belong to the values: {report.verdict}; "
        f"{'; '.join(slips)}; --no-check if they are right",
        stacklevel=2,
    )


def _described(table: Table, columns: Columns, samples: Samples) -> dict[str, Any]:
    """Return what the table holds, as JSON has it."""
    used = columns.used()
    return {
        "data": table.source,
        "samples": len(samples),
        "contents": repr(samples).removeprefix("Samples(").removesuffix(")"),
        "inputs": [{"name": name, "column": column} for name, column in columns.inputs.items()],
        "outputs": [{"name": name, "column": column or None} for name, column in columns.outputs.items()],
        "derivatives": [
            {"output": f, "input": x, "column": column} for (f, x), column in columns.derivatives.items()
        ],
        "left_alone": [name for name in table.names if name not in used],
        "notes": list(table.notes),
    }


def _say_columns(document: dict[str, Any]) -> None:
    """Say which columns hold what."""
    say(f"{heading(document['data'])}: {document['contents']}")
    rows = [("input", entry["name"], entry["column"]) for entry in document["inputs"]]
    rows += [
        ("output", entry["name"], entry["column"] or "(derivatives alone)") for entry in document["outputs"]
    ]
    rows += [
        ("derivative", spelled(entry["output"], entry["input"]), entry["column"])
        for entry in document["derivatives"]
    ]
    for line in table_lines(("", "name", "column"), rows, 3):
        say(f"  {line}")
    if any(entry["column"] is None for entry in document["outputs"]):
        say("  an output with derivatives alone has no constant: it is 0 on average over the samples")
    if document["left_alone"]:
        say(f"  left alone: {listed(document['left_alone'])}")
    for note in document["notes"]:
        say(f"  {note}")
