"""All figures in one picture: shares of the peak, ratios to the peers, times."""

from __future__ import annotations

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import FuncFormatter, NullFormatter
from timing import Result

from jetmlp import plotting

KINDS = {
    "share": "share of the peak of fused multiply-adds",
    "speedup": "times faster: than a peer, than one thread",
    "accuracy": "times smaller error than a peer's",
    "seconds": "time [s]",
}
COLOR, MISSED, BOUND = "#0072B2", "#D55E00", "0.45"


def draw(results: list[Result], path: Path) -> None:
    """Dots with the range of single rounds; | marks what has to be reached, + what is aimed at."""
    groups = {kind: [r for r in results if r.figure.kind == kind and r.value is not None] for kind in KINDS}
    groups = {kind: group for kind, group in groups.items() if group}
    if not groups:
        return
    rows = [len(group) for group in groups.values()]
    with plotting.style(), plotting.offscreen():
        canvas = Canvas(figsize=(6.3, 0.9 * len(rows) + 0.2 * sum(rows)))
        FigureCanvasAgg(canvas)
        panels = canvas.subplots(len(rows), 1, squeeze=False, height_ratios=[n + 1 for n in rows])[:, 0]
        for axes, (kind, group) in zip(panels, groups.items(), strict=True):
            _panel(axes, kind, group)
        canvas.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
        plotting.save_figure(canvas, path)


def _panel(axes: Axes, kind: str, group: list[Result]) -> None:
    places = range(len(group))
    for place, result in zip(places, group, strict=True):
        assert result.value is not None
        assert result.low is not None
        assert result.high is not None
        color = MISSED if result.reached is False else COLOR
        axes.plot([max(result.low, 1e-3), result.high], [place, place], color=color, linewidth=1.0)
        axes.plot(result.value, place, "o", color=color)
    for attribute, marker, label in (("reach", "|", "has to be reached"), ("aim", "+", "aimed at")):
        bounds = [(getattr(r.figure, attribute), p) for r, p in zip(group, places, strict=True)]
        marked = [(x, y) for x, y in bounds if x is not None]
        if marked:
            axes.plot(*zip(*marked, strict=True), marker, color=BOUND, markersize=8, label=label)
    # Entries of the legend alone, so that each panel has the same.
    axes.plot([], [], "o", color=COLOR, label="reached, or nothing to reach")
    axes.plot([], [], "o", color=MISSED, label="missed")
    if kind == "share":
        axes.set_xlim(0.0, 1.0)
    else:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
    if kind in ("speedup", "accuracy"):
        axes.axvline(1.0, color=BOUND, linewidth=0.6)
    axes.set_yticks(list(places), [result.figure.name for result in group])
    axes.set_ylim(len(group) - 0.5, -0.5)
    axes.grid(axis="x", color="0.5", alpha=0.2, linewidth=0.5)
    axes.set_xlabel(KINDS[kind])
