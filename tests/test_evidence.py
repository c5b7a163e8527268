"""Regularisation by evidence in the compiled core, held to explicit dense algebra to ten digits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp

import jetmlp
import reference_evidence
from jetmlp import _core
from jetmlp.surrogate.posterior import Member, variances
from reference import Array, Network
from reference_evidence import Dense
from reference_least_squares import KINDS, Case, jacobian, make_case, residuals

SETTINGS = {
    "prior_precision": 1.0,
    "noise_precision": 1.0,
    "first_update": 0,
    "update_interval": 1,
    "by_input": True,
    "geodesic_acceleration": True,
    "evidence_tolerance": 0.1,
    "gradient_tolerance": 0.0,
    "step_tolerance": 0.0,
    "loss_tolerance": 0.0,
    "target_loss": 0.0,
}
CLOSE = {"rel": 1e-10, "abs": 0.0}


def fit_of(case: Case, **changed: Any) -> _core.EvidenceFit:  # noqa: ANN401
    objective = jetmlp.Objective(case.model(), **case.data(), **case.weights())._core
    options = _core.optimizer_options("Evidence", {**SETTINGS, **changed})
    return _core.EvidenceFit(objective, case.parameters, options)


@dataclass(frozen=True)
class Found:
    """What the core says at the start of a fit with precisions of every size, and what is true."""

    fit: _core.EvidenceFit
    report: dict[str, Any]
    dense: Dense
    entries: reference_evidence.Entries
    group_of: Array
    kind_of: Array  # in the core, of each residual in the order of the oracle
    order: Array  # of the core's residuals, by the oracle's
    scales: Array  # √(w ω / Σω)


def scales_of(case: Case) -> Array:
    """What errors are multiplied by, from how residuals move with targets."""
    raised = {
        name: None if (array := getattr(case, name)) is None else array - 1.0
        for name in ("Y", "dYdX", "dYdV", "d2YdX2")
    }
    return residuals(replace(case, **raised), case.parameters) - residuals(case, case.parameters)


def find(
    case: Case, *, by_input: bool = True, n_threads: int = 1, seed: int = 0, spread: float = 1.0
) -> Found:
    """One step from the parameters of the case: the evidence is first found there."""
    fit = fit_of(case, by_input=by_input)
    rng = np.random.default_rng(seed)
    group_of = reference_evidence.groups(case.network, by_input=by_input)
    alphas = np.exp(rng.uniform(-1, 1, group_of.max() + 1))
    betas = np.exp(rng.uniform(0, 3 * spread, len(fit.noise_precisions)))
    assert len(fit.prior_precisions) == len(alphas)
    fit.set_precisions(alphas, betas)
    fit.run(1, n_threads)
    report = fit.report(True, n_threads)
    entries = reference_evidence.entries(case)
    order = np.argsort(report["entries"])
    assert np.array_equal(report["entries"][order], entries.places)
    kind_of = report["kinds"][order]
    dense = reference_evidence.dense(case, alphas[group_of], betas[kind_of])
    return Found(fit, report, dense, entries, group_of, kind_of, order, scales_of(case))


def check(found: Found) -> None:
    """Everything that the core reports, and the update that follows."""
    report, dense, order = found.report, found.dense, found.order
    # A kind is one: neither two in one nor one in two.
    pairs = set(zip(found.kind_of.tolist(), found.entries.kinds, strict=True))
    assert len(pairs) == len(set(found.kind_of.tolist())) == len(set(found.entries.kinds))

    assert np.array_equal(report["parameters"], dense.theta)
    size = dense.r @ (dense.beta * dense.r) + len(dense.r)  # of the summands
    assert report["log_evidence"] == pytest.approx(dense.log_evidence, rel=1e-10, abs=1e-12 * size)
    assert found.fit.log_evidence == report["log_evidence"]

    gamma_p, gamma_i = dense.effective_by_parameter, dense.effective_by_residual
    gamma_g = np.bincount(found.group_of, gamma_p)
    n_kinds = len(report["noise_precisions"])
    gamma_k = np.bincount(found.kind_of, gamma_i, n_kinds)
    # They are differences of numbers up to the members of a group.
    assert report["effective_by_group"] == pytest.approx(gamma_g, rel=1e-10, abs=1e-13 * len(gamma_p))
    assert report["effective_by_kind"] == pytest.approx(gamma_k, rel=1e-10, abs=1e-13 * len(gamma_i))
    rounding = {"rel": 1e-10, "abs": 1e-13 * len(gamma_p)}
    assert report["effective_parameters"] == pytest.approx(gamma_p.sum(), **rounding)
    assert gamma_i.sum() == pytest.approx(gamma_p.sum(), **rounding)

    C = report["covariance_factor"]
    covariance = dense.covariance
    assert np.abs(C @ C.T - covariance).max() <= 1e-10 * np.abs(covariance).max()

    check_left_out(found)
    check_update(found, gamma_g, gamma_k)
    assert report["noise_variances"][order] == pytest.approx(1 / (dense.beta * found.scales**2), **CLOSE)


def check_left_out(found: Found) -> None:
    dense, order = found.dense, found.order
    errors, spreads = np.empty(len(order)), np.empty(len(order))
    for sample in set(found.entries.samples.tolist()):
        rows = np.flatnonzero(found.entries.samples == sample)
        errors[rows], covariance = dense.without(rows)
        spreads[rows] = np.diag(covariance)
    largest = np.abs(errors / found.scales).max()
    assert found.report["leave_one_out"][order] == pytest.approx(
        errors / found.scales, rel=1e-10, abs=1e-11 * largest
    )
    assert found.report["leave_one_out_variances"][order] == pytest.approx(spreads / found.scales**2, **CLOSE)


def check_update(found: Found, gamma_g: Array, gamma_k: Array) -> None:
    """α_g ← γ_g / ‖θ_g‖² and β_k ← (N_k − γ_k) / ‖r_k‖², where there is something to find them from."""
    dense, report = found.dense, found.report
    squares = np.bincount(found.group_of, dense.theta**2) + reference_evidence.LEAST_SQUARE
    known = gamma_g > 1e-2  # less comes out of a difference from the number of parameters
    alphas = reference_evidence.moved(report["prior_precisions"][known], gamma_g[known] / squares[known])
    assert found.fit.prior_precisions[known] == pytest.approx(alphas, rel=1e-10)
    n_kinds = len(report["noise_precisions"])
    counts = np.bincount(found.kind_of, minlength=n_kinds)
    squares = np.bincount(found.kind_of, dense.r**2, n_kinds)
    there = (counts > 0) & (counts - gamma_k > 2e-3 * counts) & (squares > 0)
    betas = reference_evidence.moved(
        report["noise_precisions"][there], ((counts - gamma_k)[there]) / squares[there]
    )
    assert found.fit.noise_precisions[there] == pytest.approx(betas, rel=1e-10)


# ---- The core's numbers ----

SHAPES = {
    "dual": ((2, 9, 7, 2), 6),
    "primal": ((2, 3, 2), 25),
    "without hidden layers": ((3, 2), 5),
    "three hidden layers": ((1, 4, 3, 4, 1), 9),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.0, 0.4])
def test_every_number_is_that_of_dense_algebra(kind: str, shape: str, share: float) -> None:
    sizes, n = SHAPES[shape]
    check(find(make_case(Network(sizes), kind, n, share=share)))


@settings(max_examples=40)
@given(
    st.integers(1, 4),
    st.integers(1, 4),
    st.lists(st.integers(1, 6), max_size=3),
    st.integers(1, 12),
    st.sampled_from(list(KINDS)),
    st.sampled_from([0.0, 0.3, 0.7]),
    st.booleans(),
    st.integers(0, 2**16),
)
def test_any_network_and_any_data(
    d: int, m: int, hidden: list[int], n: int, kind: str, share: float, by_input: bool, seed: int
) -> None:
    case = make_case(Network((d, *hidden, m), "silu"), kind, n, share=share, seed=seed)
    check(find(case, by_input=by_input, seed=seed))


@pytest.mark.parametrize("kind", ["all three", "values and directions"])
def test_derivatives_may_have_weights_of_their_own(kind: str, rng: np.random.Generator) -> None:
    case = make_case(Network((3, 5, 2)), kind, 7, share=0.2)
    derivatives = case.dYdX if case.dYdV is None else case.dYdV
    assert derivatives is not None
    check(find(replace(case, derivative_sample_weight=rng.uniform(0.3, 3.0, derivatives.shape))))


def test_the_two_forms_meet_where_residuals_and_parameters_are_as_many() -> None:
    for n in (6, 7, 8):
        case = make_case(Network((1, 2, 1)), "values", n)
        assert case.network.n_parameters == 7
        check(find(case))


@pytest.mark.parametrize("kind", ["all three", "values and directions", "values"])
def test_noise_is_counted_beyond_a_share_of_the_size_of_its_sort(kind: str) -> None:
    """Σ log(σ_i / (share · s)) where above 0, s² the mean square of an output's values, or of its slopes."""
    case = make_case(Network((2, 5, 2)), kind, 9, share=0.2)
    found = find(case, spread=2.0)
    zero = {
        name: None if (array := getattr(case, name)) is None else 0.0 * array
        for name in ("Y", "dYdX", "dYdV", "d2YdX2")
    }
    targets = residuals(replace(case, **zero), case.parameters) - residuals(case, case.parameters)
    sorts = [(output, term) for output, term, _ in found.entries.kinds]
    for share in (1e-3, 0.2, 0.9):
        total = 0.0
        for sort in set(sorts):
            rows = np.array([other == sort for other in sorts])
            sigma = 1 / np.sqrt(found.dense.beta[rows])
            size = np.sqrt(np.mean(targets[rows] ** 2))
            total += np.sum(np.maximum(0.0, np.log(sigma / (share * size))))
        assert found.fit.noise_beyond(share) == pytest.approx(total, rel=1e-10)


