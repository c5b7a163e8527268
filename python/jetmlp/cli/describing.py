"""What a model is and how good it is, for programs and for people."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.derivative_names import spelled
from ..surrogate.goodness import MOST, Goodness, relative_of_others
from ..surrogate.surrogate import Surrogate
from ..tables.npz import numbered
from .console import coloured, heading, say, table_lines
from .files import Model

Array = NDArray[np.float64]

#: How an error is known, for people.
BASES = {
    "leave-one-out": "each sample predicted as if left out of the fit (in closed form, or fitted anew)",
    "held out": "a tenth of the samples, held out of the fit",
    "new samples": "the samples of the table, predicted",
}
#: Where the root mean square is so many times the median, a few errors rule it.
_RULED = 10.0
#: Colours of errors over the spread, up to so much.
_GOOD, _FAIR = 0.05, 0.3


def names_of(model: Model) -> tuple[list[str], list[str]]:
    """Return the names of inputs and outputs, made up where the model has none."""
    inputs = outputs = None
    if isinstance(model, Surrogate):
        inputs, outputs = model.input_names, model.output_names
    d, m = sizes_of(model)
    return list(inputs or numbered("x", d)), list(outputs or numbered("y", m))


def sizes_of(model: Model) -> tuple[int, int]:
    """Return how many inputs and outputs there are."""
    if isinstance(model, Surrogate):
        return model.samples.n_inputs, model.samples.n_outputs
    return model.n_inputs, model.n_outputs


def described_model(model: Model) -> dict[str, Any]:
    """Return what a model is, and how good, as JSON has it."""
    inputs, outputs = names_of(model)
    if not isinstance(model, Surrogate):
        return {
            "kind": type(model).__name__,
            "description": repr(model),
            "inputs": [{"name": name} for name in inputs],
            "outputs": [{"name": name} for name in outputs],
        }
    samples = model.samples
    candidates = model.summary().candidates
    spans = np.full((len(outputs), 2), np.nan)
    if samples.Y is not None:
        present = ~np.isnan(samples.Y).all(axis=0)
        spans[present, 0] = np.nanmin(samples.Y[:, present], axis=0)
        spans[present, 1] = np.nanmax(samples.Y[:, present], axis=0)
    return {
        "kind": "Surrogate",
        "samples": len(samples),
        "values": _count(samples.Y),
        "derivatives": _count(samples.derivatives),
        "inputs": [
            {"name": name, "low": float(samples.X[:, k].min()), "high": float(samples.X[:, k].max())}
            for k, name in enumerate(inputs)
        ],
        "outputs": [
            {"name": name, "low": float(low), "high": float(high)}
            for name, (low, high) in zip(outputs, spans, strict=True)
        ],
        "networks_used": sum(row.weight > 0 for row in candidates),
        "networks_tried": len(candidates),
        "goodness": described_goodness(model.goodness(), inputs, outputs),
    }


def described_goodness(
    rows: Iterable[Goodness], inputs: Sequence[str], outputs: Sequence[str]
) -> list[dict[str, Any]]:
    """Return errors as JSON has them."""
    return [
        {
            "output": outputs[row.output],
            "input": None if row.along is None else inputs[row.along],
            "n": row.n,
            "rmse": row.rmse,
            "median_error": row.median,
            "largest_error": row.largest,
            "relative_error": row.relative,
            "r2": row.r2,
            "basis": row.basis,
        }
        for row in rows
    ]


def say_model(document: dict[str, Any]) -> None:
    """Say what `described_model` returns."""
    if document["kind"] != "Surrogate":
        say(document["description"])
        say("Names and ranges of inputs and outputs are not in the file, nor how good it is.")
        return
    counts = [(document[kind], kind) for kind in ("values", "derivatives") if document[kind]]
    say(
        heading(f"Surrogate of {document['samples']} samples")
        + f": {', '.join(f'{count} {kind}' for count, kind in counts)}; "
        f"{document['networks_used']} of {document['networks_tried']} networks used"
    )
    for kind in ("inputs", "outputs"):
        say("")
        rows = [(entry["name"], _short(entry["low"]), _short(entry["high"])) for entry in document[kind]]
        for line in table_lines((kind, "from", "to"), rows):
            say(line)
    say("")
    say_goodness(document["goodness"])


def say_checkpoint(document: dict[str, Any]) -> None:
    """Say what `described_checkpoint` returns."""
    say(heading("Checkpoint") + f": {document['description']}")
    for what in ("epochs", "stages", "rounds"):
        if what in document:
            asked = document.get(f"{what}_asked")
            done = document.get(f"{what}_of_fit") if asked is not None else None
            done = document[what] if done is None else done
            say(f"{done}{'' if asked is None else f' of {asked}'} {what} done.")
    for name in ("loss", "val_loss"):
        if name in document:
            say(f"Last {name}: {_short(document[name])}")
    say(f"{document['resume']} goes on from it, with the same samples.")


def say_goodness(goodness: Sequence[dict[str, Any]], more: Sequence[str] = ()) -> None:
    """Say how good a model is, `more` being names of further columns of shares."""
    if not goodness:
        say("How good: not known, since no sample was held out.")
        return
    say(f"How good: {BASES[goodness[0]['basis']]}.")
    heads = ("", "samples", "error (RMS)", "median", "largest", "of the spread", "R²", *more)
    rows = [
        (
            entry["output"] if entry["input"] is None else spelled(entry["output"], entry["input"]),
            str(entry["n"]),
            _short(entry["rmse"], 3),
            _short(entry["median_error"], 3),
            _short(entry["largest_error"], 3),
            _percent(entry["relative_error"]),
            _r2(entry["r2"]),
            *(_percent(entry[name.replace(" ", "_")]) for name in more),
        )
        for entry in goodness
    ]
    head, *lines = table_lines(heads, rows)
    say(head)
    for entry, line in zip(goodness, lines, strict=True):
        error = entry["relative_error"]
        known = not math.isnan(error)
        colour = "green" if error <= _GOOD else "yellow" if error <= _FAIR else "red"
        say(coloured(line, colour) if known else line)
    alone = False
    for entry in goodness:
        if entry["basis"] != "leave-one-out" or entry["input"] is not None:
            continue
        others = relative_of_others(
            entry["n"], entry["rmse"], entry["largest_error"], entry["relative_error"]
        )
        if others is not None:
            alone = True
            say(
                f"One sample of {entry['n']} makes more than {100 * MOST:.0f} % of the squared error of "
                f"{entry['output']}; for the others it is {_percent(others)} of the spread (RMS)."
            )
    ruled = any(entry["rmse"] > _RULED * entry["median_error"] for entry in goodness)
    if ruled and not alone and goodness[0]["basis"] == "leave-one-out":
        say(
            "A few errors are far larger than the others. Leaving out is linearised and can make them many "
            "times too large; `jetmlp evaluate` with new samples tells."
        )


def _short(number: float, digits: int = 5) -> str:
    return f"{number:.{digits}g}" if math.isfinite(number) else "-"


def _percent(share: float | None) -> str:
    return f"{100 * share:.3g} %" if share is not None and math.isfinite(share) else "-"


def _r2(share: float) -> str:
    if not math.isfinite(share):
        return "-"
    return f"{share:.6f}" if share <= 0.999999 or share == 1.0 else "> 0.999999"


def _count(array: NDArray[Any] | None) -> int:
    return 0 if array is None else int(np.count_nonzero(~np.isnan(array)))
