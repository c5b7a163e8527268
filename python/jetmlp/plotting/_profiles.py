"""How a model goes along one input while the others are held, values and slopes, with bands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..data.presence import counting
from ..data.samples import Samples
from ._decoration import note, short_ticks, symbol_label, title_and_legend
from ._figure import panels
from ._marks import draw_band, draw_samples
from ._model import (
    Answer,
    as_bounds,
    as_indices,
    as_point,
    check_model,
    inputs_of,
    names_of,
    slopes_at,
    values_at,
)
from ._style import LOOKS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

    from ._inputs import FloatArray

_N_POINTS = 201
# Panels beside each other beyond which none can be read.
_MOST_INPUTS = 5


def plot_profiles(
    model: Any,  # noqa: ANN401  whatever predicts
    X: Samples | ArrayLike,
    *,
    at: ArrayLike | None = None,
    bounds: ArrayLike | None = None,
    inputs: Sequence[int | str] | int | str | None = None,
    outputs: Sequence[int | str] | int | str | None = None,
    slopes: bool = True,
    input_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None,
    title: str | None = None,
    axes: Axes | Sequence[Axes] | None = None,
) -> tuple[Axes, ...]:
    """Plot each output along one input at a time, and its slope below, with bands where there are error bars.

    Parameters
    ----------
    model : MLP, StagedMLP, Surrogate or fitted SobolevRegressor
        What is drawn; a surrogate has bands of 68 and 95 %. Anything else with ``predict`` and ``jacobian``
        will do.
    X : Samples or array_like, (n, d)
        Samples that say where inputs lie: their medians and ranges, and the ticks at the foot of the panels.
    at : array_like, (d,), optional
        Where the other inputs are held. Default the medians of the samples.
    bounds : array_like, (d, 2), optional
        Lower and upper end of each input. Default the ranges of the samples.
    inputs, outputs : int or str, or sequence of them, optional
        Which to draw, by number from 0 or by name. Default all outputs, and all inputs up to five; of more
        the five along which the outputs change most.
    slopes : bool, default True
        Whether to draw slopes as well.
    input_names, output_names : sequence of str, optional
        By default those of a data frame or of the model, else x_1, x_2, … and y_1, y_2, ….
    title : str, optional
        Title above the first panel.
    axes : Axes or sequence of Axes, optional
        Where to draw, as many as are returned. By default a new figure, one column for each input.

    Returns
    -------
    tuple of Axes
        For each output those of its values, one for each input, then those of its slopes. Values of one
        output have the same limits, so that steep panels are those of inputs that matter, and a dot where an
        input is held in the other panels. With a single input and `Samples`, these are drawn as well.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind or shape; the message names it.
    """
    predictor = check_model(model)
    samples = inputs_of(predictor, X)
    point, ends = as_point(samples, at), as_bounds(samples, bounds)
    labels = names_of("input_names", input_names, X, model, samples.shape[1])
    lines = [_line(point, ends, k) for k in range(samples.shape[1])]
    m = values_at(predictor, point[np.newaxis]).mean.shape[1]
    names = names_of("output_names", output_names, None, model, m)
    rows = list(range(m)) if outputs is None else as_indices("outputs", outputs, names)
    if inputs is not None:
        columns = as_indices("inputs", inputs, labels)
    else:
        columns = _most_important(predictor, lines, rows)
    along = {k: values_at(predictor, lines[k], deviations=True) for k in columns}
    slopes_along = {k: slopes_at(predictor, lines[k], deviations=True) for k in columns if slopes}
    observed = _observed(X, samples)

    n, per_output = len(columns), 2 if slopes else 1
    size = (0.6 + max(2.1 * n, 3.4), 0.5 + (1.6 if slopes else 2.2) * per_output * len(rows))
    with panels(axes, size, rows=per_output * len(rows), columns=n, shared="none") as plots:
        for row, o in enumerate(rows):
            first = per_output * n * row
            values, below = plots[first : first + n], plots[first + n : first + per_output * n]
            for place, k in enumerate(columns):
                column = [plot[place] for plot in (values, below) if plot]
                column[-1].set_xlabel(symbol_label(labels[k]))
                if ends[k, 0] == ends[k, 1]:
                    _say_constant(column)
                    continue
                x = lines[k][:, k]
                _draw_values(values[place], x, along[k], o, None if samples.shape[1] == 1 else point[k])
                if slopes:
                    _draw_slopes(below[place], x, slopes_along[k], o, k)
                for panel, array in zip(column, observed, strict=False):
                    draw_samples(panel, samples[:, k], None if array is None else array[:, o])
                    panel.margins(x=0.02)
                    panel.locator_params(axis="x", nbins=4)
                if axes is None and slopes:
                    below[place].sharex(values[place])
                    values[place].tick_params(labelbottom=False)
            _same_limits(values, hide=axes is None)
            values[0].set_ylabel(symbol_label(names[o]))
            if slopes:
                below[0].set_ylabel(f"slope of {symbol_label(names[o])}")
            many = row == 0 and n < len(labels)
            details = [f"{n} of {len(labels)} inputs"] if many else []
            title_and_legend(values[0], title if row == 0 else None, details=details, legend=row == 0)
    return plots


def _observed(X: object, inputs: FloatArray) -> tuple[FloatArray | None, FloatArray | None]:
    """Return values and slopes (n, m) to draw beside a function of one input, where samples have them."""
    if not isinstance(X, Samples) or inputs.shape[1] > 1:
        return None, None
    counted = counting(X, np.dtype(np.float64))
    return counted.Y, None if counted.dYdX is None else counted.dYdX[:, :, 0]


def _say_constant(column: Sequence[Axes]) -> None:
    for panel in column:
        note(panel, "constant in\nthe samples")
        panel.set_xticks([])
        panel.set_yticks([])


def _line(point: FloatArray, ends: FloatArray, k: int) -> FloatArray:
    """Return inputs (n, d) along one of them, the others held."""
    X = np.tile(point, (_N_POINTS, 1))
    X[:, k] = np.linspace(ends[k, 0], ends[k, 1], _N_POINTS)
    return X


def _most_important(model: Any, lines: list[FloatArray], outputs: list[int]) -> list[int]:  # noqa: ANN401
    """Return the inputs along which outputs change most, each in units of its largest change, in order."""
    if len(lines) <= _MOST_INPUTS:
        return list(range(len(lines)))
    changes = np.array([np.ptp(values_at(model, X).mean[:, outputs], axis=0) for X in lines])
    largest = np.nan_to_num(changes).max(axis=0)
    shares = np.nan_to_num(changes / np.where(largest > 0.0, largest, 1.0)).max(axis=1)
    return sorted(np.argsort(-shares, kind="stable")[:_MOST_INPUTS].tolist())


def _draw_values(axes: Axes, x: FloatArray, values: Answer, o: int, at: float | None) -> None:
    mean, deviations = values.mean[:, o], values.deviation
    draw_band(axes, x, mean, None if deviations is None else deviations[:, o], None)
    if at is not None and x[0] <= at <= x[-1]:
        height = float(np.interp(at, x, mean))
        form: dict[str, Any] = {"linestyle": "none", "marker": "o", "markersize": 3.6}
        axes.plot([at], [height], color=LOOKS[1].color, label="where it is held", **form)


def _draw_slopes(axes: Axes, x: FloatArray, slopes: Answer, o: int, k: int) -> None:
    deviations = slopes.deviation
    draw_band(axes, x, slopes.mean[:, o, k], None if deviations is None else deviations[:, o, k], None)
    axes.axhline(0.0, color="0.5", linewidth=0.5, zorder=0.5)
    short_ticks(axes)


def _same_limits(plots: Sequence[Axes], *, hide: bool) -> None:
    """Give values of one output one axis, its numbers at the first panel only where that is ours to say."""
    drawn = [plot for plot in plots if plot.lines]
    if not drawn:
        return
    limits = [plot.get_ylim() for plot in drawn]
    for plot in drawn:
        plot.set_ylim(min(low for low, _ in limits), max(high for _, high in limits))
        short_ticks(plot)
        if hide and plot is not drawn[0]:
            plot.tick_params(labelleft=False)
