"""How errors fall with the number of training samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._decoration import MOST_DETAILS, log_axis, title_and_legend
from ._figure import panels
from ._inputs import as_curve, as_mapping, as_numbers
from ._style import next_looks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

    from ._inputs import FloatArray


def plot_sample_errors(
    counts: ArrayLike,
    value_errors: Mapping[str, ArrayLike],
    derivative_errors: Mapping[str, ArrayLike],
    *,
    y_labels: tuple[str, str] = ("relative error of values", "relative error of derivatives"),
    title: str | None = None,
    axes: Sequence[Axes] | None = None,
) -> tuple[Axes, Axes]:
    """Plot errors of values and of derivatives against the number of samples, on logarithmic axes.

    Parameters
    ----------
    counts : array_like, shape (c,)
        Numbers of samples, positive and rising.
    value_errors, derivative_errors : mapping of str to array_like, shape (c,) or (seeds, c)
        Positive errors by the name of the fit, the same names in both. With several seeds a line is at the
        median, in a band from the least to the greatest. A number of samples without a fit is NaN throughout.
    y_labels : tuple of two str, default: relative errors of values and of derivatives
        What the errors are.
    title : str, optional
        Title above the first panel.
    axes : sequence of two Axes, optional
        Where to draw, values first and derivatives second. By default a new figure.

    Returns
    -------
    value_axes, derivative_axes : Axes
        Above each stand the (median) errors of up to three fits with the most samples.

    Raises
    ------
    ValueError
        For shapes or names that do not agree, counts that do not rise, or errors that are not positive.
    """
    samples = as_curve("counts", counts)
    if (samples <= 0.0).any() or (np.diff(samples) <= 0.0).any():
        raise ValueError(f"counts: expected positive and rising numbers, got {samples.tolist()}")
    tables = (
        _tables("value_errors", value_errors, samples.size),
        _tables("derivative_errors", derivative_errors, samples.size),
    )
    if list(tables[0]) != list(tables[1]):
        raise ValueError(
            f"derivative_errors: expected the names of value_errors, {', '.join(tables[0])}, "
            f"got {', '.join(tables[1])}"
        )
    with panels(axes, (6.6, 2.8), columns=2) as plots:
        for plot, table, y_label in zip(plots, tables, y_labels, strict=True):
            for look, (name, errors) in zip(next_looks(plot, len(table)), table.items(), strict=True):
                plot.plot(
                    samples,
                    np.median(errors, axis=0),
                    color=look.color,
                    linestyle=look.dashes,
                    marker=look.marker,
                    markersize=4.0,
                    label=name,
                )
                if len(errors) > 1:
                    plot.fill_between(
                        samples,
                        errors.min(axis=0),
                        errors.max(axis=0),
                        color=look.color,
                        alpha=0.15,
                        linewidth=0,
                    )
            _count_axis(plot, samples)
            plot.set_ylabel(y_label)
            title_and_legend(plot, title if plot is plots[0] else None, details=_last_errors(samples, table))
        log_axis(*plots)
    return plots[0], plots[1]


def _tables(name: str, errors: object, n_counts: int) -> dict[str, FloatArray]:
    several = as_mapping(errors)
    if not several:
        raise ValueError(f"{name}: expected a mapping of str to arrays, got {errors!r}")
    tables = {}
    for key, values in several.items():
        table = np.atleast_2d(as_numbers(f"{name}[{key!r}]", values))
        if table.ndim != 2 or table.shape[1] != n_counts or len(table) == 0:
            raise ValueError(
                f"{name}[{key!r}]: expected shape ({n_counts},) or (seeds, {n_counts}), got {table.shape}"
            )
        there = table[:, ~np.isnan(table).all(axis=0)]
        if there.size == 0 or not (np.isfinite(there) & (there > 0.0)).all():
            raise ValueError(f"{name}[{key!r}]: expected finite errors > 0, got {table.tolist()}")
        tables[key] = table
    return tables


def _last_errors(counts: FloatArray, table: dict[str, FloatArray]) -> list[str]:
    """Say what the most samples give: the medians of a few fits."""
    if len(table) > MOST_DETAILS:
        return []
    return [
        f"{name}, {counts[-1]:g} samples: {np.median(errors[:, -1]):.1e}"
        for name, errors in table.items()
        if np.isfinite(errors[:, -1]).all()
    ]


def _count_axis(axes: Axes, counts: FloatArray) -> None:
    from matplotlib.ticker import NullLocator

    axes.set_xscale("log")
    axes.set_xticks(counts, [f"{count:g}" for count in counts])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("training samples")
