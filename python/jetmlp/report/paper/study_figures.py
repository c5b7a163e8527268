"""The figures of studies: the ablation and the powers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ... import plotting
from .markup import DF, F, counted, number, text
from .picture import Picture
from .results import Results


def study_pictures(results: Results) -> dict[str, Picture]:
    """Return the figures of the studies that were run."""
    made = (("ablation", _ablation), ("monomials", _powers))
    return {name: make(part) for name, make in made if (part := results.part(name)) is not None}


def _ablation(ablation: Mapping[str, Any]) -> Picture:
    effects: Mapping[str, Mapping[str, Mapping[str, Any]]] = ablation["effects"]
    # Least, median and greatest stand for all seeds: they are what the figure shows.
    rows = {
        label: [
            {quantity: {"rmse": effect[which]} for quantity, effect in both.items()}
            for which in ("minimum", "median", "maximum")
        ]
        for label, both in effects.items()
    }
    baseline = ablation["baseline"]
    n_seeds = effects[baseline]["value"]["n_seeds"]
    medians = "; ".join(
        f"{label} {number(both['value']['median'])} and {number(both['derivative']['median'])}"
        for label, both in effects.items()
    )

    def draw() -> object:
        return plotting.plot_ablation(rows, baseline=baseline, metrics=["rmse"])

    return Picture(
        "ablation",
        draw,
        "A row for each variant with a mark at the median of the root mean square errors and a line from "
        "the least to the greatest seed, values left, derivatives right. Medians of value and derivative: "
        f"{medians}.",
        f"The ablation: root mean square errors of {F} (left) and {DF} (right) of {text(baseline)} and its "
        f"variants, medians and ranges over {counted(n_seeds, 'seed')}.",
    )


def _powers(powers: Mapping[str, Any]) -> Picture:
    errors = {name.replace("k points", "$k$ points"): both["value"] for name, both in powers["rmse"].items()}
    every = [one for table in errors.values() for row in table for one in row]

    def draw() -> object:
        return plotting.plot_monomials(
            powers["widths"], errors, powers=powers["powers"], y_label="root mean square error of $x^k$"
        )

    return Picture(
        "monomials",
        draw,
        f"Maps of errors with a row for each power from {powers['powers'][0]} to {powers['powers'][-1]} and "
        f"a column for each width from {powers['widths'][0]} to {powers['widths'][-1]}, a number in each "
        f"cell, from {number(min(every))} to {number(max(every))}.",
        "Powers of x with one hidden layer: root mean square errors by power and number of hidden units, "
        "medians over the seeds.",
    )
