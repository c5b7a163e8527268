"""The numbers come out right whatever the units: nothing that is learned depends on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import jetmlp
from jetmlp import Samples
from jetmlp.data.standardise import learn

Array = NDArray[Any]
x = np.linspace(-1, 1, 50)


def points(n: int = 40, d: int = 3) -> Array:
    return jetmlp.random.Generator(7).uniform(n * d).reshape(n, d)


def function(X: Array) -> tuple[Array, Array, Array]:
    """Two outputs of three inputs: values, derivatives, second derivatives."""
    u, v, w = X.T
    zero = np.zeros_like(u)
    Y = np.stack([np.sin(2 * u) + v * w, np.exp(u - w)], axis=1)
    e = Y[:, 1]
    J = np.stack([np.stack([2 * np.cos(2 * u), w, v], 1), np.stack([e, zero, -e], 1)], axis=1)
    H = np.zeros((len(X), 2, 3, 3))
    H[:, 0, 0, 0] = -4 * np.sin(2 * u)
    H[:, 0, 1, 2] = H[:, 0, 2, 1] = 1.0
    H[:, 1, 0, 0] = H[:, 1, 2, 2] = e
    H[:, 1, 0, 2] = H[:, 1, 2, 0] = -e
    return Y, J, H


X = points()
Y, J, H = function(X)
V = jetmlp.random.Generator(8).normal(40 * 3).reshape(40, 1, 3)
EXPONENTS = st.lists(st.integers(-40, 40), min_size=5, max_size=5)  # 2^40 is 1e12

#: Optimizers by name, and the epochs that each takes to show a difference.
OPTIMIZERS: dict[str, tuple[Callable[[], Any], dict[str, Any], int]] = {
    "Adam": (lambda: jetmlp.Adam(1e-2), {}, 6),
    "AdamW, mini-batches": (lambda: jetmlp.Adam(1e-2, weight_decay=1e-3), {"batch_size": 16}, 6),
    "LBFGS": (jetmlp.LBFGS, {"l2": 1e-3}, 6),
    "LevenbergMarquardt": (jetmlp.LevenbergMarquardt, {}, 4),
    "SelfScaledBroyden": (jetmlp.SelfScaledBroyden, {}, 6),
    "StochasticGaussNewton": (jetmlp.StochasticGaussNewton, {"batch_size": 16}, 4),
    "Chain": (lambda: jetmlp.Chain([jetmlp.Adam(1e-2), jetmlp.LBFGS()], epochs=[3]), {}, 6),
    "auto": (lambda: "auto", {}, 4),
}
KINDS = {
    "values": {"Y"},
    "values and derivatives": {"Y", "dYdX"},
    "derivatives and an anchor": {"dYdX", "anchor"},
    "derivatives along directions": {"Y", "dYdV"},
    "second derivatives": {"Y", "dYdX", "d2YdX2"},
    "balanced": {"Y", "dYdX", "balanced"},
}
FLOAT64 = ("LevenbergMarquardt", "StochasticGaussNewton", "SelfScaledBroyden")


def in_units(kinds: set[str], a: Array, b: Array, c: Array, e: Array) -> tuple[Samples, dict[str, Any]]:
    """Samples of c·f((x − b)/a) + e, from those of f, and the anchor in the same units."""
    arrays: dict[str, Any] = {"X": a * X + b}
    if "Y" in kinds:
        arrays["Y"] = c * Y + e
    if "dYdX" in kinds:
        arrays["dYdX"] = J * c[:, None] / a
    if "d2YdX2" in kinds:
        arrays["d2YdX2"] = H * c[:, None, None] / a / a[:, None]
    if "dYdV" in kinds:
        arrays |= {"directions": a * V, "dYdV": c[:, None] * np.einsum("imd,ikd->imk", J, V)}
    options = {"anchor": (a * X[3] + b, c * Y[3] + e)} if "anchor" in kinds else {}
    return Samples(**arrays), options


def fitted(name: str, dtype: str, kinds: set[str], units: tuple[Array, ...]) -> jetmlp.MLP:
    make, settings_of_trainer, epochs = OPTIMIZERS[name]
    model = jetmlp.MLP([3, 6, 2], dtype=dtype, normalize=True, seed=2)
    weight: Any = "balanced" if "balanced" in kinds else 0.7
    samples, options = in_units(kinds, *units)
    trainer = jetmlp.Trainer(model, make(), derivative_weight=weight, n_threads=1, **settings_of_trainer)
    trainer.fit(samples, epochs=epochs, **options)
    return model


def cases() -> list[tuple[str, str, str]]:
    return [
        (name, dtype, kind)
        for name in OPTIMIZERS
        for dtype in ("float64", "float32")
        for kind in KINDS
        if not (name in FLOAT64 and dtype == "float32")
    ]


@pytest.mark.parametrize(("name", "dtype", "kind"), cases())
@settings(max_examples=3, deadline=None)
@given(EXPONENTS)
def test_units_that_differ_by_powers_of_two_give_the_same_bits(
    name: str, dtype: str, kind: str, exponents: list[int]
) -> None:
    """No rounding stands between such units, so nothing of it may be left in what comes out."""
    a, c = 2.0 ** np.array(exponents[:3]), 2.0 ** np.array(exponents[3:])
    zeros = np.zeros(3), np.zeros(2)
    one = fitted(name, dtype, KINDS[kind], (np.ones(3), zeros[0], np.ones(2), zeros[1]))
    other = fitted(name, dtype, KINDS[kind], (a, zeros[0], c, zeros[1]))
    P, G = one.predict_with_jacobian(X)
    Q, K = other.predict_with_jacobian(a * X)
    np.testing.assert_array_equal(K * a / c[:, None], G)
    np.testing.assert_array_equal(other.hessian(a * X) * a * a[:, None] / c[:, None, None], one.hessian(X))
    np.testing.assert_array_equal(Q / c, P)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=5, deadline=None)
@given(
    st.lists(st.floats(-12, 12), min_size=5, max_size=5),
    st.lists(st.sampled_from([-1.0, 1.0]), min_size=5, max_size=5),
    st.floats(-100, 100),
)
def test_any_affine_units_give_the_same_fit(
    kind: str, powers: list[float], signs: list[float], offset: float
) -> None:
    """To what rounding leaves: the offset takes digits from the data before the library sees them."""
    scales = np.array(signs) * 10.0 ** np.array(powers)
    a, c = scales[:3], scales[3:]
    one = fitted("LBFGS", "float64", KINDS[kind], (np.ones(3), np.zeros(3), np.ones(2), np.zeros(2)))
    other = fitted("LBFGS", "float64", KINDS[kind], (a, offset * a, c, offset * c))
    Q, K = other.predict_with_jacobian(a * X + offset * a)
    P, G = one.predict_with_jacobian(X)
    np.testing.assert_allclose(Q / c - offset, P, rtol=0, atol=1e-7)
    np.testing.assert_allclose(K * a / c[:, None], G, rtol=0, atol=1e-7 * np.abs(G).max())


@settings(max_examples=5, deadline=None)
@given(st.lists(st.integers(-40, 40), min_size=2, max_size=2))
def test_stages_see_no_units(exponents: list[int]) -> None:
    a, c = (2.0**exponent for exponent in exponents)
    predictions = []
    for x_unit, y_unit in ((1.0, 1.0), (a, c)):
        model = jetmlp.StagedMLP([[1, 5, 1], [1, 6, 1]], seed=1)
        model.fit(x_unit * x, y_unit * np.sin(3 * x), y_unit / x_unit * 3 * np.cos(3 * x), epochs=(8, 8))
        values, slopes = model.predict_with_jacobian(x_unit * x)
        predictions.append(np.stack([values[:, 0] / y_unit, slopes[:, 0, 0] * x_unit / y_unit]))
    np.testing.assert_array_equal(predictions[1], predictions[0])


@pytest.mark.parametrize(("a", "c"), [(1.0, 1.0), (10.0, 1.0), (1000.0, 1.0), (1.0, 1e6), (1e-12, 1e12)])
def test_stages_reach_the_same_digits_in_any_units(a: float, c: float) -> None:
    """Runge's function; without standardising, errors were 4e-10, 2.5e-3, 0.44 and 0.47 of its size."""
    f = 1 / (1 + 25 * x**2)
    model = jetmlp.StagedMLP([[1, 12, 12, 1], [1, 16, 16, 1]])
    model.fit(a * x, c * f, c / a * -50 * x * f**2, epochs=(80, 150))
    assert np.abs(model.predict(a * x)[:, 0] / c - f).max() < 1e-7