def test_the_same_bytes_for_any_number_of_threads() -> None:
    for sizes, n in (((2, 20, 15, 1), 60), ((2, 6, 5, 1), 150)):
        case = make_case(Network(sizes), "all three", n, share=0.1)
        found = []
        for n_threads in (1, 2, 3, 4):
            fit = fit_of(case)
            fit.run(6, n_threads)
            report = fit.report(True, n_threads)
            found.append([np.asarray(number).tobytes() for number in report.values()])
            found[-1].append(fit.parameters.tobytes())
        assert found[0] == found[1] == found[2] == found[3]


# ---- Leaving out for real ----


def test_leaving_out_a_sample_is_fitting_a_line_without_it(rng: np.random.Generator) -> None:
    """A network without hidden layers is linear: at its minimum the closed form is a second fit."""
    case = replace(make_case(Network((3, 2)), "values", 12, share=0.2), sample_weight=None)
    alphas, betas = np.array([0.5, 0.3, 0.8, 0.2]), np.array([20.0, 30.0])

    def minimum(of: Case, beta: Array) -> Array:
        J = jacobian(of)
        alpha = alphas[reference_evidence.groups(of.network, by_input=True)]
        target = J @ of.parameters - residuals(of, of.parameters)
        return np.linalg.solve((J.T * beta) @ J + np.diag(alpha), J.T @ (beta * target))

    entries = reference_evidence.entries(case)
    of_output = np.array([kind[0] for kind in entries.kinds])
    case = replace(case, parameters=minimum(case, betas[of_output]))
    fit = fit_of(case)
    fit.set_precisions(alphas, betas)
    fit.run(1, 1)
    report = fit.report(False, 1)
    order = np.argsort(report["entries"])
    # Residuals of fewer samples are larger, √(Σω / …) each: β is of those that all samples have.
    scale = scales_of(case)
    for sample in range(12):
        assert case.Y is not None
        Y = case.Y.copy()
        Y[sample] = np.nan
        rest = replace(case, Y=Y)
        kept = entries.samples != sample
        again = minimum(rest, betas[of_output[kept]] * (scale[kept] / scales_of(rest)) ** 2)
        errors = residuals(replace(case, parameters=again), again)[~kept] / scale[~kept]
        found = report["leave_one_out"][order][~kept]
        assert found == pytest.approx(errors, rel=1e-9, abs=1e-12)


