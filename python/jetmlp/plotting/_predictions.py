"""What is predicted against what is true, for as many inputs as there are, and what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._decoration import enlarge_markers, label_x, title_and_legend
from ._figure import panels
from ._inputs import as_curve, as_mapping, evenly_chosen
from ._style import REFERENCE_COLOR, next_looks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

    from ._inputs import FloatArray

# Beyond so many dots the one that is drawn last would cover the others.
_MOST_DOTS = 500


def plot_predictions(
    true: Mapping[str, ArrayLike],
    predicted: Mapping[str, Mapping[str, ArrayLike]],
    *,
    title: str | None = None,
    axes: Axes | Sequence[Axes] | None = None,
) -> tuple[Axes, ...]:
    """Plot predicted against true quantities as dots beside the diagonal, with the residuals below.

    Parameters
    ----------
    true : mapping of str to array_like, shape (n,)
        True numbers, by the quantity with its unit, such as ``"flow [m³/yr]"``.
    predicted : mapping of str to mapping of str to array_like, shape (n,)
        For each fit by its name the same quantities as predicted. Of more than 500 samples so many are drawn,
        evenly chosen; fits with smaller errors lie above those with larger ones, whose dots reach further.
    title : str, optional
        Title above the first panel.
    axes : Axes or sequence of Axes, optional
        Where to draw: one for each quantity, then one for the residuals of each. By default a new figure.

    Returns
    -------
    tuple of Axes
        One for each quantity, then one for the residuals, predicted less true, of each. The legends have the
        root mean square errors of all samples.

    Raises
    ------
    ValueError
        If a mapping is empty, a fit lacks a quantity, or lengths do not agree.
    """
    truths = {name: as_curve(f"true[{name!r}]", values) for name, values in (as_mapping(true) or {}).items()}
    fits = as_mapping(predicted)
    if not truths or not fits:
        raise ValueError(
            f"true, predicted: expected mappings with at least one entry, got {true!r} and {predicted!r}"
        )
    clouds = {fit: _cloud(fit, quantities, truths) for fit, quantities in fits.items()}

    size = (0.4 + 3.0 * len(truths), 4.6)
    n = len(truths)
    with panels(axes, size, rows=2, columns=n, height_ratios=(1.6, 1.0), shared="x") as plots:
        for plot, below, (name, truth) in zip(plots[:n], plots[n:], truths.items(), strict=True):
            residuals = {fit: cloud[name] - truth for fit, cloud in clouds.items()}
            _draw_dots(plot, below, truth, residuals)
            plot.set_ylabel("predicted")
            below.set_ylabel("predicted $-$ true")
            label_x((plot, below), f"true {name}")
            title_and_legend(plot, title if plot is plots[0] else None)
            enlarge_markers(plot)
    return plots


def _draw_dots(plot: Axes, below: Axes, truth: FloatArray, residuals: dict[str, FloatArray]) -> None:
    """Draw one quantity of every fit, and its residuals below."""
    ends = [float(truth.min()), float(truth.max())]
    plot.plot(ends, ends, color=REFERENCE_COLOR, linewidth=2.4, label="exact")
    below.plot(ends, [0.0, 0.0], color=REFERENCE_COLOR, linewidth=2.4)
    shown = evenly_chosen(truth.size, _MOST_DOTS)
    errors = {fit: float(np.sqrt(np.mean(residual**2))) for fit, residual in residuals.items()}
    largest_first = sorted(errors, key=errors.__getitem__, reverse=True)
    for look, (fit, residual) in zip(next_looks(plot, len(residuals)), residuals.items(), strict=True):
        form: dict[str, Any] = {
            "linestyle": "none",
            "marker": look.marker,
            "markersize": 2.2,
            "markeredgewidth": 0.0,
            "alpha": 0.6,
            "color": look.color,
            "zorder": 2.0 + 0.01 * largest_first.index(fit),
        }
        label = f"{fit}, RMSE {errors[fit]:.1e}"
        plot.plot(truth[shown], (truth + residual)[shown], label=label, **form)
        below.plot(truth[shown], residual[shown], **form)


def _cloud(fit: str, quantities: object, truths: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    found = as_mapping(quantities) or {}
    missing = [name for name in truths if name not in found]
    if missing:
        raise ValueError(f"predicted[{fit!r}]: expected every quantity of true, lacks {', '.join(missing)}")
    return {
        name: as_curve(
            f"predicted[{fit!r}][{name!r}]", found[name], length=truth.size, like=f"true[{name!r}]"
        )
        for name, truth in truths.items()
    }
