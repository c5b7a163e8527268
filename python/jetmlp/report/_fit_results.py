"""What several kinds of experiments say of their fits."""

from __future__ import annotations

from collections.abc import Mapping

from ..experiments import ERRORS, FitResult
from ._section import Document, Rows, spread
from ._table import Table, number

_ERROR_NAMES = {
    "value_mse": "MSE of f",
    "value_max": "max of f",
    "derivative_mse": "MSE of f'",
    "derivative_max": "max of f'",
}


def compared_errors(results: list[FitResult]) -> dict[str, Document]:
    """For each of the four errors what was published, what was measured over the seeds, and the ratio."""
    published = results[0].experiment.published
    compared = {}
    for name in ERRORS:
        target = None if published is None else published.errors[name]
        measured = spread(one.errors[name] for one in results)
        median = measured["median"]
        ratio = None if target is None or median is None else median / target
        compared[name] = {"published": target, **measured, "ratio": ratio}
    return compared


def fit_document(results: list[FitResult]) -> Document:
    """Describe the fit of one network for all seeds; the first is the one that the figures show."""
    first = results[0]
    published = first.experiment.published
    document: Document = {
        "configuration": first.experiment.configuration(),
        "n_parameters": first.model.n_parameters,
        "seed": first.seed,
        "time_s": first.time_s,
        "cpu_time_s": first.cpu_time_s,
        "points": first.points,
        "errors": first.errors,
        "published": None if published is None else published.errors,
        "ratio": first.ratios,
        "value_trained": first.experiment.value_trained,
        "derivative_trained": first.experiment.derivative_trained,
        "value_shift": first.value_shift,
        "evaluations": first.evaluations,
        "last_losses": {name: float(values[-1]) for name, values in first.history.items() if len(values)},
        "over_seeds": {
            points: {name: spread(one.errors_on(points)[name] for one in results) for name in ERRORS}
            for points in dict.fromkeys((first.points, first.dense_points))
        },
        "seeds": [
            {
                "seed": one.seed,
                "time_s": one.time_s,
                "cpu_time_s": one.cpu_time_s,
                "errors": one.errors,
                "ratio": one.ratios,
                "evaluations": one.evaluations,
            }
            for one in results
        ],
    }
    return document


def run_rows(runs: Mapping[str, list[FitResult]]) -> Rows:
    """List every fit with its errors on the many points, as a header and rows."""
    rows: list[list[object]] = []
    for label, results in runs.items():
        for one in results:
            sizes = "-".join(map(str, one.model.layer_sizes))
            errors = one.errors_on(one.dense_points).values()
            rows.append([label, sizes, len(one.samples["train"].X), one.seed, *errors, one.cpu_time_s])
    return ["fit", "layer_sizes", "n_train", "seed", *ERRORS, "cpu_time_s"], rows


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
