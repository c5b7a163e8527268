"""Marks that several figures share: bands of an error bar, and ticks where samples are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._style import LOOKS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ._inputs import FloatArray

# Standard deviations on either side that hold 68 and 95 of 100, widest first, and how dark each band is.
_BANDS = ((1.96, 0.18, "95 %"), (1.0, 0.32, "68 %"))


def draw_band(
    axes: Axes, x: FloatArray, mean: FloatArray, deviation: FloatArray | None, name: str | None = "surrogate"
) -> None:
    """Draw a curve in bands of 68 and 95 %, or alone where nothing is known of its error."""
    color = LOOKS[0].color
    if deviation is not None:
        for width, alpha, label in _BANDS:
            low, high = mean - width * deviation, mean + width * deviation
            axes.fill_between(x, low, high, color=color, alpha=alpha, linewidth=0, label=label)
    axes.plot(x, mean, color=color, linewidth=1.2, label=name)


def draw_samples(axes: Axes, places: FloatArray | None, observed: FloatArray | None) -> None:
    """Draw what was observed as dots, or ticks where the samples are if nothing was."""
    if places is None:
        return
    if observed is None:
        mark_places(axes, places)
        return
    there = ~np.isnan(observed)
    axes.plot(
        places[there],
        observed[there],
        linestyle="none",
        marker="o",
        markersize=3.4,
        markerfacecolor="none",
        markeredgewidth=0.8,
        color=axes.xaxis.label.get_color(),
        label="samples",
    )


def mark_places(axes: Axes, places: FloatArray) -> None:
    """Ticks at the foot of a panel."""
    axes.plot(
        places,
        np.full(places.size, 0.03),
        transform=axes.get_xaxis_transform(),
        linestyle="none",
        marker="|",
        markersize=5.0,
        markeredgewidth=0.6,
        color=axes.xaxis.label.get_color(),
        alpha=0.6 if places.size <= 100 else 0.25,
    )
