"""A model over two of its inputs: contours of an output or of its error bar, and arrows of the gradient."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .. import _checks
from ._decoration import note, short_number, symbol_label, title_and_legend
from ._figure import panels
from ._inputs import as_curve, evenly_chosen
from ._model import (
    as_bounds,
    as_indices,
    as_point,
    check_model,
    has_deviations,
    inputs_of,
    names_of,
    slopes_at,
    values_at,
)
from ._style import LOOKS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from numpy.typing import ArrayLike

    from ..data.samples import Samples
    from ._inputs import FloatArray

_N_GRID, _N_ARROWS = 81, 13
_MOST_SAMPLES = 500
_QUANTITIES = ("value", "deviation")


class _Window(NamedTuple):
    """Two inputs, by their places, the ends between which each goes, and where all are held."""

    pair: tuple[int, int]
    ends: FloatArray
    point: FloatArray

    def lines(self, count: int, inset: float = 0.0) -> tuple[FloatArray, FloatArray]:
        """Return `count` places along each of the two, so far from the ends as a share of the range."""
        shares = np.linspace(inset, 1.0 - inset, count)
        a, b = ((1.0 - shares) * low + shares * high for low, high in self.ends)
        return a, b

    def grid(self, a: FloatArray, b: FloatArray) -> FloatArray:
        """Return inputs (len(b) · len(a), d), the first of the two going fastest."""
        X = np.tile(self.point, (a.size * b.size, 1))
        X[:, self.pair[0]], X[:, self.pair[1]] = np.tile(a, b.size), np.repeat(b, a.size)
        return X


def plot_contours(
    model: Any,  # noqa: ANN401  whatever predicts
    X: Samples | ArrayLike,
    *,
    inputs: Sequence[int | str] = (0, 1),
    output: int | str = 0,
    quantity: str = "value",
    gradient: bool = True,
    at: ArrayLike | None = None,
    bounds: ArrayLike | None = None,
    levels: int | Sequence[float] = 9,
    input_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None,
    title: str | None = None,
    axes: Axes | None = None,
) -> Axes:
    """Plot contours of an output over two inputs, the others held, with arrows along its gradient.

    Parameters
    ----------
    model : MLP, StagedMLP, Surrogate or fitted SobolevRegressor
        What is drawn. Anything else with ``predict`` and ``jacobian`` will do.
    X : Samples or array_like, (n, d)
        Samples that say where inputs lie: their medians and ranges, and the dots.
    inputs : sequence of two int or str, default: (0, 1)
        The inputs along x and y, by number from 0 or by name.
    output : int or str, default: 0
        Which output, by number from 0 or by name.
    quantity : {"value", "deviation"}, default: "value"
        The output, or the standard deviation of a model that knows it, such as `Surrogate`.
    gradient : bool, default: True
        Whether to draw the arrows; there are none of a deviation.
    at : array_like, (d,), optional
        Where the other inputs are held. Default the medians of the samples.
    bounds : array_like, (d, 2), optional
        Lower and upper end of each input. Default the ranges of the samples.
    levels : int or sequence of float, default: 9
        About how many contours, or at which values.
    input_names, output_names : sequence of str, optional
        By default those of a data frame or of the model, else x_1, x_2, … and y_1, y_2, ….
    title : str, optional
        Title above the axes.
    axes : Axes, optional
        Where to draw; they are made square. By default a new figure.

    Returns
    -------
    Axes

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind or shape; the message names it.

    Notes
    -----
    An arrow has the components slope × range of the input as drawn: on square axes it stands upright on the
    contours and points uphill, whatever the units. The longest is as long as two arrows are apart.
    """
    wanted = _as_levels(levels)
    predictor = check_model(model)
    samples = inputs_of(predictor, X)
    d = samples.shape[1]
    _checks.as_choice("quantity", quantity, _QUANTITIES)
    if quantity == "deviation" and not has_deviations(predictor):
        raise ValueError(f"quantity: expected 'value' for a model without error bars, got {quantity!r}")
    labels = names_of("input_names", input_names, X, model, d)
    if d < 2:
        raise ValueError("X: expected at least two inputs, got 1; see plot_profiles")
    pair = as_indices("inputs", inputs, labels)
    if len(pair) != 2:
        raise ValueError(f"inputs: expected two of the inputs, got {inputs!r}")
    ends = as_bounds(samples, bounds)[pair]
    for k, (low, high) in zip(pair, ends, strict=True):
        if low == high:
            raise ValueError(f"bounds: expected ends of {labels[k]}, which is constant in X, got None")
    window = _Window((pair[0], pair[1]), ends, as_point(samples, at))

    a, b = window.lines(_N_GRID)
    values = values_at(predictor, window.grid(a, b), deviations=quantity == "deviation")
    names = names_of("output_names", output_names, None, model, values.mean.shape[1])
    (o,) = as_indices("output", output, names)
    shown = values.mean if quantity == "value" else values.deviation
    assert shown is not None
    with panels(axes, (4.2, 4.2)) as (plot,):
        plot.set_box_aspect(1.0)
        _draw_contours(plot, a, b, shown[:, o].reshape(b.size, a.size), wanted)
        if gradient and quantity == "value":
            _draw_arrows(plot, predictor, window, o)
        _draw_samples(plot, samples[:, pair], ends)
        plot.set_xlim(*ends[0])
        plot.set_ylim(*ends[1])
        plot.set_xlabel(symbol_label(labels[pair[0]]))
        plot.set_ylabel(symbol_label(labels[pair[1]]))
        name = symbol_label(names[o])
        what = name if quantity == "value" else f"standard deviation of {name}"
        title_and_legend(plot, title, details=[f"contours: {what}"])
    return plot


def _draw_contours(
    axes: Axes, a: FloatArray, b: FloatArray, heights: FloatArray, levels: int | FloatArray
) -> None:
    known = heights[np.isfinite(heights)]
    if known.size == 0:
        note(axes, "no number that is finite")
        return
    # What differs by rounding alone has no contours.
    if np.ptp(known) <= 1e-13 * np.abs(known).max():
        note(axes, f"constant: {short_number(float(f'{known[0]:.4g}'))}")
        return
    masked = np.ma.masked_invalid(heights)
    lines: int | FloatArray = levels
    if not isinstance(levels, int):
        # matplotlib fills between two levels at least, and warns of lines that would lie nowhere.
        inside: FloatArray = levels[(levels > known.min()) & (levels < known.max())]
        lines = inside
        if not inside.size:
            ends = " to ".join(short_number(float(f"{end:.3g}")) for end in (known.min(), known.max()))
            note(axes, f"no level lies within {ends}")
            return
    if isinstance(levels, int) or levels.size > 1:
        axes.contourf(a, b, masked, levels, cmap=_light_blues(), extend="both")
    drawn = axes.contour(a, b, masked, lines, colors=[LOOKS[0].color], linewidths=0.7)
    axes.clabel(drawn, fontsize=6.5, fmt=short_number, colors="0.15")


def _as_levels(levels: object) -> int | FloatArray:
    """Take a number of levels, or rising values."""
    if not isinstance(levels, Iterable):
        return _checks.as_integer("levels", levels, 1, 1000)
    values = as_curve("levels", levels)  # type: ignore[arg-type]
    if (np.diff(values) <= 0.0).any():
        raise ValueError(f"levels: expected rising numbers, got {values.tolist()}")
    return values


def _light_blues() -> Colormap:
    """Return a map from white to a blue on which letters and arrows are still read."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("light blues", ["#FFFFFF", "#8FC1E3"])


