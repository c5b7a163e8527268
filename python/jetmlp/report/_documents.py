"""What the JSON and CSV files of a report say."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from .._core.info import info
from ..experiments import (
    ERRORS,
    AblationResult,
    FitResult,
    GradientCheck,
    InputGradient,
    Monomials,
    MonomialsResult,
)

Document = dict[str, Any]


def environment() -> Document:
    """Say on what the numbers were computed."""
    import matplotlib

    about = info()
    return {
        "versions": {
            "jetmlp": about["version"],
            "python": platform.python_version(),
            "numpy": np.__version__,
            "matplotlib": matplotlib.__version__,
            "compiler": about["compiler"],
            "eigen": about["eigen"],
        },
        "instruction_set": about["level"],
    }


def spread(values: Iterable[float | None]) -> dict[str, float | None]:
    """Return median, minimum and maximum of errors over the seeds; None where there is none."""
    known = [value for value in values if value is not None]
    if not known:
        return {"median": None, "minimum": None, "maximum": None}
    return {"median": float(np.median(known)), "minimum": min(known), "maximum": max(known)}


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


def history_rows(results: Mapping[str, FitResult]) -> tuple[list[str], list[list[object]]]:
    """Put the histories of several networks below each other, as a header and rows."""
    columns = list(next(iter(results.values())).history)
    rows: list[list[object]] = []
    for label, one in results.items():
        table = [one.history[name].tolist() for name in columns]
        rows += [[label, epoch, *losses] for epoch, losses in enumerate(zip(*table, strict=True))]
    return ["network", "epoch", *columns], rows


def gradient_document(experiment: InputGradient, checks: Mapping[str, GradientCheck]) -> Document:
    """Say how far the three gradients of each network are apart."""
    first = next(iter(checks.values()))
    return {
        "configuration": {
            "networks": [list(sizes) for sizes in experiment.networks],
            "activation": experiment.activation,
            "output_activation": experiment.activation,
            "init": "fan_in_uniform",
            "dtype": first.model.dtype.name,
            "n_points": experiment.n_points,
        },
        "seed": first.seed,
        "errors": {name: check.differences for name, check in checks.items()},
    }


def gradient_rows(checks: Mapping[str, GradientCheck]) -> tuple[list[str], list[list[object]]]:
    """List all gradients, as a header and rows."""
    rows: list[list[object]] = [
        [name, k + 1, *map(float, numbers)]
        for name, check in checks.items()
        for k in range(check.model.n_inputs)
        for numbers in zip(
            check.t, check.step_by_step[:, k], check.jacobian[:, k], check.central[:, k], strict=True
        )
    ]
    return ["network", "input", "t", "step_by_step", "jacobian", "central_differences"], rows


def ablation_document(result: AblationResult) -> Document:
    """Say what each variant does."""
    return {
        "baseline": result.baseline,
        "effects": {
            label: {
                quantity: {**effect._asdict(), "verdict": effect.verdict} for quantity, effect in both.items()
            }
            for label, both in result.effects.items()
        },
        "fits": {label: fit_document(results) for label, results in result.runs.items()},
    }


def monomials_document(experiment: Monomials, result: MonomialsResult) -> Document:
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


def run_rows(runs: Mapping[str, list[FitResult]]) -> tuple[list[str], list[list[object]]]:
    """List every fit with its errors on the many points, as a header and rows."""
    rows: list[list[object]] = []
    for label, results in runs.items():
        for one in results:
            sizes = "-".join(map(str, one.model.layer_sizes))
            errors = one.errors_on(one.dense_points).values()
            rows.append([label, sizes, len(one.samples["train"].X), one.seed, *errors, one.cpu_time_s])
    return ["fit", "layer_sizes", "n_train", "seed", *ERRORS, "cpu_time_s"], rows
