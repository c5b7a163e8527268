"""Derivatives in the columns of a DataFrame: which output and which input each belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from .. import _checks
from ..data.derivative_names import FORMS, match_derivatives, outputs_of
from .rows import NAMES

#: A derivative, by the names of its output and its input, and its column.
Found = dict[tuple[str, str], str]


def output_names(y: Any) -> tuple[str, ...] | None:  # noqa: ANN401  tables of any library
    """Return the names of the columns of a table, or the name of a single one; None where there are none."""
    labels = getattr(y, "columns", None)
    return _as_names([getattr(y, "name", None)] if labels is None else labels)


def expect_order(given: Sequence[str] | None, fitted: Sequence[str] | None) -> None:
    """Raise a ``ValueError`` if outputs have the names that they had in `fit`, but in another order."""
    if given is None or fitted is None or tuple(given) == tuple(fitted):
        return
    if sorted(given) == sorted(fitted):
        raise ValueError(
            f"{NAMES.Y}: expected its columns in the order of fit, {_listed(fitted)}, got {_listed(given)}"
        )


def by_columns(dydx: Any, inputs: Iterable[str] | None, outputs: Sequence[str] | None, m: int) -> Any:  # noqa: ANN401
    """Put the columns of a table of derivatives in their places, (n, m, d), by their names.

    A derivative without a column is NaN. What is no table, or has no names or none that name derivatives, is
    returned as it is.

    Parameters
    ----------
    dydx : array_like or None
        Derivatives.
    inputs : iterable of str, optional
        Names of the columns of X.
    outputs : sequence of str, optional
        Names of the columns of y.
    m : int
        Number of outputs.
    """
    columns = None if dydx is None else _as_names(getattr(dydx, "columns", None))
    if columns is None or inputs is None:
        return dydx
    names = tuple(map(str, inputs))
    try:
        found = _found(columns, names, outputs, m)
    except ValueError as error:
        raise ValueError(f"{NAMES.derivatives}: {error}") from None
    if not found:
        return dydx
    unknown = [column for column in columns if column not in found.values()]
    if unknown:
        raise ValueError(
            f"{NAMES.derivatives}: expected each column to be named as the derivative of an output by one of "
            f"the inputs {_listed(names)}, such as {FORMS[0]} or {FORMS[1]}, got {_listed(unknown)} beside "
            f"{_listed(found.values())}; leave out what is no derivative, or rename it"
        )
    order = outputs_of(found) if m == 1 or outputs is None else outputs
    table = _checks.as_real_array(NAMES.derivatives, dydx)
    placed = np.full((len(table), m, len(names)), np.nan)
    for (output, name), column in found.items():
        placed[:, order.index(output), names.index(name)] = table[:, columns.index(column)]
    return placed


def _found(columns: Sequence[str], inputs: Sequence[str], outputs: Sequence[str] | None, m: int) -> Found:
    """Read the names: as derivatives of the outputs there are; of one output, whatever it is called."""
    if outputs is not None:
        found = match_derivatives(columns, inputs, outputs)
        if m > 1 or len(found) == len(columns):
            return found
    found = match_derivatives(columns, inputs)
    several = outputs_of(found)
    if m == 1:
        if len(several) > 1:
            raise ValueError(
                f"expected derivatives of the one output of {NAMES.Y}, got those of {_listed(several)}"
            )
        # No table has a column without a name, so none is taken for the output itself.
        return max(found, match_derivatives(columns, inputs, [""], input_alone=True), key=len)
    if found:
        raise ValueError(
            f"expected {NAMES.Y} to be a DataFrame beside columns named after outputs, {_listed(several)}, "
            f"got {NAMES.Y} without names; an array of shape (n, m, d) needs none"
        )
    return {}


def _as_names(labels: Iterable[object] | None) -> tuple[str, ...] | None:
    """Take labels that are all text; columns that are only numbered have no names."""
    names = None if labels is None else tuple(labels)
    return tuple(map(str, names)) if names and all(isinstance(name, str) for name in names) else None


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))
