"""Samples from the columns of a table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..data.samples import Samples, as_samples
from .columns import Columns, listed
from .errors import TableError
from .table import Table

Array = NDArray[np.float64]


def inputs_of(table: Table, columns: Sequence[str]) -> Array:
    """Return the inputs, (n, d).

    Raises
    ------
    TableError
        If a cell is blank or no number.
    """
    return np.column_stack([table.numbers(column, blanks=False) for column in columns])


def samples_of(table: Table, columns: Columns, *, all_outputs: bool = True) -> Samples:
    """Return the samples of a table; blanks are values and derivatives that are not known.

    Parameters
    ----------
    table : Table
    columns : Columns
        Which of its columns hold what.
    all_outputs : bool, default True
        Whether something must be known of every output, as a fit needs it, or of one at least.

    Raises
    ------
    TableError
        If a cell is no number, an input is blank, or nothing is known of an output.
    """
    X = inputs_of(table, list(columns.inputs.values()))
    n = len(X)
    values = {name: table.numbers(column) for name, column in columns.outputs.items() if column}
    slopes = {pair: table.numbers(column) for pair, column in columns.derivatives.items()}
    nothing = np.full(n, np.nan)
    Y = np.column_stack([values.get(name, nothing) for name in columns.outputs])
    D = np.stack(
        [np.column_stack([slopes.get((f, x), nothing) for x in columns.inputs]) for f in columns.outputs],
        axis=1,
    )
    for o, name in enumerate(columns.outputs):
        if not all_outputs and not (np.isnan(Y).all() and np.isnan(D).all()):
            break
        if np.isnan(Y[:, o]).all() and np.isnan(D[:, o]).all():
            raise TableError(
                f"{table.source}, column {columns.outputs[name] or name!r}: expected a number in at least "
                "one row, got blanks only"
            )
    return as_samples(
        X,
        None if np.isnan(Y).all() else Y,
        None if np.isnan(D).all() else D,
        allow_missing_values=True,
    )


def match_inputs(
    table: Table, known: Sequence[str] | None, count: int, columns: Sequence[str] | None
) -> list[str]:
    """Return which columns hold the inputs of a model.

    Parameters
    ----------
    table : Table
    known : sequence of str or None
        What the model calls its inputs.
    count : int
        How many there are.
    columns : sequence of str or None
        What the user says they are, in the order of the inputs; in any order where they have their names.

    Raises
    ------
    TableError
        If they are not all there, or nobody knows which they are.
    """
    if columns is not None:
        if len(columns) != count:
            raise TableError(f"--x: expected {count} columns, as the model has inputs, got {listed(columns)}")
        return _in_order(columns, known or ())
    if known is not None and table.named:
        missing = [name for name in known if name not in table.names]
        if missing:
            raise TableError(
                f"{table.source}: expected a column for each input of the model, got none for "
                f"{listed(missing)}; it has {listed(table.names)}; --x or --map says which to take"
            )
        return list(known)
    if not table.named:
        # Made-up names have the order of the array.
        inputs = [name for name in table.names if name.startswith("x")]
        if len(inputs) == count:
            return inputs
        raise TableError(f"{table.source}: expected {count} inputs, as the model has, got {len(inputs)}")
    raise TableError(
        f"{table.source}: expected --x with the columns of the {count} inputs, since the model does not know "
        f"their names; there are {listed(table.names)}"
    )


def _in_order(columns: Sequence[str], known: Sequence[str]) -> list[str]:
    """Return the columns of the inputs in their order; none may be called like an input that it is not."""
    if set(columns) == set(known):
        return list(known)
    for name, column in zip(known, columns, strict=False):
        if column != name and column in known:
            raise TableError(
                f"--x: expected columns in the order of the inputs, {listed(known)}, got {column!r} in the "
                f"place of {name!r}"
            )
    return list(columns)
