"""What one hidden layer can do: errors of fitted monomials by its width."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._figure import panels
from ._inputs import as_curve, as_mapping, as_numbers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.colors import Normalize
    from numpy.typing import ArrayLike

    from ._inputs import FloatArray

# Grows steadily darker, also on a grey printer.
_COLORS = "Blues"


def plot_monomials(
    widths: ArrayLike,
    errors: ArrayLike | Mapping[str, ArrayLike],
    *,
    powers: ArrayLike | None = None,
    y_label: str = "root mean square error",
    axes: Axes | Sequence[Axes] | None = None,
) -> tuple[Axes, ...]:
    r"""Plot the errors of :math:`x^k` as a map: a row for each k, a column for each hidden width.

    Parameters
    ----------
    widths : array_like, shape (w,)
        Numbers of hidden units, positive.
    errors : array_like, shape (k, w), or mapping of str to such
        Row by row the errors of one power. A mapping draws one panel for each entry, titled with its key.
        Every cell has its number, and is the darker the larger that is, on a logarithmic scale which all
        panels share. NaN entries are left blank.
    powers : array_like, shape (k,), optional
        The exponents; by default 1, 2, …, k.
    y_label : str, default: "root mean square error"
        What the errors are: the title above the first panel.
    axes : Axes or sequence of Axes, optional
        Where to draw, one for each panel. By default a new figure.

    Returns
    -------
    tuple of Axes
        One for each panel.

    Raises
    ------
    ValueError
        For shapes that do not agree, widths that are not positive, or negative errors.
    """
    units = as_curve("widths", widths)
    if (units <= 0.0).any():
        raise ValueError(f"widths: expected positive numbers, got {units.tolist()}")
    tables = _tables(errors, units.size)
    n_powers = next(iter(tables.values())).shape[0]
    exponents = np.arange(1.0, n_powers + 1.0) if powers is None else as_curve("powers", powers)
    if any(table.shape[0] != exponents.size for table in tables.values()):
        shapes = ", ".join(str(table.shape) for table in tables.values())
        raise ValueError(f"errors: expected one row for each of {exponents.size} powers, got {shapes}")
    order = np.argsort(units, kind="stable")

    from matplotlib.colors import Normalize

    logarithms = {name: _logarithms(table[:, order]) for name, table in tables.items()}
    finite = np.concatenate([table[np.isfinite(table)] for table in logarithms.values()])
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    shades = Normalize(low, high if high > low else low + 1.0)

    size = (0.7 + 3.0 * len(tables), 1.0 + 0.21 * exponents.size)
    with panels(axes, size, columns=len(tables)) as plots:
        for plot, (name, table) in zip(plots, tables.items(), strict=True):
            plot.imshow(logarithms[name], cmap=_COLORS, norm=shades, aspect="auto")
            _write_numbers(plot, table[:, order], shades)
            plot.set_xticks(range(units.size), [f"{width:g}" for width in units[order]])
            plot.set_yticks(range(exponents.size), [f"{exponent:g}" for exponent in exponents])
            plot.tick_params(length=0)
            plot.set_xlabel("width of the hidden layer")
            for spine in plot.spines.values():
                spine.set_visible(False)
            lines = [y_label] if plot is plots[0] else []
            plot.set_title("\n".join([*lines, *([] if name is None else [name])]), loc="left")
        plots[0].set_ylabel("power $k$")
    return plots


def _logarithms(errors: FloatArray) -> FloatArray:
    """Return the decimal logarithms; a zero is as light as the least error, a NaN is blank."""
    positive = errors[errors > 0.0]
    least = float(positive.min()) if positive.size else 1.0
    logarithms: FloatArray = np.log10(np.where(errors == 0.0, least, errors))
    return logarithms


def _write_numbers(axes: Axes, errors: FloatArray, shades: Normalize) -> None:
    """Write every error into its cell, light on dark and dark on light."""
    dark = shades(_logarithms(errors)) > 0.55
    for row, column in zip(*np.nonzero(np.isfinite(errors)), strict=True):
        axes.text(
            column,
            row,
            _short(float(errors[row, column])),
            ha="center",
            va="center",
            fontsize=6.5,
            color="white" if dark[row, column] else "black",
        )


def _short(error: float) -> str:
    """Write two digits and the power of ten without its zeros: 1.2e-3."""
    if error == 0.0:
        return "0"
    digits, power = f"{error:.1e}".split("e")
    return f"{digits}e{int(power)}"


def _tables(errors: object, n_widths: int) -> dict[str | None, FloatArray]:
    several = as_mapping(errors)
    named: Mapping[Any, Any] = {None: errors} if several is None else several
    if not named:
        raise ValueError("errors: expected at least one panel, got an empty mapping")
    tables: dict[str | None, FloatArray] = {}
    for key, values in named.items():
        name = "errors" if key is None else f"errors[{key!r}]"
        table = as_numbers(name, values)
        if table.ndim != 2 or table.shape[0] == 0 or table.shape[1] != n_widths:
            raise ValueError(
                f"{name}: expected shape (powers, {n_widths}), one column a width, got {table.shape}"
            )
        if (table < 0.0).any() or np.isinf(table).any():
            raise ValueError(f"{name}: expected finite errors >= 0, or NaN")
        tables[key] = table
    return tables
