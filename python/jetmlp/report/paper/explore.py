"""Figures to look into, for the page: Bokeh's, with its code and all numbers inside the page."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

import numpy as np

from .publish import asset
from .results import Array

# Points of a curve; a screen shows hardly more.
_MOST_POINTS = 401
#: How the figures are used.
HELP = (
    "Drag to move along the axis, or choose another tool above a figure (on a phone always: there a finger "
    "moves the page); touch the name of a line to hide it, point at a curve to read its numbers."
)
_COLORS = ("#0072B2", "#D55E00", "#009E73")


class Panel(NamedTuple):
    """One of several figures below each other.

    Attributes
    ----------
    title, x_label, y_label : str
        Of the figure.
    lines : dict of str to str
        What to call each line, by the column that it shows.
    band : tuple of two str, or None
        Columns between which the area is filled.
    dots : tuple of two str, or None
        Columns of dots: where, and how high.
    logarithmic : bool
        Whether the y axis is.
    shared : bool
        Whether the x axis moves with that of the first panel.
    """

    title: str
    x_label: str
    y_label: str
    lines: Mapping[str, str]
    x: str = "x"
    band: tuple[str, str] | None = None
    dots: tuple[str, str] | None = None
    logarithmic: bool = False
    shared: bool = True


def explorer(
    name: str, title: str, help_: str, panels: Sequence[Panel], choices: Mapping[str, Mapping[str, Array]]
) -> str:
    """Return figures of which a list chooses what they show.

    Parameters
    ----------
    name : str
        Of its place in the page.
    title, help_ : str
        What it is called, and how it is used.
    panels : sequence of Panel
        The figures.
    choices : dict of str to dict of str to ndarray
        The columns of every choice; a panel shows those that it names, all as long as its x.

    Returns
    -------
    str
        HTML.
    """
    from bokeh.core.types import ID
    from bokeh.embed import json_item

    columns = {choice: _thinned(panels, data) for choice, data in choices.items()}
    figures = _figures(name, panels, next(iter(columns.values())))
    item = json.dumps(json_item(figures, ID(f"{name}-figures")))
    options = "".join(f"<option>{escape(choice)}</option>" for choice in columns)
    return (
        f'<section class="explore" aria-labelledby="{name}-heading">'
        f'<h3 id="{name}-heading">{escape(title)}</h3><p>{escape(help_)}</p>'
        f'<label>Show <select id="{name}-choice">{options}</select></label>'
        f'<div id="{name}-figures" role="img" aria-label="{escape(title)}. {escape(help_)}"></div>'
        "<noscript><p>These figures need JavaScript; all else does not.</p></noscript>"
        f"{_data(f'{name}-item', item)}{_data(f'{name}-data', json.dumps(columns))}"
        f"<script>explore({json.dumps(name)});</script></section>"
    )


def head() -> str:
    """Return the code that explorers need, once a page."""
    from bokeh.resources import Resources

    code = Resources(mode="inline", components=["bokeh"]).render_js()
    return f"{code}\n<script>\n{asset('explore.js')}</script>\n"


def _data(identifier: str, text: str) -> str:
    # "</" would end the element wherever it stands.
    safe = text.replace("</", r"<\/")
    return f'<script type="application/json" id="{identifier}">{safe}</script>'


def _thinned(panels: Sequence[Panel], data: Mapping[str, Array]) -> dict[str, dict[str, list[float | None]]]:
    """Return the columns of every panel, by its place, evenly thinned, with five digits."""
    chosen: dict[str, dict[str, list[float | None]]] = {}
    for place, panel in enumerate(panels):
        for suffix, names in (
            ("", (panel.x, *panel.lines, *(panel.band or ()))),
            ("-dots", panel.dots or ()),
        ):
            there = [name for name in names if name in data]
            length = len(data[there[0]]) if there else 0
            step = np.unique(np.linspace(0, length - 1, min(length, _MOST_POINTS)).round().astype(int))
            chosen[f"{place}{suffix}"] = {
                name: _digits(data[name][step]) if name in data else [None] * len(step) for name in names
            }
    return chosen


def _digits(numbers: Array) -> list[float | None]:
    return [float(f"{number:.5g}") if np.isfinite(number) else None for number in numbers]


def _figures(name: str, panels: Sequence[Panel], columns: Mapping[str, Any]) -> Any:  # noqa: ANN401  Bokeh's
    from bokeh.layouts import column
    from bokeh.models import ColumnDataSource, HoverTool
    from bokeh.plotting import figure

    plots: list[Any] = []
    for place, panel in enumerate(panels):
        source = ColumnDataSource(_numbers(columns[f"{place}"]), name=f"{name}-{place}")
        shared = {"x_range": plots[0].x_range} if plots and panel.shared else {}
        plot = figure(
            title=panel.title,
            name=f"{name}-plot-{place}",
            height=270,
            sizing_mode="stretch_width",
            y_axis_type="log" if panel.logarithmic else "auto",
            x_axis_label=panel.x_label,
            y_axis_label=panel.y_label,
            tools="xpan,xbox_zoom,reset,save",
            toolbar_location="above",
            **shared,
        )
        plot.toolbar.logo = None
        if panel.band:
            plot.varea(panel.x, *panel.band, source=source, fill_alpha=0.2, fill_color=_COLORS[0])
        for (line, label), color, dash in zip(
            panel.lines.items(), _COLORS, ("solid", "dashed", "dotdash"), strict=False
        ):
            plot.line(
                panel.x, line, source=source, color=color, line_dash=dash, line_width=2, legend_label=label
            )
        if panel.dots:
            dots = ColumnDataSource(_numbers(columns[f"{place}-dots"]), name=f"{name}-{place}-dots")
            plot.scatter(
                *panel.dots, source=dots, size=6, fill_alpha=0, line_color="#333", legend_label="samples"
            )
        plot.add_tools(
            HoverTool(
                tooltips=[
                    (panel.x_label, f"@{{{panel.x}}}"),
                    *((label, f"@{{{line}}}{{%.3e}}") for line, label in panel.lines.items()),
                ],
                formatters={f"@{{{line}}}": "printf" for line in panel.lines},
                mode="vline",
            )
        )
        plot.legend.click_policy = "hide"
        plot.legend.orientation = "horizontal"
        plot.add_layout(plot.legend[0], "above")
        plots.append(plot)
    return column(*plots, sizing_mode="stretch_width")


def _numbers(columns: Mapping[str, Sequence[float | None]]) -> dict[str, list[float]]:
    return {
        name: [float("nan") if one is None else one for one in numbers] for name, numbers in columns.items()
    }
