"""Networks in stages."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jetmlp
from model_files import Parts

X = np.linspace(-1.0, 1.0, 80)


def runge(x: Any) -> tuple[Any, Any]:  # noqa: ANN401
    f = 1 / (1 + 25 * x**2)
    return f, -50 * x * f**2


def fitted(**options: Any) -> jetmlp.StagedMLP:  # noqa: ANN401
    model = jetmlp.StagedMLP([[1, 8, 8, 1], [1, 12, 12, 1]], seed=3)
    model.fit(X, *runge(X), epochs=(20, 15), **options)
    return model


def test_runge_to_the_last_digits() -> None:
    """From five starts: rounding decides how many of the last steps are accepted, a factor of ten in all."""
    grid = np.linspace(-1, 1, 2001)
    f, slope = runge(grid)
    errors = []
    for seed in range(5):
        model = jetmlp.StagedMLP([[1, 16, 16, 1], [1, 24, 24, 1]], seed=seed)
        model.fit(X, *runge(X), epochs=(200, 500))
        values, jacobian = model.predict_with_jacobian(grid)
        errors.append((np.abs(values[:, 0] - f).max(), np.abs(jacobian[:, 0, 0] - slope).max()))
    assert (np.median(errors, axis=0) < (1e-12, 1e-10)).all()
    assert (np.max(errors, axis=0) < (1e-11, 1e-9)).all()


def test_it_is_the_sum_of_its_stages() -> None:
    model = fitted()
    x = np.linspace(-1.2, 1.2, 7)
    its = model.normalization
    assert its is not None
    inner = its.inputs(x[:, None])[:, 0]
    terms = [stage.predict_with_jacobian(inner) for stage in model.stages]
    scales = model.scales
    assert scales[0] == 1.0
    assert 0 < scales[1, 0] < 0.1
    values, jacobian = model.predict_with_jacobian(x)
    assert values == pytest.approx(its.values(terms[0][0] + scales[1] * terms[1][0]), rel=1e-15)
    assert jacobian == pytest.approx(its.jacobian(terms[0][1] + scales[1] * terms[1][1]), rel=1e-15)
    assert np.array_equal(values, model.predict(x))
    assert np.array_equal(values, model(x))
    assert np.array_equal(jacobian, model.jacobian(x))
    step = 1e-30j
    W = [(stage.weights, stage.biases) for stage in model.stages]
    complex_value = sum(
        s * (w[2] @ np.tanh(w[1] @ np.tanh(w[0] * (inner + step) + b[0][:, None]) + b[1][:, None]) + b[2])
        for s, (w, b) in zip(scales[:, 0], W, strict=True)
    )
    slopes = np.imag(complex_value)[0] / 1e-30 * its.y_scale / its.x_scale
    assert jacobian[:, 0, 0] == pytest.approx(slopes, rel=1e-11, abs=1e-13)


def test_a_later_stage_lowers_the_error_of_several_inputs_and_outputs(rng: np.random.Generator) -> None:
    x = rng.uniform(0.0, 2.0, (60, 2))
    a, b = x[:, 0], x[:, 1]
    Y = np.stack([np.sin(a) * b, 5 * np.cos(a + b)], axis=1)
    slopes = [[np.cos(a) * b, np.sin(a)], [-5 * np.sin(a + b), -5 * np.sin(a + b)]]
    dYdX = np.moveaxis(np.array(slopes), -1, 0)
    dYdX[5] = np.nan
    model = jetmlp.StagedMLP([[2, 10, 10, 2], [2, 14, 14, 2]])
    histories = model.fit(x, Y, dYdX, epochs=60)
    assert [history.n_epochs for history in histories] == [60, 60]
    rest = np.abs(model.stages[0].predict(x) - Y).max(axis=0)
    assert (np.abs(model.predict(x) - Y).max(axis=0) < 0.1 * rest).all(), "one more digit at least"


def test_saved_copied_and_pickled_models_are_the_same(tmp_path: Path) -> None:
    model = fitted()
    model.save(tmp_path / "model.safetensors")
    others = [jetmlp.load(tmp_path / "model.safetensors"), model.copy(), pickle.loads(pickle.dumps(model))]
    for other in others:
        assert isinstance(other, jetmlp.StagedMLP)
        for one, two in zip(model.predict_with_jacobian(X), other.predict_with_jacobian(X), strict=True):
            assert np.array_equal(one, two)
        assert (
            repr(other) == repr(model) == "StagedMLP(1-8-8-1 + 1-12-12-1, activation='tanh', 290 parameters)"
        )
    again = others[0]
    assert isinstance(again, jetmlp.StagedMLP)
    again.fit(X, *runge(X), epochs=(20, 15))
    assert np.array_equal(again.predict(X), model.predict(X))


def test_a_second_fit_starts_anew_and_threads_change_nothing() -> None:
    model = fitted()
    first = model.predict(X)
    model.fit(X, *runge(X), epochs=(20, 15), n_threads=2)
    assert np.array_equal(model.predict(X), first)


@pytest.mark.parametrize("optimizer", [jetmlp.LBFGS(), "auto", jetmlp.Adam(1e-2)], ids=str)
def test_any_optimizer_fits_one_network_and_then_what_it_leaves(optimizer: Any) -> None:  # noqa: ANN401
    model = fitted(optimizer=optimizer)
    alone = jetmlp.MLP([1, 8, 8, 1], dtype="float64", seed=3, normalize=True)
    jetmlp.Trainer(alone, optimizer).fit(X, *runge(X), epochs=20)
    its = alone.normalization
    assert its is not None
    assert np.array_equal(model.stages[0].parameters, alone.parameters)
    f, slope = runge(X)

    def left(predictor: jetmlp.MLP | jetmlp.StagedMLP) -> tuple[float, float]:
        values, jacobian = predictor.predict_with_jacobian(X)
        return float(np.mean((values[:, 0] - f) ** 2)), float(np.mean((jacobian[:, 0, 0] - slope) ** 2))

    before, after = left(alone), left(model)
    assert model.scales[1, 0] == pytest.approx(np.sqrt(before[0]) / abs(its.y_scale[0]), rel=1e-12)
    # Values and slopes of the rest are scaled to mean squares of 1, so a stage that adds nothing has loss 2.
    assert after[0] / before[0] + after[1] / before[1] < 2


def test_a_rest_of_zero_is_no_trouble() -> None:
    model = jetmlp.StagedMLP([[1, 4, 1], [1, 4, 1]])
    model.fit(X, np.zeros(80), np.zeros(80), epochs=300)
    assert np.abs(model.predict(X)).max() < 1e-12


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    for description in ({}, [], {"architectures": [], "seed": 0}):
        path.write_bytes(Parts("jetmlp.StagedMLP", description, {"scales": np.ones((1, 1))}).file())
        with pytest.raises(jetmlp.ModelFileError, match=r"model\.safetensors: "):
            jetmlp.load(path)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: jetmlp.StagedMLP([]), ValueError, "layer_sizes: expected at least one stage"),
        (lambda: jetmlp.StagedMLP([1, 8, 1]), TypeError, "layer_sizes: expected a sequence"),  # type: ignore[list-item]
        (lambda: jetmlp.StagedMLP([[1, 8, 1], [2, 8, 1]]), ValueError, "layer_sizes: expected the same"),
        (lambda: fitted(value_weight=-1), ValueError, "value_weight"),
        (lambda: jetmlp.StagedMLP([[1, 2, 1]]).fit(X, X, X, epochs=(1, 2)), ValueError, "epochs: expected 1"),
        (lambda: jetmlp.StagedMLP([[1, 2, 1]]).fit(X, X[:3], X, epochs=1), ValueError, "Y: expected shape"),
    ],
)
def test_bad_arguments_are_named(call: Any, error: type[Exception], message: str) -> None:  # noqa: ANN401
    with pytest.raises(error, match=message):
        call()
