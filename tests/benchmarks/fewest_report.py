"""Tables and picture of the benchmark of few samples."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from fewest_rows import Row
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator
from surrogate_problems import TestProblem

from jetmlp import plotting

OURS, RIVAL = "surrogate", "process"
COLORS = {
    "surrogate": "#0072B2",
    "process": "#D55E00",
    "noisy-process": "#E69F00",
    "network": "#56B4E9",
    "jenn": "#009E73",
    "gekpls": "#999999",
}
BARS = [f"{of}_{score}" for of in ("value", "slope") for score in ("coverage_68", "coverage_95", "spearman")]


def text(rows: Sequence[Row], known: Mapping[str, TestProblem]) -> str:
    """Return the tables of errors and of bars, and the count of rows won."""
    contenders = [name for name in COLORS if any(row.contender == name for row in rows)]
    found = {row.key: row for row in rows}
    order = list(known)
    places = sorted({(row.problem, row.n) for row in rows}, key=lambda key: (order.index(key[0]), key[1]))

    def errors(row: Row) -> str:
        of_values, of_slopes, seconds = map(row.median, ("value_error", "slope_error", "seconds"))
        return f"{of_values:.1e} / {of_slopes:.1e} ({seconds:.1f} s)"

    parts = [
        "Errors of values / of slopes, medians over the designs, and processor time of a fit. "
        "* : not named by the aims",
        _table(places, contenders, found, known, errors),
        *(["", *lines] if (lines := contest(rows)) else []),
    ]
    with_bars = [
        name for name in contenders if any(r.contender == name and BARS[0] in r.scores for r in rows)
    ]

    def bars(row: Row) -> str:
        scores = [row.median(name) for name in BARS]
        return " ".join("  – " if value is None else f"{value:4.2f}" for value in scores)

    if with_bars:
        title = "Bars of values, then of slopes: coverage of 68 % and of 95 % intervals, rank correlation"
        parts += ["", title, _table(places, with_bars, found, known, bars)]
    return "\n".join(parts)


def _table(
    places: Sequence[tuple[str, int]],
    contenders: Sequence[str],
    found: Mapping[tuple[str, int, str], Row],
    known: Mapping[str, TestProblem],
    cell: Callable[[Row], str],
) -> str:
    lines = [f"| problem (inputs) | n | {' | '.join(contenders)} |", "|---" * (2 + len(contenders)) + "|"]
    for name, n in places:
        problem = known[name]
        label = f"{name}{'' if problem.named else '*'} ({problem.n_inputs})"
        cells = [
            cell(found[name, n, contender]) if (name, n, contender) in found else ""
            for contender in contenders
        ]
        lines.append(f"| {label} | {n} | {' | '.join(cells)} |")
    return "\n".join(lines)


def contest(rows: Sequence[Row]) -> list[str]:
    """Say in how many rows the surrogate is no worse than the process, and in how many at most half."""
    found = {row.key: row for row in rows}
    places = sorted({(row.problem, row.n) for row in rows})
    lines = []
    for score in ("value_error", "slope_error"):
        ratios = {}
        for name, n in places:
            ours, rival = (found.get((name, n, contender)) for contender in (OURS, RIVAL))
            if ours is not None and rival is not None:
                mine, theirs = ours.median(score), rival.median(score)
                assert mine is not None
                assert theirs is not None
                ratios[f"{name} {n}"] = mine / theirs
        if not ratios:
            continue
        worse = ", ".join(f"{label} ({ratio:.3g}×)" for label, ratio in ratios.items() if not ratio <= 1.0)
        half = sum(ratio <= 0.5 for ratio in ratios.values())
        no_worse = sum(ratio <= 1.0 for ratio in ratios.values())
        lines.append(
            f"{score}: {OURS} no worse than {RIVAL} in {no_worse} of {len(ratios)} rows, "
            f"at most half in {half}" + (f"; worse in {worse}" if worse else "")
        )
    return lines


def draw(rows: Sequence[Row], path: Path) -> None:
    """Draw the errors of values against the number of samples, a panel for each problem."""
    names = sorted({row.problem for row in rows})
    if not names:
        return
    n_columns = 4
    n_lines = -(-len(names) // n_columns)
    with plotting.style(), plotting.offscreen():
        canvas = Figure(figsize=(2.2 * n_columns, 1.7 * n_lines + 0.4))
        FigureCanvasAgg(canvas)
        panels = canvas.subplots(n_lines, n_columns, squeeze=False).ravel()
        for axes, name in zip(panels, names, strict=False):
            axes.set_title(name)
            axes.set_xscale("log")
            axes.set_yscale("log")
            sizes = sorted({row.n for row in rows if row.problem == name})
            axes.set_xticks(sizes, [str(n) for n in sizes], fontsize=6)
            axes.xaxis.set_minor_locator(NullLocator())
            for contender, color in COLORS.items():
                mine = sorted((r for r in rows if (r.problem, r.contender) == (name, contender)), key=_size)
                if mine:
                    errors = [row.median("value_error") for row in mine]
                    axes.plot(
                        [row.n for row in mine], errors, "o-", color=color, label=contender, markersize=3
                    )
        for axes in panels[len(names) :]:
            axes.set_axis_off()
        labels = {
            label: line
            for axes in panels
            for line, label in zip(*axes.get_legend_handles_labels(), strict=True)
        }
        canvas.legend(list(labels.values()), list(labels), loc="outside upper center", ncols=len(labels))
        canvas.supxlabel("samples")
        canvas.supylabel("error of values")
        plotting.save_figure(canvas, path)


def _size(row: Row) -> int:
    return row.n
