"""What is predicted against what is true, for as many inputs as there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._decoration import enlarge_markers, title_and_legend
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
    """Plot predicted against true quantities as dots beside the diagonal, a panel for each quantity.

    Parameters
    ----------
    true : mapping of str to array_like, shape (n,)
        True numbers, by the quantity with its unit, such as ``"flow [m³/yr]"``.
    predicted : mapping of str to mapping of str to array_like, shape (n,)
        For each fit by its name the same quantities as predicted. Of more than 500 samples so many are drawn,
        evenly chosen; the fit that comes last lies above the others.
    title : str, optional
        Title above the first panel.
    axes : Axes or sequence of Axes, optional
        Where to draw, one for each quantity. By default a new figure.

    Returns
    -------
    tuple of Axes
        One for each quantity.

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

    size = (0.4 + 3.0 * len(truths), 3.3)
    with panels(axes, size, columns=len(truths), shared=False) as plots:
        for plot, (name, truth) in zip(plots, truths.items(), strict=True):
            ends = [float(truth.min()), float(truth.max())]
            plot.plot(ends, ends, color=REFERENCE_COLOR, linewidth=2.4, label="exact")
            shown = evenly_chosen(truth.size, _MOST_DOTS)
            for look, (fit, cloud) in zip(next_looks(plot, len(clouds)), clouds.items(), strict=True):
                plot.plot(
                    truth[shown],
                    cloud[name][shown],
                    linestyle="none",
                    marker=look.marker,
                    markersize=2.2,
                    markeredgewidth=0.0,
                    alpha=0.6,
                    color=look.color,
                    label=fit,
                )
            plot.set_xlabel(f"true {name}")
            plot.set_ylabel("predicted")
        title_and_legend(plots[0], title)
        enlarge_markers(plots[0])
    return plots


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
