"""What the numbers say, in sentences: every word that depends on a number is chosen by it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from .hardness import harder, untrained
from .markup import DF, F, counted, factor, listed, number, span, text
from .results import FitFacts, Results

# Two medians that are no further apart than this are not told apart: single fits scatter by far more.
_ALIKE = 1.25


def discussion(results: Results) -> list[str]:
    """Return the paragraphs of the discussion, as markup; of what was not run there is none."""
    parts = (
        _beside_published(results),
        harder(results),
        untrained(results),
        _relu_against_tanh(results),
        _ablation(results.part("ablation")),
        _second_order(results),
        _scatter(results),
    )
    return [" ".join(" ".join(sentences).split()) for part in parts if (sentences := list(part))]


def _beside_published(results: Results) -> Iterator[str]:
    ratios = {
        (name, error): compared["ratio"]
        for name, fit in results.fits.items()
        for error, compared in fit.errors.items()
        if compared["ratio"] is not None
    }
    if not ratios:
        return
    better = sum(ratio <= 1.0 for ratio in ratios.values())
    (name, error), worst = max(ratios.items(), key=lambda entry: entry[1])
    yield (
        f"*Beside the published errors.* Of {counted(len(ratios), 'published error')}, {_measured(results)} "
        f"meets or undercuts {counted(better, 'error').split()[0] if better else 'none'} (@errors, @ratios)."
    )
    if worst > 1.0:
        yield (
            f"The largest ratio is {number(worst)}, for the {_words(error)} of "
            f"{text(name)}{_seeds_above(results.fits[name], error)}."
        )
    else:
        yield f"Even the largest ratio, for the {_words(error)} of {text(name)}, is {number(worst)}."


def _seeds_above(fit: FitFacts, error: str) -> str:
    """Say whether the scatter over the seeds reaches the published error."""
    spread = fit.errors[error]
    lowest, published = spread["minimum"], spread["published"]
    if fit.n_seeds == 1 or lowest is None or published is None:
        return ""
    if lowest <= published:
        return "; its best seed lies below the published error, so that one published fit does not decide"
    return "; every seed lies above the published error"


def _relu_against_tanh(results: Results) -> Iterator[str]:
    by_activation = {
        fit.configuration["activation"]: fit for name, fit in results.fits.items() if ": " in name
    }
    if not {"relu", "tanh"} <= set(by_activation):
        return
    relu, tanh = by_activation["relu"], by_activation["tanh"]
    ratios = {}
    for kind in ("value", "derivative"):
        pair = [fit.dense_errors[f"{kind}_mse"]["median"] for fit in (relu, tanh)]
        if pair[0] is None or not pair[1]:
            return
        ratios[kind] = math.sqrt(pair[0] / pair[1])
    points = list(relu.fit["over_seeds"])[-1]
    yield (
        "*ReLU against tanh.* On the same samples ReLU's root mean square error is "
        f"{_as_factor(ratios['value'])} of {F} and {_as_factor(ratios['derivative'])} of {DF} (medians on "
        f"{text(points)} points)."
    )
    if ratios["derivative"] > _ALIKE:
        yield ("Between its kinks a network of ReLUs is linear, so that its slope is a staircase (@relu).")
    largest = [fit.dense_errors["derivative_max"]["median"] for fit in (relu, tanh)]
    if largest[0] and largest[1]:
        yield (
            f"The largest error of the slope is {number(largest[0])} with ReLU and {number(largest[1])} with "
            "tanh."
        )


def _as_factor(ratio: float) -> str:
    if max(ratio, 1.0 / ratio) <= _ALIKE:
        return f"about that of tanh ({factor(ratio)})"
    if ratio > 1.0:
        return f"{factor(ratio)} that of tanh"
    return f"only {factor(ratio)} that of tanh"


def _ablation(ablation: Mapping[str, Any] | None) -> Iterator[str]:
    if ablation is None:
        return
    baseline = ablation["baseline"]
    said: dict[str, list[str]] = {"helps": [], "hurts": [], "unclear": []}
    n_seeds = 0
    for label, effects in ablation["effects"].items():
        n_seeds = effects["value"]["n_seeds"]
        if label == baseline:
            continue
        for kind, symbol in (("value", F), ("derivative", DF)):
            effect = effects[kind]
            said[effect["verdict"]].append(f"{text(label)} for {symbol} ({number(effect['ratio'])})")
    yield (
        f"*What the ablation says.* Beside {text(baseline)}, over {counted(n_seeds, 'seed')}, with the ratio "
        "of the median root mean square errors in brackets:"
    )
    verdicts = [
        f"{verb} {listed(said[verdict])}"
        for verdict, verb in (("helps", "what helps is"), ("hurts", "what hurts is"))
        if said[verdict]
    ]
    if not verdicts:
        yield "no change makes a clear difference."
        return
    yield "; ".join(verdicts) + "."
    if said["unclear"]:
        yield f"No clear difference: {listed(said['unclear'])}."


def _second_order(results: Results) -> Iterator[str]:
    gains, times, names = [], [], []
    for name, fit in results.fits.items():
        if fit.possible is None:
            continue
        names.append(name)
        if fit.possible.get("cpu_time_ratio"):
            times.append(fit.possible["cpu_time_ratio"])
        trained = {"value": fit.compared["value_trained"], "derivative": fit.compared["derivative_trained"]}
        for error in fit.errors:
            if not trained[error.partition("_")[0]]:
                continue
            median, other = fit.errors[error]["median"], fit.possible["errors"][error]["maximum"]
            if median and other:
                gains.append(math.sqrt(median / other) if error.endswith("mse") else median / other)
    if not gains:
        return
    yield (
        "*What the second-order optimizer adds.* On the same samples, with the same weights of the loss and "
        "a network of"
    )
    first = next(fit.possible for fit in results.fits.values() if fit.possible is not None)
    sizes = "–".join(map(str, first["configuration"]["layer_sizes"]))
    yield (
        f"{sizes}, {text(first['configuration']['optimizer']['kind'])} takes "
        f"{first['configuration']['epochs']}"
    )
    several = any(fit.n_seeds > 1 for fit in results.fits.values())
    worst, adam = ("Its worst seed", "Adam's median") if several else ("It", "Adam's")
    yield (
        f"steps. {worst} has errors {_beside_adam(min(gains), max(gains), adam)} (roots of the mean squares, "
        f"and maxima), in {counted(len(names), 'experiment')}."
    )
    if times:
        slowest, fastest = max(times), min(times)
        yield f"It takes {span(fastest, slowest)} times the processor time of Adam."
    yield (
        "Network, precision and standardisation differ as well, so that this is what is possible, not the "
        "effect of the optimizer alone."
    )


def _beside_adam(low: float, high: float, adam: str) -> str:
    """Say between which factors errors are smaller than Adam's, or larger."""
    if low >= 1.0:
        return f"{span(low, high)} times smaller than {adam}"
    if high <= 1.0:
        return f"{span(1.0 / high, 1.0 / low)} times larger than {adam}"
    return f"between {number(1.0 / high)} and {number(1.0 / low)} times {adam}"


