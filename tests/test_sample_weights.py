"""Weights of samples: zero is absence, two is a duplicate, for loss, gradient and whole fits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import jetmlp
from problems import Problem, make_problem, model_of, problems
from reference import Network
from reference_weighted import weighted_losses, weighted_sample_gradients

VALUE_WEIGHT, DERIVATIVE_WEIGHT = 2.0, 0.3
WEIGHTS = {"value_weight": VALUE_WEIGHT, "derivative_weight": DERIVATIVE_WEIGHT}


def objective_of(problem: Problem, Y: Any, dYdX: Any, **arguments: Any) -> jetmlp.Objective:  # noqa: ANN401
    return jetmlp.Objective(model_of(problem), problem.X, Y, dYdX, **WEIGHTS, **arguments)


@pytest.mark.parametrize("shape", ["samples alone", "(n,)", "(n, d)", "(n, m, d)"])
@settings(max_examples=15)
@given(problem=problems(), seed=st.integers(0, 99), fraction=st.floats(0, 0.8), kinds=st.sampled_from("vdb"))
def test_loss_and_gradient(shape: str, problem: Problem, seed: int, fraction: float, kinds: str) -> None:
    """Weights of any size, zeros among them, with derivatives missing besides, against complex steps."""
    random = np.random.default_rng(seed)
    n, m, d = problem.dYdX.shape

    def draw(*shape: int) -> NDArray[Any]:
        weights = random.uniform(0, 5e3, shape) * (random.random(shape) >= fraction)
        weights.flat[0] = 1.5
        return weights

    dYdX = np.where(random.random(problem.dYdX.shape) < fraction, np.nan, problem.dYdX)
    dYdX.flat[0] = 0.4
    weights = {"sample_weight": draw(n)}
    if shape != "samples alone" and kinds != "v":
        weights["derivative_sample_weight"] = draw(*{"(n,)": (n,), "(n, d)": (n, d)}.get(shape, (n, m, d)))
    Y = None if kinds == "d" else problem.Y
    dYdX = None if kinds == "v" else dYdX
    oracle = (problem.network, problem.parameters, problem.X, Y, dYdX, VALUE_WEIGHT, DERIVATIVE_WEIGHT)
    objective = objective_of(problem, Y, dYdX, **weights)
    loss, gradient = objective.loss_and_gradient(problem.parameters)
    approximately = pytest.approx(weighted_losses(*oracle, **weights), rel=1e-12, abs=1e-15, nan_ok=True)
    assert objective.losses(problem.parameters) == approximately
    assert loss == pytest.approx(objective.loss(problem.parameters), rel=1e-14)
    contributions = weighted_sample_gradients(*oracle, **weights)
    expected, scale = contributions.sum(axis=1), np.abs(contributions).sum(axis=1)
    assert (np.abs(gradient - expected) <= 1e-10 * (scale + 1e-3 * scale.max())).all()


@settings(max_examples=20)
@given(problem=problems(), seed=st.integers(0, 99))
def test_whole_weights_are_repetitions(problem: Problem, seed: int) -> None:
    """0 is absence, 2 is a duplicate: loss and gradient agree to rounding."""
    counts = np.random.default_rng(seed).integers(0, 4, len(problem.X))
    counts[0] = 2
    rows = np.repeat(np.arange(len(counts)), counts)
    weighted = objective_of(problem, problem.Y, problem.dYdX, sample_weight=counts)
    repeated = jetmlp.Objective(
        model_of(problem), problem.X[rows], problem.Y[rows], problem.dYdX[rows], **WEIGHTS
    )
    assert weighted.losses(problem.parameters) == pytest.approx(
        repeated.losses(problem.parameters), rel=1e-13
    )
    gradients = [one.loss_and_gradient(problem.parameters)[1] for one in (weighted, repeated)]
    assert np.allclose(*gradients, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("d", [2, 5], ids="d={}".format)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_fit_to_weights_is_a_fit_to_repetitions(dtype: str, d: int, rng: np.random.Generator) -> None:
    problem = make_problem(Network((d, 9, 8, 3), "silu"), 23, dtype=dtype)
    counts = rng.integers(0, 4, 23)
    rows = np.repeat(np.arange(23), counts)
    weighted, repeated = (jetmlp.Trainer(model_of(problem), jetmlp.Adam(1e-2), **WEIGHTS) for _ in range(2))
    one = weighted.fit(problem.X, problem.Y, problem.dYdX, epochs=30, sample_weight=7.0 * counts)
    other = repeated.fit(problem.X[rows], problem.Y[rows], problem.dYdX[rows], epochs=30)
    tolerance = 1e-10 if dtype == "float64" else 1e-3
    for name, column in other.items():
        assert one[name] == pytest.approx(column, rel=tolerance), name
    assert weighted.model.parameters == pytest.approx(repeated.model.parameters, abs=tolerance)


def test_in_batches_too_zero_weight_is_absence(rng: np.random.Generator) -> None:
    """To the last bit: the batches are those of the samples that count."""
    problem = make_problem(Network((2, 9, 8, 3)), 40)
    kept = rng.random(40) < 0.6
    trainers = [jetmlp.Trainer(model_of(problem), batch_size=7, seed=3, **WEIGHTS) for _ in range(2)]
    trainers[0].fit(problem.X, problem.Y, problem.dYdX, epochs=5, sample_weight=kept)
    trainers[1].fit(
        problem.X[kept], problem.Y[kept], problem.dYdX[kept], epochs=5, sample_weight=np.ones(kept.sum())
    )
    assert trainers[0].model.parameters.tobytes() == trainers[1].model.parameters.tobytes()
    trainers[1].model.parameters = problem.parameters
    plain = jetmlp.Trainer(model_of(problem), batch_size=7, seed=3, **WEIGHTS)
    plain.fit(problem.X[kept], problem.Y[kept], problem.dYdX[kept], epochs=5)
    assert plain.model.parameters == pytest.approx(trainers[0].model.parameters, rel=1e-10)


def test_zero_weight_of_a_partial_is_nan(rng: np.random.Generator) -> None:
    problem = make_problem(Network((3, 6, 2)), 30)
    weights = (rng.random(problem.dYdX.shape) < 0.5).astype(float)
    missing = np.where(weights > 0, problem.dYdX, np.nan)
    one = objective_of(problem, problem.Y, problem.dYdX, derivative_sample_weight=weights)
    other = objective_of(problem, problem.Y, missing)
    assert one.losses(problem.parameters) == pytest.approx(other.losses(problem.parameters), rel=1e-14)
    gradients = [objective.loss_and_gradient(problem.parameters)[1] for objective in (one, other)]
    assert np.allclose(*gradients, rtol=1e-12, atol=1e-15)


def test_what_counts_nothing_may_be_any_number() -> None:
    problem = make_problem(Network((3, 6, 2)), 30)
    weights = np.arange(30) % 2
    Y, dYdX = problem.Y.copy(), problem.dYdX.copy()
    Y[::2], dYdX[::2] = 1e300, -1e300
    one, other = (
        objective_of(problem, *data, sample_weight=weights).loss_and_gradient(problem.parameters)
        for data in ((Y, dYdX), (problem.Y, problem.dYdX))
    )
    assert one[0] == other[0]
    assert np.array_equal(one[1], other[1])


def test_only_ratios_matter(rng: np.random.Generator) -> None:
    problem = make_problem(Network((3, 6, 2)), 30, dtype="float32")
    weights = rng.uniform(1, 2, 30)
    losses = [
        objective_of(problem, problem.Y, problem.dYdX, sample_weight=scale * weights).losses(
            problem.parameters
        )
        for scale in (1.0, 2.0**200, 2.0**-300)
    ]
    assert losses[0] == losses[1] == losses[2]


def test_equal_weights_are_none() -> None:
    problem = make_problem(Network((3, 6, 2)), 30)
    plain = objective_of(problem, problem.Y, problem.dYdX)
    weighted = objective_of(problem, problem.Y, problem.dYdX, sample_weight=np.full(30, 0.3))
    assert weighted.losses(problem.parameters) == pytest.approx(plain.losses(problem.parameters), rel=1e-14)


def test_any_number_of_threads_gives_the_same_bytes(rng: np.random.Generator) -> None:
    problem = make_problem(Network((3, 30, 30, 2)), 700, dtype="float32")
    weights = rng.uniform(0, 2, 700)
    one, other = (
        objective_of(
            problem, problem.Y, problem.dYdX, sample_weight=weights, n_threads=threads
        ).loss_and_gradient(problem.parameters)
        for threads in (1, 3)
    )
    assert one[0] == other[0]
    assert one[1].tobytes() == other[1].tobytes()


def test_fit_many_takes_weights() -> None:
    problem = make_problem(Network((2, 6, 3)), 23)
    weights = {"sample_weight": np.arange(23), "derivative_sample_weight": np.ones((23, 2))}
    many, one = (jetmlp.Trainer(model_of(problem), jetmlp.Adam()) for _ in range(2))
    jetmlp.fit_many([many], problem.X, problem.Y, problem.dYdX, epochs=4, **weights)
    one.fit(problem.X, problem.Y, problem.dYdX, epochs=4, **weights)
    assert np.array_equal(many.model.parameters, one.model.parameters)


BAD: dict[str, tuple[str, Any, str]] = {
    "shape": ("sample_weight", np.ones(4), r"expected shape \(23,\), got \(4,\)"),
    "two axes": ("sample_weight", np.ones((23, 1)), r"expected shape \(23,\), got \(23, 1\)"),
    "negative": (
        "sample_weight",
        np.linspace(1, -1, 23),
        r"at least 0, got .* at \[12\], 11 such",
    ),
    "NaN": ("sample_weight", np.full(23, np.nan), "finite numbers, got nan"),
    "infinite": ("sample_weight", np.full(23, np.inf), "finite numbers, got inf"),
    "all zero": ("sample_weight", np.zeros(23), "at least one weight above zero, got 0 throughout"),
    "text": ("sample_weight", ["a"] * 23, "real numbers"),
    "derivatives' shape": (
        "derivative_sample_weight",
        np.ones((23, 3)),
        r"expected shape \(23,\) or \(23, 2\) or \(23, 3, 2\), got \(23, 3\)",
    ),
    "derivatives' zero": ("derivative_sample_weight", np.zeros((23, 2)), "at least one weight above zero"),
    "derivatives' sign": (
        "derivative_sample_weight",
        -np.ones((23, 3, 2)),
        r"at \[0, 0, 0\], 138 such",
    ),
}


@pytest.mark.parametrize(("name", "value", "message"), BAD.values(), ids=BAD)
def test_what_is_refused(name: str, value: Any, message: str) -> None:  # noqa: ANN401
    problem = make_problem(Network((2, 6, 3)), 23)
    trainer = jetmlp.Trainer(model_of(problem), jetmlp.Adam())
    for call in (trainer.fit, lambda *data, epochs, **given: objective_of(problem, *data[1:], **given)):
        with pytest.raises((TypeError, ValueError), match=f"^{name}: .*{message}"):
            call(problem.X, problem.Y, problem.dYdX, epochs=1, **{name: value})
    assert trainer.n_epochs == 0


def test_weights_without_what_they_weigh() -> None:
    problem = make_problem(Network((2, 6, 3)), 23)
    with pytest.raises(ValueError, match=r"^derivative_sample_weight: expected derivatives that it weighs"):
        objective_of(problem, problem.Y, None, derivative_sample_weight=np.ones(23))
    Y = np.where(np.arange(23)[:, None] < 5, np.nan, problem.Y)
    with pytest.raises(ValueError, match=r"^sample_weight: .* at least one entry of Y"):
        objective_of(problem, Y, None, sample_weight=np.arange(23) < 5, allow_missing_values=True)
    dYdX = np.where(np.arange(23)[:, None, None] < 5, np.nan, problem.dYdX)
    with pytest.raises(ValueError, match=r"at least one entry of dYdX"):
        objective_of(problem, problem.Y, dYdX, derivative_sample_weight=np.arange(23) < 5)
