"""Report of an ablation: which change helps."""

from __future__ import annotations

from ... import plotting
from ...experiments import Ablation, AblationResult
from .._fit_results import fit_document, run_rows
from .._section import Document, Runs, Section, section_of
from .._table import NOTHING, Table, number


@section_of.register
def section_of_ablation(study: Ablation, runs: Runs) -> Section:
    """Report the errors of all variants beside the baseline's."""
    result = study.collect(runs)
    document = _document(result)
    return Section(
        document=document,
        csv_files={"ablation.csv": run_rows(runs)},
        figures={
            "ablation.png": lambda: plotting.plot_ablation(
                result.evaluations,
                baseline=result.baseline,
                title=f"ablation: medians and ranges of {len(runs[result.baseline])} seeds",
            )
        },
        tables=[_table(result)],
        summary={"baseline": document["baseline"], "effects": document["effects"]},
    )


def _document(result: AblationResult) -> Document:
    """Say what each variant does."""
    return {
        "baseline": result.baseline,
        "effects": {
            label: {
                quantity: {**effect._asdict(), "verdict": effect.verdict} for quantity, effect in both.items()
            }
            for label, both in result.effects.items()
        },
        "fits": {label: fit_document(results, []) for label, results in result.runs.items()},
    }


def _table(result: AblationResult) -> Table:
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
