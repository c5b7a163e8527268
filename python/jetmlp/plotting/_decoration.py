"""What curves stand in: labels, titles, legends and logarithmic axes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import numpy as np

from ._style import GRID, NOTE_COLOR

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ._inputs import FloatArray

# One letter or one command, with subscript and primes: x, x_1, \theta, x'.
_SYMBOL = re.compile(r"(?:[^\W\d_]|\\[A-Za-z]+)(?:_(?:\w|\{[^{}]*\}))?'*")


def symbol_label(text: str) -> str:
    r"""Set a bare symbol such as ``x`` or ``\theta`` as mathematics; leave words as they are."""
    return f"${text}$" if _SYMBOL.fullmatch(text) else text


def function_label(symbol: str, x_label: str) -> str:
    """Return ``$f(x)$`` for a symbol ``f`` of ``x``, or ``$f$`` where the argument is described in words."""
    from matplotlib.mathtext import MathTextParser

    symbol = symbol.strip("$")
    argument = x_label.strip("$")
    label = f"${symbol}({argument})$" if _SYMBOL.fullmatch(argument) else f"${symbol}$"
    try:
        MathTextParser("path").parse(label)
    except ValueError as error:
        raise ValueError(f"symbol: expected mathematics that matplotlib can set, got {symbol!r}") from error
    return label


def label_x(axes: tuple[Axes, ...], text: str) -> None:
    """Label the x axis of a column of panels: once below the last where they share it, else each of them."""
    shared = axes[0].get_shared_x_axes()
    together = all(shared.joined(axes[-1], one) for one in axes)
    for one in axes[-1:] if together else axes:
        one.set_xlabel(symbol_label(text))


def log_axis(*panels: Axes, which: Literal["x", "y"] = "y", quantile: float = 0.0) -> None:
    """Make an axis logarithmic, with limits that fit all its lines and hold at least two powers of ten.

    Zeros lie below the lower limit: a line that reaches zero leaves the panel downwards.

    Parameters
    ----------
    *panels : Axes
        One or several with the same limits, their lines already drawn.
    which : {"x", "y"}
        The axis.
    quantile : float
        The share of the smallest values of a line that may lie below the limit. An error that changes sign
        has spikes towards zero; all of their depth would press the rest together.
    """
    data = [values for axes in panels for values in _positive_data(axes, which)]
    low = min((float(np.quantile(values, quantile)) for values in data), default=1.0)
    high = max((float(values.max()) for values in data), default=10.0)
    margin = max(0.15, 0.04 * np.log10(high / low)) if data else 0.0
    bottom, top = np.log10(low) - margin, np.log10(high) + margin
    if np.floor(top) - np.ceil(bottom) < 1:
        bottom, top = np.floor(bottom), np.ceil(top)
    for axes in panels:
        # Limits first: matplotlib warns where the limits of a logarithmic axis are to come from no data.
        if which == "x":
            axes.set_xlim(10.0**bottom, 10.0**top)
            axes.set_xscale("log", nonpositive="clip")
        else:
            axes.set_ylim(10.0**bottom, 10.0**top)
            axes.set_yscale("log", nonpositive="clip")
        axis = axes.xaxis if which == "x" else axes.yaxis
        axis.grid(True, which="major", **GRID)
        if not data:
            axis.set_ticks([])
            axis.set_ticks([], minor=True)


def _positive_data(axes: Axes, which: Literal["x", "y"]) -> list[FloatArray]:
    """Return the positive numbers of each line of `axes` that has any."""
    found = []
    for line in axes.lines:
        # Baselines and ticks along an axis are placed in the axes' own coordinates, which are no data.
        in_x, in_y = line.get_transform().contains_branch_seperately(axes.transData)
        if in_x if which == "x" else in_y:
            data: FloatArray = np.asarray(
                line.get_xdata() if which == "x" else line.get_ydata(), dtype=np.float64
            )
            found.append(data[np.isfinite(data) & (data > 0.0)])
    return [data for data in found if data.size]


def note(axes: Axes, text: str) -> None:
    """Write `text` in the middle of axes that have nothing to show."""
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=NOTE_COLOR)


def title_and_legend(axes: Axes, title: str | None = None, *, legend: bool = True) -> None:
    """Put the legend above the axes, where it covers no data, in as few rows as fit; the title above it."""
    height = 0.0
    labels = axes.get_legend_handles_labels()[1]
    if legend and labels:
        for rows in range(1, len(labels) + 1):
            columns = -(-len(labels) // rows)
            box = axes.legend(
                frameon=False,
                loc="lower left",
                bbox_to_anchor=(0.0, 1.0),
                borderaxespad=0.2,
                borderpad=0.2,
                ncols=columns,
            ).get_window_extent()
            if box.width <= _room(axes):
                break
        height = box.height * 72.0 / axes.figure.dpi
    if title is not None:
        axes.set_title(title, loc="left", pad=height + 6.0)


def enlarge_markers(axes: Axes) -> None:
    """Make the dots of a legend large and full enough to tell them apart."""
    legend = axes.get_legend()
    if legend is None:
        return
    for line in legend.get_lines():
        if line.get_linestyle() == "None":
            line.set_markersize(5.0)
            line.set_alpha(1.0)


def _room(axes: Axes) -> float:
    """Return the width that `axes` will have [pixel]."""
    width = float(axes.get_window_extent().width)
    place = axes.get_subplotspec()
    if place is None or axes.figure.figure.get_layout_engine() is None:
        return width
    # Before the first drawing a layout engine has not yet given the panels all the room there is.
    return max(width, 0.86 * float(axes.figure.bbox.width) * len(place.colspan) / place.get_gridspec().ncols)