# ---- The posterior of predictions ----


@pytest.mark.parametrize(("sizes", "n"), [((2, 9, 7, 2), 6), ((2, 3, 2), 25), ((1, 4, 4, 1), 5)], ids=str)
@pytest.mark.parametrize("kind", ["values", "all three", "values and directions"])
def test_error_bars_are_those_of_a_process_with_the_tangent_kernel(
    sizes: tuple[int, ...], n: int, kind: str, rng: np.random.Generator
) -> None:
    """The variance k** − k*ᵀ (K + B⁻¹)⁻¹ k* with K = J S Jᵀ, of values and slopes."""
    case = make_case(Network(sizes), kind, n, share=0.2)
    found = find(case)
    d, m = sizes[0], sizes[-1]
    inputs = rng.uniform(-2, 2, (8, d))
    grid = Case(case.network, case.parameters, inputs, Y=np.zeros((8, m)), dYdX=np.zeros((8, m, d)))
    J = jacobian(grid) / scales_of(grid)[:, np.newaxis]
    prior = 1 / found.dense.alpha
    K = (found.dense.J * prior) @ found.dense.J.T
    across = (found.dense.J * prior) @ J.T
    noise = np.diag(1 / found.dense.beta)
    expected = np.diag((J * prior) @ J.T) - np.sum(across * np.linalg.solve(K + noise, across), axis=0)

    model = case.model()
    member = Member(model, found.report["covariance_factor"], 1.0)
    both = variances(member, inputs, slopes=True)
    assert both.slopes is not None
    largest = expected.max()
    assert both.values.ravel() == pytest.approx(expected[: 8 * m], rel=1e-9, abs=1e-12 * largest)
    assert both.slopes.ravel() == pytest.approx(expected[8 * m :], rel=1e-9, abs=1e-12 * largest)
    alone = variances(member, inputs, slopes=False)
    assert alone.slopes is None
    assert alone.values == pytest.approx(both.values, rel=1e-12)


