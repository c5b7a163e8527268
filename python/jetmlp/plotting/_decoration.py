"""What curves stand in: labels, titles, legends and logarithmic axes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import numpy as np

from ._style import GRID, NOTE_COLOR

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.transforms import Bbox

    from ._inputs import FloatArray

_POINTS_PER_INCH = 72.0

#: A legend takes at most this part of the height of its figure.
_LEGEND_SHARE = 0.25
#: So many fits have a line of their own above a figure.
MOST_DETAILS = 3
#: By this the small lines above axes are found again.
_DETAILS = "jetmlp details"

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


def epoch_axis(axes: Axes, last: int) -> None:
    """Let the x axis count whole epochs, up to the last of all that is drawn."""
    from matplotlib.ticker import MaxNLocator

    drawn = [np.asarray(line.get_xdata(), dtype=np.float64) for line in axes.lines]
    right = max([float(last), *(float(epochs.max()) for epochs in drawn if epochs.size)])
    axes.set_xlim(1.0 - 0.02 * right, 1.02 * right)
    axes.xaxis.set_major_locator(MaxNLocator("auto", steps=[1, 2, 5, 10], integer=True, min_n_ticks=1))
    axes.set_xlabel("epoch")


def short_ticks(axes: Axes) -> None:
    """Write whole numbers on the y axis: a power of ten above it would lie on the legend."""
    from matplotlib.ticker import FuncFormatter

    axes.yaxis.set_major_formatter(FuncFormatter(lambda number, _: short_number(number)))


def short_number(number: float) -> str:
    """Write a number without the zeros of its exponent: 2e-5."""
    digits, _, power = f"{number:.6g}".partition("e")
    text = f"{digits}e{int(power)}" if power else digits
    return text.replace("-", "\N{MINUS SIGN}")


def note(axes: Axes, text: str) -> None:
    """Write `text` in the middle of axes that have nothing to show."""
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=NOTE_COLOR)


def title_and_legend(
    axes: Axes, title: str | None = None, *, details: Sequence[str] = (), legend: bool = True
) -> None:
    """Put the legend above the axes, where it covers no data; above it the details, then the title.

    The legend takes as few rows as fit and never more than a quarter of the figure's height: entries for
    which there is no room are counted in its last one. Details of an earlier call on the same axes stay.
    """
    height = _add_legend(axes) if legend else 0.0
    height = _add_details(axes, details, height)
    if title is not None:
        axes.set_title(title, loc="left", pad=height + 6.0)


def _add_legend(axes: Axes) -> float:
    """Draw the legend and return its height [point]."""
    handles, labels = axes.get_legend_handles_labels()
    if not labels:
        return 0.0
    room = _room(axes)
    # A column of all entries tells how high a row is, and how many fit into a quarter of the figure.
    row_height = _place_legend(axes, handles, labels, columns=1).height / len(labels)
    most_rows = max(1, int(_LEGEND_SHARE * axes.figure.bbox.height / row_height))
    for rows in range(1, min(most_rows, len(labels)) + 1):
        columns = -(-len(labels) // rows)
        box = _place_legend(axes, handles, labels, columns)
        if box.width <= room:
            return _points(axes, box.height)
    # The least number of columns is too wide or too many rows are needed: count what has no room.
    for fewer in range(columns, 0, -1):
        shown = min(len(labels), most_rows * fewer)
        rest = len(labels) - shown
        names = labels if rest == 0 else [*labels[: shown - 1], f"and {rest + 1} more"]
        box = _place_legend(axes, handles[:shown], names, fewer)
        if box.width <= room:
            break
    return _points(axes, box.height)


def _place_legend(axes: Axes, handles: Sequence[Artist], labels: Sequence[str], columns: int) -> Bbox:
    """Draw a legend above the axes, and return where it lies [pixel]."""
    return axes.legend(
        handles,
        labels,
        frameon=False,
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        borderaxespad=0.2,
        borderpad=0.2,
        ncols=columns,
    ).get_window_extent()


def _points(axes: Axes, pixels: float) -> float:
    return float(pixels) * _POINTS_PER_INCH / axes.figure.dpi


def _add_details(axes: Axes, details: Sequence[str], height: float) -> float:
    """Write small lines at `height` above the axes and return the height of their top [point]."""
    from matplotlib import rcParams

    earlier = [text for text in axes.texts if text.get_gid() == _DETAILS]
    lines = [line for text in earlier for line in text.get_text().splitlines()] + list(details)
    for text in earlier:
        text.remove()
    if not lines:
        return height
    text = axes.annotate(
        "\n".join(lines),
        (0.0, 1.0),
        xycoords="axes fraction",
        xytext=(0.0, height + 3.0),
        textcoords="offset points",
        fontsize=rcParams["legend.fontsize"],
        color=NOTE_COLOR,
        va="bottom",
        gid=_DETAILS,
    )
    return height + 3.0 + _points(axes, text.get_window_extent().height)


def error_details(errors: Mapping[str, FloatArray]) -> list[str]:
    """Say how large the errors of each fit are: a line for each of a few, the best and the worst of many."""
    means = {name: float(np.sqrt(np.mean(error**2))) for name, error in errors.items()}
    if len(errors) <= MOST_DETAILS:
        return [
            f"{name}: root mean square error {means[name]:.1e}, largest {np.max(np.abs(error)):.1e}"
            for name, error in errors.items()
        ]
    best, worst = min(means, key=means.__getitem__), max(means, key=means.__getitem__)
    return [f"root mean square errors from {means[best]:.1e} ({best}) to {means[worst]:.1e} ({worst})"]


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
