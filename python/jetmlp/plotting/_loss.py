"""Losses over the epochs of a fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._decoration import log_axis, note, title_and_legend
from ._figure import panels
from ._inputs import as_curve, as_mapping
from ._style import next_looks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

    from ._inputs import FloatArray
    from ._style import Look


def plot_loss(
    history: Mapping[str, ArrayLike] | Mapping[str, Mapping[str, ArrayLike]],
    name: str = "loss",
    *,
    label: str | None = None,
    y_label: str | None = None,
    title: str | None = None,
    axes: Axes | None = None,
) -> Axes:
    """Plot a loss of the training and of the validation data over the epochs, on a logarithmic axis.

    Parameters
    ----------
    history : mapping of str to array_like of shape (epochs,), or mapping of str to such mappings
        What ``Trainer.fit`` returns; or several histories by their names, drawn side by side.
    name : str, default: "loss"
        The entry to draw, such as ``"value_loss"``; ``"val_" + name`` is drawn with it where it exists.
        Entries that are NaN (nothing measured) or Inf are left out, the line goes on to the next; zeros leave
        the panel downwards.
    label : str, optional
        Name of a single history in the legend, to tell it from another one on the same axes.
    y_label : str, optional
        Label of the y axis; by default `name` in words.
    title : str, optional
        Title above the axes.
    axes : Axes, optional
        Where to draw. By default a new figure.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If `history` has no entry `name`, or one that is not a sequence of numbers.
    """
    histories = _histories(history, label)
    losses = [(who, *_losses(one, name)) for who, one in histories]

    with panels(axes, (5.0, 2.9)) as (plot,):
        if len(losses) == 1:
            ((who, train, validation),) = losses
            train_look, validation_look = next_looks(plot, 2)
            _draw(plot, train, train_look, _join(who, "training"), background=validation is not None)
            _draw(plot, validation, validation_look, _join(who, "validation"))
        else:
            for look, (who, train, validation) in zip(next_looks(plot, len(losses)), losses, strict=True):
                _draw(plot, train, look, _join(who, "training"), background=validation is not None)
                _draw(plot, validation, look, _join(who, "validation"))
        empty = all(len(np.asarray(line.get_ydata())) == 0 for line in plot.lines)
        if empty:
            note(plot, f"no {name.replace('_', ' ')} in this fit")
        log_axis(plot)
        _epoch_axis(plot, max(train.size for _, train, _ in losses))
        plot.set_ylabel(name.replace("_", " ") if y_label is None else y_label)
        title_and_legend(plot, title, legend=not empty)
    return plot


def _histories(history: object, label: str | None) -> list[tuple[str | None, Mapping[str, Any]]]:
    items = as_mapping(history)
    if not items:
        raise ValueError(f"history: expected a mapping of str to arrays, got {history!r}")
    several = [
        (who, one) for who, one in ((who, as_mapping(item)) for who, item in items.items()) if one is not None
    ]
    if not several:
        return [(label, items)]
    if len(several) < len(items):
        raise ValueError("history: expected either arrays or histories, got both")
    if label is not None:
        raise ValueError(f"label: expected None with several histories, which have names, got {label!r}")
    return [*several]


def _losses(history: Mapping[str, Any], name: str) -> tuple[FloatArray, FloatArray | None]:
    if name not in history:
        raise ValueError(f"name: expected an entry of history, got {name!r}; it has {', '.join(history)}")
    train = as_curve(f"history[{name!r}]", history[name], finite=False)
    validation_name = f"val_{name}"
    if validation_name not in history:
        return train, None
    validation = as_curve(
        f"history[{validation_name!r}]", history[validation_name], length=train.size, like=name, finite=False
    )
    return train, validation if np.isfinite(validation).any() else None


def _join(who: str | None, kind: str) -> str:
    return kind if who is None else f"{who}, {kind}"


def _draw(axes: Axes, losses: FloatArray | None, look: Look, label: str, *, background: bool = False) -> None:
    if losses is None:
        return
    (measured,) = np.nonzero(np.isfinite(losses))
    # Mini-batch losses jump from epoch to epoch: thin solid lines stay legible where dashes would not, and
    # the validation's markers, ten along the curve, tell the two apart without colour. Where both are the
    # same, the training's paler and wider line shows at the sides of the other.
    axes.plot(
        measured + 1,
        losses[measured],
        color=look.color,
        linewidth=1.2 if background else 0.7,
        alpha=0.5 if background else 1.0,
        marker=None if background and measured.size > 1 else look.marker,
        markevery=max(1, measured.size // 10),
        markersize=3.5,
        markerfacecolor=axes.get_facecolor(),
        markeredgewidth=0.8,
        label=label,
    )


def _epoch_axis(axes: Axes, last: int) -> None:
    from matplotlib.ticker import MaxNLocator

    drawn = [np.asarray(line.get_xdata(), dtype=np.float64) for line in axes.lines]
    right = max([float(last), *(float(epochs.max()) for epochs in drawn if epochs.size)])
    axes.set_xlim(1.0 - 0.02 * right, 1.02 * right)
    axes.xaxis.set_major_locator(MaxNLocator("auto", steps=[1, 2, 5, 10], integer=True, min_n_ticks=1))
    axes.set_xlabel("epoch")
