"""The section of a report that says how a surrogate is used, with numbers to check it by."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import numpy as np

from .markup import call, factor, quoted, table
from .surrogate_facts import SurrogateFacts

# So many outputs and inputs are written out.
_MOST_WRITTEN = 4


def use(facts: SurrogateFacts, file: str) -> Iterator[str]:
    """Return the section as markup."""
    yield "= How to use it"
    yield (
        f"The surrogate is the file {call('raw', quoted(file))}. It holds its samples, so that it can take "
        "more of them. `pip install jetmlp` is all that it needs. Inputs go in and outputs come out in the "
        "units of the samples."
    )
    yield call("code", quoted("\n".join(_program(facts, file))))
    command = f"jetmlp predict {shlex.quote(file)} new.csv --out predictions.csv"
    yield f"From the command line: {call('raw', quoted(command))}, with a column for each input in new.csv."
    yield "Whoever has loaded it can check it by these numbers, at three quantiles of the samples' inputs:"
    yield _checks(facts)
    yield "*Between the samples, not beyond.* @data says where the samples lie. " + _beyond(facts)
    yield (
        "*More samples.* `suggest` names the points where the surrogate knows least. What is computed or "
        "measured there goes in by `update`, which takes a fraction of the time of a new fit; `fit` on all "
        "samples starts anew."
    )
    if facts.samples.derivatives is not None:
        yield (
            "*Slopes.* This surrogate was fitted to slopes as well; `update` expects them with the new "
            "samples, NaN where they were not measured."
        )


def _program(facts: SurrogateFacts, file: str) -> Iterator[str]:
    point = [_written(one) for one in np.median(facts.samples.X, axis=0)]
    mean, deviation = facts.surrogate.predict([point], return_std=True)
    slopes = facts.surrogate.jacobian([point])
    outputs = list(enumerate(map(_one_line, facts.outputs[:_MOST_WRITTEN])))
    yield "import jetmlp"
    yield ""
    yield f"model = jetmlp.load({file!r})"
    yield f"x = [[{', '.join(f'{one:g}' for one in point)}]]"
    yield f"# {', '.join(map(_one_line, facts.inputs))}; a row for each point"
    yield ""
    yield "value, deviation = model.predict(x, return_std=True)  # (points, outputs)"
    for o, name in outputs:
        yield f"# {name}: {mean[0, o]:.6g} ± {deviation[0, o]:.1g}"
    yield "slope = model.jacobian(x)  # (points, outputs, inputs)"
    for o, name in outputs:
        some = ", ".join(f"{one:.4g}" for one in slopes[0, o, :_MOST_WRITTEN])
        yield f"# {name}: {some}{', …' * (slopes.shape[2] > _MOST_WRITTEN)}"
    yield "curvature = model.hessian(x)  # (points, outputs, inputs, inputs)"
    yield ""
    ends = [f"[{low:.4g}, {high:.4g}]" for low, high in facts.sensitivity.bounds]
    for first in range(0, len(ends), _MOST_WRITTEN):
        start = "bounds = [" if first == 0 else "          "
        row = ", ".join(ends[first : first + _MOST_WRITTEN])
        yield f"{start}{row}{']' if first + _MOST_WRITTEN >= len(ends) else ','}"
    yield "next_x = model.suggest(bounds, n=3)"
    arrays = "next_x, next_y" + (", next_slopes" if facts.samples.dYdX is not None else "")
    if facts.samples.directions is None and facts.samples.d2YdX2 is None:
        yield f"# model.update({arrays})"
        yield f"# model.save({file!r})"


def _checks(facts: SurrogateFacts) -> str:
    """Return predictions at three points, one in each column."""
    shares = (0.25, 0.5, 0.75)
    points = [[_written(one) for one in np.quantile(facts.samples.X, share, axis=0)] for share in shares]
    mean, deviation = facts.surrogate.predict(points, return_std=True)
    rows = [(name, *(_signed(f"{point[k]:g}") for point in points)) for k, name in enumerate(facts.inputs)]
    rows += [
        (name, *(_signed(f"{mean[i, o]:.6g} ± {deviation[i, o]:.1g}") for i in range(len(points))))
        for o, name in enumerate(facts.outputs)
    ]
    return table(
        "checks",
        "Three points, and what is predicted there, with one standard deviation.",
        ("quantity", *(f"all inputs at {share:.0%}" for share in shares)),
        rows,
    )


def _signed(number: str) -> str:
    return number.replace("-", "−")


def _beyond(facts: SurrogateFacts) -> str:
    """Say how the error bars grow where the samples end."""
    X = facts.samples.X
    low, high = X.min(axis=0), X.max(axis=0)
    middle, away = (low + high) / 2.0, (high - low) / 2.0
    _, inside = facts.surrogate.predict(X, return_std=True)
    _, outside = facts.surrogate.predict([middle + 1.5 * away, middle - 1.5 * away], return_std=True)
    before, after = np.median(inside, axis=0), np.max(outside, axis=0)
    if not (before > 0).all():
        return "Beyond them nothing has been tested."
    growth = float(np.min(after / before))
    grown = (
        f"the standard deviation is at least {factor(growth)} that at the samples"
        if growth > 1.0
        else f"the standard deviation is {factor(growth)} that at the samples, which warns of nothing"
    )
    return (
        f"Half as far again from the middle of their range, in the corner of all inputs, {grown}. Nothing "
        "has been tested there: error bars beyond the samples are no promise."
    )


def _written(number: float) -> float:
    """Return a number as it is written, so that what is computed from it is what a reader gets."""
    return float(f"{number:.4g}")


def _one_line(name: str) -> str:
    return " ".join(name.split())
