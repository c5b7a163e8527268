"""What is claimed of the errors in the published experiments, and when forty seeds speak against it.

Errors of single seeds spread over a factor of ten and more, with PyTorch too, so what is claimed is claimed
of the distribution over seeds, and judged by a test: the errors at seeds 0 to 39 refute a claim that would
make them improbable. Claims allow a factor δ: it is as much as matters, and to tell less from chance would
take hundreds of seeds.

Against a published figure, which is one run of somebody: "at most half of all seeds have an error above δ ×
the published one". In other words, the median is within δ of what was published. To allow a larger share,
nine of ten, say, would suit a library that is nearly always worse; a smaller one would ask for luck, for if
the published run is a draw from the same distribution, half of all runs lie above it on average. If the claim
is true, the number of seeds above is at most distributed as Bin(40, 1/2), whose exact upper tail is the
p-value. A lucky published run can make the claim false of any library; PyTorch's own count is therefore
printed beside.

Against PyTorch's runs, on the same many points: "jetmlp's errors are stochastically not larger than δ ×
PyTorch's". The p-value is that of the exact one-sided Mann-Whitney U test of log errors − log δ against
PyTorch's log errors, and largest, hence right, where the two distributions are the same. Where they cross,
the test is, nearly, one of P(jetmlp > δ PyTorch) ≤ 1/2. Points drawn at random are the same for both at each
seed; what correlation that brings makes the test refute less, not more.

A network of ReLUs has a staircase for a slope: what changes its errors in either direction computes something
else than PyTorch does. There the claim is "within the factor δ, up and down", and the p-value twice the
smaller one of the two one-sided ones, each shifted by log δ. A test of equivalence would be the other way
round and take difference for granted until equality is shown. With errors over so many powers of ten, 40
seeds could not show it of PyTorch and PyTorch.

The probability to refute any claim, if all are true, is at most `FAMILYWISE` (Bonferroni: each criterion is
judged at this by their number). Unlike with Holm's method, the verdict on one does not depend on the others,
so each is a test of its own. What is not refuted need not be true: the column "found from" says how much
larger PyTorch's own errors would have to be for this test to find it.

    python tests/accuracy.py

runs jetmlp's fits and prints every criterion (Markdown).
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import binom, mannwhitneyu

from jetmlp.experiments import ERRORS, EXPERIMENTS, Comparison, FitExperiment

SEEDS = range(40)
#: What the gate has time for; `pytest -m long` takes all.
FIRST_SEEDS = SEEDS[:10]
DELTA = 2.0
FAMILYWISE = 1e-3

RUNS = json.loads((Path(__file__).parent / "data" / "pytorch_runs.json").read_text(encoding="utf-8"))
DENSE = "2001 equispaced"
PUBLISHED, PYTORCH = "published", "PyTorch"

FITS: dict[str, FitExperiment] = {
    fit.name: fit
    for experiment in EXPERIMENTS.values()
    if isinstance(experiment, (FitExperiment, Comparison))
    for fit in experiment.fits.values()
    if fit.optimizer is None  # as published, with Adam; what is possible stands beside these
}

#: Errors by the points they were taken on and by their names, one entry a seed.
Errors = dict[str, dict[str, list[float]]]


def p_of_most_beyond(errors: ArrayLike, published: float) -> float:
    """Probability of so many errors above δ × published if at most half of all seeds have one."""
    errors = np.asarray(errors, dtype=np.float64)
    return float(binom.sf(np.sum(errors > DELTA * published) - 1, errors.size, 0.5))


def p_of_larger(errors: ArrayLike, reference: ArrayLike) -> float:
    """Probability of errors so high above δ × the reference's if they are stochastically not larger."""
    shifted = np.log(np.asarray(errors, dtype=np.float64)) - np.log(DELTA)
    return float(mannwhitneyu(shifted, np.log(reference), alternative="greater", method="exact").pvalue)


def p_of_different(errors: ArrayLike, reference: ArrayLike) -> float:
    """Probability of errors so far away if neither is stochastically larger than δ × the other."""
    return min(1.0, 2.0 * min(p_of_larger(errors, reference), p_of_larger(reference, errors)))


