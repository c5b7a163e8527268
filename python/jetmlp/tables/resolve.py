"""Columns of a table from all that a user can say of them."""

from __future__ import annotations

from collections.abc import Sequence

from ..data.derivative_names import FORMS, readings_among
from .columns import Columns, Pairs, assign, chosen, derivatives_among, listed
from .errors import TableError
from .mapping import Mapping
from .table import Table

#: In the place of names of derivatives: not to use any.
NO_DERIVATIVES = "none"


def resolve(
    table: Table,
    x: str | None = None,
    y: str | None = None,
    dydx: str | None = None,
    mapping: Mapping | None = None,
) -> Columns:
    """Find out which columns hold what.

    Parameters
    ----------
    table : Table
        Its columns.
    x, y, dydx : str, optional
        Names of columns between commas, or patterns: the options ``--x``, ``--y`` and ``--dydx``. Derivatives
        are found by their names where they are not given; "none" uses none.
    mapping : Mapping, optional
        In the place of the names.

    Returns
    -------
    Columns

    Raises
    ------
    TableError
        If that does not decide it.
    """
    names, source = table.names, table.source
    mapping = mapping or Mapping()
    inputs = _known(x, "--x", mapping.inputs, "inputs", table, mapping)
    outputs = _known(y, "--y", mapping.outputs, "outputs", table, mapping)
    if outputs is not None and inputs is not None:
        both = next((name for name in inputs if name in outputs), None)
        if both is not None:
            raise TableError(f"{source}: expected {both!r} as an input or an output, got it as both")
    if dydx is not None and mapping.derivatives is not None:
        raise TableError("--dydx: expected derivatives there or in --map, got both")
    only = None
    if dydx is not None:
        only = [] if dydx == NO_DERIVATIVES and dydx not in names else chosen(names, dydx, "--dydx", source)
    if mapping.derivatives is not None:
        only = list(mapping.derivatives.values())
        missing = next((column for column in only if column not in names), None)
        if missing is not None:
            raise TableError(
                f"{mapping.source}, derivatives: expected columns of {source}, which has {listed(names)}; "
                f"got {missing!r}"
            )
        taken = {*(inputs or {}).values(), *(outputs or {}).values()}
        own = next((column for column in only if column in taken), None)
        if own is not None:
            raise TableError(
                f"{mapping.source}, derivatives: expected others than the columns of inputs and outputs, "
                f"got {own!r}"
            )
    columns = _assigned(table, inputs, outputs, only, mapping)
    if mapping.derivatives is not None:
        return columns._replace(derivatives=_by_key(mapping, columns))
    if only is not None:
        unknown = [column for column in only if column not in columns.derivatives.values()]
        if unknown:
            raise TableError(
                f"--dydx: expected names such as {', '.join(FORMS)} of the outputs {listed(columns.outputs)} "
                f"and inputs {listed(columns.inputs)}, got {unknown[0]!r}; --map says what it is"
            )
    return columns


def _known(
    text: str | None,
    option: str,
    mapped: dict[str, str] | None,
    key: str,
    table: Table,
    mapping: Mapping,
) -> dict[str, str] | None:
    """Return the column of each input or output by its name, None if nothing is said of them."""
    if text is not None and mapped is not None:
        raise TableError(f"{option}: expected the {key} there or in --map, got both")
    # An output may be known by its derivatives alone.
    also = [f for name in table.names for f, _ in readings_among(name, table.names) if key == "outputs"]
    if text is not None:
        return {name: name for name in chosen(table.names, text, option, table.source, also)}
    for column in (mapped or {}).values():
        if column not in table.names and column not in also:
            raise TableError(
                f"{mapping.source}, {key}: expected columns of {table.source}, which has "
                f"{listed(table.names)}; got {column!r}"
            )
    return mapped


def _assigned(
    table: Table,
    inputs: dict[str, str] | None,
    outputs: dict[str, str] | None,
    only: Sequence[str] | None,
    mapping: Mapping,
) -> Columns:
    """Assign columns, and call them as the mapping does."""
    kept = table.names
    if only is not None:
        # What else looks like a derivative of these is left alone, so that two forms can stand side by side.
        kept = tuple(
            name
            for name in table.names
            if name in only
            or name in (inputs or {}).values()
            or name in (outputs or {}).values()
            or not readings_among(name, table.names, table.names)
        )
    if mapping.derivatives is not None:
        kept = tuple(name for name in kept if name not in mapping.derivatives.values())
    columns = assign(
        kept,
        table.source,
        None if inputs is None else list(inputs.values()),
        None if outputs is None else list(outputs.values()),
    )
    input_names = {column: name for name, column in (inputs or {}).items()}
    output_names = {column: name for name, column in (outputs or {}).items()}
    named_inputs = {input_names.get(name, name): column for name, column in columns.inputs.items()}
    named_outputs = {output_names.get(name, name): column for name, column in columns.outputs.items()}
    derivatives: Pairs = {
        (output_names.get(f, f), input_names.get(x, x)): column
        for (f, x), column in columns.derivatives.items()
    }
    if only is None and (input_names or output_names):
        # Columns of derivatives may be called after the new names, too.
        others = [name for name in table.names if name not in columns.used()]
        new = derivatives_among(others, table.source, list(named_inputs), list(named_outputs))
        derivatives = {**new, **derivatives}
    return Columns(named_inputs, named_outputs, derivatives)


def _by_key(mapping: Mapping, columns: Columns) -> Pairs:
    """Return the derivatives that a mapping names."""
    found: Pairs = {}
    for key, column in (mapping.derivatives or {}).items():
        pairs = readings_among(key, columns.inputs, columns.outputs)
        if len(pairs) != 1:
            raise TableError(
                f"{mapping.source}, derivatives: expected keys such as {', '.join(FORMS)} of the outputs "
                f"{listed(columns.outputs)} and inputs {listed(columns.inputs)}, got {key!r}"
            )
        if pairs[0] in found:
            raise TableError(f"{mapping.source}, derivatives: expected each once, got {key!r} besides")
        found[pairs[0]] = column
    return found
