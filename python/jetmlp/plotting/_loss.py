"""Losses over the epochs of a fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._decoration import MOST_DETAILS, epoch_axis, log_axis, note, title_and_legend
from ._figure import panels
from ._inputs import as_curve, as_mapping
from ._style import next_looks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

    from ._inputs import FloatArray
    from ._style import Look

# How far above the least loss so far the next is that counts as a spike.
_SPIKE = 10.0


def plot_loss(
    history: Mapping[str, ArrayLike] | Mapping[str, Mapping[str, ArrayLike]],
    name: str = "loss",
    *,
    label: str | None = None,
    y_label: str | None = None,
    title: str | None = None,
    details: bool = True,
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
    details : bool, default: True
        Whether the last losses stand above the axes.
    axes : Axes, optional
        Where to draw. By default a new figure.

    Returns
    -------
    Axes

    Notes
    -----
    The details are the last losses of up to three histories and, where a loss keeps jumping while the
    learning rate is constant, one line that says why.

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
            _draw(plot, who, train, validation, *next_looks(plot, 2))
        else:
            for look, (who, train, validation) in zip(next_looks(plot, len(losses)), losses, strict=True):
                _draw(plot, who, train, validation, look, look)
        empty = all(len(np.asarray(line.get_ydata())) == 0 for line in plot.lines)
        if empty:
            note(plot, f"no {name.replace('_', ' ')} in this fit")
        log_axis(plot)
        epoch_axis(plot, max(train.size for _, train, _ in losses))
        plot.set_ylabel(name.replace("_", " ") if y_label is None else y_label)
        said = _last_losses(losses) + _sawtooth(histories, name) if details and not empty else []
        title_and_legend(plot, title, details=said, legend=not empty)
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


def _draw(
    axes: Axes,
    who: str | None,
    train: FloatArray,
    validation: FloatArray | None,
    train_look: Look,
    validation_look: Look,
) -> None:
    # The training's wide and pale line shows at the sides of the validation's thin and dashed one above it
    # where both are the same; the dashes tell the two apart without colour.
    pale = {"linewidth": 2.0, "alpha": 0.45} if validation is not None else {"linewidth": 1.0}
    _draw_one(axes, train, train_look, label=_join(who, "training"), **pale)
    if validation is not None:
        form = {"linewidth": 0.8, "linestyle": (0, (3.0, 1.5)), "zorder": 2.5}
        _draw_one(axes, validation, validation_look, label=_join(who, "validation"), **form)


def _draw_one(axes: Axes, losses: FloatArray, look: Look, **form: Any) -> None:  # noqa: ANN401
    (measured,) = np.nonzero(np.isfinite(losses))
    # One epoch makes no line.
    marker = look.marker if measured.size == 1 else None
    axes.plot(measured + 1, losses[measured], color=look.color, marker=marker, markersize=3.5, **form)


def _last_losses(losses: list[tuple[str | None, FloatArray, FloatArray | None]]) -> list[str]:
    """Say where each of a few fits has ended; of many the legend alone."""
    if len(losses) > MOST_DETAILS:
        return []
    lines = []
    for who, train, validation in losses:
        ends = [
            f"{kind} {curve[np.isfinite(curve)][-1]:.1e}"
            for kind, curve in (("training", train), ("validation", validation))
            if curve is not None and np.isfinite(curve).any()
        ]
        if ends:
            lines.append(f"{_join(who, 'last')}: {', '.join(ends)}")
    return lines


def _sawtooth(histories: list[tuple[str | None, Mapping[str, Any]]], name: str) -> list[str]:
    """Explain the spikes of a loss whose learning rate is constant, if there are any.

    A spike is a loss of the second half that lies ten times above the least one before it.
    """
    rates = set()
    for _, history in histories:
        losses = np.asarray(history[name], dtype=np.float64)
        losses = losses[np.isfinite(losses)]
        rate = np.unique(np.asarray(history.get("learning_rate", np.nan), dtype=np.float64))
        late = losses[losses.size // 2 :]
        spikes = late > _SPIKE * np.minimum.accumulate(losses)[losses.size // 2 :]
        if spikes.any() and rate.size == 1 and np.isfinite(rate).all():
            rates.add(float(rate[0]))
    if not rates:
        return []
    which = ", ".join(f"{rate:g}" for rate in sorted(rates))
    return [f"sawtooth: at a constant rate ({which}) the steps never shorten; let it fall"]
