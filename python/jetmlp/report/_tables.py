"""The tables of a summary, for the terminal and for Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..experiments import AblationResult, FitResult, GradientCheck, MonomialsResult
from ._documents import compared_errors, spread

_ERROR_NAMES = {
    "value_mse": "MSE of f",
    "value_max": "max of f",
    "derivative_mse": "MSE of f'",
    "derivative_max": "max of f'",
}

#: Stands where nothing was published or measured.
NOTHING = "-"


@dataclass(frozen=True)
class Table:
    """Texts in rows and columns.

    Parameters
    ----------
    title : str
        Above it.
    columns : tuple of str
        Heads of the columns, in lines.
    rows : list of tuple of str
        As long as `columns` each.
    n_left : int
        So many columns, the first ones, hold words; the others numbers.
    """

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    n_left: int = 1

    def to_markdown(self) -> str:
        """Write the table as a section of Markdown."""
        rule = ["---"] * self.n_left + ["---:"] * (len(self.columns) - self.n_left)
        heads = [column.replace("\n", " ") for column in self.columns]
        lines = ["| " + " | ".join(row) + " |" for row in (heads, rule, *self.rows)]
        return "\n".join([f"## {self.title}", "", *lines])


def comparison_table(fits: Mapping[str, list[FitResult]]) -> Table:
    """Put what was published beside what was measured; with several seeds the medians."""
    several = any(len(results) > 1 for results in fits.values())
    columns = ["experiment", "error", "published", "measured", *["range"] * several, "ratio", "CPU [s]"]
    rows: list[tuple[str, ...]] = []
    for name, results in fits.items():
        time = number(spread(one.cpu_time_s for one in results)["median"], "{:.2f}")
        # The name stands in the first row of an experiment, the points in the second, the time in the first.
        heads = [(name, time), (f"  on {results[0].points}", "")]
        has_published = results[0].experiment.published is not None
        for error, compared in compared_errors(results).items():
            if compared["published" if has_published else "median"] is None:
                continue
            head, tail = heads.pop(0) if heads else ("", "")
            cells = [head, _ERROR_NAMES[error], number(compared["published"]), number(compared["median"])]
            if several:
                cells.append(f"{number(compared['minimum'])} to {number(compared['maximum'])}")
            rows.append((*cells, number(compared["ratio"], "{:.3g}"), tail))
    title = "Published and measured"
    if several:
        title += f": medians of {max(len(results) for results in fits.values())} seeds"
    return Table(title, tuple(columns), rows, n_left=2)


def gradient_table(checks: Mapping[str, GradientCheck]) -> Table:
    """Say how far the three gradients of each network are apart."""
    rows: list[tuple[str, ...]] = [
        (
            name,
            number(check.differences["gradient_max"]),
            number(check.differences["jacobian_max"]),
            number(check.differences["central_differences_max"]),
        )
        for name, check in checks.items()
    ]
    columns = (
        "network",
        "largest\ngradient",
        "jacobian -\nstep by step",
        "central differences -\nstep by step",
    )
    return Table("input-gradient: largest absolute differences", columns, rows)


def ablation_table(result: AblationResult) -> Table:
    """Say which variant helps."""
    rows: list[tuple[str, ...]] = []
    n_seeds = 0
    for label, effects in result.effects.items():
        head = label
        for symbol, effect in zip(("f", "f'"), effects.values(), strict=True):
            compared = (
                number(effect.ratio, "{:.2f}"),
                f"{effect.n_better} of {effect.n_seeds}",
                effect.verdict,
            )
            if label == result.baseline:
                compared = (NOTHING, NOTHING, "baseline")
            rows.append((head, f"RMSE of {symbol}", number(effect.median), *compared))
            head, n_seeds = "", effect.n_seeds
    columns = ("variant", "error", "median", "ratio", "better for", "verdict")
    return Table(f"ablation: which change helps, {n_seeds} seeds", columns, rows, n_left=2)


def monomials_tables(result: MonomialsResult) -> list[Table]:
    """List the error of the value for each power and width."""
    n_seeds = len(next(iter(result.runs.values())))
    return [
        Table(
            f"monomials: RMSE of x^k, {points}, medians of {n_seeds} seeds",
            ("k", *(f"width {width}" for width in result.widths)),
            [
                (str(power), *(number(error, "{:.1e}") for error in row))
                for power, row in zip(result.powers, np.asarray(errors["value"]), strict=True)
            ],
        )
        for points, errors in result.errors.items()
    ]


def number(value: float | None, form: str = "{:.2e}") -> str:
    """Write a number; what is not there as a dash."""
    return NOTHING if value is None else form.format(value)
