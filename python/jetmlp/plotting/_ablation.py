"""Variants of one experiment beside each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ._decoration import log_axis, title_and_legend
from ._figure import panels
from ._inputs import as_mapping, as_numbers
from ._style import GRID, LOOKS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

    from ._inputs import FloatArray

    Evaluation = Mapping[str, Mapping[str, ArrayLike]]

_METRIC_NAMES = {
    "mse": "mean square",
    "rmse": "root mean square",
    "mae": "mean absolute",
    "max_error": "maximum",
}


class _Spread(NamedTuple):
    low: float
    median: float
    high: float


def plot_ablation(
    results: Mapping[str, Evaluation | Sequence[Evaluation]],
    *,
    baseline: str | None = None,
    metrics: Sequence[str] = ("rmse", "max_error"),
    title: str | None = None,
    axes: Sequence[Axes] | None = None,
) -> tuple[Axes, Axes]:
    """Plot the errors of several variants as rows of dots, those of values beside those of derivatives.

    Parameters
    ----------
    results : mapping of str to evaluation, or to sequence of evaluations
        For each variant, from top to bottom, what ``jetmlp.metrics.evaluate`` returned, or a list of that
        over seeds: a mark is then at the median, on a line from the least to the greatest.
        An evaluation is ``{"value": {metric: number}, "derivative": {metric: number}}``; one of the two may
        be missing. Errors that are exactly zero leave the panel to the left.
    baseline : str, optional
        The variant to compare with: vertical lines carry its medians through all rows.
    metrics : sequence of str, default: ("rmse", "max_error")
        Which metrics to draw.
    title : str, optional
        Title above the first panel.
    axes : sequence of two Axes, optional
        Where to draw, values first and derivatives second. By default a new figure.

    Returns
    -------
    value_axes, derivative_axes : Axes

    Raises
    ------
    ValueError
        If `results` is empty, lacks a metric or holds an error that is not a number ≥ 0, or if `baseline` is
        none of its rows.
    """
    rows = as_mapping(results)
    if not rows:
        raise ValueError(f"results: expected a mapping with at least one row, got {results!r}")
    if not metrics or isinstance(metrics, str):
        raise ValueError(f"metrics: expected a sequence of names, got {metrics!r}")
    if baseline is not None and baseline not in rows:
        raise ValueError(f"baseline: expected one of {', '.join(map(str, rows))}, got {baseline!r}")
    names = list(rows)
    spreads = {
        (quantity, metric): [_spread(rows[name], name, quantity, metric) for name in names]
        for quantity in ("value", "derivative")
        for metric in metrics
    }

    size = (6.6, 1.3 + 0.27 * len(names))
    with panels(axes, size, columns=2) as (value_axes, derivative_axes):
        for plot, quantity in ((value_axes, "value"), (derivative_axes, "derivative")):
            for place, metric in enumerate(metrics):
                column = spreads[quantity, metric]
                reference = None if baseline is None else column[names.index(baseline)]
                _draw_metric(plot, column, reference, place, len(metrics), _METRIC_NAMES.get(metric, metric))
            for row in range(len(names)):
                plot.axhline(row, zorder=0.5, **GRID)
            log_axis(plot, which="x")
            plot.set_ylim(len(names) - 0.4, -0.6)
            plot.set_yticks(range(len(names)), names)
            # Panels that share their rows have the names once, so the second may have none.
            for text in plot.get_yticklabels():
                if text.get_text() == baseline:
                    text.set_fontweight("bold")
            plot.tick_params(axis="y", length=0)
            plot.spines["left"].set_visible(False)
            plot.set_xlabel(f"error of the {quantity}")
        title_and_legend(value_axes, title)
    return value_axes, derivative_axes


def _spread(results: object, name: str, quantity: str, metric: str) -> _Spread | None:
    """Return the extremes and the median over the seeds of one row, or None where it has no such error."""
    where = f"results[{name!r}]"
    seeds = [results] if as_mapping(results) is not None else results
    if not isinstance(seeds, (list, tuple)) or not seeds:
        raise ValueError(f"{where}: expected an evaluation or a sequence of them, got {results!r}")
    errors: list[FloatArray] = []
    for evaluation in seeds:
        quantities = as_mapping(evaluation)
        if quantities is None:
            raise ValueError(f"{where}: expected evaluations, got {evaluation!r}")
        if quantities.get(quantity) is None:
            continue
        found = as_mapping(quantities[quantity])
        if found is None or metric not in found:
            raise ValueError(
                f"metrics: expected names in every evaluation, but {where}[{quantity!r}] has no {metric!r}"
            )
        errors.append(as_numbers(f"{where}[{quantity!r}][{metric!r}]", found[metric]))
    if not errors:
        return None
    values = np.array(errors)
    if values.ndim != 1 or not np.isfinite(values).all() or (values < 0.0).any():
        raise ValueError(
            f"{where}[{quantity!r}][{metric!r}]: expected finite numbers >= 0, got {values.tolist()}"
        )
    return _Spread(float(values.min()), float(np.median(values)), float(values.max()))


def _draw_metric(
    axes: Axes, spreads: list[_Spread | None], reference: _Spread | None, place: int, count: int, label: str
) -> None:
    look = LOOKS[place % len(LOOKS)]
    # Metrics of one row stand slightly apart, so that their ranges may overlap.
    shift = 0.22 * (place - (count - 1) / 2.0) if count > 1 else 0.0
    drawn = [(row + shift, spread) for row, spread in enumerate(spreads) if spread is not None]
    if reference is not None:
        axes.axvline(reference.median, color=look.color, linewidth=0.7, linestyle=(0, (1.0, 2.0)), zorder=0.8)
    # One line for all ranges: NaN lifts the pen between two rows.
    axes.plot(
        [x for _, spread in drawn for x in (spread.low, spread.high, np.nan)],
        [y for y, _ in drawn for _ in range(3)],
        color=look.color,
        linewidth=1.6,
        alpha=0.45,
        solid_capstyle="butt",
    )
    axes.plot(
        [spread.median for _, spread in drawn],
        [y for y, _ in drawn],
        linestyle="none",
        marker=look.marker,
        markersize=4.5,
        markerfacecolor=look.color if place == 0 else axes.get_facecolor(),
        markeredgewidth=1.0,
        color=look.color,
        label=label,
    )
