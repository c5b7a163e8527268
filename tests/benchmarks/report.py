"""What was measured, as JSON, as a table and as a picture."""

from __future__ import annotations

import json
import os
import platform
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from picture import draw
from timing import Measurement, Result, scaled_seconds

import jetmlp

PACKAGES = ("numpy", "jax", "jaxlib", "torch", "jenn", "scikit-learn")


def write(
    folder: Path,
    measurements: list[Measurement],
    repeats: int,
    seconds: float,
    load: tuple[float, float, float],
) -> str:
    """Write benchmarks.json, benchmarks.md and benchmarks.png; return the table."""
    folder.mkdir(parents=True, exist_ok=True)
    document = {
        "machine": machine(load),
        "versions": versions(),
        "jetmlp": jetmlp.info(),
        "repeats": repeats,
        "seconds": seconds,
        "cases": [_case(measurement) for measurement in measurements],
    }
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    (folder / "benchmarks.json").write_text(text + "\n", encoding="utf-8")
    table = _table(measurements, document)
    (folder / "benchmarks.md").write_text(table + "\n", encoding="utf-8")
    draw(
        [result for measurement in measurements for result in measurement.results], folder / "benchmarks.png"
    )
    return table


def machine(load: tuple[float, float, float]) -> dict[str, Any]:
    """Say what this ran on and how busy that was before."""
    model = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        names = [line for line in information.read_text().splitlines() if line.startswith("model name")]
        model = names[0].partition(":")[2].strip() if names else model
    return {
        "processor": model,
        "processors": len(os.sched_getaffinity(0)),
        "system": platform.platform(),
        "load_before": list(load),
    }


def versions() -> dict[str, str | None]:
    """Versions of the peers; None for one that is not installed."""
    found: dict[str, str | None] = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = None
    return found


def _case(measurement: Measurement) -> dict[str, Any]:
    case, outcomes = measurement.case, measurement.outcomes
    contenders = {}
    for label, runs in outcomes.items():
        entry = case.entries[label]
        times = [outcome.seconds for outcome in runs]
        contenders[label] = {
            "processors": entry.processors,
            "options": entry.options,
            "times_s": times,
            "median_s": median(times),
            "scaled_by": entry.scale,
            "median_scaled_s": median(scaled_seconds(case, label, outcomes)),
        }
        rates = [outcome.rate for outcome in runs if outcome.rate is not None]
        if rates:
            contenders[label] |= {"rates_flop_per_s": rates, "median_flop_per_s": median(rates)}
        if runs[0].errors:
            contenders[label]["errors"] = {
                name: {"seeds": values, "median": median(values)} for name, values in runs[0].errors.items()
            }
        losses = runs[0].losses
        if losses and np.isfinite(losses).all():
            contenders[label] |= {"epochs": len(losses), "last_loss": losses[-1]}
    return {
        "name": case.name,
        "note": case.note,
        "contenders": contenders,
        "same_problem": measurement.checks,
        "figures": [_figure(result) for result in measurement.results],
    }


def _figure(result: Result) -> dict[str, Any]:
    figure = result.figure
    return {
        "name": figure.name,
        "kind": figure.kind,
        "of": figure.of,
        "against": figure.against,
        "value": result.value,
        "rounds_low": result.low,
        "rounds_high": result.high,
        "reach": figure.reach,
        "aim": figure.aim,
        "reached": result.reached,
        "aim_reached": result.aim_reached,
        "note": result.note,
        **({"flops": figure.flops} if figure.kind == "share" else {}),
    }


def format_value(kind: str, value: float | None) -> str:
    """Write a value in the unit of its kind."""
    if value is None:
        return "–"
    if kind == "share":
        return f"{100.0 * value:.0f} %"
    if kind in ("speedup", "accuracy"):
        return f"{value:.2f}×" if value < 10.0 else f"{value:.1f}×"
    if value < 1e-3:
        return f"{1e6 * value:.1f} µs"
    return f"{value:.1f} s" if value >= 1.0 else f"{1000.0 * value:.0f} ms"


def _verdict(result: Result) -> str:
    if result.value is None:
        return result.note
    if result.reached is None:
        return ""
    return "aim" if result.aim_reached else "reached" if result.reached else "missed"


def row_text(result: Result) -> str:
    """Say a result in a line."""
    figure, kind = result.figure, result.figure.kind
    parts = [f"{figure.name}: {format_value(kind, result.value)}"]
    if figure.reach is not None:
        parts.append(f"reach {format_value(kind, figure.reach)}")
    return ", ".join([*parts, _verdict(result)]).rstrip(", ")


def _table(measurements: list[Measurement], document: dict[str, Any]) -> str:
    machine, info = document["machine"], document["jetmlp"]
    packages = ", ".join(f"{name} {version or '–'}" for name, version in document["versions"].items())
    lines = [
        f"jetmlp {info['version']} at {info['level']} on {machine['processor']}, "
        f"{machine['processors']} processors; {packages}. Medians of {document['repeats']} rounds, "
        "contenders by turns; times are for all epochs.",
        "",
        "| figure | times or errors | measured | single rounds or seeds | reach | aim | |",
        "| --- | --- | ---: | ---: | ---: | ---: | --- |",
    ]
    for measurement in measurements:
        for result in measurement.results:
            figure, kind = result.figure, result.figure.kind
            rounds = (
                ""
                if result.value is None
                else f"{format_value(kind, result.low)} to {format_value(kind, result.high)}"
            )
            cells = [
                figure.name,
                _times(measurement, result),
                format_value(kind, result.value),
                rounds,
                format_value(kind, figure.reach),
                format_value(kind, figure.aim),
                _verdict(result),
            ]
            lines.append(f"| {' | '.join(cells)} |")
    notes = [f"- {m.case.name}: {m.case.note}." for m in measurements if m.case.note]
    return "\n".join([*lines, "", *notes])


def _times(measurement: Measurement, result: Result) -> str:
    parts = []
    for label in (result.figure.of, result.figure.against):
        runs = measurement.outcomes.get(label or "")
        if not label or not runs:
            continue
        rates = [outcome.rate for outcome in runs if outcome.rate is not None]
        if result.figure.kind == "accuracy":
            parts.append(f"{label} {median(runs[0].errors[result.figure.error]):.2e}")
        elif rates:
            parts.append(f"{label} {median(rates) / 1e9:.0f} GFLOP/s")
        else:
            parts.append(
                f"{label} {median(scaled_seconds(measurement.case, label, measurement.outcomes)):.3g} s"
            )
    return ", ".join(parts)
