"""The gradient of a network with respect to its input, computed in three ways."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._decoration import function_label, label_x, log_axis, note, symbol_label, title_and_legend
from ._figure import panels
from ._inputs import as_curve, as_places, evenly_chosen
from ._style import LOOKS, REFERENCE_COLOR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

    from ._inputs import FloatArray


def plot_gradient_check(
    x: ArrayLike,
    step_by_step: ArrayLike,
    jacobian: ArrayLike,
    central_differences: ArrayLike,
    *,
    symbol: str = "g",
    x_label: str = "x",
    y_label: str | None = None,
    title: str | None = None,
    max_markers: int = 32,
    axes: Sequence[Axes] | None = None,
) -> tuple[Axes, Axes]:
    """Plot a network's input gradient computed in three ways, with the absolute differences below.

    Parameters
    ----------
    x : array_like, shape (n,) or (n, 1)
        Inputs, in any order; at least two.
    step_by_step : array_like, shape (n,), (n, 1) or (n, 1, 1)
        The gradient from the algorithm written out step by step.
    jacobian : array_like, of the same shape
        The gradient from ``model.jacobian``.
    central_differences : array_like, of the same shape
        The gradient from central differences of ``model.predict``.
    symbol : str, default: "g"
        The gradient's name as mathematics.
    x_label : str, default: "x"
        Name of the input, with its unit if it has one.
    y_label : str, optional
        Label of the upper panel in place of ``symbol(x_label)``.
    title : str, optional
        Title above the upper panel.
    max_markers : int, default: 32
        How many of the central differences are marked in the upper panel; the lower one has all of them.
    axes : sequence of two Axes, optional
        Where to draw, the gradients first and the differences second. By default a new figure.

    Returns
    -------
    gradient_axes, difference_axes : Axes

    Raises
    ------
    ValueError
        For shapes that do not agree, entries that are not finite, or fewer than two points.
    """
    if max_markers < 1:
        raise ValueError(f"max_markers: expected at least 1, got {max_markers!r}")
    points, order = as_places("x", x)
    steps = as_curve("step_by_step", step_by_step, length=points.size)[order]
    direct = as_curve("jacobian", jacobian, length=points.size)[order]
    central = as_curve("central_differences", central_differences, length=points.size)[order]

    with panels(axes, (5.0, 3.9), rows=2, height_ratios=(1.4, 1.0)) as (gradient_axes, difference_axes):
        label = function_label(symbol, x_label) if y_label is None else symbol_label(y_label)
        gradient_axes.plot(points, steps, color=REFERENCE_COLOR, linewidth=3.2, label="step by step")
        gradient_axes.plot(points, direct, color=LOOKS[0].color, linewidth=1.2, label="Jacobian")
        shown = evenly_chosen(points.size, max_markers)
        gradient_axes.plot(
            points[shown],
            central[shown],
            linestyle="none",
            marker="s",
            markersize=3.5,
            markerfacecolor="none",
            markeredgewidth=0.8,
            color=LOOKS[1].color,
            label="central differences",
        )
        # Dots, for rounding errors jump between zero and a few units in the last place.
        difference_axes.plot(
            points,
            np.abs(direct - steps),
            linestyle="none",
            marker="o",
            markersize=1.2,
            color=LOOKS[0].color,
            label=_difference_label("Jacobian", direct - steps),
        )
        difference_axes.plot(
            points,
            np.abs(central - steps),
            linewidth=0.8,
            color=LOOKS[1].color,
            label=_difference_label("central differences", central - steps),
        )
        log_axis(difference_axes, quantile=0.01)
        if np.array_equal(direct, steps) and np.array_equal(central, steps):
            note(difference_axes, "no difference: every entry is exactly zero")
        gradient_axes.margins(x=0.02)
        difference_axes.margins(x=0.02)
        gradient_axes.set_ylabel(label)
        difference_axes.set_ylabel("absolute difference")
        label_x((gradient_axes, difference_axes), x_label)
        largest = (float(np.max(np.abs(other - steps))) for other in (direct, central))
        details = "largest difference: Jacobian {:.1e}, central differences {:.1e}".format(*largest)
        title_and_legend(gradient_axes, title, details=[details])
        title_and_legend(difference_axes)
    return gradient_axes, difference_axes


def _difference_label(name: str, difference: FloatArray) -> str:
    """Say what is compared, and how often the two are the same to the last bit, which no dot can show."""
    zeros = np.count_nonzero(difference == 0.0) / difference.size
    return f"{name} $-$ step by step" + (f" (zero at {100.0 * zeros:.0f} %)" if zeros > 0.0 else "")
