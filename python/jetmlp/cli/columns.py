"""Columns of a table that belong to a model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..surrogate.surrogate import Surrogate
from ..tables.columns import Columns, chosen, derivatives_among, listed
from ..tables.errors import TableError
from ..tables.mapping import Mapping
from ..tables.resolve import resolve
from ..tables.samples import match_inputs
from ..tables.table import Table
from .console import warn
from .describing import names_of, sizes_of
from .files import Model

Array = NDArray[np.float64]


def input_columns(model: Model, table: Table, x: str | None, mapping: Mapping | None) -> list[str]:
    """Return the columns of a model's inputs, in their order."""
    d, _ = sizes_of(model)
    known = model.input_names if isinstance(model, Surrogate) else None
    if x is not None:
        if mapping is not None and mapping.inputs is not None:
            raise TableError("--x: expected the inputs there or in --map, got both")
        return match_inputs(table, known, d, chosen(table.names, x, "--x", table.source))
    if mapping is None or mapping.inputs is None:
        return match_inputs(table, known, d, None)
    given = mapping.inputs
    for column in given.values():
        if column not in table.names:
            raise TableError(
                f"{mapping.source}, inputs: expected columns of {table.source}, which has "
                f"{listed(table.names)}; got {column!r}"
            )
    if known is None:
        return match_inputs(table, known, d, list(given.values()))
    strange = next((name for name in given if name not in known), None)
    if strange is not None:
        raise TableError(
            f"{mapping.source}, inputs: expected those of the model, {listed(known)}, got {strange!r}"
        )
    missing = [name for name in known if name not in given and name not in table.names]
    if missing:
        raise TableError(
            f"{mapping.source}, inputs: expected all of the model, got none for {listed(missing)}"
        )
    return [given.get(name, name) for name in known]


def columns_of(
    model: Model, table: Table, x: str | None, y: str | None, dydx: str | None, mapping: Mapping | None
) -> Columns:
    """Return which columns hold what a model takes and predicts; those of some outputs will do."""
    inputs, outputs = names_of(model)
    d, m = sizes_of(model)
    mapping = mapping or Mapping()
    if table.named and not (isinstance(model, Surrogate) and model.output_names is not None):
        found = resolve(table, x, y, dydx, mapping)
        if (len(found.inputs), len(found.outputs)) != (d, m):
            raise TableError(
                f"{table.source}: expected {d} inputs and {m} outputs, as the model has, got "
                f"{listed(found.inputs)} and {listed(found.outputs)}"
            )
        to_input, to_output = (
            dict(zip(found.inputs, inputs, strict=True)),
            dict(zip(found.outputs, outputs, strict=True)),
        )
        return Columns(
            {to_input[name]: column for name, column in found.inputs.items()},
            {to_output[name]: column for name, column in found.outputs.items()},
            {(to_output[f], to_input[x]): column for (f, x), column in found.derivatives.items()},
        )
    taken = dict(zip(inputs, input_columns(model, table, x, mapping), strict=True))
    here = _output_columns(table, inputs, outputs, y, mapping)
    known = mapping._replace(source=mapping.source or table.source, inputs=taken, outputs=here)
    found = resolve(table, None, None, dydx, known)
    return found._replace(outputs={name: found.outputs.get(name, "") for name in outputs})


def _output_columns(
    table: Table, inputs: list[str], outputs: list[str], y: str | None, mapping: Mapping
) -> dict[str, str]:
    """Return the columns of those outputs of a model that a table has."""
    if y is not None:
        columns = chosen(table.names, y, "--y", table.source)
        if set(columns) <= set(outputs):
            return {name: name for name in outputs if name in columns}
        if len(columns) != len(outputs):
            raise TableError(
                f"--y: expected {len(outputs)} columns, as the model has outputs, or some of "
                f"{listed(outputs)}, got {listed(columns)}"
            )
        return dict(zip(outputs, columns, strict=True))
    if mapping.outputs is not None:
        strange = next((name for name in mapping.outputs if name not in outputs), None)
        if strange is not None:
            raise TableError(
                f"{mapping.source}, outputs: expected those of the model, {listed(outputs)}, got {strange!r}"
            )
        return mapping.outputs
    if not table.named:
        # Made-up names have the order of the array.
        return dict(zip(outputs, [name for name in table.names if name.startswith("y")], strict=False))
    slopes = {f for f, _ in derivatives_among(table.names, table.source, inputs, outputs)}
    here = {name: name for name in outputs if name in table.names or name in slopes}
    if not here:
        raise TableError(
            f"{table.source}: expected columns of the outputs {listed(outputs)} or of their derivatives, got "
            f"{listed(table.names)}; --y or --map says which to take"
        )
    return here


def extrapolating(model: Model, table: Table, X: Array) -> list[int]:
    """Warn of rows outside the samples of a model; return which these are, from 0."""
    if not isinstance(model, Surrogate):
        return []
    inputs, _ = names_of(model)
    fitted = model.samples.X
    low, high = fitted.min(axis=0), fitted.max(axis=0)
    # Digits that a table has lost on its way bring no row outside.
    margin = 1e-6 * (high - low)
    beyond = (low - margin > X) | (high + margin < X)
    rows = np.flatnonzero(beyond.any(axis=1))
    if len(rows):
        parts = [
            f"{inputs[k]} from {X[:, k].min():g} to {X[:, k].max():g}, fitted from {low[k]:g} to {high[k]:g}"
            for k in np.flatnonzero(beyond.any(axis=0))
        ]
        warn(
            f"{table.source}: {len(rows)} of {len(X)} rows lie outside the samples that were fitted, the "
            f"first of them {table.place(int(rows[0]))} ({'; '.join(parts)}): error bars are no promise there"
        )
    return [int(row) for row in rows]
