"""The report of `reproduce`: purpose, data, network, loss, training, results, discussion."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ...experiments import EXPERIMENTS
from .discussion import discussion
from .markup import DF, F, call, content, counted, formula, inline, listed, number, picture, text
from .picture import Picture
from .results import FitFacts, Results
from .tables import error_table, optimizer_of, settings_table, surrogate_table, surrogates_of

TITLE = "Fitting a function and its derivative with small networks"


def about(results: Results) -> str:
    """Say in one line what made the numbers."""
    summary = results.summary
    versions = summary["versions"]
    seeds = {fit.n_seeds for fit in results.fits.values()}
    count = f"{listed([str(one) for one in sorted(seeds)])} seeds from {summary['seed']} on" if seeds else ""
    if seeds == {1}:
        count = f"seed {summary['seed']}"
    words = (
        f"jetmlp {versions['jetmlp']} ({summary['instruction_set']}), NumPy {versions['numpy']}, Python "
        f"{versions['python']}"
    )
    return text(", ".join(part for part in (words, count) if part))


def body(results: Results, drawn: Mapping[str, Picture]) -> str:
    """Return the report as markup."""
    parts = [*_purpose(results), *_methods(results, drawn), *_results(results, drawn), *_discussion(results)]
    there = {"settings", "errors", *drawn}

    def kept(match: re.Match[str]) -> str:
        # What was not drawn cannot be referred to.
        found = [name for name in re.findall(r"@(\w+)", match.group()) if name in there]
        return f" ({', '.join(f'@{name}' for name in found)})" if found else ""

    return "\n\n".join(re.sub(r" \(@[\w, @]+\)", kept, part) for part in parts)


def _purpose(results: Results) -> Iterator[str]:
    yield "= Purpose"
    fits = results.fits
    words = []
    if fits:
        words.append(
            f"How well do small neural networks learn a function {F} of one variable and its derivative "
            f"{DF}, from samples of either or both? {counted(len(fits), 'network').capitalize()} "
            f"{'is' if len(fits) == 1 else 'are'} fitted as published, and their errors are put beside the "
            "published ones."
        )
        if any(fit.possible for fit in fits.values()):
            words.append(
                "Beside each smooth one stands what a second-order optimizer does with the same samples."
            )
    others = {
        "ablation": "an ablation asks which change of one of these experiments helps",
        "input-gradient": "the gradient of a network is computed in three ways",
        "monomials": "powers are fitted with one hidden layer of growing width",
    }
    found = [words_ for name, words_ in others.items() if results.part(name) is not None]
    studies = surrogates_of(results)
    if studies:
        found.append(f"{counted(len(studies), 'surrogate')} of many inputs measure what slopes are worth")
    if found:
        words.append(f"Besides, {listed(found)}." if fits else f"{listed(found).capitalize()}.")
    yield " ".join(words)


def _methods(results: Results, drawn: Mapping[str, Picture]) -> Iterator[str]:
    fits = list(results.fits.values())
    if not fits:
        return
    yield "= Data, network, loss and training"
    if all(fit.configuration["function"] == "runge" for fit in fits):
        low, high = (fits[0].configuration["data"].get(end, 0.0) for end in ("low", "high"))
        yield (
            "*Data.* Values and slopes of Runge's function on "
            f"{inline(f'from {low:g} to {high:g}', f'[{low:g}, {high:g}]')}, sampled without noise as "
            "@settings says:"
        )
        yield formula(
            "f of x equals 1 over 1 plus 25 x squared; f prime of x equals minus 50 x over the square of 1 "
            "plus 25 x squared",
            "f(x) = 1 / (1 + 25 x^2), quad f'(x) = -(50 x) / (1 + 25 x^2)^2",
        )
    yield (
        f"*Network.* With {inline('a 0 equals x', 'a_0 = x')} and the activation {inline('sigma', 'sigma')}, "
        "each layer computes values and, exactly and in the same pass, their derivatives by the input; the "
        "last one has no activation:"
    )
    yield formula(
        "z l equals W l times a l minus 1 plus b l; a l equals sigma of z l; the derivative of a l equals "
        "sigma prime of z l times W l times the derivative of a l minus 1",
        "z_l = W_l a_(l-1) + b_l, quad a_l = sigma(z_l), quad dot(a)_l = sigma'(z_l) dot.o W_l "
        "dot(a)_(l-1), quad dot(a)_0 = 1",
    )
    yield (
        f"*Loss.* With {inline('f hat', 'hat(f)')} for the network, {inline('theta', 'theta')} for its "
        f"weights and biases and {inline('N', 'N')} training points,"
    )
    yield formula(
        "L of theta equals w 0 over N times the sum of the squared errors of f, plus w 1 over N times the "
        "sum of the squared errors of f prime",
        "L(theta) = w_0/N sum_(i=1)^N (hat(f)(x_i) - f(x_i))^2 + w_1/N sum_(i=1)^N (hat(f)'(x_i) - "
        "f'(x_i))^2 .",
    )
    yield " ".join(_training(fits))
    yield settings_table(results)
    yield from _beside(drawn, ("fit", "loss"), "(1.73fr, 1fr)")


def _training(fits: list[FitFacts]) -> Iterator[str]:
    types = listed(sorted({fit.configuration["dtype"] for fit in fits}))
    optimizers = listed(sorted({optimizer_of(fit.configuration) for fit in fits}))
    yield (
        f"*Training.* {optimizers} in {types}, from random starting weights that the seed determines; errors "
        "are measured on the points that @errors names, by the trained network at its last step."
    )
    possible = next((fit.possible for fit in fits if fit.possible), None)
    if possible is not None:
        its = possible["configuration"]
        yield (
            f"The column _possible_ is {text(optimizer_of(its))}, {its['epochs']} steps on all samples, with "
            f"a {'–'.join(map(str, its['layer_sizes']))} network in {its['dtype']}, which solves"
        )
        yield inline(
            "J transposed J plus lambda I, times delta, equals minus J transposed r",
            "(J^top J + lambda I) delta = -J^top r",
        )
        yield "for the residuals"
        yield inline("r", "r")
        yield "of values and slopes in each step."


def _results(results: Results, drawn: Mapping[str, Picture]) -> Iterator[str]:
    yield "= Results"
    yield from _beside(drawn, ("ratios", "relu"), "(1.36fr, 1fr)")
    if results.fits:
        yield error_table(results)
    yield call("interactive", '"explore"')
    check, powers = results.part("input-gradient"), results.part("monomials")
    if check is not None:
        yield "*Gradient of a network.* " + _gradient(check)
    if powers is not None:
        yield "*Powers.* " + _powers(powers)
    yield from _alone(results, drawn, "monomials")
    yield from _alone(results, drawn, "ablation")
    studies = surrogates_of(results)
    if studies:
        yield surrogate_table(studies)


def _gradient(check: Mapping[str, Any]) -> str:
    networks = [
        f"by at most {number(largest['jacobian_max'])} in {text(name)}, where central differences are off by "
        f"{number(largest['central_differences_max'])}"
        for name, largest in check.items()
    ]
    return (
        "The derivative that the network carries along and one computed step by step, back through the "
        f"layers, differ {listed(networks)}."
    )


def _powers(powers: Mapping[str, Any]) -> str:
    points, errors = next(iter(powers["rmse"].items()))
    widths, power = powers["widths"], powers["powers"][-1]
    of_power = errors["value"][-1]
    best = min(range(len(widths)), key=of_power.__getitem__)
    return (
        f"With {text(points)}, the root mean square error of {inline(f'x to the {power}', f'x^{power}')} is "
        f"least with {widths[best]} hidden units, {number(of_power[best])}, beside {number(of_power[0])} "
        f"with {widths[0]} and {number(of_power[-1])} with {widths[-1]} (medians over the seeds)."
    )


def _discussion(results: Results) -> Iterator[str]:
    paragraphs = discussion(results)
    if paragraphs:
        yield "= Discussion"
        yield from paragraphs
    yield "= How to repeat it"
    yield (
        f'`pip install "jetmlp[paper]"`, then `{_command(results)}`. The same seeds give the same numbers on '
        "processors of one level of instruction set. Every number here was read from the files that this "
        "command writes."
    )


def _command(results: Results) -> str:
    """Return the command that made the results."""
    summary = results.summary
    names = [name.partition(": ")[0] for name in results.fits]
    names += [name for name in summary if name in EXPERIMENTS]
    words = ["jetmlp reproduce"]
    if set(names) != set(EXPERIMENTS):
        words += dict.fromkeys(names)
    if summary["seed"]:
        words.append(f"--seed {summary['seed']}")
    if summary.get("n_seeds") is not None:
        words.append(f"--seeds {summary['n_seeds']}")
    return " ".join([*words, "--report"])


def _beside(drawn: Mapping[str, Picture], labels: tuple[str, str], columns: str) -> Iterator[str]:
    """Put two figures beside each other; one alone stands by itself."""
    shown = [one for name, one in drawn.items() if name in labels]
    if len(shown) == 2:
        both = (picture(one.label, one.alt, one.caption) for one in shown)
        yield call("beside", *map(content, both), f"columns: {columns}")
    else:
        yield from (picture(one.label, one.alt, one.caption, one.width) for one in shown)


def _alone(results: Results, drawn: Mapping[str, Picture], label: str) -> Iterator[str]:
    """Show a figure of a study; on paper only where the fits leave room."""
    if label in drawn:
        one = drawn[label]
        shown = picture(one.label, one.alt, one.caption, one.width)
        yield call("page-only", content(shown)) if results.fits else shown
