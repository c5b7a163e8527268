"""Prices and deltas of an option: learned, true, and the noise they were learned from."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

import numpy as np

from ._decoration import enlarge_markers, label_x, title_and_legend
from ._figure import panels
from ._inputs import as_curve, as_mapping, evenly_chosen
from ._style import LOOKS, NOTE_COLOR

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

    from ._inputs import FloatArray

    _Samples = tuple[FloatArray, FloatArray, FloatArray]

_MOST_DOTS = 1000


def plot_prices(
    underlying: ArrayLike,
    true: tuple[ArrayLike, ArrayLike],
    predicted: Mapping[str, tuple[ArrayLike, ArrayLike]],
    *,
    samples: tuple[ArrayLike, ArrayLike, ArrayLike] | None = None,
    x_label: str = "spot",
    labels: tuple[str, str] = ("price", "delta"),
    title: str | None = None,
    axes: Sequence[Axes] | None = None,
) -> tuple[Axes, ...]:
    """Plot prices and deltas over what the option is written on, a column of panels for each fit.

    Parameters
    ----------
    underlying : array_like, shape (n,)
        Spot or basket, in any order.
    true : tuple of two array_like, shape (n,)
        True prices and deltas: functions of `underlying`.
    predicted : mapping of str to tuple of two array_like, shape (n,)
        For each fit by its name the predicted prices and deltas, drawn as dots: states with the same
        underlying may have different ones. Each fit has panels of its own, for clouds of dots would hide each
        other.
    samples : tuple of three array_like, shape (p,), optional
        Underlying, payoffs and path-wise slopes that were fitted; up to 1000 are drawn, evenly chosen. They
        reach far beyond prices and deltas, to which the view is cut: how many lie outside is said.
    x_label : str, default: "spot"
        Name of the underlying.
    labels : tuple of two str, default: ("price", "delta")
        Labels of the y axes.
    title : str, optional
        Title above the first panel.
    axes : sequence of Axes, optional
        Where to draw: the prices of each fit, then the deltas of each. By default a new figure.

    Returns
    -------
    tuple of Axes
        The prices of each fit, then the deltas of each.

    Raises
    ------
    ValueError
        If lengths do not agree or entries are not finite.
    """
    x = as_curve("underlying", underlying)
    order = np.argsort(x, kind="stable")
    truth = _pair("true", true, x.size)
    fits = as_mapping(predicted)
    if not fits:
        raise ValueError(f"predicted: expected a mapping with at least one fit, got {predicted!r}")
    clouds = {name: _pair(f"predicted[{name!r}]", pair, x.size) for name, pair in fits.items()}
    noise = None if samples is None else _samples(samples)

    n = len(clouds)
    with panels(axes, (0.6 + 2.9 * n, 5.2), rows=2, columns=n) as plots:
        for side, label in enumerate(labels):
            row = plots[side * n : (side + 1) * n]
            view = _view(np.concatenate([truth[side], *(cloud[side] for cloud in clouds.values())]))
            for plot, look, (name, cloud) in zip(row, cycle(LOOKS), clouds.items(), strict=False):
                details = _draw_samples(plot, noise, side, x, view)
                plot.plot(
                    x,
                    cloud[side],
                    linestyle="none",
                    marker=look.marker,
                    markersize=1.8,
                    markeredgewidth=0.0,
                    alpha=0.7,
                    color=look.color,
                    label=name,
                )
                ink = plot.xaxis.label.get_color()
                plot.plot(x[order], truth[side][order], color=ink, linewidth=1.0, label="true")
                plot.set_ylim(view)
                plot.set_xlim(float(x.min()), float(x.max()))
                plot.axhline(0.0, color=NOTE_COLOR, linewidth=0.4, zorder=0.5)
                error = float(np.sqrt(np.mean((cloud[side] - truth[side]) ** 2)))
                details.append(f"{name}: root mean square error {error:.1e}")
                first = plot is plots[0]
                title_and_legend(plot, title if first else None, details=details, legend=side == 0)
                enlarge_markers(plot)
            row[0].set_ylabel(label)
        for above, below in zip(plots[:n], plots[n:], strict=True):
            label_x((above, below), x_label)
    return plots


def _view(values: FloatArray) -> tuple[float, float]:
    """Return limits that hold the prices; payoffs reach far above any."""
    margin = 0.15 * float(np.ptp(values)) or 1.0
    return float(values.min()) - margin, float(values.max()) + margin


def _draw_samples(
    axes: Axes, noise: _Samples | None, side: int, x: FloatArray, view: tuple[float, float]
) -> list[str]:
    """Draw payoffs or slopes of some of the samples, and say how many of these the view cuts off."""
    if noise is None:
        return []
    total = noise[0].size
    shown = evenly_chosen(total, _MOST_DOTS)
    places, heights = noise[0][shown], noise[side + 1][shown]
    axes.plot(
        places,
        heights,
        linestyle="none",
        marker=".",
        markersize=2.4,
        markeredgewidth=0.0,
        color="0.72",
        label="samples" if shown.size == total else f"samples ({shown.size} of {total})",
        zorder=1.0,
    )
    inside = (places >= x.min()) & (places <= x.max()) & (heights >= view[0]) & (heights <= view[1])
    cut = shown.size - int(np.count_nonzero(inside))
    return [f"{cut} of {shown.size} samples lie outside the view"] if cut else []


def _pair(name: str, pair: object, length: int) -> tuple[FloatArray, FloatArray]:
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise ValueError(f"{name}: expected a pair of prices and deltas, got {pair!r}")
    prices, deltas = (
        as_curve(f"{name}[{place}]", values, length=length, like="underlying")
        for place, values in enumerate(pair)
    )
    return prices, deltas


def _samples(samples: object) -> _Samples:
    if not isinstance(samples, (tuple, list)) or len(samples) != 3:
        raise ValueError(f"samples: expected underlying, payoffs and slopes, got {samples!r}")
    x = as_curve("samples[0]", samples[0])
    payoffs, slopes = (
        as_curve(f"samples[{place}]", samples[place], length=x.size, like="samples[0]") for place in (1, 2)
    )
    return x, payoffs, slopes
