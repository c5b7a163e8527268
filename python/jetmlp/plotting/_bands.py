"""A function of one input with its error bands, its slope below, and how wide the bands are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._decoration import label_x, log_axis, symbol_label, title_and_legend
from ._figure import panels
from ._inputs import as_curve, as_numbers, as_places
from ._marks import draw_band, draw_samples, mark_places
from ._style import LOOKS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

    from ._inputs import FloatArray


def plot_bands(
    x: ArrayLike,
    values: tuple[ArrayLike, ArrayLike],
    slopes: tuple[ArrayLike, ArrayLike],
    *,
    x_train: ArrayLike | None = None,
    y_train: ArrayLike | None = None,
    slope_train: ArrayLike | None = None,
    x_label: str = "x",
    y_labels: tuple[str, str] = ("value", "slope"),
    title: str | None = None,
    axes: Sequence[Axes] | None = None,
) -> tuple[Axes, Axes, Axes]:
    """Plot a function of one input and its slope with bands of 68 and 95 %, and how wide these are.

    Parameters
    ----------
    x : array_like, shape (n,) or (n, 1)
        Inputs, in any order; at least two.
    values, slopes : tuple of two array_like, shape (n,), (n, 1) or (n, 1, 1)
        Means and their standard deviations.
    x_train, y_train, slope_train : array_like, shape (k,), optional
        Where samples were taken, and what was observed there; NaN where nothing was.
    x_label : str, default: "x"
        Name of the input, with its unit if it has one.
    y_labels : tuple of two str, default: value and slope
        Names of the two.
    title : str, optional
        Title above the first panel.
    axes : sequence of three Axes, optional
        Where to draw. By default a new figure.

    Returns
    -------
    value_axes, slope_axes, deviation_axes : Axes

    Raises
    ------
    ValueError
        For shapes that do not agree, negative deviations, or fewer than two points.
    """
    points, order = as_places("x", x)
    curves = []
    for name, pair in (("values", values), ("slopes", slopes)):
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise ValueError(f"{name}: expected a pair of means and standard deviations, got {pair!r}")
        mean = as_curve(f"{name}[0]", pair[0], length=points.size)[order]
        deviation = as_curve(f"{name}[1]", pair[1], length=points.size)[order]
        if (deviation < 0.0).any():
            raise ValueError(f"{name}[1]: expected numbers >= 0, got {deviation.min()}")
        curves.append((mean, deviation))
    places = None if x_train is None else as_curve("x_train", x_train)
    dots = [_dots("y_train", y_train, places), _dots("slope_train", slope_train, places)]

    with panels(axes, (5.0, 5.2), rows=3, height_ratios=(1.5, 1.5, 1.0)) as plots:
        for plot, (mean, deviation), observed, y_label in zip(plots, curves, dots, y_labels, strict=False):
            draw_band(plot, points, mean, deviation)
            draw_samples(plot, places, observed)
            plot.set_ylabel(symbol_label(y_label))
        widths = plots[2]
        for look, (_, deviation), y_label in zip(LOOKS, curves, y_labels, strict=False):
            label = f"of the {y_label}" if " " not in y_label else y_label
            widths.plot(
                points, deviation, color=look.color, linestyle=look.dashes, linewidth=1.0, label=label
            )
        log_axis(widths, quantile=0.01)
        if places is not None:
            mark_places(widths, places)
        widths.set_ylabel("standard deviation")
        for plot in plots:
            plot.margins(x=0.02)
        label_x(plots, x_label)
        title_and_legend(plots[0], title)
        title_and_legend(widths)
    return plots[0], plots[1], plots[2]


def _dots(name: str, observed: ArrayLike | None, places: FloatArray | None) -> FloatArray | None:
    if observed is None:
        return None
    if places is None:
        raise ValueError(f"x_train: expected the places of {name}, got None")
    numbers = as_curve(name, as_numbers(name, observed), length=places.size, like="x_train", finite=False)
    if np.isinf(numbers).any():
        raise ValueError(f"{name}: expected finite numbers, or NaN where it was not measured, got Inf")
    return numbers