@pytest.mark.parametrize(("sizes", "n"), [((2, 4, 1), 6), ((2, 2, 1), 14)], ids=["dual", "primal"])
@pytest.mark.parametrize("precision", [1e4, 1e8, 1e11])
def test_exact_data_leave_no_error_bars_and_little_rounding(
    sizes: tuple[int, ...], n: int, precision: float
) -> None:
    """With a β that says the data are exact: H⁻¹ at 60 digits, and variances where the data are.

    The variances that are left there are 1/β of the prior's, and are to be right themselves.
    """
    case = make_case(Network(sizes), "values", n)
    fit = fit_of(case)
    alphas = np.ones(len(fit.prior_precisions))
    fit.set_precisions(alphas, np.full(len(fit.noise_precisions), precision))
    fit.run(1, 1)
    C = fit.report(True, 1)["covariance_factor"]
    J = jacobian(case)
    with mp.workdps(60):
        exact = mp.matrix(J.tolist())
        H = exact.T * exact * precision + mp.eye(exact.cols)
        covariance = H**-1
        at_data = exact * covariance * exact.T
        expected = np.array([float(at_data[i, i]) for i in range(exact.rows)])
    assert np.abs(C @ C.T - np.array(covariance.tolist(), dtype=float)).max() <= 1e-10
    # The factor is off by a few units in the last place of 1, its smallest numbers are 1/√β.
    tolerance = 1e-14 * np.sqrt(precision) * 100
    assert np.sum((J @ C) ** 2, axis=1) == pytest.approx(expected, rel=max(tolerance, 1e-10))
