"""A fitted function beside the true one, and its error below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._decoration import (
    error_details,
    function_label,
    label_x,
    log_axis,
    note,
    symbol_label,
    title_and_legend,
)
from ._figure import panels
from ._inputs import as_curve, as_mapping, as_places, evenly_chosen
from ._style import REFERENCE_COLOR, next_looks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

    from ._inputs import FloatArray


def plot_fit(
    x: ArrayLike,
    true: ArrayLike,
    predicted: ArrayLike | Mapping[str, ArrayLike],
    *,
    x_train: ArrayLike | None = None,
    y_train: ArrayLike | None = None,
    symbol: str = "f",
    x_label: str = "x",
    y_label: str | None = None,
    title: str | None = None,
    max_markers: int = 64,
    details: bool = True,
    axes: Sequence[Axes] | None = None,
) -> tuple[Axes, Axes]:
    r"""Plot a true and a predicted curve, with the absolute error below on a logarithmic axis.

    Parameters
    ----------
    x : array_like, shape (n,) or (n, 1)
        Where the curves are known, in any order; at least two points.
    true : array_like, shape (n,), (n, 1) or (n, 1, 1)
        The function, or its derivative, at `x`.
    predicted : array_like of the shape of `true`, or mapping of str to such
        The model's prediction at `x`. A mapping draws several, each under its name.
    x_train, y_train : array_like, shape (p,) or (p, 1), optional
        The training points, in any order. Without `y_train`, only their places are marked, along the x axis.
        Points with NaN in `y_train` were not measured and have no marker.
    symbol : str, default: "f"
        The function's name as mathematics, such as ``"f"``, ``"f'"`` or ``r"\partial_x u"``.
    x_label : str, default: "x"
        Name of the argument, with its unit if it has one. A bare symbol is set as mathematics.
    y_label : str, optional
        Label of the upper panel in place of ``symbol(x_label)``, for instance to name a unit.
    title : str, optional
        Title above the upper panel.
    max_markers : int, default: 64
        Of more training points than this, every so many-th (in the order of `x_train`'s values) is marked, as
        the legend says, and ticks along the x axis show where all of them lie.
    details : bool, default: True
        Whether the sizes of the errors stand above the axes.
    axes : sequence of two Axes, optional
        Where to draw, the fit first and the error second. By default a new figure.

    Returns
    -------
    fit_axes, error_axes : Axes
        The upper and the lower panel.

    Raises
    ------
    ValueError
        For shapes that do not agree, entries that are not finite, or fewer than two points.

    Notes
    -----
    The details are the root mean square error and the largest one of each prediction; of more than three the
    best and the worst.

    Where the error is exactly zero its curve leaves the panel downwards. The spikes towards zero at changes
    of sign may be cut off below the smallest hundredth of the errors.
    """
    points, order = as_places("x", x)
    truth = as_curve("true", true, length=points.size)[order]
    curves = {name: curve[order] for name, curve in _predictions(predicted, points.size).items()}
    training = _training_points(x_train, y_train)
    if max_markers < 1:
        raise ValueError(f"max_markers: expected at least 1, got {max_markers!r}")

    with panels(axes, (5.0, 3.9), rows=2, height_ratios=(1.6, 1.0)) as (fit_axes, error_axes):
        label = function_label(symbol, x_label) if y_label is None else symbol_label(y_label)
        fit_axes.plot(points, truth, color=REFERENCE_COLOR, linewidth=3.2, label="true")
        for look, (name, curve) in zip(next_looks(fit_axes, len(curves)), curves.items(), strict=True):
            form: dict[str, Any] = {"color": look.color, "linestyle": look.dashes, "linewidth": 1.2}
            fit_axes.plot(points, curve, label=name, **form)
            error_axes.plot(points, np.abs(curve - truth), **{**form, "linewidth": 1.0})
        if training is not None:
            _mark_training_points(fit_axes, *training, max_markers)
        log_axis(error_axes, quantile=0.01)
        if not any(np.any(curve != truth) for curve in curves.values()):
            note(error_axes, "no error: every entry is exactly zero")
        fit_axes.margins(x=0.02)
        error_axes.margins(x=0.02)
        fit_axes.set_ylabel(label)
        error_axes.set_ylabel("absolute error")
        label_x((fit_axes, error_axes), x_label)
        errors = {name: curve - truth for name, curve in curves.items()}
        title_and_legend(fit_axes, title, details=error_details(errors) if details else ())
    return fit_axes, error_axes


def _predictions(predicted: ArrayLike | Mapping[str, ArrayLike], length: int) -> dict[str, FloatArray]:
    several = as_mapping(predicted)
    if several is None:
        return {"predicted": as_curve("predicted", predicted, length=length)}  # type: ignore[arg-type]
    if not several:
        raise ValueError("predicted: expected at least one curve, got an empty mapping")
    return {name: as_curve(f"predicted[{name!r}]", curve, length=length) for name, curve in several.items()}


def _training_points(
    x_train: ArrayLike | None, y_train: ArrayLike | None
) -> tuple[FloatArray, FloatArray | None] | None:
    if x_train is None:
        if y_train is not None:
            raise ValueError("x_train: expected the places of y_train, got None")
        return None
    places = as_curve("x_train", x_train)
    order = np.argsort(places, kind="stable")
    if y_train is None:
        return places[order], None
    heights = as_curve("y_train", y_train, length=places.size, like="x_train", finite=False)[order]
    if np.isinf(heights).any():
        raise ValueError("y_train: expected finite numbers, or NaN where it was not measured, got Inf")
    measured = ~np.isnan(heights)
    return places[order][measured], heights[measured]


def _mark_training_points(axes: Axes, x: FloatArray, y: FloatArray | None, max_markers: int) -> None:
    ink = axes.xaxis.label.get_color()
    count = x.size
    if y is None or count > max_markers:
        # Ticks show the density of all points where markers on the curve would merge into a band.
        axes.margins(y=0.1)
        axes.plot(
            x,
            np.full(count, 0.02),
            transform=axes.get_xaxis_transform(),
            linestyle="none",
            marker="|",
            markersize=5.0,
            markeredgewidth=0.5 if count <= 256 else 0.3,
            color=ink,
            alpha=0.5,
            label="training points" if y is None else None,
        )
    if y is None:
        return
    shown = evenly_chosen(count, max_markers)
    axes.plot(
        x[shown],
        y[shown],
        linestyle="none",
        marker="o",
        markersize=3.2,
        markerfacecolor="none",
        markeredgewidth=0.6,
        color=ink,
        label="training points" if shown.size == count else f"training points ({shown.size} of {count})",
    )
