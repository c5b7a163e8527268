"""What one hidden layer can do: errors of fitted monomials against its width."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._decoration import log_axis
from ._figure import panels
from ._inputs import as_curve, as_mapping, as_numbers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

    from ._inputs import FloatArray

_MARKERS = "os^Dv<>PX*ph"


def plot_monomials(
    widths: ArrayLike,
    errors: ArrayLike | Mapping[str, ArrayLike],
    *,
    powers: ArrayLike | None = None,
    y_label: str = "root mean square error",
    axes: Axes | Sequence[Axes] | None = None,
) -> tuple[Axes, ...]:
    r"""Plot the error of :math:`x^k` against the width of the hidden layer, one curve for each k.

    Parameters
    ----------
    widths : array_like, shape (w,)
        Numbers of hidden units, positive.
    errors : array_like, shape (k, w), or mapping of str to such
        Row by row the errors of one power. A mapping draws one panel for each entry, titled with its key.
        NaN entries are left out.
    powers : array_like, shape (k,), optional
        The exponents; by default 1, 2, …, k.
    y_label : str, default: "root mean square error"
        What the errors are.
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

    size = (1.2 + 2.7 * len(tables), 3.2)
    with panels(axes, size, columns=len(tables)) as plots:
        for plot, (name, table) in zip(plots, tables.items(), strict=True):
            for row, exponent in enumerate(exponents):
                plot.plot(
                    units[order],
                    table[row, order],
                    color=_power_color(row, exponents.size),
                    marker=_MARKERS[row % len(_MARKERS)],
                    markersize=3.8,
                    linewidth=1.0,
                    label=f"{exponent:g}",
                )
            _width_axis(plot, units[order])
            if name is not None:
                plot.set_title(name, loc="left")
        log_axis(*plots)
        plots[0].set_ylabel(y_label)
        # In the order of the curves, which lie higher the higher the power; outside, where it covers none.
        handles, labels = plots[-1].get_legend_handles_labels()
        plots[-1].legend(
            handles[::-1],
            labels[::-1],
            title="power $k$",
            frameon=False,
            loc="upper left",
            bbox_to_anchor=(1.0, 1.0),
        )
    return plots


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


def _power_color(row: int, count: int) -> tuple[float, float, float, float]:
    from matplotlib import colormaps

    # Viridis grows steadily lighter; its last tenth would be lost on white.
    return colormaps["viridis"](0.9 * row / max(1, count - 1))


def _width_axis(axes: Axes, widths: FloatArray) -> None:
    from matplotlib.ticker import NullLocator

    axes.set_xscale("log", base=2)
    axes.set_xticks(widths, [f"{width:g}" for width in widths])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("width of the hidden layer")