# ---- What is constant to rounding is constant ----


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("unit", [1.0, 1e-12, 1e12])
def test_a_column_constant_but_for_its_last_bits_is_constant(dtype: str, unit: float) -> None:
    """0.3 and 0.1 + 0.2 are one number; the fit is that without the column's noise."""
    noisy = np.where(np.arange(50) % 2 == 0, 0.3, 0.1 + 0.2) * unit
    noisy = noisy.astype(dtype) * (1 + np.finfo(dtype).eps * (np.arange(50) % 3)).astype(dtype)
    inputs = np.stack([x.astype(dtype), noisy], axis=1)
    slopes = np.stack([np.cos(x), np.zeros(50)], axis=1)
    model = jetmlp.MLP([2, 8, 1], dtype="float64", normalize=True)
    jetmlp.Trainer(model, jetmlp.LBFGS()).fit(inputs, np.sin(x), slopes, epochs=150)
    assert model.normalization is not None
    assert abs(model.normalization.x_scale[1]) == pytest.approx(0.3 * unit, rel=1e-6)
    J = model.jacobian(inputs)[:, 0]
    assert np.abs(J[:, 0] - slopes[:, 0]).max() < 0.02
    assert np.abs(J[:, 1]).max() * unit < 1.0  # nothing says what it is, but it is not 1e13