def _scatter(results: Results) -> Iterator[str]:
    if not results.fits:
        return
    n_seeds = max(fit.n_seeds for fit in results.fits.values())
    yield "*What this report cannot say.*"
    if n_seeds == 1:
        yield (
            "It rests on a single seed. Another one may give errors several times larger or smaller, so "
            "that differences of such a size mean nothing here."
        )
        return
    spans = []
    for fit in results.fits.values():
        for error, spread in fit.errors.items():
            if spread["minimum"] and spread["maximum"]:
                power = 0.5 if error.endswith("mse") else 1.0
                spans.append((spread["maximum"] / spread["minimum"]) ** power)
    if not spans:
        return
    yield (
        f"Over {counted(n_seeds, 'seed')} the largest error of a fit is {number(float(np.median(spans)))} "
        f"times its smallest in the median, and up to {number(max(spans))} times (roots of the mean squares, "
        "and maxima). Differences smaller than that between single fits mean nothing."
    )


def _measured(results: Results) -> str:
    several = any(fit.n_seeds > 1 for fit in results.fits.values())
    return "the median over the seeds" if several else "the one seed"


def _words(error: str) -> str:
    kind, _, measure = error.partition("_")
    quantity = F if kind == "value" else DF
    return f"{'mean square' if measure == 'mse' else 'maximum'} of the error of {quantity}"
