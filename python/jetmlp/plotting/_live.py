"""The losses of a fit while it runs, at next to no cost."""

from __future__ import annotations

import sys
import time
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _checks
from ._figure import check_axes, offscreen, png_of
from ._loss_terms import TERMS, plot_loss_terms
from ._style import style

if TYPE_CHECKING:
    from types import TracebackType

    from matplotlib.axes import Axes

    from ._inputs import FloatArray

#: Epochs that are drawn at most; beyond, of each stretch of them the smallest and the largest loss.
_MOST_EPOCHS = 2000
#: What the first picture is expected to take [s]; those after it are measured.
_FIRST_COST = 0.1
_COLUMNS = ("loss", *(f"{prefix}{term}_loss" for prefix in ("", "val_") for term in TERMS))


class LiveLoss:
    """A callback of a fit that draws the terms of its loss while it runs, in a notebook or on given axes.

    Pictures are at least `seconds` apart and take no more than `share` of the time of the fit; the last is
    drawn when the ``with`` block ends, so that a short fit has that one alone. Without a notebook and without
    `axes`, nothing is shown before the end.

    Parameters
    ----------
    seconds : float, default: 0.5
        Least time between two pictures [s].
    share : float, default: 0.05
        Most part of the time that pictures may take, above 0 and below 1.
    title : str, optional
        Title above the axes.
    axes : Axes, optional
        Where to draw, for instance in a window. By default a figure of its own, which pyplot does not know.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind or out of its range; the message names it.

    Examples
    --------
    >>> import jetmlp, numpy as np
    >>> x = np.linspace(-1, 1, 50)
    >>> trainer = jetmlp.Trainer(jetmlp.MLP([1, 16, 1], seed=0), jetmlp.Adam(learning_rate=1e-2))
    >>> with jetmlp.plotting.LiveLoss() as live:                  # doctest: +SKIP
    ...     history = trainer.fit(x, np.sin(x), np.cos(x), epochs=20000, callbacks=live)
    """

    def __init__(
        self,
        *,
        seconds: float = 0.5,
        share: float = 0.05,
        title: str | None = None,
        axes: Axes | None = None,
    ) -> None:
        self._seconds = _checks.as_number("seconds", seconds, least=0.0)
        self._share = _checks.as_number("share", share, above=0.0)
        if self._share >= 1.0:
            raise ValueError(f"share: expected less than 1, got {share!r}")
        self._title = title
        with style():  # says now, and not after hours, if matplotlib is missing
            pass
        self._given = None if axes is None else check_axes(axes, 1)[0]
        self._axes = self._given
        self._rows: list[dict[str, float]] = []
        self._parts: list[FloatArray] = []
        self._next = time.monotonic() + self._pause_after(_FIRST_COST)
        self._display: Any = None
        self.n_pictures = 0

    @property
    def axes(self) -> Axes | None:
        """Where it draws; None before the first picture of a figure of its own."""
        return self._axes

    def __call__(self, epoch: int, losses: dict[str, float]) -> None:
        """Take the losses of an epoch, and draw if it is time."""
        if self._next == np.inf:
            return
        self._rows.append(losses)
        if time.monotonic() >= self._next:
            self.draw()

    def draw(self) -> None:
        """Draw what there is now. A picture that fails is warned of and is the last; the fit goes on."""
        if not self._rows:
            return
        begin = time.monotonic()
        # As numbers, the epochs of a long fit take little room.
        self._parts.append(np.array([[row.get(name, np.nan) for name in _COLUMNS] for row in self._rows]))
        self._rows.clear()
        try:
            self._draw()
        except Exception as error:  # a window that was closed, a notebook that is gone
            warnings.warn(f"LiveLoss: draws no more, because of {error!r}", RuntimeWarning, stacklevel=3)
            self._next = np.inf
            return
        now = time.monotonic()
        self._next = now + self._pause_after(now - begin)

    def _pause_after(self, cost: float) -> float:
        return max(self._seconds, cost * (1.0 / self._share - 1.0))

    def _draw(self) -> None:
        table = np.concatenate(self._parts)
        self._parts = [table]
        shown = {name: _thinned(losses) for name, losses in zip(_COLUMNS, table.T, strict=True)}
        if self._given is not None:
            self._given.clear()
            plot_loss_terms(shown, title=self._title, axes=self._given)
            canvas = self._given.figure.canvas
            canvas.draw_idle()
            canvas.flush_events()
        else:
            with offscreen():
                self._axes = plot_loss_terms(shown, title=self._title)
            self._show(self._axes)
        self.n_pictures += 1

    def _show(self, axes: Axes) -> None:
        """Put the picture in the place of the one before, in a notebook."""
        shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
        if shell is None or not hasattr(shell, "kernel"):
            return
        from IPython import display

        untyped: Any = display
        picture = untyped.Image(data=png_of(axes))
        if self._display is None:
            self._display = untyped.display(picture, display_id=True)
        else:
            self._display.update(picture)

    def __enter__(self) -> LiveLoss:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._next < np.inf:
            self.draw()


def _thinned(losses: FloatArray) -> FloatArray:
    """Leave of many losses the smallest and the largest of each stretch, and the last; NaN for the others."""
    if losses.size <= _MOST_EPOCHS:
        return losses
    length = -(-losses.size // (_MOST_EPOCHS // 2))
    n_stretches = -(-losses.size // length)
    stretches = np.full((n_stretches, length), np.nan)
    stretches.flat[: losses.size] = losses
    finite = np.isfinite(stretches)
    begins = length * np.arange(n_stretches)
    kept = np.full(losses.size, np.nan)
    for extreme in (
        np.argmin(np.where(finite, stretches, np.inf), axis=1),
        np.argmax(np.where(finite, stretches, -np.inf), axis=1),
    ):
        places = (begins + extreme)[finite.any(axis=1)]
        kept[places] = losses[places]
    kept[-1] = losses[-1]
    return kept