def test_values_constant_to_rounding_are_constant() -> None:
    its = learn(Samples(x, 0.3 + 1e-17 * np.arange(50) + (np.arange(50) % 2) * np.spacing(0.3)))
    assert its.y_scale[0] == pytest.approx(0.3)


def test_a_column_of_rounding_errors_does_not_rule_a_balance() -> None:
    """Slopes of noise, 1e-17, had a loss of 1e29."""
    inputs = np.stack([x, np.cos(7 * x)], axis=1)
    slopes = np.stack([np.cos(x), 1e-17 * np.sin(99 * x)], axis=1)
    model = jetmlp.MLP([2, 8, 1], dtype="float64", normalize=True)
    trainer = jetmlp.Trainer(model, jetmlp.LBFGS(), derivative_weight="balanced")
    history = trainer.fit(inputs, np.sin(x), slopes, epochs=200)
    assert history["loss"][-1] < 1e-4
    assert np.abs(model.predict(inputs)[:, 0] - np.sin(x)).max() < 0.03


# ---- Slopes have a say ----


@pytest.mark.parametrize("spread", [1.0, 1e-2, 1e-4, 1e-8])
@pytest.mark.parametrize(
    ("optimizer", "epochs", "most"),
    [(jetmlp.LBFGS(), 300, 0.4), (jetmlp.LevenbergMarquardt(), 60, 2e-3)],
    ids=["LBFGS", "LevenbergMarquardt"],
)
def test_a_slope_is_right_along_an_input_of_small_spread(
    spread: float,
    optimizer: jetmlp.LBFGS | jetmlp.LevenbergMarquardt,
    epochs: int,
    most: float,
) -> None:
    """A slope of up to 2; without a say of the slopes LBFGS was 1e2 off at 1e-4, and 1e6 at 1e-8."""
    U = 2 * points(60) - 1
    u, v, w = U[:, 0], 0.3 + spread * U[:, 1], U[:, 2]
    slopes = np.stack([2 * np.cos(2 * u), 2 * np.cos(w), -2 * v * np.sin(w)], axis=1)
    inputs = np.stack([u, v, w], axis=1)
    model = jetmlp.MLP([3, 16, 16, 1], dtype="float64", normalize=True)
    jetmlp.Trainer(model, optimizer).fit(inputs, np.sin(2 * u) + 2 * v * np.cos(w), slopes, epochs=epochs)
    assert np.abs(model.jacobian(inputs)[:, 0, 1] - slopes[:, 1]).max() < most


@pytest.mark.parametrize("unit", [1e-12, 1.0, 1e12])
@pytest.mark.parametrize("noise", [0.0, 1e-16, 1.0])
def test_an_output_is_not_far_smaller_than_its_slopes(unit: float, noise: float) -> None:
    """Values constant, of rounding noise or small beside the slopes: the loss was 6e32, the slopes 0."""
    values = noise * unit * np.array([0.0, 1.0, -1.0, 0.5])
    slopes = 1e6 * unit * np.array([1.0, -1.0, 1.0, -1.0])
    model = jetmlp.MLP([1, 12, 12, 1], dtype="float64", normalize=True)
    history = jetmlp.Trainer(model, jetmlp.LevenbergMarquardt()).fit(
        [0.0, 1, 2, 3], values, slopes, epochs=300
    )
    assert history["loss"][0] < 1e3
    assert np.abs(model.jacobian([0.0, 1, 2, 3])[:, 0, 0] / slopes - 1).max() < 1e-3
    assert np.abs(model.predict([0.0, 1, 2, 3])[:, 0] - values).max() < 1e-3 * 1e6 * unit


