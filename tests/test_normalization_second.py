"""Second derivatives of normalized models: in the units of the data, and no fit sees these."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import jetmlp
from skewed_surface import D2YDX2, DYDX, UNIT, D, M, N, X, Y, model_of

POWERS = st.lists(st.floats(-6, 6), min_size=D + M, max_size=D + M)
SIGNS = st.lists(st.sampled_from([-1.0, 1.0]), min_size=D + M, max_size=D + M)
SECOND = "second_derivative_loss"


def fitted(*data: Any, epochs: int = 30, **arguments: Any) -> jetmlp.Trainer:  # noqa: ANN401
    trainer = jetmlp.Trainer(
        model_of(), jetmlp.Adam(1e-2), derivative_weight=0.3, second_derivative_weight=0.2
    )
    values, derivatives, second_derivatives = data
    trainer.fit(X, values, derivatives, d2YdX2=second_derivatives, epochs=epochs, **arguments)
    return trainer


def chain_rule(H: NDArray[Any], a: NDArray[Any], c: NDArray[Any]) -> NDArray[Any]:
    """Second derivatives after x → a x, y → c y, by two products with matrices."""
    inverse = np.diag(1 / a)
    return np.einsum("o,nopq->nopq", c, inverse @ H @ inverse)


# ---- Fits ----


@pytest.mark.parametrize("kinds", ["all", "values", "derivatives", "nothing"])
@settings(max_examples=12)
@given(signs=SIGNS, powers=POWERS, offset=st.floats(-100, 100))
def test_a_fit_does_not_see_the_units(
    kinds: str, signs: list[float], powers: list[float], offset: float
) -> None:
    """x → a x + b, y → c y + e, of either sign, beside what second derivatives are fitted with."""
    scales = np.array(signs) * 10.0 ** np.array(powers)
    a, c = scales[:D], scales[D:]
    values = Y if kinds in ("all", "values") else None
    derivatives = DYDX if kinds in ("all", "derivatives") else None
    one = fitted(values, derivatives, D2YDX2)
    trainer = jetmlp.Trainer(
        model_of(), jetmlp.Adam(1e-2), derivative_weight=0.3, second_derivative_weight=0.2
    )
    inputs = a * X + offset * a
    trainer.fit(
        inputs,
        None if values is None else c * values + offset * c,
        None if derivatives is None else derivatives * c[:, None] / a,
        d2YdX2=chain_rule(D2YDX2, a, c),
        epochs=30,
    )
    for name in ("loss", SECOND):
        assert trainer.history[name] == pytest.approx(one.history[name], rel=1e-6), name
    expected = one.model.hessian(X)
    found = chain_rule(trainer.model.hessian(inputs), 1 / a, 1 / c)
    assert np.allclose(found, expected, rtol=0, atol=1e-6 * np.abs(expected).max(axis=0))


def test_it_is_a_fit_to_standardised_samples() -> None:
    """By hand, with a model that knows nothing of units."""
    trainer = fitted(Y, DYDX, D2YDX2)
    its = trainer.model.normalization
    assert its is not None
    assert abs(its.y_scale) == pytest.approx(Y.std(axis=0), rel=1e-12)
    plain = jetmlp.Trainer(
        model_of(normalize=False), jetmlp.Adam(1e-2), derivative_weight=0.3, second_derivative_weight=0.2
    )
    history = plain.fit(
        (X - its.x_mean) / its.x_scale,
        (Y - its.y_mean) / its.y_scale,
        DYDX * its.x_scale / its.y_scale[:, None],
        d2YdX2=chain_rule(D2YDX2, 1 / its.x_scale, 1 / its.y_scale),
        epochs=30,
    )
    for name, column in history.items():
        assert trainer.history[name] == pytest.approx(column, rel=1e-9), name


def test_beside_a_balance_the_second_weight_is_as_given() -> None:
    model = fitted(Y, DYDX, None, epochs=0).model
    balanced = {"derivative_weight": "balanced"}
    without = jetmlp.Objective(model, X, Y, DYDX, **balanced)
    beside = jetmlp.Objective(model, X, Y, DYDX, d2YdX2=D2YDX2, second_derivative_weight=0.2, **balanced)
    losses = beside.losses(model.parameters)
    assert losses[3] > 0.01
    expected = without.loss(model.parameters) + 0.2 * losses[3]
    assert losses[0] == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("derivatives", [None, "of the first output"])
def test_without_anything_else_second_derivatives_give_the_scale(derivatives: str | None) -> None:
    slopes = None
    if derivatives is not None:
        slopes = DYDX.copy()
        slopes[:, 1] = np.nan
    its = fitted(None, slopes, D2YDX2, epochs=0).model.normalization
    assert its is not None
    standardised = D2YDX2 * np.multiply.outer(X.std(axis=0), X.std(axis=0))
    expected = np.sqrt(np.mean(standardised**2, axis=(0, 2, 3)))
    if slopes is not None:
        expected[0] = np.sqrt(np.mean((DYDX[:, 0] * X.std(axis=0)) ** 2))
    assert abs(its.y_scale) == pytest.approx(expected, rel=1e-12)
    assert (its.y_mean == 0).all()


def test_weights_are_repetitions_and_nan_is_absence(rng: np.random.Generator) -> None:
    counts = rng.integers(0, 4, N)
    rows = np.repeat(np.arange(N), counts)
    missing = D2YDX2.copy()
    missing[rng.random(N) < 0.3] = np.nan
    weighted = fitted(None, None, missing, sample_weight=counts)
    repeated = jetmlp.Trainer(model_of(), jetmlp.Adam(1e-2), second_derivative_weight=0.2)
    repeated.fit(X[rows], d2YdX2=missing[rows], epochs=30)
    one, other = (trainer.model.normalization for trainer in (weighted, repeated))
    assert one is not None
    assert other is not None
    present = ~np.isnan(missing[rows]).all(axis=(1, 2, 3))
    assert not present.all()
    assert one.x_mean == pytest.approx(X[rows][present].mean(axis=0), rel=1e-12)
    for name, array in one.arrays().items():
        assert array == pytest.approx(other.arrays()[name], rel=1e-12), name
    assert weighted.history["loss"] == pytest.approx(repeated.history["loss"], rel=1e-9)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rounding_of_the_models_type_is_no_asymmetry(dtype: str) -> None:
    """Although a normalized model takes its samples in float64."""
    rounded = D2YDX2.copy()
    rounded[:, 0, 1, 2] *= 1 + 1e-6
    trainer = jetmlp.Trainer(model_of(dtype=dtype), jetmlp.Adam())
    if dtype == "float32":
        trainer.fit(X, d2YdX2=rounded, epochs=1)
        return
    with pytest.raises(ValueError, match=r"^d2YdX2: expected symmetric"):
        trainer.fit(X, d2YdX2=rounded, epochs=1)


# ---- Predictions ----


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("d", [1, 2, 3, 9], ids="d={}".format)
@settings(max_examples=10)
@given(seed=st.integers(0, 999), spread=st.floats(0, 4))
def test_predictions_are_in_the_units_of_the_data(d: int, dtype: str, seed: int, spread: float) -> None:
    """Against those of the plain network at standardised inputs, by the chain rule."""
    random = np.random.default_rng(seed)
    signs = random.choice([-1.0, 1.0], d + M)
    scales = signs * 10.0 ** random.uniform(-spread, spread, d + M)
    a, c = scales[:d], scales[d:]
    plain = jetmlp.MLP([d, 11, 7, M], dtype=dtype, seed=seed, normalize=False)
    model = jetmlp.MLP([d, 11, 7, M], dtype=dtype, seed=seed, normalize=True)
    model.normalization = jetmlp.Normalization(random.normal(size=d) * a, a, random.normal(size=M), c)
    inner = random.normal(size=(13, d))
    inputs, V = model.normalization.x_mean + a * inner, random.normal(size=(13, d))

    units = np.abs(np.einsum("o,p,q->opq", c, 1 / a, 1 / a))
    expected = chain_rule(plain.hessian(inner).astype(np.float64), a, c)
    tolerance = 1e-11 if dtype == "float64" else 1e-4
    H = model.hessian(inputs)
    assert H.dtype == np.float64
    assert np.array_equal(H, H.swapaxes(2, 3))
    assert (np.abs(H - expected) <= tolerance * units).all()
    # Sums of terms of these sizes.
    terms = np.abs(np.einsum("opp->op", units)).sum(axis=1)
    laplacian = np.trace(expected, axis1=2, axis2=3)
    assert model.laplacian(inputs).dtype == np.float64
    assert (np.abs(model.laplacian(inputs) - laplacian) <= tolerance * terms).all()
    products = np.einsum("nopq,nq->nop", expected, V)
    terms = np.einsum("opq,nq->nop", units, np.abs(V))
    assert model.hvp(inputs, V).dtype == np.float64
    assert (np.abs(model.hvp(inputs, V) - products) <= 2 * tolerance * terms).all()

    sizes = np.abs(V / a).max(axis=1)
    plain_series = plain.directional_derivatives(inner, V / a / sizes[:, None])
    series = model.directional_derivatives(inputs, V)
    assert series.dtype == np.float64
    units = np.abs(c)[:, None] * (sizes[:, None] ** [1, 2, 3])[:, None]
    expected = plain_series * np.sign(c)[:, None] * units
    assert (np.abs(series - expected) <= 10 * d**3 * tolerance * units).all()


def test_directional_derivatives_are_those_of_jacobian_and_hessian() -> None:
    model = fitted(Y, DYDX, D2YDX2).model
    V = UNIT * [0.3, -0.2, 0.5]
    series = model.directional_derivatives(X, V)
    along = np.einsum("nop,p->no", model.jacobian(X), V)
    assert series[..., 0] == pytest.approx(along, rel=1e-9, abs=1e-9 * np.abs(along).min(axis=0).min())
    bend = np.einsum("nop,p->no", model.hvp(X, V), V)
    assert np.allclose(series[..., 1], bend, rtol=1e-9, atol=0)
    step = 1e-4
    ahead, behind = (model.directional_derivatives(X + sign * step * V, V)[..., 1] for sign in (1, -1))
    scale = np.abs(series[..., 2]).max(axis=0)
    assert (np.abs((ahead - behind) / (2 * step) - series[..., 2]) <= 1e-5 * scale).all()


def test_the_hessian_is_that_of_the_jacobian() -> None:
    """By central differences in the units of the data."""
    model = fitted(Y, DYDX, D2YDX2).model
    step = 1e-4 * UNIT
    ahead, behind = (
        np.stack([model.jacobian(X + sign * np.eye(D)[k] * step) for k in range(D)], axis=-1)
        for sign in (1, -1)
    )
    H = model.hessian(X)
    scale = np.abs(H).max(axis=0)
    assert (np.abs((ahead - behind) / (2 * step) - H) <= 1e-5 * scale).all()


@pytest.mark.parametrize("size", [1e-13, 1e13])
def test_float32_holds_units_whose_powers_it_could_not(size: float) -> None:
    """Third powers of the scale of the inputs; the results themselves are of order one."""
    model = jetmlp.MLP([2, 16, 1], seed=1, normalize=True, dtype="float32")
    model.normalization = jetmlp.Normalization([0, 0], [size, 2 * size], [0], [size**2])
    plain = jetmlp.MLP([2, 16, 1], seed=1, dtype="float64", normalize=False)
    plain.parameters = model.parameters
    inner = np.array([[0.4, -0.3], [0.1, 0.9]])
    inputs = (inner * [size, 2 * size]).astype(np.float32)
    expected = plain.hessian(inner) / np.multiply.outer([1, 2], [1, 2])
    assert model.hessian(inputs) == pytest.approx(expected, rel=1e-4)
    assert model.laplacian(inputs) == pytest.approx(np.trace(expected, axis1=2, axis2=3), rel=1e-4)
    assert model.hvp(inputs, [1, 1]) == pytest.approx(expected.sum(axis=3), rel=1e-4)
    third = plain.directional_derivatives(inner, [1, 0.5])[..., 2] / size
    assert model.directional_derivatives(inputs, [1, 1])[..., 2] == pytest.approx(third, rel=1e-4)


def test_a_fit_meets_second_derivatives_in_hopeless_units() -> None:
    model = fitted(Y, DYDX, D2YDX2, epochs=1500).model
    in_units = np.multiply.outer(UNIT, UNIT)
    errors = np.sqrt(np.mean(((model.hessian(X) - D2YDX2) * in_units) ** 2, axis=(0, 2, 3)))
    sizes = np.sqrt(np.mean((D2YDX2 * in_units) ** 2, axis=(0, 2, 3)))
    assert (errors < 0.2 * sizes).all()
    measured = jetmlp.metrics.evaluate(model, X, d2YdX2=D2YDX2)["second_derivative"]
    assert measured["mse"] == pytest.approx(np.mean((model.hessian(X) - D2YDX2) ** 2), rel=1e-12)
