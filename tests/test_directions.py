"""Derivatives along directions: loss and gradient on J·v against complex steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import jetmlp
from problems import BLOCK_BOUNDARIES, Problem, float32_tolerance, make_problem, model_of, problems
from reference import Network
from reference_weighted import weighted_losses, weighted_sample_gradients

VALUE_WEIGHT, DERIVATIVE_WEIGHT = 2.0, 0.3
WEIGHTS = {"value_weight": VALUE_WEIGHT, "derivative_weight": DERIVATIVE_WEIGHT}


def draw(problem: Problem, k: int, seed: int = 0) -> tuple[NDArray[Any], NDArray[Any]]:
    """Directions of any length and targets along them, exact in the problem's type."""
    random = np.random.default_rng(seed)
    n, m, d = problem.dYdX.shape
    arrays = (random.normal(size=(n, k, d)), random.normal(size=(n, m, k)))
    return tuple(array.astype(problem.dtype).astype(np.float64) for array in arrays)  # type: ignore[return-value]


def assert_gradient(
    problem: Problem,
    Y: NDArray[Any] | None,
    V: NDArray[Any],
    dYdV: NDArray[Any],
    **weights: Any,  # noqa: ANN401
) -> None:
    oracle = (problem.network, problem.parameters, problem.X, Y, dYdV, VALUE_WEIGHT, DERIVATIVE_WEIGHT)
    objective = jetmlp.Objective(
        model_of(problem), problem.X, Y, directions=V, dYdV=dYdV, **WEIGHTS, **weights
    )
    contributions = weighted_sample_gradients(*oracle, directions=V, **weights)
    expected, scale = contributions.sum(axis=1), np.abs(contributions).sum(axis=1)
    losses = objective.losses(problem.parameters)
    loss, gradient = objective.loss_and_gradient(problem.parameters)
    expected_losses = weighted_losses(*oracle, directions=V, **weights)
    if problem.dtype == "float64":
        assert losses == pytest.approx(expected_losses, rel=1e-12, abs=1e-15, nan_ok=True)
        assert loss == pytest.approx(expected_losses[0], rel=1e-12, abs=1e-15)
        assert (np.abs(gradient - expected) <= 1e-10 * (scale + 1e-3 * scale.max())).all()
    else:
        tolerance = 2 * float32_tolerance(problem.network)
        assert loss == pytest.approx(expected_losses[0], rel=tolerance)
        assert np.abs(gradient - expected).max() <= tolerance * scale.max()


@settings(max_examples=60)
@given(problem=problems(), k=st.integers(1, 5), with_values=st.booleans(), fraction=st.floats(0, 0.8))
def test_any_shape(problem: Problem, k: int, with_values: bool, fraction: float) -> None:
    V, dYdV = draw(problem, k)
    dYdV[np.random.default_rng(1).random(dYdV.shape) < fraction] = np.nan
    dYdV.flat[0] = 0.5
    assert_gradient(problem, problem.Y if with_values else None, V, dYdV)