@pytest.mark.parametrize("unit", [1e-12, 1.0, 1e12])
def test_one_sample_with_its_gradient(unit: float) -> None:
    model = jetmlp.MLP([2, 6, 1], dtype="float64", normalize=True)
    inputs, slopes = np.array([[3.0, -5.0]]), np.array([[2.0, 4.0]]) * unit
    jetmlp.Trainer(model, jetmlp.LevenbergMarquardt()).fit(inputs, [7.0 * unit], slopes, epochs=50)
    assert model.predict(inputs)[0, 0] / unit == pytest.approx(7.0, rel=1e-6)
    assert model.jacobian(inputs)[0, 0] / unit == pytest.approx([2.0, 4.0], rel=1e-6)


def test_a_target_without_weight_sets_no_scale() -> None:
    model = jetmlp.MLP([1, 8, 1], dtype="float64", normalize=True)
    trainer = jetmlp.Trainer(model, jetmlp.LBFGS(), value_weight=0.0)
    trainer.fit(x, 1e9 * np.sin(50 * x), np.cos(x), epochs=100)
    assert model.normalization is not None
    assert abs(model.normalization.y_scale[0]) < 10
    assert np.abs(model.jacobian(x)[:, 0, 0] - np.cos(x)).max() < 1e-2
    other = jetmlp.MLP([1, 8, 1], dtype="float64", normalize=True)
    jetmlp.Trainer(other, jetmlp.LBFGS(), derivative_weight=0.0).fit(x, np.sin(x), 1e9 * x, epochs=1)
    assert other.normalization is not None
    assert abs(other.normalization.y_scale[0]) == pytest.approx(np.sin(x).std())


# ---- Digits ----


def test_what_the_mean_adds_is_not_rounded_away() -> None:
    """−40000 + 1e-3 sin 3x in float32 had one distinct prediction."""
    values, slopes = -40000 + 1e-3 * np.sin(3 * x), 3e-3 * np.cos(3 * x)
    model = jetmlp.MLP([1, 24, 24, 1], dtype="float32", normalize=True)
    jetmlp.Trainer(model, jetmlp.LBFGS()).fit(x, values, slopes, epochs=300)
    P, G = model.predict_with_jacobian(x)
    assert P.dtype == G.dtype == model.hessian(x).dtype == model.laplacian(x).dtype == np.float64
    assert len(np.unique(P)) == 50
    assert np.abs(P[:, 0] - values).max() < 2e-6
    assert np.abs(G[:, 0, 0] - slopes).max() < 1e-4
    errors = jetmlp.metrics.evaluate(model, x, values, slopes)
    assert errors["value"]["max_error"] == np.abs(P[:, 0] - values).max()
    assert errors["value"]["r2"] > 0.9999


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("a", "c"), [(1e-15, 1.0), (1e15, 1.0), (1.0, 1e39), (1e-15, 1e39), (1e-160, 1e100)])
def test_hopeless_units_are_finite_and_right(dtype: str, a: float, c: float) -> None:
    model = jetmlp.MLP([1, 16, 16, 1], dtype=dtype, normalize=True)
    jetmlp.Trainer(model, jetmlp.LBFGS()).fit(a * x, c * np.sin(2 * x), c / a * 2 * np.cos(2 * x), epochs=200)
    P, G = model.predict_with_jacobian(a * x)
    assert P[:, 0] / c == pytest.approx(np.sin(2 * x), abs=2e-3)
    assert G[:, 0, 0] * a / c == pytest.approx(2 * np.cos(2 * x), abs=1e-2)
    if a > 1e-100:  # beyond, second derivatives are more than float64 holds
        curvature = model.hessian(a * x)[:, 0, 0, 0] * a * a / c
        assert np.abs(curvature + 4 * np.sin(2 * x))[5:-5].max() < 0.5


def test_unnormalized_numbers_beyond_the_type_are_named() -> None:
    with pytest.raises(
        ValueError, match=r"^Y: expected .* got -inf .* a model of dtype='float64' takes larger"
    ):
        jetmlp.Trainer(jetmlp.MLP([1, 4, 1], dtype="float32", normalize=False)).fit(x, 1e39 * x, epochs=1)
