"""Least squares of all that the loss can hold: every kind of target, weights, gaps and a penalty.

Residuals, their Jacobian, its Gram matrix and products are held to complex steps in every parameter, steps of
Levenberg-Marquardt to dense linear algebra.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import jetmlp
from jetmlp import _core
from pairs import covers_pairs
from problems import networks
from reference import Network
from reference_least_squares import KINDS, Case, jacobian, make_case, residuals

SIZES = [(1, 7, 6, 1), (2, 6, 5, 2), (3, 6, 3), (4, 5, 4, 3, 2), (2, 5, 4), (1, 3), (4, 5, 1)]


def objective_of(case: Case, **options: Any) -> jetmlp.Objective:  # noqa: ANN401
    return jetmlp.Objective(case.model(), **case.data(), **case.weights(), **options)


def check(case: Case) -> None:
    objective, at = objective_of(case), case.parameters
    r, J = residuals(case, at), jacobian(case)
    rng = np.random.default_rng(1)
    v, u = rng.normal(size=len(at)), rng.normal(size=len(r))

    def equal(found: Any, expected: Any, rounding: float = 1e-12) -> None:  # noqa: ANN401
        assert np.abs(found - expected).max() <= rounding * max(np.abs(expected).max(), 1e-300)

    assert objective.n_residuals == len(r)
    assert objective.residuals(at) == pytest.approx(r, rel=1e-11, abs=1e-12)
    equal(objective.residual_jacobian(at), J)
    equal(objective.gram(at), J @ J.T)
    absolute = np.abs(J)
    assert np.all(np.abs(objective.jacobian_product(at, v) - J @ v) <= 1e-12 * (1 + absolute @ np.abs(v)))
    assert np.all(
        np.abs(objective.jacobian_transpose_product(at, u) - J.T @ u) <= 1e-12 * (1 + absolute.T @ np.abs(u))
    )
    loss, gradient = objective.loss_and_gradient(at)
    assert r @ r == pytest.approx(loss, rel=1e-12)
    assert 2 * J.T @ r == pytest.approx(gradient, rel=1e-10, abs=1e-12)


# ---- Residuals and their Jacobian ----


@covers_pairs(
    sizes=SIZES,
    kind=list(KINDS),
    activation=["tanh", "silu", "sin", "gelu", "softplus", "sigmoid"],
    share=[0.0, 0.3],
    l2=[0.0, 0.03],
    n=[5, 8, 27],
)
def test_every_kind_of_target(
    sizes: tuple[int, ...], kind: str, activation: str, share: float, l2: float, n: int
) -> None:
    check(make_case(Network(sizes, activation), kind, n, share=share, l2=l2))


@settings(max_examples=40, deadline=None)
@given(
    networks(),
    st.sampled_from(list(KINDS)),
    st.integers(1, 12),
    st.sampled_from([0.0, 0.3, 0.9]),
    st.sampled_from([0.0, 0.2]),
)
def test_any_network(network: Network, kind: str, n: int, share: float, l2: float) -> None:
    check(make_case(network, kind, n, share=share, l2=l2))


def test_only_some_pairs_may_be_given() -> None:
    """The diagonals alone, as of a Laplacian, and one mixed pair of one output alone."""
    case = make_case(Network((3, 6, 5, 2), "sin"), "all three", 19)
    for keep in (np.eye(3, dtype=bool)[None, None], np.zeros((19, 2, 3, 3), dtype=bool)):
        there = np.broadcast_to(keep, (19, 2, 3, 3)).copy()
        there[4, 1, 0, 2] = there[4, 1, 2, 0] = True
        second = np.where(there, case.d2YdX2, np.nan)
        check(Case(case.network, case.parameters, case.X, case.Y, d2YdX2=second, l2=0.01))


def test_the_two_of_a_mixed_pair_are_residuals_of_their_own() -> None:
    """In the core each has its own target and weight, or is absent alone."""
    rng = np.random.default_rng(0)
    architecture = _core.Architecture([3, 5, 4, 2], "tanh", "identity")
    at, X = architecture.initial_parameters64("glorot_uniform", 1), rng.normal(size=(11, 3))
    second = rng.normal(size=(11, 2, 3, 3))
    second[rng.random(second.shape) < 0.3] = np.nan
    weights = rng.uniform(0.2, 2.0, second.shape)
    targets, given_weights = [None, None, second], [None, None, weights]
    objective = _core.Objective64(architecture, X, targets, [1.0, 1.0, 0.6], 0.0, given_weights, None)
    squares = _core.Residuals(objective)
    r, J = squares.residuals(at, 1), squares.residual_jacobian(at, 1)
    loss, gradient = objective.loss_and_gradient(at, 1)
    assert len(r) == objective.n_errors == objective.n_residuals == (~np.isnan(second)).sum()
    assert r @ r == pytest.approx(loss, rel=1e-13)
    assert 2 * J.T @ r == pytest.approx(gradient, rel=1e-11, abs=1e-14)
    K = J @ J.T
    assert np.abs(squares.gram(at, 1) - K).max() <= 1e-14 * np.abs(K).max()
    assert squares.jacobian_transpose_product(at, r, 1) == pytest.approx(J.T @ r, rel=1e-11, abs=1e-14)
    assert squares.jacobian_product(at, gradient, 1) == pytest.approx(J @ gradient, rel=1e-11, abs=1e-14)


def test_one_objective_serves_several_parameters_in_turn() -> None:
    """What it keeps of the last ones does not come back for others."""
    case = make_case(Network((2, 6, 2)), "all three", 9, l2=0.1)
    objective, other = objective_of(case), case.parameters + 0.1
    v, u = np.ones(len(other)), np.ones(objective.n_residuals)
    for parameters in (case.parameters, other, case.parameters, case.parameters):
        new = objective_of(case)
        assert np.array_equal(objective.jacobian_product(parameters, v), new.jacobian_product(parameters, v))
        assert np.array_equal(objective.residuals(other), new.residuals(other))
        found = objective.jacobian_transpose_product(parameters, u)
        assert np.array_equal(found, new.jacobian_transpose_product(parameters, u))


@pytest.mark.parametrize("kind", ["all three", "values and directions"])
def test_the_same_bytes_for_any_number_of_threads(kind: str) -> None:
    case = make_case(Network((2, 12, 12, 2)), kind, 90, share=0.1, l2=0.01)
    u, v = np.random.default_rng(2).normal(size=4000), np.random.default_rng(3).normal(size=4000)
    seen = set()
    for n_threads in (1, 2, 5):
        objective, at = objective_of(case, n_threads=n_threads), case.parameters
        parts = (
            objective.gram(at),
            objective.jacobian_product(at, v[: len(at)]),
            objective.jacobian_transpose_product(at, u[: objective.n_residuals]),
        )
        seen.add(b"".join(part.tobytes() for part in parts))
    assert len(seen) == 1


def test_vectors_of_other_shapes_are_named() -> None:
    objective = objective_of(make_case(Network((1, 3, 1)), "values", 5))
    with pytest.raises(ValueError, match=r"^v: expected shape \(10,\), got \(5,\)"):
        objective.jacobian_product(np.zeros(10), np.zeros(5))
    with pytest.raises(ValueError, match=r"^u: expected shape \(5,\), got \(10,\)"):
        objective.jacobian_transpose_product(np.zeros(10), np.zeros(10))
    with pytest.raises(ValueError, match=r"^parameters: expected shape \(10,\), got \(9,\)"):
        objective.jacobian_product(np.zeros(9), np.zeros(10))
    single = jetmlp.Objective(jetmlp.MLP([1, 3, 1], dtype="float32", normalize=False), [[0.0]], [[1.0]])
    for product in (single.jacobian_product, single.jacobian_transpose_product):
        with pytest.raises(ValueError, match=r"^model: expected dtype='float64' .* got float32"):
            product(np.zeros(10), np.zeros(10))


# ---- Levenberg-Marquardt ----


@covers_pairs(
    sizes_and_n=[((1, 8, 8, 1), 12), ((3, 6, 5, 2), 3), ((2, 4, 1), 30)],
    kind=list(KINDS),
    form=["dual", "primal", "automatic"],
    l2=[0.0, 1e-3, 0.4],
    damping=[10.0, 0.3],
)
def test_the_step_is_that_of_a_dense_solve(
    sizes_and_n: tuple[tuple[int, ...], int], kind: str, form: str, l2: float, damping: float
) -> None:
    sizes, n = sizes_and_n
    case = make_case(Network(sizes), kind, n, share=0.2, l2=l2)
    J, r = jacobian(case), residuals(case, case.parameters)
    A = J.T @ J
    expected = -np.linalg.solve(A + damping * np.trace(A) * np.eye(len(A)), J.T @ r)
    optimizer = jetmlp.LevenbergMarquardt(initial_damping=damping, geodesic_acceleration=False, form=form)
    model = case.model()
    jetmlp.Trainer(model, optimizer, **case.weights()).fit(**case.data(), epochs=1)
    step = model.parameters - case.parameters
    assert step == pytest.approx(expected, rel=1e-8, abs=1e-10 * np.abs(expected).max())


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("l2", [0.0, 0.02])
def test_dual_and_primal_go_the_same_way(kind: str, l2: float) -> None:
    case = make_case(Network((2, 7, 6, 2)), kind, 12, share=0.2, l2=l2)
    fits = []
    for form in ("dual", "primal"):
        trainer = jetmlp.Trainer(case.model(), jetmlp.LevenbergMarquardt(form=form), **case.weights())
        fits.append(trainer.fit(**case.data(), epochs=8)["loss"])
    assert fits[0] == pytest.approx(fits[1], rel=1e-6)
    assert fits[0][-1] < fits[0][0]


X1 = np.linspace(-1.0, 1.0, 30)[:, np.newaxis]
X2 = np.random.default_rng(0).uniform(-1, 1, (25, 2))
PHASE = X2 @ [2.0, 1.0]
DIRECTIONS = np.random.default_rng(1).normal(size=(25, 1, 2))


@pytest.mark.parametrize("form", ["dual", "primal"])
def test_second_derivatives_of_the_sine_are_fitted(form: str) -> None:
    """Seeds end between 5e-9 and 3e-8."""
    model = jetmlp.MLP([1, 10, 10, 1], dtype="float64", seed=0, normalize=False)
    trainer = jetmlp.Trainer(model, jetmlp.LevenbergMarquardt(form=form))
    trainer.fit(X1, np.sin(X1), d2YdX2=-np.sin(X1[:, 0]), epochs=200)
    between = np.linspace(-0.95, 0.95, 101)[:, np.newaxis]
    assert np.abs(model.hessian(between)[:, 0, 0, 0] + np.sin(between[:, 0])).max() < 1e-6
    assert np.abs(model.predict(between) - np.sin(between)).max() < 1e-7


@pytest.mark.parametrize(
    "data",
    [
        {"Y": np.sin(PHASE), "dYdV": np.einsum("n,d,nkd->nk", np.cos(PHASE), [2.0, 1.0], DIRECTIONS)},
        {"Y": np.sin(PHASE), "dYdX": np.cos(PHASE)[:, np.newaxis] * [2.0, 1.0]},
        {"d2YdX2": -np.sin(PHASE)[:, np.newaxis, np.newaxis] * np.outer([2.0, 1.0], [2.0, 1.0])},
    ],
    ids=["directions", "values and derivatives", "second derivatives"],
)
def test_what_can_be_fitted_is_fitted(data: dict[str, Any]) -> None:
    """Each to a root mean square of 1e-6."""
    model = jetmlp.MLP([2, 14, 14, 1], dtype="float64", seed=0, normalize=False)
    along = {"directions": DIRECTIONS} if "dYdV" in data else {}
    history = jetmlp.Trainer(model, jetmlp.LevenbergMarquardt(target_loss=1e-12)).fit(
        X2, **data, **along, epochs=500
    )
    assert history.stopped_because == "target"


@pytest.mark.parametrize("form", ["dual", "primal"])
@pytest.mark.parametrize("l2", [1e-3, 1e-5])
def test_with_a_penalty_it_goes_to_where_the_gradient_vanishes(form: str, l2: float) -> None:
    model = jetmlp.MLP([1, 6, 1], dtype="float64", seed=1, normalize=False)
    f = 1 / (1 + 4 * X1**2)
    jetmlp.Trainer(model, jetmlp.LevenbergMarquardt(form=form), l2=l2).fit(X1, f, -8 * X1 * f**2, epochs=500)
    objective = jetmlp.Objective(model, X1, f, -8 * X1 * f**2, l2=l2)
    loss, gradient = objective.loss_and_gradient(model.parameters)
    assert np.abs(gradient).max() < 1e-9
    assert loss > l2  # the penalty is no small part of it


def test_auto_takes_it_for_every_loss() -> None:
    slopes = np.ones((25, 1, 1))
    for l2, data in (
        (0.1, {"Y": PHASE}),
        (0.0, {"directions": DIRECTIONS, "dYdV": slopes}),
        (0.0, {"Y": PHASE, "d2YdX2": np.zeros((25, 2, 2))}),
    ):
        trainer = jetmlp.Trainer(jetmlp.MLP([2, 4, 1], dtype="float64"), "auto", l2=l2)
        trainer.fit(X2, **data, epochs=2)
        assert type(trainer.optimizer) is jetmlp.LevenbergMarquardt


def test_auto_counts_the_errors_and_not_the_rows_of_the_penalty() -> None:
    """A wide network with few samples and a penalty has a small dual system."""
    model = jetmlp.MLP([1, 70, 70, 1], dtype="float64")
    trainer = jetmlp.Trainer(model, "auto", l2=1e-4)
    trainer.fit(X1, np.sin(X1), epochs=2)
    assert type(trainer.optimizer) is jetmlp.LevenbergMarquardt
    objective = jetmlp.Objective(model, X1, np.sin(X1), l2=1e-4)
    assert objective.n_residuals == len(X1) + 70 + 70 * 70 + 70
