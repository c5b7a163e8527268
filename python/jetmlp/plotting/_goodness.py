"""How well a model meets samples: predicted over true and residuals, of each output, values and slopes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .. import metrics
from ._decoration import enlarge_markers, label_x, note, short_number, short_ticks, title_and_legend
from ._figure import panels
from ._inputs import evenly_chosen
from ._model import as_indices, check_model, names_of, samples_of, slopes_at, values_at
from ._style import LOOKS, REFERENCE_COLOR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

    from ..data.samples import Samples
    from ._inputs import FloatArray

# Beyond so many dots of one kind they would merge into a blot.
_MOST_DOTS = 500
# From here on R² is written as what it lacks to 1.
_NEARLY_ONE = 0.9995


class _Cloud(NamedTuple):
    """What is true and what is predicted, of one column of the data; without the entries not measured."""

    name: str
    true: FloatArray
    predicted: FloatArray

    @property
    def score(self) -> float | None:
        """R², or None of a constant, for which it says nothing."""
        if self.true.size < 2 or np.ptp(self.true) == 0.0:
            return None
        return metrics.r2(self.true, self.predicted)


def plot_goodness_of_fit(
    model: Any,  # noqa: ANN401  whatever predicts
    X: Samples | ArrayLike,
    Y: ArrayLike | None = None,
    dYdX: ArrayLike | None = None,
    *,
    outputs: Sequence[int | str] | int | str | None = None,
    input_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None,
    title: str | None = None,
    axes: Axes | Sequence[Axes] | None = None,
) -> tuple[Axes, ...]:
    """Plot what a model predicts over what is true, with residuals below and R², for values and slopes.

    Parameters
    ----------
    model : MLP, StagedMLP, Surrogate or fitted SobolevRegressor
        What is measured. Anything else with ``predict`` and ``jacobian`` will do.
    X : Samples or array_like, (n, d)
        Samples, or their inputs; of samples, the other arrays are part.
    Y : array_like, (n, m) or (n,), optional
        True values; NaN for one that was not measured.
    dYdX : array_like, (n, m, d) or (n, d), optional
        True derivatives; NaN for one that was not measured.
    outputs : int or str, or sequence of them, optional
        Which outputs to draw, by number from 0 or by name. Default all.
    input_names, output_names : sequence of str, optional
        By default those of a data frame or of the model, else x_1, x_2, … and y_1, y_2, ….
    title : str, optional
        Title above the first panel.
    axes : Axes or sequence of Axes, optional
        Where to draw, as many as are returned. By default a new figure, two rows for each output.

    Returns
    -------
    tuple of Axes
        For each output those with predicted over true, of the values and of the slopes where there are such,
        then those with the residuals, predicted less true. Above the axes stand R² and the root mean square
        error of all samples; of more than 500 so many are drawn, evenly chosen.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind or shape; the message names it.

    Notes
    -----
    Slopes of several inputs have units of their own. Each is multiplied by the standard deviation of its
    input in the samples, so that one axis in the unit of the output holds all of them; R² is the same in any
    unit. Of a constant, or of a single sample, there is no R².
    """
    predictor = check_model(model)
    samples = samples_of(predictor, X, Y, dYdX)
    values = values_at(predictor, samples.X).mean
    m, d = values.shape[1], samples.n_inputs
    inputs = names_of("input_names", input_names, X, model, d)
    names = names_of("output_names", output_names, Y, model, m)
    chosen = list(range(m)) if outputs is None else as_indices("outputs", outputs, names)

    columns: list[tuple[tuple[str, str], list[list[_Cloud]]]] = []
    if samples.Y is not None:
        clouds_of_values = [[_cloud("value", samples.Y[:, o], values[:, o])] for o in chosen]
        columns.append((("value", ""), clouds_of_values))
    if samples.derivatives is not None:
        unit, slopes = _slopes(samples, slopes_at(predictor, samples.X).mean, inputs)
        columns.append((("slope", unit), [slopes[o] for o in chosen]))
    if not columns:
        raise ValueError("Y, dYdX: expected something to compare with, at least one of the two, got neither")

    n, several = len(columns), m > 1 or output_names is not None
    size = (0.4 + 3.1 * n, 0.3 + 4.1 * len(chosen))
    heights = (1.6, 1.0) * len(chosen)
    with panels(axes, size, rows=2 * len(chosen), columns=n, height_ratios=heights, shared="none") as plots:
        for row, o in enumerate(chosen):
            for column, ((quantity, unit), clouds) in enumerate(columns):
                plot, below = plots[2 * n * row + column], plots[2 * n * row + n + column]
                if axes is None:
                    below.sharex(plot)
                    plot.tick_params(labelbottom=False)
                _draw(plot, below, clouds[row])
                of = f" of {names[o]}" if several else ""
                label_x((plot, below), f"true {quantity}{of}{unit}")
                first = title if plot is plots[0] else None
                title_and_legend(plot, first, details=_details(clouds[row]))
                enlarge_markers(plot)
    return plots


def _slopes(samples: Samples, predicted: FloatArray, inputs: list[str]) -> tuple[str, list[list[_Cloud]]]:
    """Return what slopes are multiplied by, and for each output a cloud for each input or direction."""
    true = np.asarray(samples.derivatives)
    units, unit, names = np.ones(true.shape[2]), "", inputs
    if samples.directions is not None:
        predicted = np.einsum("imd,ikd->imk", predicted, samples.directions)
        names = [f"direction {k + 1}" for k in range(true.shape[2])]
    elif true.shape[2] > 1 and np.ptp(samples.X, axis=0).any():
        deviations = samples.X.std(axis=0)
        units, unit = np.where(deviations > 0.0, deviations, 1.0), " × deviation of input"
    names = ["slope"] if len(names) == 1 else names
    return unit, [
        [_cloud(name, *(a[:, o, k] * units[k] for a in (true, predicted))) for k, name in enumerate(names)]
        for o in range(true.shape[1])
    ]


def _cloud(name: str, true: FloatArray, predicted: FloatArray) -> _Cloud:
    there = ~np.isnan(true)
    return _Cloud(name, true[there], predicted[there])


def _draw(plot: Axes, below: Axes, clouds: list[_Cloud]) -> None:
    plot.set_ylabel("predicted")
    below.set_ylabel("predicted $-$ true")
    known = np.concatenate([cloud.true for cloud in clouds])
    if known.size == 0:
        note(plot, "nothing was measured")
        return
    short_ticks(plot)
    ends = [float(known.min()), float(known.max())]
    if ends[0] == ends[1]:
        # Room about the only number there is, or the axis would show the digits behind it.
        half = 0.05 * abs(ends[0]) or 1.0
        ends = [ends[0] - half, ends[0] + half]
    plot.plot(ends, ends, color=REFERENCE_COLOR, linewidth=2.4, label="exact", zorder=1.0)
    below.axhline(0.0, color=REFERENCE_COLOR, linewidth=1.6, zorder=1.0)
    # More inputs than there are looks are of one look: colours that come twice would tell them apart wrongly.
    together = len(clouds) > len(LOOKS)
    for rank, cloud in enumerate(clouds):
        look = LOOKS[0 if together else rank]
        shown = evenly_chosen(cloud.true.size, max(1, _MOST_DOTS // len(clouds)))
        if cloud.true.size == 0:
            continue
        form: dict[str, Any] = {
            "linestyle": "none",
            "marker": look.marker,
            "markersize": 2.6,
            "markeredgewidth": 0.0,
            "alpha": 0.7,
            "color": look.color,
        }
        label = f"{cloud.name}{_score_text(cloud)}" if len(clouds) > 1 and not together else None
        plot.plot(cloud.true[shown], cloud.predicted[shown], label=label, **form)
        below.plot(cloud.true[shown], (cloud.predicted - cloud.true)[shown], **form)


def _score_text(cloud: _Cloud) -> str:
    score = cloud.score
    return "" if score is None else f", {_r2(score)}"


def _r2(score: float) -> str:
    """Write R², or what it lacks to 1 where its digits would all be nines."""
    if score > _NEARLY_ONE:
        return f"R² 1 \N{MINUS SIGN} {short_number(float(f'{1.0 - score:.0e}'))}" if score < 1.0 else "R² 1"
    if score < -10.0:
        return f"R² {short_number(float(f'{score:.1e}'))}"
    return f"R² {score:.3f}".replace("-", "\N{MINUS SIGN}")


def _details(clouds: list[_Cloud]) -> list[str]:
    """Say how good one panel is: its error, and R² of the only column or of the best and the worst."""
    known = [cloud for cloud in clouds if cloud.true.size]
    if not known:
        return []
    error = metrics.rmse(
        np.concatenate([cloud.true for cloud in known]), np.concatenate([cloud.predicted for cloud in known])
    )
    words = [f"RMSE {error:.1e}"]
    scored = {cloud.name: cloud.score for cloud in known if cloud.score is not None}
    if not scored:
        words.append("no R²: " + ("one sample" if len(known[0].true) == 1 else "what is true is constant"))
    elif len(clouds) == 1:
        words.append(_r2(next(iter(scored.values()))))
    elif len(clouds) > len(LOOKS):
        ordered = sorted(scored, key=lambda name: scored[name])
        worst, best = ordered[0], ordered[-1]
        words.append(f"{_r2(scored[worst])} ({worst}) to {_r2(scored[best]).removeprefix('R² ')} ({best})")
    return [", ".join(words)]
