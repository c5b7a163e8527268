"""``jetmlp evaluate``: the errors of a model at samples that it has not seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from ..data.samples import Samples
from ..surrogate.goodness import goodness_of
from ..surrogate.surrogate import Surrogate
from ..tables.samples import samples_of
from ..tables.table import Table
from .arguments import SETTINGS, column_options, examples, file, json_option
from .columns import columns_of, extrapolating
from .console import EXIT_OK, heading, say, say_json
from .describing import described_goodness, names_of, say_goodness
from .files import Model, load_mapping, load_model, load_table, reading

Array = NDArray[np.float64]


@click.command(
    **SETTINGS,
    short_help="errors at samples that a model has not seen",
    epilog=examples(
        "jetmlp evaluate model.safetensors test.csv",
        "jetmlp evaluate model.safetensors test.csv --json",
        "jetmlp evaluate network.safetensors test.csv --x a,b --y f",
    ),
)
@click.argument("model", metavar="MODEL", type=file)
@click.argument("data", metavar="DATA", type=file)
@column_options
@json_option
def evaluate(
    model: Path,
    data: Path,
    x: str | None,
    y: str | None,
    dydx: str | None,
    map_file: Path | None,
    as_json: bool,
) -> int:
    """Compare the predictions of MODEL with the values and derivatives in DATA.

    Errors are in the units of the data and over the spread of what is there: the standard deviation of
    values, the root mean square of derivatives. For a surrogate, also how many lie within one and within two
    standard deviations: 68 % and 95 % are to.
    """
    mapping = load_mapping(map_file)
    found = load_model(model)
    table = load_table(data, mapping)
    with reading(data):
        samples = samples_of(table, columns_of(found, table, x, y, dydx, mapping), all_outputs=False)
    outside = extrapolating(found, table, samples.X)
    goodness = _goodness(found, samples, table)
    if as_json:
        say_json(
            {
                "model": str(model),
                "data": table.source,
                "samples": len(samples),
                "goodness": goodness,
                "extrapolating": outside,
            }
        )
        return EXIT_OK
    say(f"{heading(str(model))} at the {len(samples)} samples of {table.source}")
    say_goodness(goodness, ("within 1 std", "within 2 std") if isinstance(found, Surrogate) else ())
    for entry in goodness:
        if entry["input"] is None:
            say(f"The largest error of {entry['output']} is at {entry['largest_at']}.")
    return EXIT_OK


def _goodness(model: Model, samples: Samples, table: Table) -> list[dict[str, Any]]:
    inputs, outputs = names_of(model)
    values, slopes = model.predict_with_jacobian(samples.X)
    truth: dict[int | None, Array] = {None: _or_nothing(samples.Y, values.shape)}
    truth |= {k: _or_nothing(samples.dYdX, slopes.shape)[:, :, k] for k in range(len(inputs))}
    errors = {k: (values if k is None else slopes[:, :, k]) - array for k, array in truth.items()}
    of_slopes = np.stack([errors[k] for k in range(len(inputs))], axis=-1)
    rows = goodness_of(samples, errors[None], of_slopes, "new samples")
    document = described_goodness(rows, inputs, outputs)
    bars = _deviations(model, samples.X)
    for row, entry in zip(rows, document, strict=True):
        error = np.abs(errors[row.along][:, row.output])
        entry["largest_at"] = table.place(int(np.nanargmax(error)))
        if bars is not None:
            bar = bars[row.along][:, row.output]
            there = ~np.isnan(error)
            for count in (1, 2):
                entry[f"within_{count}_std"] = float(np.mean(error[there] <= count * bar[there]))
    return document


def _or_nothing(array: Array | None, shape: tuple[int, ...]) -> Array:
    return np.full(shape, np.nan) if array is None else array


def _deviations(model: Model, X: Array) -> dict[int | None, Array] | None:
    """Return the standard deviations of values, at None, and of the derivatives along each input."""
    if not isinstance(model, Surrogate):
        return None
    _, values = model.predict(X, return_std=True)
    _, slopes = model.jacobian(X, return_std=True)
    return {None: values, **{k: slopes[:, :, k] for k in range(X.shape[1])}}
