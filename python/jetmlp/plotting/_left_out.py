"""How good a fit is where each sample is left out, whether its error bars are right, and what matters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._decoration import enlarge_markers, log_axis, note, short_ticks, title_and_legend
from ._figure import panels
from ._inputs import as_names, as_numbers, evenly_chosen
from ._style import LOOKS, REFERENCE_COLOR, Look

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

    from ._inputs import FloatArray

#: So many standard deviations hold 95 % of a normal distribution.
TWO = 1.96

_CALIBRATION = "68 and 95 % are to be below the lines"

# More dots of one kind would merge into a blot.
_MOST_DOTS = 500
# Of more inputs the least important are one bar.
_MOST_BARS = 15


def plot_left_out(
    observed: ArrayLike,
    errors: ArrayLike,
    deviations: ArrayLike,
    sensitivities: ArrayLike,
    *,
    slope_errors: ArrayLike | None = None,
    slope_deviations: ArrayLike | None = None,
    units: ArrayLike | None = None,
    quantity: str = "value",
    input_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None,
    title: str | None = None,
    axes: Axes | Sequence[Axes] | None = None,
) -> tuple[Axes, ...]:
    """Plot what a fit says of samples that it was not given, beside what it expected, and what matters.

    Parameters
    ----------
    observed : array_like, shape (n, m)
        What was observed of each output; NaN where nothing was.
    errors, deviations : array_like, shape (n, m)
        Prediction less observation, each sample left out, and the standard deviations expected of it.
    sensitivities : array_like, shape (m, d)
        Shares of the inputs, of each output.
    slope_errors, slope_deviations : array_like, shape (n, m, t), optional
        The same of the slopes, in terms of `units`: a slope times an input's unit over the output's.
    units : array_like, shape (m,), optional
        What errors are measured in where values and slopes stand beside each other. By default the outputs'
        standard deviations.
    quantity : str, default: "value"
        What was observed.
    input_names, output_names : sequence of str, optional
        By default x_1, x_2, … and, with several outputs, y_1, y_2, ….
    title : str, optional
        Title above the first panel.
    axes : Axes or sequence of Axes, optional
        Where to draw, three for each output. By default a new figure, one row for each output.

    Returns
    -------
    tuple of Axes
        For each output three: errors over what was observed, with bars that are to hold 95 % of them; the
        sizes of the errors over the deviations expected, with lines at one of these and at 1.96, and what
        share lies below each; and the sensitivities.

    Raises
    ------
    ValueError
        For shapes or names that do not agree, or deviations that are negative.
    """
    truth = as_numbers("observed", observed)
    if truth.ndim != 2 or truth.size == 0:
        raise ValueError(f"observed: expected shape (n, m), got {truth.shape}")
    m = truth.shape[1]
    values = _pair("errors", errors, "deviations", deviations, truth.shape)
    slopes = None
    if slope_errors is not None or slope_deviations is not None:
        slopes = _slopes(slope_errors, slope_deviations, truth.shape)
    shares = as_numbers("sensitivities", sensitivities)
    if shares.ndim != 2 or len(shares) != m or shares.shape[1] == 0 or not np.isfinite(shares).all():
        raise ValueError(f"sensitivities: expected finite numbers of shape ({m}, d), got {shares.shape}")
    scales = _units(units, truth)
    inputs = as_names("input_names", input_names, shares.shape[1], "x")
    outputs = as_names("output_names", output_names, m, "y")

    with panels(axes, (8.6, 0.35 + 2.75 * m), rows=m, columns=3, shared="none") as plots:
        for o in range(m):
            against, calibration, bars = plots[3 * o : 3 * o + 3]
            of_values = values[0][:, o], values[1][:, o]
            subject = quantity if m == 1 and output_names is None else f"{quantity} of {outputs[o]}"
            _draw_errors(against, truth[:, o], *of_values, subject)
            details = _size_of(of_values[0], truth[:, o])
            title_and_legend(against, title if o == 0 else None, details=details)
            clouds = {f"{quantity}s": (of_values[0] / scales[o], of_values[1] / scales[o])}
            if slopes is not None:
                clouds["slopes"] = (slopes[0][:, o].ravel(), slopes[1][:, o].ravel())
            _draw_calibration(calibration, clouds)
            title_and_legend(calibration, details=[_CALIBRATION])
            enlarge_markers(calibration)
            _draw_sensitivities(bars, shares[o], inputs)
    return plots


def _pair(
    name: str, errors: ArrayLike, other: str, deviations: ArrayLike, shape: tuple[int, ...]
) -> tuple[FloatArray, FloatArray]:
    """Take errors and the deviations expected of them, NaN where there are none."""
    arrays = as_numbers(name, errors), as_numbers(other, deviations)
    for label, array in zip((name, other), arrays, strict=True):
        if array.shape != shape:
            raise ValueError(f"{label}: expected shape {shape}, got {array.shape}")
    if (arrays[1] < 0.0).any():
        raise ValueError(f"{other}: expected numbers >= 0, got {np.nanmin(arrays[1])}")
    return arrays


def _slopes(
    errors: ArrayLike | None, deviations: ArrayLike | None, shape: tuple[int, ...]
) -> tuple[FloatArray, FloatArray]:
    if errors is None or deviations is None:
        raise ValueError("slope_errors, slope_deviations: expected both or none, got one of them")
    found = as_numbers("slope_errors", errors)
    if found.ndim != 3 or found.shape[:2] != shape:
        raise ValueError(f"slope_errors: expected shape ({shape[0]}, {shape[1]}, t), got {found.shape}")
    return _pair("slope_errors", found, "slope_deviations", deviations, found.shape)


def _units(units: ArrayLike | None, truth: FloatArray) -> FloatArray:
    if units is None:
        spread = np.nanstd(truth, axis=0)
        return np.where(spread > 0.0, spread, 1.0)
    scales = as_numbers("units", units)
    if scales.shape != truth.shape[1:] or not (scales > 0.0).all():
        raise ValueError(f"units: expected {truth.shape[1]} numbers > 0, got {scales.tolist()}")
    return scales


def _draw_errors(
    axes: Axes, truth: FloatArray, errors: FloatArray, deviations: FloatArray, quantity: str
) -> None:
    """Draw errors, with bars; predictions themselves would be a mere diagonal where nearly all is right."""
    axes.set_xlabel(f"observed {quantity}")
    axes.set_ylabel("predicted without it $-$ observed")
    there = np.flatnonzero(np.isfinite(truth) & np.isfinite(errors))
    if not there.size:
        note(axes, "nothing was observed")
        return
    short_ticks(axes)
    axes.locator_params(axis="x", nbins=6)
    shown = there[evenly_chosen(there.size, _MOST_DOTS)]
    axes.axhline(0.0, color=REFERENCE_COLOR, linewidth=1.6, zorder=1.0)
    axes.errorbar(
        truth[shown],
        errors[shown],
        yerr=TWO * deviations[shown],
        linestyle="none",
        marker="o",
        markersize=2.8,
        markeredgewidth=0.0,
        elinewidth=0.7,
        color=LOOKS[0].color,
        label="error, and where 95 % are to be",
    )


def _size_of(errors: FloatArray, truth: FloatArray) -> list[str]:
    """Say how large errors are, and beside the spread of what was observed."""
    there = np.isfinite(truth) & np.isfinite(errors)
    if not there.any():
        return []
    size, spread = float(np.sqrt(np.mean(errors[there] ** 2))), float(np.std(truth[there]))
    if spread == 0.0:
        return [f"root mean square {size:.1e}"]
    percent = 100.0 * size / spread
    share = f"{percent:.2g} %" if percent < 99.5 else f"{size / spread:.1f} times that"
    return [f"root mean square {size:.1e}, {share} of the spread"]


def _draw_calibration(axes: Axes, clouds: dict[str, tuple[FloatArray, FloatArray]]) -> None:
    """Draw sizes of errors over the deviations expected, and the lines that 68 and 95 % are to be below."""
    axes.set_xlabel("standard deviation expected")
    axes.set_ylabel("size of the error")
    for rank, ((name, (errors, deviations)), look) in enumerate(zip(clouds.items(), LOOKS, strict=False)):
        there = np.flatnonzero(np.isfinite(errors) & np.isfinite(deviations))
        if there.size:
            # Values are few and lie above the slopes.
            _draw_cloud(axes, name, np.abs(errors[there]), deviations[there], look, 3.0 - 0.1 * rank)
    log_axis(axes, which="x")
    log_axis(axes, quantile=0.02)
    if not axes.lines:
        note(axes, "nothing was left out")
        return
    ends = np.array(axes.get_xlim())
    ink: dict[str, Any] = {"color": REFERENCE_COLOR, "zorder": 1.0, "scaley": False}
    axes.plot(ends, ends, linewidth=1.6, **ink)
    axes.plot(ends, TWO * ends, linewidth=1.0, linestyle=(0, (4.0, 1.2)), **ink)
    axes.set_xlim(*ends)


def _draw_cloud(
    axes: Axes, name: str, sizes: FloatArray, deviations: FloatArray, look: Look, zorder: float
) -> None:
    below = [100.0 * float(np.mean(sizes <= k * deviations)) for k in (1.0, TWO)]
    shown = evenly_chosen(sizes.size, _MOST_DOTS)
    axes.plot(
        deviations[shown],
        sizes[shown],
        linestyle="none",
        marker=look.marker,
        markersize=2.6,
        markeredgewidth=0.0,
        alpha=0.7,
        color=look.color,
        zorder=zorder,
        label=f"{name}: {below[0]:.0f} and {below[1]:.0f} %",
    )


def _draw_sensitivities(axes: Axes, shares: FloatArray, names: list[str]) -> None:
    """Draw bars, the largest on top."""
    order = np.argsort(-shares, kind="stable")
    labels, lengths = [names[k] for k in order], shares[order]
    if order.size > _MOST_BARS:
        rest = lengths[_MOST_BARS - 1 :]
        labels = [*labels[: _MOST_BARS - 1], f"{rest.size} others"]
        lengths = np.append(lengths[: _MOST_BARS - 1], rest.sum())
    places = np.arange(lengths.size)
    axes.barh(places, lengths, height=0.65, color=LOOKS[2].color)
    for place, length in zip(places, lengths, strict=True):
        text = f"{100.0 * length:.0f} %" if length >= 0.01 else "< 1 %"
        axes.annotate(
            text, (length, place), xytext=(3.0, 0.0), textcoords="offset points", va="center", fontsize=6.5
        )
    axes.set_yticks(places, labels)
    axes.set_ylim(lengths.size - 0.4, -0.6)
    axes.set_xlim(0.0, 1.15 * max(float(lengths.max()), 1e-12))
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("sensitivity (share of the variance)")
