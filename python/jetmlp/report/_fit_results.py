"""What several kinds of experiments say of their fits."""

from __future__ import annotations

from collections.abc import Mapping

from ..experiments import ERRORS, FitResult
from ._section import Document, Rows, spread


def compared_errors(results: list[FitResult]) -> dict[str, Document]:
    """For each of the four errors what was published and measured, and ratios of median and worst to that."""
    published = results[0].experiment.published
    compared = {}
    for name in ERRORS:
        target = None if published is None else published.errors[name]
        measured = spread(one.errors[name] for one in results)
        compared[name] = {
            "published": target,
            **measured,
            "ratio": _ratio(measured["median"], target),
            "worst_ratio": _ratio(measured["maximum"], target),
        }
    return compared


def _ratio(error: float | None, target: float | None) -> float | None:
    return None if error is None or target is None else error / target


def fit_document(results: list[FitResult], possible: list[FitResult]) -> Document:
    """Describe the fit of one network for all seeds; the first is the one that the figures show.

    What is `possible` on the same samples is described likewise.
    """
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
        "possible": fit_document(possible, []) if possible else None,
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
