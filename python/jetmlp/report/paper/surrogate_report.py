"""Write the report of a fitted surrogate."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ...surrogate.names import as_names
from ...surrogate.surrogate import Surrogate
from .._environment import environment
from .._files import prepared
from .explore import HELP, Panel, explorer, head
from .markup import listed, number, text
from .needed import NEEDED, expect_installed
from .publish import Figure, Paper, Published, publish
from .results import Array
from .surrogate_facts import SurrogateFacts, facts_of
from .surrogate_text import body

# Figures of outputs, and curves to choose from; a page has an end.
_MOST_FIGURES, _MOST_PROFILES = 3, 24
_N_POINTS = 201


def report_surrogate(
    surrogate: Surrogate,
    folder: str | os.PathLike[str] = "report",
    *,
    input_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None,
    title: str | None = None,
    file: str = "model.safetensors",
) -> Published:
    """Write a report to hand in, of a surrogate and the samples that it was fitted to.

    How good it is (goodness of fit, samples left out, error bars), what matters (Sobol' indices and what the
    slopes say of them) and how to use it: report.pdf, report.html and report-source, as `write_report` does.

    Parameters
    ----------
    surrogate : Surrogate
        Fitted; `jetmlp.load` gives one from a file, with its samples.
    folder : path, default "report"
        Where to write; made if it is not there.
    input_names, output_names : sequence of str, optional
        With units, if there are any. By default those of the surrogate, else x1, x2, … and y1, y2, …, x and y
        where there is one.
    title : str, optional
        Of the report.
    file : str, default "model.safetensors"
        Where the surrogate is kept, for the part that says how to use it.

    Returns
    -------
    Published
        Where PDF, page and source are.

    Raises
    ------
    ImportError
        If a library that this needs is not installed.
    TypeError, ValueError
        If an argument is of the wrong kind; the message names it.
    RuntimeError
        If nothing was fitted before.
    OSError
        If the folder cannot be written to, before any work is done; or later, if a disk is full.
    """
    if not isinstance(surrogate, Surrogate):
        raise TypeError(f"surrogate: expected a Surrogate, got {type(surrogate).__name__}")
    expect_installed("jetmlp.report.report_surrogate", (*NEEDED, "scipy"))
    mixture = surrogate._fitted().mixture
    inputs = _names("input_names", input_names or surrogate.input_names, mixture.n_inputs, "x")
    outputs = _names("output_names", output_names or surrogate.output_names, mixture.n_outputs, "y")
    place = Path(folder)
    with prepared(place):
        facts = facts_of(surrogate, inputs, outputs)
        figures, captions = _figures(facts)
        versions = environment()
        about = (
            f"jetmlp {versions['versions']['jetmlp']} ({versions['instruction_set']}), NumPy "
            f"{versions['versions']['numpy']}, Python {versions['versions']['python']}"
        )
        paper = Paper(
            title=title or f"A surrogate of {listed(outputs)}",
            about=text(about),
            body=body(facts, figures, captions, file),
            figures=figures,
            interactive={"explore": _profiles(facts)},
            head=head(),
        )
        return publish(paper, place)


def _names(argument: str, names: Sequence[str] | None, count: int, letter: str) -> list[str]:
    found = as_names(argument, names, count)
    if found is None:
        return [letter] if count == 1 else [f"{letter}{k + 1}" for k in range(count)]
    return list(found)


def _figures(facts: SurrogateFacts) -> tuple[dict[str, Figure], dict[str, str]]:
    """Return the figures of the first outputs, and their captions as markup."""
    figures, captions = {}, {}
    for o, name in enumerate(facts.outputs[:_MOST_FIGURES]):
        label = f"output{o + 1}"
        figures[label] = Figure(lambda o=o: _draw(facts, o), _alt(facts, o))  # type: ignore[misc]
        if len(facts.inputs) == 1:
            captions[label] = (
                f"{text(name)} and its slope with bands of 68 and 95 % and the samples; below, how wide the "
                "bands are."
            )
        else:
            captions[label] = (
                f"{text(name)}: errors of samples left out, with bars that are to hold 95 % of them (left); "
                "their sizes over the deviations expected (middle); what matters, by the slopes (right)."
            )
    return figures, captions


def _draw(facts: SurrogateFacts, output: int) -> object:
    return facts.surrogate.plot(input_names=facts.inputs, output_names=facts.outputs, output=output)


def _alt(facts: SurrogateFacts, o: int) -> str:
    name = facts.outputs[o]
    rows = [one for one in facts.values if one.quantity == name]
    left_out = rows[0].left_out if rows else None
    errors = ""
    if left_out is not None:
        errors = (
            f" The root mean square error with samples left out is {number(left_out.rmse)}, "
            f"{number(left_out.relative)} of the standard deviation of the values."
        )
    if len(facts.inputs) == 1:
        return (
            f"{name} over {facts.inputs[0]} with its error bands, its slope likewise, and the widths.{errors}"
        )
    shares = ", ".join(
        f"{by} {number(float(share))}" for by, share in zip(facts.inputs, facts.shares[o], strict=True)
    )
    return (
        f"Three panels for {name}: errors of samples left out over the observed values; their sizes over the "
        f"standard deviations expected, on logarithmic axes; bars of the sensitivities: {shares}.{errors}"
    )


_VALUE = Panel("Value", "input", "value", {"mean": "surrogate"}, band=("low", "high"))
_SLOPE = Panel("Slope", "input", "slope", {"slope": "slope"}, band=("slope_low", "slope_high"))


def _profiles(facts: SurrogateFacts) -> str:
    """Return values and slopes along each input, the others at their medians, to look into."""
    X, Y = facts.samples.X, facts.samples.Y
    middle = np.median(X, axis=0)
    # Only with a single input do the samples lie on the curve.
    with_samples = len(facts.inputs) == 1 and Y is not None
    choices: dict[str, dict[str, Array]] = {}
    for k, by in enumerate(facts.inputs):
        if len(choices) >= _MOST_PROFILES:
            break
        x = np.linspace(X[:, k].min(), X[:, k].max(), _N_POINTS)
        points = np.tile(middle, (_N_POINTS, 1))
        points[:, k] = x
        values, deviations = facts.surrogate.predict(points, return_std=True)
        slopes, slope_deviations = facts.surrogate.jacobian(points, return_std=True)
        for o, name in enumerate(facts.outputs):
            mean, width = values[:, o], 1.96 * deviations[:, o]
            slope, slope_width = slopes[:, o, k], 1.96 * slope_deviations[:, o, k]
            columns = {
                "x": x,
                "mean": mean,
                "low": mean - width,
                "high": mean + width,
                "slope": slope,
                "slope_low": slope - slope_width,
                "slope_high": slope + slope_width,
            }
            if with_samples:
                assert Y is not None
                columns |= {"sample_x": X[:, 0], "sample_y": Y[:, o]}
            choices[f"{name} along {by}"] = columns
    return explorer(
        "explore",
        "Along each input",
        f"Value and slope along one input, all others at their medians, with bands of 95 %. {HELP}",
        (_VALUE._replace(dots=("sample_x", "sample_y")) if with_samples else _VALUE, _SLOPE),
        choices,
    )
