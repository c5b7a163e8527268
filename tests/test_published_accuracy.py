"""Every published experiment, at seeds 0 to 9, against what was published and against PyTorch's runs.

With `-m long` at seeds 0 to 39.

`accuracy.py` says what is claimed, by which test, and with which probability a claim that is true is refuted.
None is false today. One that is found false stays as a strict xfail with its ratio, here and in the README.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import binomtest

import accuracy
from accuracy import (
    ALPHA,
    CRITERIA,
    DELTA,
    DENSE,
    FIRST_SEEDS,
    FITS,
    PUBLISHED,
    PYTORCH,
    RUNS,
    SEEDS,
    Criterion,
)

pytestmark = pytest.mark.xdist_group("accuracy")  # the fits of an experiment serve several criteria

each_criterion = pytest.mark.parametrize(
    "criterion", CRITERIA, ids=[f"{one.fit}-{one.against}-{one.error}" for one in CRITERIA]
)


@pytest.mark.parametrize("seeds", [FIRST_SEEDS, pytest.param(SEEDS, marks=pytest.mark.long)], ids=len)
@each_criterion
def test_errors_do_not_speak_against_it(criterion: Criterion, seeds: range) -> None:
    errors = accuracy.measure(criterion.fit, seeds)[criterion.points][criterion.error]
    assert len(errors) == len(seeds)
    assert criterion.p_value(errors) > ALPHA, f"the ratio of the medians is {criterion.ratio(errors):.3g}"


def test_no_criterion_is_missing() -> None:
    published = [(one.fit, one.error) for one in CRITERIA if one.against == PUBLISHED]
    assert len(published) == len(set(published)) == 2 + 4 + 4 + 2 + 4 + 2 * 4
    others = [(one.fit, one.error) for one in CRITERIA if one.against == PYTORCH]
    assert len(others) == len(set(others)) == 7 * 4


def test_pytorch_ran_the_same_experiments_at_the_same_seeds() -> None:
    specification = {name: its.copy() for name, its in RUNS["specification"].items()}
    points = {name: its.pop("published_points") for name, its in specification.items()}
    assert specification == {name: fit.configuration() for name, fit in FITS.items()}
    assert points == {name: fit.published and fit.published.points for name, fit in FITS.items()}
    assert {name: [run["seed"] for run in its] for name, its in RUNS["runs"].items()} == {
        name: list(SEEDS) for name in FITS
    }


@pytest.mark.parametrize("name", FITS)
def test_errors_are_taken_where_pytorch_took_them(name: str) -> None:
    np.testing.assert_array_equal(FITS[name].samples(0)[DENSE].X[:, 0], np.linspace(-1.0, 1.0, 2001))


# What follows tests the rule itself: that it finds what it should, and no more often by chance than it says.


def scaled(criterion: Criterion, factor: float) -> np.ndarray:
    """PyTorch's errors, or the published one with their spread, times a factor; a mean square, its square."""
    errors = np.array(accuracy.pytorch(criterion.fit, criterion.error, criterion.points))
    if criterion.against == PUBLISHED:
        errors *= criterion.published / np.median(errors)
    return errors * (factor**2 if criterion.error.endswith("mse") else factor)


@each_criterion
def test_errors_twenty_times_as_large_are_found(criterion: Criterion) -> None:
    assert criterion.p_value(scaled(criterion, 20.0)) <= ALPHA


@pytest.mark.parametrize("name", FITS)
def test_a_fit_with_errors_ten_times_as_large_is_found(name: str) -> None:
    its = [one for one in CRITERIA if one.fit == name and one.against == PYTORCH]
    assert min(one.p_value(scaled(one, 10.0)) for one in its) <= ALPHA


@pytest.mark.parametrize("error", accuracy.ERRORS)
def test_errors_twenty_times_as_small_are_found_with_relu_alone(error: str) -> None:
    relu, tanh = (Criterion(PYTORCH, f"relu-vs-tanh/{name}", error) for name in ("relu", "tanh"))
    assert relu.p_value(scaled(relu, 1 / 20)) <= ALPHA
    assert tanh.p_value(scaled(tanh, 1 / 20)) > 0.5


def test_the_critical_count_is_the_first_that_is_too_improbable() -> None:
    k, n = accuracy.critical_count(), len(SEEDS)
    errors = np.where(np.arange(n) < k, 2.01, 1.99)
    assert accuracy.p_of_most_beyond(errors, 1.0) <= ALPHA
    errors[0] = DELTA  # not beyond
    assert accuracy.p_of_most_beyond(errors, 1.0) > ALPHA
    # The tail of Bin(n, 1/2) by counting, in whole numbers.
    tail = sum(_choose(n, j) for j in range(k, n + 1))
    assert tail / 2**n == pytest.approx(accuracy.p_of_most_beyond(np.arange(n) < k, 0.25), rel=1e-12)


def _choose(n: int, k: int) -> int:
    product = 1
    for j in range(k):
        product = product * (n - j) // (j + 1)
    return product


def test_ranks_decide_as_counted_by_hand() -> None:
    """3 against 3, all larger: one order of 6!/(3! 3!) = 20; with 7 of 9 pairs larger or more, 4 orders."""
    reference = [1.0, 2.0, 3.0]
    assert accuracy.p_of_larger([6.1, 7.0, 8.0], reference) == pytest.approx(1 / 20)
    assert accuracy.p_of_different([6.1, 7.0, 8.0], reference) == pytest.approx(2 / 20)
    assert accuracy.p_of_different([0.1, 0.2, 0.3], reference) == pytest.approx(2 / 20)
    assert accuracy.p_of_larger([3.9, 7.0, 8.0], reference) == pytest.approx(4 / 20)  # 1 + 1 + 2 orders
    assert accuracy.p_of_larger([0.1, 0.2, 0.3], reference) == 1.0


Rule = Callable[[np.ndarray, np.ndarray], float]
RULES: dict[str, Rule] = {
    "published": lambda errors, _: accuracy.p_of_most_beyond(errors, 1.0),
    "larger": accuracy.p_of_larger,
    "different": accuracy.p_of_different,
}


@pytest.mark.parametrize("rule", RULES)
def test_true_claims_are_refuted_no_more_often_than_stated(rule: str) -> None:
    """At the edge of the claim, a median of just δ, where chance refutes it most often.

    How often that happens is itself a matter of chance, and judged at 1e-6.
    """
    rng = np.random.default_rng(list(RULES).index(rule))
    repetitions = 500
    errors, reference = np.exp(2.0 * rng.standard_normal((2, repetitions, len(SEEDS))))
    pairs = zip(DELTA * errors, reference, strict=True)
    p_values = np.array([RULES[rule](*pair) for pair in pairs])
    for level in (0.5, 0.1, 0.01):
        refuted = int(np.sum(p_values <= level))
        assert binomtest(refuted, repetitions, level, alternative="greater").pvalue > 1e-6
    # Nor far less often: a rule that never refutes anything passes the above.
    assert binomtest(int(np.sum(p_values <= 0.1)), repetitions, 0.03, alternative="less").pvalue > 1e-6