@dataclass(frozen=True)
class Criterion:
    """A claim on one error of one fit."""

    against: str
    fit: str
    error: str

    @property
    def points(self) -> str:
        """Where the errors are taken: where they were published, or on many equispaced points."""
        published = FITS[self.fit].published
        assert published is not None
        return published.points if self.against == PUBLISHED else DENSE

    @property
    def published(self) -> float:
        published = FITS[self.fit].published
        assert published is not None
        figure = published.errors[self.error]
        assert figure is not None
        return figure

    def p_value(self, errors: ArrayLike) -> float:
        if self.against == PUBLISHED:
            return p_of_most_beyond(errors, self.published)
        test = p_of_different if FITS[self.fit].activation == "relu" else p_of_larger
        return test(errors, pytorch(self.fit, self.error))

    def ratio(self, errors: ArrayLike) -> float:
        """The median of the errors by the published figure, or by PyTorch's median."""
        figure = self.published if self.against == PUBLISHED else np.median(pytorch(self.fit, self.error))
        return float(np.median(errors) / figure)


def pytorch(fit: str, error: str, points: str = DENSE) -> list[float]:
    """PyTorch's errors, one a seed."""
    return [run["errors"][points][error] for run in RUNS["runs"][fit]]


@cache
def measure(fit: str, seeds: range = SEEDS) -> Errors:
    """jetmlp's errors at these seeds."""
    experiment = FITS[fit]
    assert experiment.published is not None
    points = (experiment.published.points, DENSE)

    def errors_of(seed: int) -> dict[str, dict[str, float | None]]:
        result = experiment.run(seed)
        return {name: result.errors_on(name) for name in points}

    with ThreadPoolExecutor(os.cpu_count()) as pool:  # a fit holds no lock of Python's
        runs = list(pool.map(errors_of, seeds))
    return {name: {error: [_known(run[name][error]) for run in runs] for error in ERRORS} for name in points}


def _known(error: float | None) -> float:
    assert error is not None
    return error


#: Every figure that was published, and every error of every experiment with PyTorch. By experiment, so that
#: processes which share the tests among them seldom need the same fits.
CRITERIA = [
    Criterion(against, name, error)
    for name, fit in FITS.items()
    for against in (PUBLISHED, PYTORCH)
    for error in ERRORS
    if against == PYTORCH or (fit.published is not None and fit.published.errors[error] is not None)
]
ALPHA = FAMILYWISE / len(CRITERIA)


def critical_count(n: int = len(SEEDS)) -> int:
    """The fewest of n seeds beyond δ × published that refute a claim."""
    return int(binom.isf(ALPHA, n, 0.5)) + 1


def _smallest_found(fit: str, error: str) -> float:
    """The factor from which the rule finds PyTorch's own errors, multiplied by it, too large."""
    reference = np.array(pytorch(fit, error))
    criterion = Criterion(PYTORCH, fit, error)
    low, high = 0.0, np.log(1e9)
    for _ in range(20):
        middle = (low + high) / 2
        found = criterion.p_value(np.exp(middle) * reference) <= ALPHA
        low, high = (low, middle) if found else (middle, high)
    return float(np.exp(high))


def _row(cells: Sequence[Any]) -> str:
    return "| " + " | ".join(f"{cell:.2g}" if isinstance(cell, float) else str(cell) for cell in cells) + " |"


def _print_tables() -> None:
    print(f"{len(CRITERIA)} criteria, each at {ALPHA:.3g}; k = {critical_count()} of {len(SEEDS)}\n")
    heads = {
        PUBLISHED: ("figure", "median / figure", "PyTorch's / figure", "beyond 2 x", "PyTorch's", "p"),
        PYTORCH: ("PyTorch's median", "median / PyTorch's", "found from", "p"),
    }
    for against, head in heads.items():
        print(_row(("experiment", "error", *head, "verdict")))
        print(_row(["---"] * 2 + ["---:"] * len(head) + ["---"]))
        for one in CRITERIA:
            if one.against != against:
                continue
            errors = measure(one.fit)[one.points][one.error]
            its = pytorch(one.fit, one.error, one.points)
            p = one.p_value(errors)
            cells: list[Any] = [one.fit, one.error]
            if against == PUBLISHED:
                limit = DELTA * one.published
                beyond = [int(np.sum(np.array(these) > limit)) for these in (errors, its)]
                cells += [one.published, one.ratio(errors), one.ratio(its), *beyond, p]
            else:
                cells += [float(np.median(its)), one.ratio(errors), _smallest_found(one.fit, one.error), p]
            print(_row([*cells, "false" if p <= ALPHA else ""]))
        print()


if __name__ == "__main__":
    _print_tables()
