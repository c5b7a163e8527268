"""The look of every figure: one palette, one set of matplotlib parameters."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes

#: Points per inch of every saved figure.
DOTS_PER_INCH = 200

#: Dark enough to be seen behind a coloured curve, light enough to stay behind it.
REFERENCE_COLOR = "0.70"
NOTE_COLOR = "0.45"
#: Faint on white and on black.
GRID: dict[str, Any] = {"color": "0.5", "alpha": 0.2, "linewidth": 0.5}


class Look(NamedTuple):
    """How one of several curves is told from the others, in colour and without."""

    color: str
    dashes: tuple[int, tuple[float, ...]] | str
    marker: str


# Okabe and Ito, "Color Universal Design" (2008), without their black and yellow: black is the axes' ink and
# yellow is lost on white. Neighbours differ in lightness, so that the first few survive a grey printer.
LOOKS = (
    Look("#0072B2", "solid", "o"),
    Look("#D55E00", (0, (4.0, 1.2)), "s"),
    Look("#009E73", (0, (4.0, 1.2, 1.0, 1.2)), "^"),
    Look("#CC79A7", (0, (1.2, 0.9)), "D"),
    Look("#E69F00", (0, (7.0, 1.5)), "v"),
    Look("#56B4E9", (0, (4.0, 1.0, 1.0, 1.0, 1.0, 1.0)), "P"),
)

_PARAMETERS: dict[str, Any] = {
    # DejaVu comes with matplotlib: the same letters, and so the same bytes, on every machine.
    "font.family": ["DejaVu Sans"],
    "mathtext.fontset": "dejavusans",
    "font.size": 8.0,
    "axes.titlesize": 9.0,
    "axes.labelsize": 8.5,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "legend.fontsize": 7.5,
    "figure.dpi": DOTS_PER_INCH,
    "savefig.dpi": DOTS_PER_INCH,
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.h_pad": 0.05,
    "figure.constrained_layout.w_pad": 0.05,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.titlelocation": "left",
    "lines.linewidth": 1.2,
    "lines.markersize": 3.5,
    "lines.solid_capstyle": "round",
    "lines.dash_capstyle": "butt",
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "xtick.major.size": 3.0,
    "ytick.major.size": 3.0,
    "xtick.minor.size": 1.5,
    "ytick.minor.size": 1.5,
    "legend.frameon": False,
    "legend.handlelength": 2.4,
    "legend.columnspacing": 1.6,
    # Letters stay letters in vector files, and their identifiers do not change from run to run.
    "pdf.fonttype": 42,
    "svg.fonttype": "path",
    "svg.hashsalt": "jetmlp",
}


@contextmanager
def style() -> Iterator[None]:
    """Apply the look of these figures within a ``with`` block, and nothing outside it.

    The functions of this package use it for the figures they make themselves. Wrap the making of your own
    figure in it to draw into axes of the same look.

    Yields
    ------
    None
        matplotlib's former parameters return when the block ends.

    Raises
    ------
    ImportError
        If matplotlib is not installed.

    Examples
    --------
    >>> from jetmlp import plotting
    >>> with plotting.style():                                    # doctest: +SKIP
    ...     figure, axes = matplotlib.pyplot.subplots(2, 1)
    ...     plotting.plot_fit(x, y, model.predict(x), axes=axes)
    """
    try:
        from matplotlib import rcParams
        from matplotlib.style import context
    except ImportError as error:
        raise ImportError(
            "jetmlp.plotting needs matplotlib: python -m pip install 'jetmlp[report]'"
        ) from error
    # "default" first: a figure must not depend on what the session set before.
    with context(["default", _PARAMETERS]):
        try:
            yield
        finally:
            interactive = rcParams["interactive"]
    # No style sets it, but making the first figure of a session in Jupyter does: that turns the inline
    # display on, and it has to stay on.
    rcParams["interactive"] = interactive


def next_looks(axes: Axes, count: int) -> list[Look]:
    """Return `count` looks for new curves, those first that no line of `axes` has yet."""
    used = {line.get_color() for line in axes.lines}
    fresh = [look for look in LOOKS if look.color not in used]
    return list(islice(cycle(fresh or LOOKS), count)) if count > len(fresh) else fresh[:count]
