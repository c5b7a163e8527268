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
    """Return which columns hold what a model takes and predicts."""
    inputs, outputs = names_of(model)
    named = isinstance(model, Surrogate) and model.input_names is not None and table.named
    d, m = sizes_of(model)
    if named or not table.named:
        taken = input_columns(model, table, x, mapping)
        if y is None and (mapping is None or mapping.outputs is None):
            in_table = outputs if named else [name for name in table.names if name.startswith("y")][:m]
            columns = dict(zip(outputs, in_table, strict=False))
            here = {name: column for name, column in columns.items() if column in table.names}
            slopes = {} if dydx == "none" else _slopes(table, inputs, outputs, taken, list(columns.values()))
            if not here and not slopes:
                raise TableError(
                    f"{table.source}: expected columns of the outputs {listed(outputs)} or of their "
                    f"derivatives, got {listed(table.names)}; --y or --map says which to take"
                )
            return Columns(
                dict(zip(inputs, taken, strict=True)), {name: here.get(name, "") for name in outputs}, slopes
            )
    found = resolve(table, x, y, dydx, mapping)
    if (len(found.inputs), len(found.outputs)) != (d, m):
        raise TableError(
            f"{table.source}: expected {d} inputs and {m} outputs, as the model has, got "
            f"{listed(found.inputs)} and {listed(found.outputs)}"
        )
    return found


def _slopes(
    table: Table, inputs: list[str], outputs: list[str], x_columns: list[str], y_columns: list[str]
) -> dict[tuple[str, str], str]:
    """Return the derivatives of a table, named by the model's names or by those of the columns."""
    found = derivatives_among(table.names, table.source, inputs, outputs)
    if found or len(y_columns) != len(outputs):
        return found
    old = derivatives_among(table.names, table.source, x_columns, y_columns)
    to_input = dict(zip(x_columns, inputs, strict=True))
    to_output = dict(zip(y_columns, outputs, strict=True))
    return {(to_output[f], to_input[x]): column for (f, x), column in old.items()}


def extrapolating(model: Model, table: Table, X: Array) -> list[int]:
    """Warn of rows outside the samples of a model; return which these are, from 0."""
    if not isinstance(model, Surrogate):
        return []
    inputs, _ = names_of(model)
    fitted = model.samples.X
    low, high = fitted.min(axis=0), fitted.max(axis=0)
    beyond = (low > X) | (high < X)
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
