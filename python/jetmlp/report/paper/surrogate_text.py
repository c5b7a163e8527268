"""The report of a surrogate: data, model, how good it is and how that is known, what matters, its use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ...surrogate.goodness import MOST, relative_of_others
from .markup import (
    MOST_ROWS,
    and_more,
    call,
    counted,
    formula,
    inline,
    listed,
    number,
    percent,
    picture,
    table,
    text,
)
from .publish import Figure
from .surrogate_facts import COVERAGES, Met, SurrogateFacts
from .surrogate_matters import what_matters
from .surrogate_use import use


def body(facts: SurrogateFacts, figures: dict[str, Figure], captions: dict[str, str], file: str) -> str:
    """Return the report as markup."""
    parts = [*_purpose(facts), *_model(facts), *_goodness(facts)]
    # The figure of one input is as high as it is wide.
    width = "58%" if len(facts.inputs) == 1 else "100%"
    parts += [picture(name, figure.alt, captions[name], width) for name, figure in figures.items()]
    parts += [
        *_error_bars(facts),
        *what_matters(facts),
        call("interactive", '"explore"'),
        *use(facts, file),
    ]
    return "\n\n".join(parts)


def _purpose(facts: SurrogateFacts) -> Iterator[str]:
    samples = facts.samples
    kinds = [
        word
        for word, array in (
            ("values", samples.Y),
            ("slopes", samples.derivatives),
            ("curvatures", samples.d2YdX2),
        )
        if array is not None
    ]
    outputs, inputs = (
        listed([text(one) for one in facts.outputs]),
        listed([text(one) for one in facts.inputs]),
    )
    yield "= Purpose and data"
    yield (
        "A surrogate answers in place of the computation or the measurement that gave the samples: "
        f"{outputs} as a function of {inputs}, with slopes and error bars. It was fitted to {listed(kinds)} "
        f"at {counted(len(samples), 'sample')}; @data says where they lie."
    )
    columns = [(name, samples.X[:, k]) for k, name in enumerate(facts.inputs)]
    if samples.Y is not None:
        columns += [(name, samples.Y[:, o]) for o, name in enumerate(facts.outputs)]
    yield table(
        "data",
        "Inputs and outputs of the samples.",
        ("quantity", "kind", "known", "least", "mean", "greatest", "standard deviation"),
        [
            (
                name,
                "input" if place < len(facts.inputs) else "output",
                str(np.count_nonzero(~np.isnan(column))),
                *(
                    number(float(one), 3)
                    for one in (np.nanmin(column), np.nanmean(column), np.nanmax(column))
                ),
                number(float(np.nanstd(column)), 3),
            )
            for place, (name, column) in enumerate(columns)
        ],
        left=2,
    )


def _model(facts: SurrogateFacts) -> Iterator[str]:
    rows = facts.surrogate.summary().candidates
    members = [row for row in rows if row.weight > 0]
    yield "= Model"
    if facts.by_evidence:
        yield (
            f"{counted(len(rows), 'small network').capitalize()} {'were' if len(rows) > 1 else 'was'} fitted "
            f"to all samples. Each minimises the squared residuals {inline('r k', 'r_k')} and the squared "
            f"weights {inline('theta g', 'theta_g')},"
        )
        yield formula(
            "E of theta equals the sum over k of beta k times the squared norm of r k, plus the sum over g "
            "of alpha g times the squared norm of theta g",
            "E(theta) = sum_k beta_k norm(r_k)^2 + sum_g alpha_g norm(theta_g)^2,",
        )
        yield (
            f"where the precisions {inline('beta k', 'beta_k')} of the noise and "
            f"{inline('alpha g', 'alpha_g')} of the weights are found from the samples by the evidence "
            f"(MacKay 1992). {counted(len(members), 'network').capitalize()} "
            f"{'are' if len(members) > 1 else 'is'} used, chosen by evidence, so that no sample was held out:"
        )
    else:
        yield (
            f"There are too many samples for a fit by evidence: {counted(len(members), 'network')} "
            f"{'were' if len(members) > 1 else 'was'} fitted to nine tenths of the samples, and weighed by "
            "the rest:"
        )
    shown = members[:MOST_ROWS]
    yield table(
        "networks",
        "Networks that are used. Left out: root mean square error of values "
        f"{'left out' if facts.by_evidence else 'held out'} over their standard deviation."
        + and_more(len(members), len(shown), "network"),
        ("network", "parameters", "effective", "log evidence", "left out", "weight"),
        [
            (
                row.network,
                str(row.n_parameters),
                number(row.effective_parameters, 3),
                number(row.log_evidence, 4),
                number(row.leave_one_out),
                number(row.weight),
            )
            for row in shown
        ],
    )


def _goodness(facts: SurrogateFacts) -> Iterator[str]:
    rows = facts.values + facts.slopes
    shown = rows[:MOST_ROWS]
    how = (
        "with each sample left out in turn, in closed form from the posterior of each network, and by a "
        "new fit where that cannot tell"
        if facts.by_evidence
        else "of the tenth of the samples that was held out"
    )
    yield "= How good it is, and how that is known"
    yield (
        "Errors at the samples themselves say little, since the networks were fitted to them. The errors "
        f"that count are those {how}. {_verdict(rows)}"
    )
    yield table(
        "goodness",
        "Goodness of fit. RMSE: root mean square error; relative: over the standard deviation of values, the "
        f"root mean square of slopes; {inline('R squared', 'R^2')}: 1 less the square of that."
        + and_more(len(rows), len(shown), "row"),
        ("quantity", "numbers", "RMSE", "R²", "RMSE, left out", "relative", "R², left out"),
        [
            (
                one.quantity,
                str(one.at_samples.n),
                number(one.at_samples.rmse),
                _explained(one.at_samples.r2),
                *(
                    ("–", "–", "–")
                    if one.left_out is None
                    else (
                        number(one.left_out.rmse),
                        number(one.left_out.relative),
                        _explained(one.left_out.r2),
                    )
                ),
            )
            for one in shown
        ],
    )


def _explained(r2: float) -> str:
    """Write R² so that what is missing to 1 has two digits."""
    if not np.isfinite(r2):
        return "–"
    if r2 >= 1.0 - 5e-13:
        return "1"
    missing = 1.0 - r2
    digits = 2 if missing >= 0.1 else int(np.ceil(-np.log10(missing))) + 1
    return f"{r2:.{min(digits, 12)}f}".replace("-", "−")


def _verdict(rows: Sequence[Met]) -> str:
    known = [
        (one.left_out.relative, one.left_out.rmse, one.quantity)
        for one in rows
        if one.left_out is not None and np.isfinite(one.left_out.relative)
    ]
    if not known:
        return "Of these samples none could be left out."
    share, rmse, quantity = max(known)
    quality = "well" if share < 0.05 else "fairly" if share < 0.3 else "badly"
    size = f"{number(share)} times the size of what is fitted (RMSE {number(rmse)})"
    if quality == "well":
        what = "all quantities are" if len(known) > 1 else "the function is"
        return f"By these, {what} met well: the largest, of {text(quantity)}, is {size}."
    verdict = f"By these, {text(quantity)} is met {quality}: its error is {size}."
    worst = next(one.left_out for one in rows if one.quantity == quantity and one.left_out is not None)
    others = relative_of_others(worst.n, worst.rmse, worst.largest, worst.relative)
    if others is None:
        return verdict
    return (
        f"{verdict} One of the {worst.n} samples makes more than {percent(MOST)} of its square; for the "
        f"others it is {number(others)} of that size."
    )


def _error_bars(facts: SurrogateFacts) -> Iterator[str]:
    rows = [one for one in facts.values or facts.slopes if not np.isnan(one.within[0])]
    if not rows:
        return
    expected = [percent(share) for share in COVERAGES.values()]
    found = [
        f"{percent(one.within[0])} and {percent(one.within[1])} for {text(one.quantity)}"
        for one in rows[:MOST_ROWS]
    ]
    yield (
        f"*Error bars.* Within one and within 1.96 standard deviations should lie {expected[0]} and "
        f"{expected[1]} of the errors left out; there are {listed(found)}. {_confidence(rows)}"
    )


def _confidence(rows: Sequence[Met]) -> str:
    if min(one.within[1] for one in rows) < 0.85:
        return "The error bars are too small for some samples: take them as a lower limit."
    if min(one.within[0] for one in rows) > 0.85:
        return "The error bars are wider than these errors call for: take them as an upper limit."
    return "So the error bars can be used as they are, within the range of the samples."
