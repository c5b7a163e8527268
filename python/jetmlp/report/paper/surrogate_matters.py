"""The part of a report that says which inputs matter."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .markup import MOST_ROWS, and_more, formula, listed, number, percent, table, text
from .surrogate_facts import SurrogateFacts


def what_matters(facts: SurrogateFacts) -> Iterator[str]:
    """Return the part as markup; of a single input there is nothing to say."""
    if len(facts.inputs) == 1:
        return
    found = facts.sensitivity
    yield "= What matters"
    yield (
        "Inputs are taken as uniform in the range of the samples and independent of each other. Sobol' "
        "indices are shares of an output's variance: of first order what an input does by itself, total "
        "with its interactions. From the slopes of the network alone follow a bound of the total index "
        "(Sobol' and Kucherenko 2009) and, at the samples, the shares that a linear function would have:"
    )
    yield formula(
        "total index S T i is at most b i minus a i squared, over pi squared times the variance of f, "
        "times the mean of the squared derivative of f by x i",
        'S_(T i) <= (b_i - a_i)^2 / (pi^2 op("Var") f) med op("E") [((partial f) / (partial x_i))^2] .',
    )
    rows = [
        (
            output if k == 0 else "",
            name,
            *(
                number(float(part[o, k]))
                for part in (found.first_order, found.total, found.slope_bound, facts.shares)
            ),
        )
        for o, output in enumerate(facts.outputs)
        for k, name in enumerate(facts.inputs)
    ]
    yield table(
        "matters",
        "Sensitivities. Indices are estimates: one that is 0 may come out a little below."
        + and_more(len(rows), min(len(rows), 2 * MOST_ROWS), "row"),
        ("output", "input", "first order", "total", "bound by slopes", "share by slopes"),
        rows[: 2 * MOST_ROWS],
        left=2,
    )
    yield " ".join(_ranked(facts, o) for o in range(min(len(facts.outputs), MOST_ROWS)))


def _ranked(facts: SurrogateFacts, o: int) -> str:
    total, first = facts.sensitivity.total[o], facts.sensitivity.first_order[o]
    name = text(facts.outputs[o])
    if np.isnan(total).any():
        return f"{name} does not vary in this range."
    order = np.argsort(-total, kind="stable")
    first_sum = float(np.clip(first.sum(), 0.0, 1.0))
    little = [text(facts.inputs[k]) for k in order if total[k] < 0.01]
    most, least = (text(facts.inputs[order[place]]) for place in (0, -1))
    words = f"For {name}, {most} matters most (total index {number(float(total[order[0]]))})"
    words += f", {least} least ({number(max(0.0, float(total[order[-1]])))})."
    if 1.0 - first_sum > 0.02:
        words += f" Interactions bring about {percent(1.0 - first_sum)} of the variance."
    else:
        words += " The inputs hardly interact: first-order indices sum to nearly 1."
    first_by_slopes = int(np.argmax(facts.shares[o]))
    if first_by_slopes != order[0]:
        words += (
            f" By the slopes alone {text(facts.inputs[first_by_slopes])} would come first: an output that is "
            "steep "
            "along an input may go up and down, and vary less for it."
        )
    empty = [text(facts.inputs[k]) for k in order if facts.sensitivity.slope_bound[o, k] >= 1.0]
    if empty:
        words += f" The bound by slopes is above 1 for {listed(empty)}, where it says nothing."
    if little:
        words += f" Less than one percent each: {listed(little)}."
    return words
