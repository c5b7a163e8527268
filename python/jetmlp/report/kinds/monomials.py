"""Report of the monomials: errors by power, width and number of points."""

from __future__ import annotations

from functools import partial

import numpy as np

from ... import plotting
from ...experiments import Monomials, MonomialsResult
from .._fit_results import run_rows
from .._section import Document, Runs, Section, section_of
from .._table import Table, number


@section_of.register
def section_of_monomials(study: Monomials, runs: Runs) -> Section:
    """Report the errors of all powers and widths."""
    result = study.collect(runs)
    return Section(
        document=_document(study, result),
        csv_files={"monomials.csv": run_rows(runs)},
        figures={
            "monomials_f.png": partial(_draw, result, "value", "x^k"),
            "monomials_df.png": partial(_draw, result, "derivative", "k x^{k-1}"),
        },
        tables=_tables(result),
        summary={"powers": list(result.powers), "widths": list(result.widths), "rmse": result.errors},
    )


def _document(experiment: Monomials, result: MonomialsResult) -> Document:
    """Say the errors of each power and width."""
    first = next(iter(result.runs.values()))
    configuration = {**first[0].experiment.configuration(), "function": "x^k", "derivative": "k x^(k-1)"}
    del configuration["data"], configuration["layer_sizes"]
    return {
        "configuration": {
            **configuration,
            "powers": list(result.powers),
            "widths": list(result.widths),
            "n_train": {points: list(counts.values()) for points, counts in experiment.points.items()},
        },
        "seeds": [one.seed for one in first],
        "cpu_time_s": sum(one.cpu_time_s for results in result.runs.values() for one in results),
        "rmse": result.errors,
    }


def _tables(result: MonomialsResult) -> list[Table]:
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


def _draw(result: MonomialsResult, quantity: str, symbol: str) -> object:
    """Draw the errors of all powers against the width."""
    return plotting.plot_monomials(
        result.widths,
        {
            points.replace("k points", "$k$ points"): errors[quantity]  # the power, not a thousand
            for points, errors in result.errors.items()
        },
        powers=result.powers,
        y_label=f"root mean square error of ${symbol}$",
    )
