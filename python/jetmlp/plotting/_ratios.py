"""What was measured over what was expected: dots beside a line at one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._decoration import title_and_legend
from ._figure import panels
from ._inputs import as_mapping, as_numbers
from ._style import GRID, NOTE_COLOR, next_looks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

# Of the height of a row, how much its dots take.
_FILLED = 0.7


def plot_ratios(
    rows: Mapping[str, Mapping[str, ArrayLike]],
    *,
    x_label: str = "ratio",
    title: str | None = None,
    axes: Axes | None = None,
) -> Axes:
    """Plot ratios as rows of dots on a logarithmic axis, with a line at one.

    Parameters
    ----------
    rows : mapping of str to mapping of str to array_like, shape (3,)
        For each row, from top to bottom, and in it for each kind, least, middle and greatest ratio: a dot at
        the middle, on a line from the least to the greatest. A row may lack a kind.
    x_label : str, default: "ratio"
        Label of the x axis.
    title : str, optional
        Title above the axes.
    axes : Axes, optional
        Where to draw. By default a new figure.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If `rows` is empty, or holds what is not three numbers above 0 in rising order.
    """
    given = {row: as_mapping(kinds) or {} for row, kinds in (as_mapping(rows) or {}).items()}
    if not any(given.values()):
        raise ValueError(f"rows: expected a mapping with at least one ratio, got {rows!r}")
    # In the order of the row that has most of them.
    fullest_first = sorted(given.values(), key=len, reverse=True)
    kinds = list(dict.fromkeys(kind for row in fullest_first for kind in row))
    spreads = {
        (row, kind): _spread(f"rows[{row!r}][{kind!r}]", ratios)
        for row, entries in given.items()
        for kind, ratios in entries.items()
    }
    with panels(axes, (5.4, 0.8 + 0.3 * len(given))) as (plot,):
        looks = dict(zip(kinds, next_looks(plot, len(kinds)), strict=True))
        for kind, look in looks.items():
            # Kinds stand below each other within a row, so that no dot hides another.
            shift = _FILLED * ((kinds.index(kind) + 0.5) / len(kinds) - 0.5)
            placed = [
                (place + shift, spreads[row, kind])
                for place, row in enumerate(given)
                if (row, kind) in spreads
            ]
            for y, (low, _, high) in placed:
                plot.plot([low, high], [y, y], color=look.color, linewidth=0.9)
            plot.plot(
                [middle for _, (_, middle, _) in placed],
                [y for y, _ in placed],
                linestyle="none",
                marker=look.marker,
                markersize=3.2,
                color=look.color,
                label=kind,
            )
        plot.axvline(1.0, color=NOTE_COLOR, linewidth=0.8, zorder=1.0)
        plot.set_xscale("log")
        plot.set_yticks(range(len(given)), list(given))
        plot.set_ylim(len(given) - 0.5, -0.5)
        plot.tick_params(axis="y", length=0.0)
        plot.grid(visible=True, axis="x", **GRID)
        plot.set_xlabel(x_label)
        # Above the axes and to the right: it may reach over the names of the rows, where there is room.
        plot.legend(
            loc="lower right",
            bbox_to_anchor=(1.0, 1.0),
            ncols=len(kinds),
            columnspacing=0.9,
            handletextpad=0.1,
        )
        title_and_legend(plot, title, legend=False)
    return plot


def _spread(name: str, ratios: ArrayLike) -> tuple[float, float, float]:
    numbers = as_numbers(name, ratios)
    if (
        numbers.shape != (3,)
        or not np.isfinite(numbers).all()
        or not 0.0 < numbers[0] <= numbers[1] <= numbers[2]
    ):
        raise ValueError(f"{name}: expected three numbers above 0 in rising order, got {ratios!r}")
    return float(numbers[0]), float(numbers[1]), float(numbers[2])