@pytest.mark.parametrize("n", BLOCK_BOUNDARIES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_sample_counts_at_block_boundaries(dtype: str, n: int) -> None:
    problem = make_problem(Network((5, 9, 8, 2), "tanh", "sigmoid"), n, seed=n, dtype=dtype)
    assert_gradient(problem, problem.Y, *draw(problem, 2))


@pytest.mark.parametrize("shape", ["(n,)", "(n, k)", "(n, m, k)"])
def test_with_weights(shape: str, rng: np.random.Generator) -> None:
    problem = make_problem(Network((4, 6, 3), "silu"), 20)
    sizes = {"(n,)": (20,), "(n, k)": (20, 2), "(n, m, k)": (20, 3, 2)}[shape]
    weights = rng.uniform(0, 2, sizes) * (rng.random(sizes) < 0.8)
    assert_gradient(
        problem,
        problem.Y,
        *draw(problem, 2),
        sample_weight=rng.uniform(0, 2, 20),
        derivative_sample_weight=weights,
    )


@pytest.mark.parametrize("layer_sizes", [(2, 7, 3), (4, 7, 6, 1)], ids=str)
def test_unit_directions_are_the_inputs(layer_sizes: tuple[int, ...]) -> None:
    """Whichever way the full Jacobian is carried, forward or back."""
    problem = make_problem(Network(layer_sizes, "sin"), 30)
    d = layer_sizes[0]
    V = np.broadcast_to(np.eye(d), (30, d, d))
    one = jetmlp.Objective(
        model_of(problem), problem.X, problem.Y, directions=V, dYdV=problem.dYdX, **WEIGHTS
    )
    other = jetmlp.Objective(model_of(problem), problem.X, problem.Y, problem.dYdX, **WEIGHTS)
    (loss, gradient), (expected_loss, expected) = (
        objective.loss_and_gradient(problem.parameters) for objective in (one, other)
    )
    assert loss == pytest.approx(expected_loss, rel=1e-13)
    assert np.allclose(gradient, expected, rtol=1e-11, atol=1e-14)


def test_a_fit_learns_from_one_direction_a_sample(rng: np.random.Generator) -> None:
    """And measures its held-out derivatives along the inputs."""
    X, V = rng.uniform(-1, 1, (300, 2)), rng.normal(size=(300, 2))
    slopes = np.stack([np.cos(X[:, 0]) * X[:, 1], np.sin(X[:, 0])], axis=1)
    trainer = jetmlp.Trainer(
        jetmlp.MLP([2, 24, 24, 1], seed=1, dtype="float32", normalize=False), jetmlp.Adam(5e-3)
    )
    history = trainer.fit(
        X,
        directions=V,
        dYdV=np.sum(slopes * V, axis=1)[:, None],
        epochs=600,
        validation_data=(X, None, slopes),
    )
    assert history["val_derivative_loss"][-1] < 1e-3 * np.mean(slopes**2)
    assert np.isnan(history["value_loss"]).all()


def test_fit_many_takes_directions() -> None:
    problem = make_problem(Network((3, 6, 2)), 23)
    V, dYdV = draw(problem, 2)
    many, one = (jetmlp.Trainer(model_of(problem), jetmlp.Adam(), batch_size=5) for _ in range(2))
    jetmlp.fit_many([many], problem.X, problem.Y, directions=V, dYdV=dYdV, epochs=4)
    one.fit(problem.X, problem.Y, directions=V, dYdV=dYdV, epochs=4)
    assert np.array_equal(many.model.parameters, one.model.parameters)


def test_any_number_of_threads_gives_the_same_bytes() -> None:
    problem = make_problem(Network((3, 30, 30, 2)), 700, dtype="float32")
    V, dYdV = draw(problem, 2)
    one, other = (
        jetmlp.Objective(
            model_of(problem), problem.X, problem.Y, directions=V, dYdV=dYdV, n_threads=threads
        ).loss_and_gradient(problem.parameters)
        for threads in (1, 3)
    )
    assert one[0] == other[0]
    assert one[1].tobytes() == other[1].tobytes()


@pytest.mark.parametrize("values", [True, False], ids=["values", "derivatives alone"])
@pytest.mark.parametrize("weight", [0.3, "balanced"])
def test_a_normalized_fit_does_not_see_the_units(weight: float | str, values: bool) -> None:
    problem = make_problem(Network((3, 6, 2)), 40)
    V, dYdV = draw(problem, 2)
    a, c = np.array([-3.0, 1e4, 0.2]), np.array([1e-3, -50.0])
    losses = []
    for scale, unit in ((np.ones(3), np.ones(2)), (a, c)):
        model = jetmlp.MLP([3, 9, 2], normalize=True, dtype="float64")
        trainer = jetmlp.Trainer(model, jetmlp.Adam(1e-2), derivative_weight=weight)
        history = trainer.fit(
            scale * problem.X + 1,
            unit * problem.Y - 3 if values else None,
            directions=scale * V,
            dYdV=dYdV * unit[:, None],
            epochs=30,
        )
        losses.append(history["loss"])
    assert losses[1] == pytest.approx(losses[0], rel=1e-7)


def test_what_is_refused() -> None:
    problem = make_problem(Network((3, 6, 2)), 23)
    V, dYdV = draw(problem, 2)
    bad: list[tuple[dict[str, Any], str]] = [
        ({"directions": V}, r"^directions, dYdV: expected both or neither"),
        ({"dYdV": dYdV}, r"^directions, dYdV: expected both or neither"),
        ({"directions": V, "dYdV": dYdV, "dYdX": problem.dYdX}, r"^dYdX, dYdV: .* got both"),
        (
            {"directions": V[:4], "dYdV": dYdV},
            r"^directions: .* \(23, k, 3\) or \(23, 3\), got \(4,",
        ),
        ({"directions": V[..., 0], "dYdV": dYdV}, r"^directions: expected shape .* got \(23, 2\)"),
        ({"directions": V[:, :0], "dYdV": dYdV}, r"^directions: expected shape .* got \(23, 0, 3\)"),
        ({"directions": V * np.nan, "dYdV": dYdV}, r"^directions: expected finite numbers, got nan"),
        ({"directions": V, "dYdV": dYdV[..., :1]}, r"^dYdV: expected shape \(23, 2, 2\), got \(23, 2, 1\)"),
        ({"directions": V, "dYdV": dYdV * np.nan}, r"^dYdV: .* NaN throughout"),
        ({"directions": V, "dYdV": dYdV * np.inf}, r"^dYdV: expected finite numbers or NaN"),
    ]
    trainer = jetmlp.Trainer(model_of(problem), jetmlp.Adam())
    for arguments, message in bad:
        with pytest.raises(ValueError, match=message):
            trainer.fit(problem.X, problem.Y, epochs=1, **arguments)
    assert trainer.n_epochs == 0
