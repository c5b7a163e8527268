"""Prices and deltas of an option: learned, true, and the noise they were learned from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._decoration import enlarge_markers, symbol_label, title_and_legend
from ._figure import panels
from ._inputs import as_curve, as_mapping, evenly_chosen
from ._style import NOTE_COLOR, next_looks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

    from ._inputs import FloatArray

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
) -> tuple[Axes, Axes]:
    """Plot prices and deltas over what the option is written on.

    Parameters
    ----------
    underlying : array_like, shape (n,)
        Spot or basket, in any order.
    true : tuple of two array_like, shape (n,)
        True prices and deltas: functions of `underlying`.
    predicted : mapping of str to tuple of two array_like, shape (n,)
        For each fit by its name the predicted prices and deltas, drawn as dots: states with the same
        underlying may have different ones.
    samples : tuple of three array_like, shape (p,), optional
        Underlying, payoffs and path-wise slopes that were fitted; up to 1000 are drawn, evenly chosen.
    x_label : str, default: "spot"
        Name of the underlying.
    labels : tuple of two str, default: ("price", "delta")
        Labels of the y axes.
    title : str, optional
        Title above the first panel.
    axes : sequence of two Axes, optional
        Where to draw, prices first. By default a new figure.

    Returns
    -------
    price_axes, delta_axes : Axes

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

    with panels(axes, (6.4, 3.2), columns=2, shared=False) as plots:
        for plot, side, label in zip(plots, (0, 1), labels, strict=True):
            dots: dict[str, Any] = {"linestyle": "none", "markeredgewidth": 0.0}
            if noise is not None:
                plot.plot(
                    noise[0],
                    noise[side + 1],
                    marker=".",
                    markersize=2.4,
                    color="0.72",
                    label="samples",
                    zorder=1.0,
                    **dots,
                )
            for look, (name, cloud) in zip(next_looks(plot, len(clouds)), clouds.items(), strict=True):
                form = {**dots, "marker": look.marker, "markersize": 1.8, "alpha": 0.7, "color": look.color}
                plot.plot(x, cloud[side], label=name, **form)
            plot.plot(
                x[order], truth[side][order], color=plot.xaxis.label.get_color(), linewidth=1.0, label="true"
            )
            # Payoffs reach far above any price: the view is that of the prices.
            view = np.concatenate([truth[side], *(cloud[side] for cloud in clouds.values())])
            margin = 0.15 * float(np.ptp(view))
            plot.set_ylim(float(view.min()) - margin, float(view.max()) + margin)
            plot.set_xlim(float(x.min()), float(x.max()))
            plot.axhline(0.0, color=NOTE_COLOR, linewidth=0.4, zorder=0.5)
            plot.set_xlabel(symbol_label(x_label))
            plot.set_ylabel(label)
        title_and_legend(plots[0], title)
        enlarge_markers(plots[0])
    return plots[0], plots[1]


def _pair(name: str, pair: object, length: int) -> tuple[FloatArray, FloatArray]:
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise ValueError(f"{name}: expected a pair of prices and deltas, got {pair!r}")
    prices, deltas = (
        as_curve(f"{name}[{place}]", values, length=length, like="underlying")
        for place, values in enumerate(pair)
    )
    return prices, deltas


def _samples(samples: object) -> tuple[FloatArray, FloatArray, FloatArray]:
    if not isinstance(samples, (tuple, list)) or len(samples) != 3:
        raise ValueError(f"samples: expected underlying, payoffs and slopes, got {samples!r}")
    x = as_curve("samples[0]", samples[0])
    payoffs, slopes = (
        as_curve(f"samples[{place}]", samples[place], length=x.size, like="samples[0]") for place in (1, 2)
    )
    shown = evenly_chosen(x.size, _MOST_DOTS)
    return x[shown], payoffs[shown], slopes[shown]