def _draw_arrows(axes: Axes, model: Any, window: _Window, o: int) -> None:  # noqa: ANN401
    a, b = window.lines(_N_ARROWS, inset=0.04)
    places = window.grid(a, b)
    slopes = slopes_at(model, places).mean[:, o, list(window.pair)] * np.ptp(window.ends, axis=1)
    longest = float(np.max(np.hypot(*slopes.T), initial=0.0, where=np.isfinite(slopes).all(axis=1)))
    if longest == 0.0:
        return
    x, y = places[:, window.pair[0]], places[:, window.pair[1]]
    axes.quiver(
        x,
        y,
        *slopes.T,
        angles="uv",
        scale_units="width",
        scale=longest * _N_ARROWS,
        width=0.0035,
        color=LOOKS[1].color,
        zorder=3.0,
    )
    # A legend would show arrows as a rectangle.
    form: dict[str, Any] = {"linestyle": "none", "marker": r"$\rightarrow$", "markersize": 9.0, "mew": 0.2}
    axes.plot([], [], color=LOOKS[1].color, label="gradient", **form)


def _draw_samples(axes: Axes, places: FloatArray, ends: FloatArray) -> None:
    inside = places[((places >= ends[:, 0]) & (places <= ends[:, 1])).all(axis=1)]
    if not len(inside):
        return
    chosen = inside[evenly_chosen(len(inside), _MOST_SAMPLES)]
    axes.plot(
        *chosen.T,
        linestyle="none",
        marker="o",
        markersize=3.2,
        markerfacecolor="none",
        markeredgewidth=0.7,
        color=axes.xaxis.label.get_color(),
        alpha=1.0 if len(chosen) <= 100 else 0.5,
        clip_on=False,
        label="samples",
        zorder=3.5,
    )
