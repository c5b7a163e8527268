"""The errors of a sweep over each of its settings."""

from __future__ import annotations

import math
from statistics import median
from typing import TYPE_CHECKING

from ._decoration import title_and_legend
from ._figure import panels
from ._style import GRID, LOOKS, NOTE_COLOR

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

#: Longest text below a value; longer ones are turned.
_SHORT = 8


def plot_sweep(
    settings: Mapping[str, Sequence[str]],
    numbers: Sequence[float],
    *,
    y_label: str = "error",
    title: str | None = None,
    axes: Axes | Sequence[Axes] | None = None,
) -> tuple[Axes, ...]:
    """Plot a number of each run over each setting: a dot a run, a dash at the median.

    Parameters
    ----------
    settings : mapping of str to sequence of str
        For each setting its value in every run, as text; each has a panel.
    numbers : sequence of float
        Of each run. One that is not finite has no dot and counts as infinite in the median.
    y_label : str, default: "error"
        What the numbers are.
    title : str, optional
        Title above the axes.
    axes : Axes or sequence of Axes, optional
        Where to draw, one for each setting. By default a new figure.

    Returns
    -------
    tuple of Axes

    Raises
    ------
    ValueError
        If there is no setting, or one has not as many values as there are numbers.
    """
    if not settings:
        raise ValueError("settings: expected at least one, got none")
    for name, values in settings.items():
        if len(values) != len(numbers):
            raise ValueError(f"settings[{name!r}]: expected {len(numbers)} values, got {len(values)}")
    dots, medians = LOOKS[0], LOOKS[1]
    finite = [number for number in numbers if math.isfinite(number)]
    width = sum(0.9 + 0.55 * len(set(values)) for values in settings.values())
    with panels(axes, (max(3.2, min(width, 9.0)), 2.9), columns=len(settings)) as plots:
        for plot, (name, values) in zip(plots, settings.items(), strict=True):
            names = list(dict.fromkeys(values))
            groups = [[n for n, v in zip(numbers, values, strict=True) if v == one] for one in names]
            for place, group in enumerate(groups):
                shown = [number for number in group if math.isfinite(number)]
                # Side by side, so that no dot hides another.
                shifts = [0.3 * ((i + 0.5) / len(shown) - 0.5) for i in range(len(shown))]
                plot.plot(
                    [place + shift for shift in shifts],
                    shown,
                    linestyle="none",
                    marker=dots.marker,
                    markersize=2.6,
                    alpha=0.6,
                    color=dots.color,
                    label="a run" if place == 0 else None,
                )
            middle = [median(group) if all(map(math.isfinite, group)) else math.nan for group in groups]
            plot.plot(
                range(len(names)),
                middle,
                linestyle="none",
                marker="_",
                markersize=16,
                markeredgewidth=1.4,
                color=medians.color,
                label="median",
            )
            labels = [name.replace("(", "\n(", 1) for name in names]
            long = max(map(len, labels)) > _SHORT
            plot.set_xticks(range(len(names)), labels)
            if long:
                plot.tick_params(axis="x", rotation=35.0)
                for label in plot.get_xticklabels():
                    label.set(horizontalalignment="right", rotation_mode="anchor")
            plot.set_xlim(-0.5, len(names) - 0.5)
            plot.grid(visible=True, axis="y", **GRID)
            plot.set_xlabel(name)
            lost = len(values) - len(finite)
            if lost and plot is plots[-1]:
                plot.annotate(
                    f"{lost} failed",
                    (1.0, 1.0),
                    xycoords="axes fraction",
                    ha="right",
                    va="bottom",
                    color=NOTE_COLOR,
                )
        if finite and min(finite) > 0.0:
            plots[0].set_yscale("log")
        plots[0].set_ylabel(y_label)
        title_and_legend(plots[0], title, legend=True)
    return plots
