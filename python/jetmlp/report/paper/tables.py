"""The tables of a report of `reproduce`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .markup import number, table
from .results import FitFacts, Results

_ERRORS = {"value_mse": "MSE f", "value_max": "max f", "derivative_mse": "MSE f'", "derivative_max": "max f'"}

_SAMPLING = {
    "Equispaced": "equispaced",
    "ShuffledGrid": "of a shuffled grid",
    "UniformRandom": "random",
    "Chebyshev": "Chebyshev",
    "MeasuredData": "measured",
}


def settings_table(results: Results) -> str:
    """Say what was fitted."""
    heads = ("experiment", "points", "network", "σ", "w₀, w₁", "optimizer", "rate", "epochs", "batch")
    return table(
        "settings",
        "What was fitted. Points: how many to train, and how they are spread. A batch of all is full-batch.",
        heads,
        [_setting(name, fit) for name, fit in results.fits.items()],
        left=4,
    )


def _setting(name: str, fit: FitFacts) -> tuple[str, ...]:
    its = fit.configuration
    data = its["data"]
    sampling = _SAMPLING.get(data["kind"], data["kind"])
    count = data.get("n_train", data.get("n"))
    rate = its.get("learning_rate", "–")
    return (
        name,
        f"{count} {sampling}",
        "–".join(map(str, its["layer_sizes"])),
        its["activation"],
        f"{its['value_weight']:g}, {its['derivative_weight']:g}",
        optimizer_of(its),
        f"{rate:g}" if isinstance(rate, float) else "schedule" if isinstance(rate, dict) else str(rate),
        str(its["epochs"]),
        "all" if its["batch_size"] is None else str(its["batch_size"]),
    )


def optimizer_of(configuration: Mapping[str, Any]) -> str:
    """Name the optimizer of a configuration."""
    optimizer = configuration["optimizer"]
    return optimizer if isinstance(optimizer, str) else str(optimizer["kind"])


def error_table(results: Results) -> str:
    """Put the published, measured and possible errors side by side."""
    several = any(fit.n_seeds > 1 for fit in results.fits.values())
    with_possible = any(fit.possible for fit in results.fits.values())
    heads = ["experiment", "on points", "error", "published"]
    heads += ["median", "least", "greatest", "ratio"] if several else ["measured", "ratio"]
    heads += ["possible", "of the time"] * with_possible
    rows = []
    for name, fit in results.fits.items():
        first = [name, fit.compared["points"]]
        published = any(spread["published"] is not None for spread in fit.errors.values())
        for error, spread in fit.errors.items():
            if spread["published" if published else "median"] is None:
                continue
            cells = [*first, _ERRORS[error], number(spread["published"], 3), number(spread["median"])]
            if several:
                cells += [number(spread["minimum"]), number(spread["maximum"])]
            cells.append(number(spread["ratio"]))
            if with_possible:
                other = fit.possible
                cells.append(number(other["errors"][error]["maximum"] if other else None))
                cells.append(
                    number(other["cpu_time_ratio"] if other and first[0] else None) if first[0] else ""
                )
            rows.append(cells)
            first = ["", ""]
    caption = (
        "Published and measured errors: mean squares (MSE) and maxima. "
        + (
            "Median, least and greatest are over the seeds; the ratio is that of the median."
            if several
            else ""
        )
        + " A ratio below 1 is better than published."
        + (
            f" _Possible_: {'the worst seed of ' if several else ''}the second-order fit to the same "
            "samples, and its part of the processor time."
            if with_possible
            else ""
        )
    )
    return table("errors", caption, heads, rows, left=3)


def surrogates_of(results: Results) -> dict[str, Mapping[str, Any]]:
    """Return the studies of surrogates."""
    return {
        name: part
        for name, part in results.summary.items()
        if isinstance(part, dict) and {"counts", "errors", "cpu_time_s"} <= set(part)
    }


def surrogate_table(studies: Mapping[str, Mapping[str, Any]]) -> str:
    """Say what slopes are worth, and what `jetmlp.Surrogate` does with the same samples."""
    rows = []
    for name, study in studies.items():
        cells = [name, str(study["counts"][-1])]
        for kind in ("value_error", "derivative_error"):
            without, with_slopes = (by_count[-1]["median"] for by_count in study["errors"][kind].values())
            ratio = without / with_slopes if without is not None and with_slopes else None
            cells += [number(without), number(with_slopes), number(ratio), number(_automatic(study, kind))]
        rows.append(cells)
    heads = ("without", "with", "times", "Surrogate()")
    return table(
        "surrogates",
        "What slopes are worth with many inputs: errors of values (left) and of slopes (right) on held-out "
        "points (root mean square over the standard deviation there, medians), without and with slopes in "
        "the loss; _times_ says how many times smaller the second is. _Surrogate()_: one call, without "
        "a setting.",
        ("surrogate", "samples", *heads, *heads),
        rows,
    )


def _automatic(study: Mapping[str, Any], kind: str) -> float | None:
    """Return the error of `jetmlp.Surrogate` with the most samples; None where it was not fitted to these."""
    its = study.get("surrogate", {"counts": []})
    if study["counts"][-1] not in its["counts"]:
        return None
    error: float | None = its["errors"][kind][its["counts"].index(study["counts"][-1])]["median"]
    return error
