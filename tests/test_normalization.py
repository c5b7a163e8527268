"""Standardised inputs and outputs: nothing outside the network sees them, and no fit the units."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import jetmlp
from skewed_surface import DYDX, UNIT, D, M, N, X, Y, model_of


def fitted(*data: Any, epochs: int = 30, **arguments: Any) -> jetmlp.Trainer:  # noqa: ANN401
    trainer = jetmlp.Trainer(model_of(), jetmlp.Adam(1e-2), derivative_weight=0.3)
    trainer.fit(*data, epochs=epochs, **arguments)
    return trainer


# ---- Units ----


@pytest.mark.parametrize("kinds", ["both", "values", "derivatives"])
@settings(max_examples=12)
@given(
    signs=st.lists(st.sampled_from([-1.0, 1.0]), min_size=D + M, max_size=D + M),
    powers=st.lists(st.floats(-6, 6), min_size=D + M, max_size=D + M),
    offset=st.floats(-100, 100),
)
def test_a_fit_does_not_see_the_units(
    kinds: str, signs: list[float], powers: list[float], offset: float
) -> None:
    """x → a x + b, y → c y + e, of either sign, and the derivatives as the chain rule has it."""
    scales = np.array(signs) * 10.0 ** np.array(powers)
    a, c = scales[:D], scales[D:]
    b, e = offset * a, offset * c
    values = None if kinds == "derivatives" else Y
    derivatives = None if kinds == "values" else DYDX
    one = fitted(X, values, derivatives)
    other = fitted(
        a * X + b,
        None if values is None else c * values + e,
        None if derivatives is None else derivatives * c[:, None] / a,
    )
    assert other.history["loss"] == pytest.approx(one.history["loss"], rel=1e-6)
    P, J = one.model.predict_with_jacobian(X)
    Q, K = other.model.predict_with_jacobian(a * X + b)
    if values is None:
        e = np.zeros(M)  # the constant is not in the data
    assert np.allclose((Q - e) / c, P, rtol=0, atol=1e-6 * np.abs(P).max(axis=0))
    assert np.allclose(K * a / c[:, None], J, rtol=0, atol=1e-6 * np.abs(J).max(axis=(0, 2))[:, None])


@pytest.mark.parametrize("a", [-1.0, 250.0])
@pytest.mark.parametrize("c", [-1.0, 1e-5])
def test_on_a_grid_as_well(a: float, c: float) -> None:
    """Where neither inputs nor values are skewed.

    By symmetry some gradients are nothing but rounding errors, which Adam's epsilon must not let grow.
    """
    x = np.linspace(-1, 1, 41)
    histories = []
    for scale, unit in ((1.0, 1.0), (a, c)):
        model = jetmlp.MLP([1, 16, 1], normalize=True, dtype="float64")
        trainer = jetmlp.Trainer(model, jetmlp.Adam(1e-2, epsilon=1e-3))
        histories.append(
            trainer.fit(scale * x, unit * np.sin(4 * x), unit / scale * 4 * np.cos(4 * x), epochs=40)
        )
    assert histories[1]["loss"] == pytest.approx(histories[0]["loss"], rel=1e-6)


def test_it_is_a_fit_to_standardised_samples() -> None:
    """By hand, with a model that knows nothing of units."""
    trainer = fitted(X, Y, DYDX)
    its = trainer.model.normalization
    assert its is not None
    assert abs(its.x_scale) == pytest.approx(X.std(axis=0), rel=1e-12)
    assert abs(its.y_scale) == pytest.approx(Y.std(axis=0), rel=1e-12)
    assert its.x_mean == pytest.approx(X.mean(axis=0), rel=1e-12)
    assert its.y_mean == pytest.approx(Y.mean(axis=0), rel=1e-12)
    plain = jetmlp.Trainer(model_of(normalize=False), jetmlp.Adam(1e-2), derivative_weight=0.3)
    history = plain.fit(
        (X - its.x_mean) / its.x_scale,
        (Y - its.y_mean) / its.y_scale,
        DYDX * its.x_scale / its.y_scale[:, None],
        epochs=30,
    )
    for name, column in history.items():
        assert trainer.history[name] == pytest.approx(column, rel=1e-10), name
    assert trainer.model.parameters == pytest.approx(plain.model.parameters, abs=1e-10)


def test_the_jacobian_is_that_of_the_values() -> None:
    model = fitted(X, Y, DYDX).model
    step = 1e-4 * UNIT
    ahead, behind = (
        np.stack([model.predict(X + sign * np.eye(D)[k] * step) for k in range(D)], axis=-1)
        for sign in (1, -1)
    )
    J = model.jacobian(X)
    assert np.allclose((ahead - behind) / (2 * step), J, rtol=1e-5, atol=1e-6 * np.abs(J).max(axis=0))
    assert np.array_equal(model.predict_with_jacobian(X)[1], J)
    assert np.array_equal(model.predict_with_jacobian(X)[0], model.predict(X))


def test_float32_resolves_what_its_own_digits_could_not() -> None:
    """An offset of 1e6, where float32 has steps of 1/16, changes values by some last places."""
    x = np.linspace(0, 1, 64)
    near, far = (jetmlp.MLP([1, 32, 1], normalize=True, dtype="float32") for _ in range(2))
    jetmlp.Trainer(near, jetmlp.Adam(1e-2)).fit(x, 1e3 * np.sin(3 * x), epochs=100)
    jetmlp.Trainer(far, jetmlp.Adam(1e-2)).fit(1e6 + x, 1e3 * np.sin(3 * x), epochs=100)
    assert far.predict(1e6 + x).dtype == np.float64
    moved = np.abs(far.predict(1e6 + x) - near.predict(x)).max()
    assert moved < 16 * np.finfo(np.float32).eps * 1e3
    rounded = (1e6 + x).astype(np.float32).astype(np.float64) - 1e6
    assert np.abs(near.predict(rounded) - near.predict(x)).max() > 1e4 * moved, "what is at stake"


def test_it_learns_what_hopeless_units_forbid() -> None:
    """Every output to a twentieth of its spread, every column of slopes to a tenth of its own size.

    Without it the same fit explains nothing of what varies.
    """
    P, J = fitted(X, Y, DYDX, epochs=1500).model.predict_with_jacobian(X)
    assert (np.abs(P - Y).max(axis=0) < 0.05 * Y.std(axis=0)).all()
    slopes, errors = (np.sqrt(np.mean((array * UNIT) ** 2, axis=0)) for array in (DYDX, J - DYDX))
    slopes = np.where(slopes == 0, slopes.max(axis=1, keepdims=True), slopes)  # one does not depend on v
    assert (errors < 0.1 * slopes).all()
    plain = model_of(normalize=False)
    jetmlp.Trainer(plain, jetmlp.Adam(1e-2), derivative_weight=0.3).fit(X, Y, DYDX, epochs=1500)
    assert (np.sqrt(np.mean((plain.predict(X) - Y) ** 2, axis=0)) > 0.99 * Y.std(axis=0)).all()


# ---- What is learned ----


def test_constant_columns_have_their_own_size_for_a_scale() -> None:
    constant = X.copy()
    constant[:, 1] = 0.1
    constant[:, 2] = 0.0
    its = fitted(constant, np.full((N, M), -0.7), epochs=0).model.normalization
    assert its is not None
    assert (its.x_mean[1], its.x_scale[1]) == (0.1, 0.1)
    assert (its.x_mean[2], its.x_scale[2]) == (0.0, 1.0)
    assert its.y_mean == pytest.approx([-0.7, -0.7], abs=0)
    assert its.y_scale == pytest.approx([0.7, 0.7], abs=0)
    assert abs(its.x_scale[0]) == pytest.approx(X[:, 0].std())


def test_without_values_the_derivatives_give_the_scale() -> None:
    its = fitted(X, None, DYDX, epochs=0).model.normalization
    assert its is not None
    standardised = DYDX * X.std(axis=0)
    assert abs(its.y_scale) == pytest.approx(np.sqrt(np.mean(standardised**2, axis=(0, 2))), rel=1e-12)
    assert (its.y_mean == 0).all()
    half = np.where(np.arange(M) == 0, Y, np.nan)  # the same for an output that has none
    mixed = fitted(X, half, DYDX, epochs=0, allow_missing_values=True).model.normalization
    assert mixed is not None
    assert mixed.y_scale[1] == pytest.approx(its.y_scale[1], rel=1e-12)
    assert mixed.y_mean == pytest.approx([Y[:, 0].mean(), 0.0], rel=1e-12)


def test_what_is_absent_does_not_count(rng: np.random.Generator) -> None:
    missing = np.where(rng.random(Y.shape) < 0.3, np.nan, Y)
    its = fitted(X, missing, epochs=0, allow_missing_values=True).model.normalization
    assert its is not None
    assert its.y_mean == pytest.approx(np.nanmean(missing, axis=0), rel=1e-12)
    assert abs(its.y_scale) == pytest.approx(np.nanstd(missing, axis=0), rel=1e-12)
    present = ~np.isnan(missing).all(axis=1)
    assert not present.all()
    assert its.x_mean == pytest.approx(X[present].mean(axis=0), rel=1e-12)


@pytest.mark.parametrize("values", [Y, None], ids=["values", "derivatives alone"])
def test_weights_are_repetitions(values: NDArray[Any] | None, rng: np.random.Generator) -> None:
    counts = rng.integers(0, 4, N)
    rows = np.repeat(np.arange(N), counts)
    weighted = fitted(X, values, DYDX, sample_weight=counts)
    repeated = fitted(X[rows], None if values is None else values[rows], DYDX[rows])
    for one, other in zip(
        weighted.model.normalization.arrays().values(),  # type: ignore[union-attr]
        repeated.model.normalization.arrays().values(),  # type: ignore[union-attr]
        strict=True,
    ):
        assert one == pytest.approx(other, rel=1e-12)
    assert weighted.history["loss"] == pytest.approx(repeated.history["loss"], rel=1e-9)


def test_a_second_fit_keeps_the_scales() -> None:
    trainer = fitted(X, Y, DYDX, epochs=2)
    before = trainer.model.normalization
    trainer.fit(X[:10] * 2, Y[:10] * 5, epochs=2)
    assert trainer.model.normalization is before


def test_validation_is_in_the_same_units() -> None:
    trainer = fitted(X, Y, DYDX, epochs=3, validation_data=(X, Y, DYDX))
    objective = jetmlp.Objective(trainer.model, X, Y, DYDX, derivative_weight=0.3)
    losses = objective.losses(trainer.model.parameters)
    found = [trainer.history[f"val_{name}"][-1] for name in ("loss", "value_loss", "derivative_loss")]
    assert found == pytest.approx(losses, rel=1e-13)
    errors = (trainer.model.predict(X) - Y) / Y.std(axis=0)
    assert losses[1] == pytest.approx(np.mean(errors**2), rel=1e-10)


# ---- Life of a model ----


def test_it_is_kept(tmp_path: Path) -> None:
    model = fitted(X, Y, DYDX).model
    model.save(tmp_path / "model.safetensors")
    others = [
        jetmlp.load(tmp_path / "model.safetensors"),
        model.copy(),
        copy.deepcopy(model),
        pickle.loads(pickle.dumps(model)),
    ]
    for other in others:
        assert repr(other) == repr(model)
        assert "normalize" not in repr(other)  # it is the default
        for one, another in zip(model.predict_with_jacobian(X), other.predict_with_jacobian(X), strict=True):
            assert one.tobytes() == another.tobytes()


def test_a_model_without_scales_yet_is_kept_too(tmp_path: Path) -> None:
    model = model_of()
    model.save(tmp_path / "model.safetensors")
    loaded = jetmlp.load(tmp_path / "model.safetensors")
    assert loaded.normalize
    assert loaded.normalization is None
    assert np.array_equal(loaded.predict(X), model_of(normalize=False).predict(X))


def test_a_callback_sees_the_units() -> None:
    seen = []
    trainer = jetmlp.Trainer(model_of(), jetmlp.Adam(1e-2))
    trainer.fit(X, Y, epochs=3, callbacks=lambda epoch, losses: seen.append(trainer.model.predict(X)))
    assert np.array_equal(seen[-1], trainer.model.predict(X))


def test_a_refused_fit_teaches_nothing() -> None:
    trainer = jetmlp.Trainer(model_of(), jetmlp.Adam())
    with pytest.raises(ValueError, match="validation_data"):
        trainer.fit(X, Y, epochs=1, validation_data=(X, Y[:3]))
    assert trainer.model.normalization is None


def test_what_float32_cannot_hold_after_normalization_is_named() -> None:
    trainer = jetmlp.Trainer(model_of(dtype="float32"), jetmlp.Adam())
    far = X.copy()
    far[7, 2] = 1e300
    with pytest.raises(ValueError, match=r"^validation_data\[0\], normalized: .* got (-)?inf at \[7, 2\]"):
        trainer.fit(X, Y, epochs=1, validation_data=(far, Y))
    assert trainer.model.normalization is None


def test_scales_may_be_chosen() -> None:
    model = model_of()
    model.normalization = jetmlp.Normalization([0, 0, 0], [1, 2, 4], [0, 0], [1, 10])
    plain = model_of(normalize=False)
    assert model.predict(X) == pytest.approx(plain.predict(X / [1, 2, 4]) * [1, 10], rel=1e-13)
    trainer = jetmlp.Trainer(model, jetmlp.Adam())
    trainer.fit(X, Y, epochs=1)
    assert list(model.normalization.x_scale) == [1, 2, 4]


def test_what_is_refused() -> None:
    good = jetmlp.Normalization([0], [1], [0], [1])
    with pytest.raises(ValueError, match=r"^normalization: .* outputs \(3, 2\), got \(1, 1\)"):
        model_of().normalization = good
    with pytest.raises(ValueError, match="normalize=True"):
        jetmlp.MLP([1, 1], dtype="float32", normalize=False).normalization = good
    with pytest.raises(TypeError, match=r"^normalization: expected a jetmlp\.Normalization"):
        model_of().normalization = 3  # type: ignore[assignment]
    with pytest.raises(ValueError, match="x_scale: expected numbers other than 0"):
        jetmlp.Normalization([0], [0], [0], [1])
    with pytest.raises(ValueError, match="y_scale: expected the shape of y_mean"):
        jetmlp.Normalization([0], [1], [0], [1, 2])
    with pytest.raises(ValueError, match="y_mean: expected finite"):
        jetmlp.Normalization([0], [1], [np.nan], [1])
    with pytest.raises(TypeError, match="normalize: expected True or False"):
        jetmlp.MLP([1, 1], normalize=1, dtype="float32")  # type: ignore[arg-type]


def test_an_objective_teaches_its_model_as_a_fit_does() -> None:
    """Else what another optimizer finds would be in units that the model does not know."""
    model = model_of()
    jetmlp.Objective(model, X, Y, DYDX)
    its, fits = model.normalization, fitted(X, Y, DYDX, epochs=0).model.normalization
    assert its is not None
    assert fits is not None
    for name, array in its.arrays().items():
        np.testing.assert_array_equal(array, fits.arrays()[name])
    jetmlp.Objective(model, X * 2, Y)
    assert model.normalization is its
