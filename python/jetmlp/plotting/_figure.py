"""Where a figure comes from and where it goes: its axes, and its file."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from .._files import write_bytes
from ._style import DOTS_PER_INCH, style

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_without_pyplot: ContextVar[bool] = ContextVar("_without_pyplot", default=False)

# What would make two files of the same figure differ: date, and versions of the software.
_METADATA: dict[str, dict[str, None]] = {
    ".png": {"Software": None},
    ".pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    ".svg": {"Date": None, "Creator": None},
}


@contextmanager
def offscreen() -> Iterator[None]:
    """Make new figures without pyplot within a ``with`` block: for scripts that only write files.

    Nothing then opens a window, chooses a backend or keeps figures alive, whatever the session is set to.
    Outside such a block figures are pyplot's, so that a notebook shows them.

    Yields
    ------
    None

    Examples
    --------
    >>> from jetmlp import plotting
    >>> with plotting.offscreen():                                # doctest: +SKIP
    ...     plotting.save_figure(plotting.plot_loss(history), "loss_total.png")
    """
    token = _without_pyplot.set(True)
    try:
        yield
    finally:
        _without_pyplot.reset(token)


@contextmanager
def panels(
    axes: object,
    size: tuple[float, float],
    *,
    rows: int = 1,
    columns: int = 1,
    height_ratios: Sequence[float] | None = None,
    shared: Literal["both", "x", "none"] = "both",
) -> Iterator[tuple[Axes, ...]]:
    """Give the axes to draw on: those given, or those of a new figure in the style of this package.

    Parameters
    ----------
    axes : Axes, sequence of Axes or None
        The caller's argument. Given axes are used as they are, under the caller's matplotlib parameters.
    size : tuple of float
        Width and height of a new figure [inch].
    rows, columns : int
        How the panels are arranged in a new figure; panels above each other share the x axis, panels beside
        each other the y axis. Their product is the number of axes.
    height_ratios : sequence of float, optional
        Relative heights of the rows of a new figure.
    shared : {"both", "x", "none"}
        Which axes the panels of a new figure share; not those whose quantities differ.

    Yields
    ------
    tuple of Axes
    """
    if axes is not None:
        yield check_axes(axes, rows * columns)
        return
    with style():
        figure = _new_figure(size)
        try:
            grid = figure.subplots(
                rows,
                columns,
                sharex="none" if shared == "none" else "col",
                sharey="row" if shared == "both" else "none",
                squeeze=False,
                height_ratios=height_ratios,
            )
            new: tuple[Axes, ...] = tuple(grid.ravel())
            for one in new:
                one.locator_params(steps=[1, 2, 5, 10])
                _fix_ticks(one)
            yield new
        except BaseException:
            _close(figure)
            raise
        figure.align_ylabels()


def _new_figure(size: tuple[float, float]) -> Figure:
    if _without_pyplot.get():
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        figure = Figure(figsize=size)
        FigureCanvasAgg(figure)
        return figure
    import matplotlib.pyplot as plt

    return plt.figure(figsize=size)


def _close(figure: Figure) -> None:
    # A figure made without pyplot is closed by letting go of it; do not import pyplot for that.
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close(figure)


def _fix_ticks(axes: Axes) -> None:
    """Write the style of ticks into `axes`, for matplotlib makes some of them only when it draws."""
    from matplotlib import rcParams

    parameters = cast("Mapping[str, Any]", rcParams)
    for name, axis in (("xtick", axes.xaxis), ("ytick", axes.yaxis)):
        label_color = parameters[f"{name}.labelcolor"]
        for which in ("major", "minor"):
            axis.set_tick_params(
                which=which,
                length=parameters[f"{name}.{which}.size"],
                width=parameters[f"{name}.{which}.width"],
                pad=parameters[f"{name}.{which}.pad"],
                direction=parameters[f"{name}.direction"],
                color=parameters[f"{name}.color"],
                labelcolor=parameters[f"{name}.color"] if label_color == "inherit" else label_color,
                labelsize=parameters[f"{name}.labelsize"],
            )


def check_axes(axes: object, count: int) -> tuple[Axes, ...]:
    """Return the axes given, of which so many are expected."""
    from matplotlib.axes import Axes

    given = _flat(axes)
    if len(given) != count or not all(isinstance(one, Axes) for one in given):
        raise ValueError(f"axes: expected {count} matplotlib Axes, got {axes!r}")
    return given


def save_figure(
    axes_or_figure: Axes | Figure | Iterable[Axes],
    path: str | os.PathLike[str],
    *,
    dpi: float = DOTS_PER_INCH,
) -> Path:
    """Write a figure to a file, byte for byte the same each time, and close it.

    Parameters
    ----------
    axes_or_figure : Axes, Figure or iterable of Axes
        A figure, or what one of the plotting functions returned.
    path : path-like
        Ends in ``.png``, ``.pdf`` or ``.svg``; its folder exists. What stands there is replaced only once
        the new file is whole.
    dpi : float, default: 200
        Dots per inch of a PNG.

    Returns
    -------
    pathlib.Path
        The file written.

    Raises
    ------
    ValueError
        For an unknown ending, a non-positive `dpi`, or axes of more than one figure.
    OSError
        If the file cannot be written; the figure then stays open.
    """
    path = Path(path)
    metadata = _METADATA.get(path.suffix.lower())
    if metadata is None:
        raise ValueError(f"path: expected a file that ends in {', '.join(_METADATA)}, got {str(path)!r}")
    if not dpi > 0:
        raise ValueError(f"dpi: expected a positive number, got {dpi!r}")
    figure = _figure_of(axes_or_figure)
    buffer = io.BytesIO()
    with style():
        figure.savefig(buffer, format=path.suffix[1:].lower(), dpi=dpi, metadata=metadata)
    write_bytes(path, buffer.getvalue())
    _close(figure)
    return path


def png_of(axes: Axes) -> bytes:
    """Return the figure of `axes` as a picture."""
    buffer = io.BytesIO()
    with style():
        _figure_of(axes).savefig(buffer, format="png", dpi=DOTS_PER_INCH)
    return buffer.getvalue()


def _figure_of(axes_or_figure: object) -> Figure:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    if isinstance(axes_or_figure, Figure):
        return axes_or_figure
    given = _flat(axes_or_figure)
    figures = {one.figure.figure for one in given if isinstance(one, Axes)}
    if len(figures) != 1 or not all(isinstance(one, Axes) for one in given):
        raise ValueError(f"axes_or_figure: expected a Figure, or Axes of one figure, got {axes_or_figure!r}")
    (figure,) = figures
    assert isinstance(figure, Figure)
    return figure


def _flat(axes: object) -> tuple[Any, ...]:
    """Return axes, or a sequence or an array of any shape of them, as a tuple."""
    items = getattr(axes, "flat", axes)
    return tuple(items) if isinstance(items, Iterable) else (items,)
