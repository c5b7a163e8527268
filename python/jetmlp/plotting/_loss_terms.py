"""What the loss of a fit is made of, over its epochs: values, derivatives, second derivatives, penalty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._decoration import epoch_axis, log_axis, note, title_and_legend
from ._figure import panels
from ._inputs import as_curve, as_mapping, as_numbers
from ._style import LOOKS, REFERENCE_COLOR

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

    from ._inputs import FloatArray

TERMS = ("value", "derivative", "second_derivative")
_PENALTY = "l2 penalty"
# Rounding of float32, in which a loss may have been summed: what is left below it is no penalty.
_ROUNDING = 1e-6


def plot_loss_terms(
    history: Mapping[str, ArrayLike],
    *,
    weights: Mapping[str, float] | None = None,
    title: str | None = None,
    axes: Axes | None = None,
) -> Axes:
    """Plot the terms of a loss over the epochs, of training and validation, on a logarithmic axis.

    Parameters
    ----------
    history : mapping of str to array_like, shape (epochs,)
        What ``Trainer.fit`` returns. What is NaN (nothing measured) or Inf is left out, a term without
        any number altogether; zeros leave the panel downwards.
    weights : mapping of str to float, optional
        What "value", "derivative" and "second_derivative" were multiplied by in the loss; those that are not
        named by 1. With them the curves are what each term adds to the training loss, and what is left of
        the loss is the l2 penalty. By default the terms are drawn as the history has them, without weights.
    title : str, optional
        Title above the axes.
    axes : Axes, optional
        Where to draw. By default a new figure.

    Returns
    -------
    Axes
        The loss itself is the wide grey line; terms have colours and dashes, those of validation are thin
        and pale with a marker at their end.

    Raises
    ------
    ValueError
        If `history` has no loss, or `weights` names no term or has a number below 0.
    """
    columns = _columns(history)
    scales = _scales(weights)
    curves = {
        term: (
            _times(columns.get(f"{term}_loss"), scales[term]),
            _times(columns.get(f"val_{term}_loss"), scales[term]),
        )
        for term in TERMS
    }
    if weights is not None:
        curves[_PENALTY] = _penalty(columns["loss"], [training for training, _ in curves.values()]), None
    with panels(axes, (5.0, 3.1)) as (plot,):
        total: dict[str, Any] = {"color": REFERENCE_COLOR, "linewidth": 3.2, "marker": "_", "zorder": 1.5}
        _draw(plot, columns["loss"], "loss", **total)
        for look, (term, (training, validation)) in zip(LOOKS, curves.items(), strict=False):
            name = term.replace("_", " ")
            form: dict[str, Any] = {"color": look.color, "marker": look.marker}
            _draw(plot, training, name, linestyle=look.dashes, linewidth=1.2, **form)
            _draw(plot, validation, f"{name}, validation", linewidth=0.7, alpha=0.6, **form)
        empty = not any(np.asarray(line.get_ydata()).size for line in plot.lines)
        if empty:
            note(plot, "no loss is finite")
        log_axis(plot)
        epoch_axis(plot, max(1, columns["loss"].size))
        plot.set_ylabel("term of the loss" if weights is None else "part of the loss")
        title_and_legend(plot, title, legend=not empty)
    return plot


def _columns(history: object) -> dict[str, FloatArray]:
    items = as_mapping(history)
    if not items or "loss" not in items:
        raise ValueError(f"history: expected a mapping with an entry 'loss', got {history!r}")
    loss = as_curve("history['loss']", items["loss"], finite=False)
    wanted = [f"{prefix}{term}_loss" for prefix in ("", "val_") for term in TERMS]
    return {"loss": loss} | {
        name: as_curve(f"history[{name!r}]", items[name], length=loss.size, like="loss", finite=False)
        for name in wanted
        if name in items
    }


def _scales(weights: Mapping[str, float] | None) -> dict[str, float]:
    scales = dict.fromkeys(TERMS, 1.0)
    for name, weight in (weights or {}).items():
        if name not in scales:
            raise ValueError(f"weights: expected names among {', '.join(TERMS)}, got {name!r}")
        number = as_numbers(f"weights[{name!r}]", weight)
        if number.ndim or not 0.0 <= number < np.inf:
            raise ValueError(f"weights[{name!r}]: expected a number >= 0, got {weight!r}")
        scales[name] = float(number)
    return scales


def _times(losses: FloatArray | None, scale: float) -> FloatArray | None:
    return None if losses is None or scale == 0.0 else scale * losses


def _penalty(loss: FloatArray, terms: list[FloatArray | None]) -> FloatArray:
    """Return what is left of a loss without its terms; NaN where that is no more than rounding."""
    known = [np.nan_to_num(term, nan=0.0, posinf=np.inf) for term in terms if term is not None]
    rest = loss - np.sum(known, axis=0) if known else loss
    return np.where(rest > _ROUNDING * np.abs(loss), rest, np.nan)


def _draw(axes: Axes, losses: FloatArray | None, name: str, **form: Any) -> None:  # noqa: ANN401
    """Draw what is finite; nothing where nothing was measured."""
    if losses is None:
        return
    (measured,) = np.nonzero(np.isfinite(losses))
    if not measured.size:
        return
    # One mark, at the last epoch: it also shows a fit of one, which makes no line.
    axes.plot(measured + 1, losses[measured], label=name, markevery=[-1], markersize=3.5, **form)
