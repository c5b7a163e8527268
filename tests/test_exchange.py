"""What other frameworks and optimizers make of a model is the model; needs the extra `exchange`."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jetmlp
from exchange_models import ACTIVATIONS, TOLERANCES, errors, in_units, points
from jetmlp import export

pytestmark = [
    pytest.mark.exchange,
    # Of the packages themselves.
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning"),
    # What it says is tested below.
    pytest.mark.filterwarnings("ignore:to_keras. Keras on:UserWarning"),
]

RATIO = 1e4
Frameworks = tuple[Any, Any, Any]


@pytest.fixture(scope="module")
def frameworks() -> Frameworks:
    """PyTorch, JAX with float64, and Keras on JAX."""
    os.environ["KERAS_BACKEND"] = "jax"
    import jax
    import keras
    import torch

    jax.config.update("jax_enable_x64", True)
    keras.config.set_floatx("float64")
    return torch, jax, keras


def _torch(model: Any, X: Any) -> tuple[Any, Any]:  # noqa: ANN401  of several kinds
    import torch

    module = export.to_torch(model)
    x = torch.tensor(X)
    return module(x).detach().numpy(), torch.func.vmap(torch.func.jacrev(module))(x).detach().numpy()


def _jax(model: Any, X: Any) -> tuple[Any, Any]:  # noqa: ANN401  of several kinds
    import jax

    function = export.to_jax(model)
    return jax.jit(function)(X), jax.jit(jax.vmap(jax.jacfwd(function)))(X)


def _keras(model: Any, X: Any) -> tuple[Any, Any]:  # noqa: ANN401  of several kinds
    import jax

    made = export.to_keras(model)
    return made.predict(X, verbose=0), jax.vmap(jax.jacfwd(lambda x: made(x[np.newaxis])[0]))(X)


def _tolerance(way: Callable[..., Any], dtype: str = "float64") -> float:
    """Keras takes float64 as float32 in places, but for that on TensorFlow."""
    return TOLERANCES["float32" if way is _keras else dtype]


Ways = pytest.mark.parametrize("way", [_torch, _jax, _keras], ids=["torch", "jax", "keras"])


@Ways
@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_values_and_slopes_are_those_of_the_model(
    way: Callable[..., Any], activation: str, dtype: str, frameworks: Frameworks, rng: np.random.Generator
) -> None:
    for sizes, output in (((3, 8, 5, 2), "identity"), ((1, 6, 1), "tanh"), ((2, 2), "softplus")):
        model = in_units(jetmlp.MLP(sizes, activation, output, dtype=dtype, seed=1), RATIO)
        X = points(model, rng, 12)
        assert max(errors(model, X, *way(model, X))) < _tolerance(way, dtype)


@Ways
def test_sums_of_networks(way: Callable[..., Any], frameworks: Frameworks, rng: np.random.Generator) -> None:
    staged = in_units(jetmlp.StagedMLP([[2, 6, 2], [2, 9, 4, 2]], "sin"), RATIO)
    X = points(staged, rng, 12)
    assert max(errors(staged, X, *way(staged, X))) < _tolerance(way)
    y = np.sin((X[:, 0] - X[0, 0]) / np.ptp(X[:, 0]))
    slopes = np.column_stack([np.cos((X[:, 0] - X[0, 0]) / np.ptp(X[:, 0])) / np.ptp(X[:, 0]), 0 * y])
    surrogate = jetmlp.Surrogate().fit(X, y, slopes)
    Y, J = way([surrogate, surrogate], X)
    tolerance = 10 * _tolerance(way)
    np.testing.assert_allclose(Y, surrogate.predict(X), rtol=0, atol=tolerance)
    np.testing.assert_allclose(J, surrogate.jacobian(X), rtol=0, atol=tolerance * np.abs(slopes).max())


def test_jax_without_float64_is_the_model_at_the_points_it_has(
    frameworks: Frameworks, rng: np.random.Generator
) -> None:
    _, jax, _ = frameworks
    model = in_units(jetmlp.MLP([2, 8, 1], seed=2), RATIO)
    X = points(model, rng).astype(np.float32)
    with jax.enable_x64(False):
        Y = jax.jit(export.to_jax(model))(X)
    assert Y.dtype == np.float32
    assert max(errors(model, X.astype(np.float64), np.asarray(Y))) < 1e-6
    with pytest.raises(ValueError, match=r"x: expected an array \(…, 2\), .* got \(3,\)"):
        export.to_jax(model)(np.zeros(3))


def test_keras_that_rounds_inputs_is_warned_of(frameworks: Frameworks) -> None:
    _, _, keras = frameworks
    keras.config.set_floatx("float32")
    try:
        with pytest.warns(UserWarning, match=r"mean of up to 10000 deviations, .* round them to float32"):
            export.to_keras(in_units(jetmlp.MLP([2, 3, 1]), RATIO))
        export.to_keras(in_units(jetmlp.MLP([2, 3, 1]), 10))
    finally:
        keras.config.set_floatx("float64")


def test_keras_on_pytorch_says_what_it_rounds(tmp_path: Path) -> None:
    """In a process of its own, as the backend of Keras is chosen once."""
    script = """
import warnings, numpy as np, keras, jetmlp
from exchange_models import errors, in_units, points
keras.config.set_floatx("float64")
warnings.simplefilter("error", UserWarning)
for dtype in ("float32", "float64"):
    model = in_units(jetmlp.MLP([2, 8, 5, 2], dtype=dtype, seed=1), 1e4)
    X = points(model, np.random.default_rng(0))
    try:
        made = jetmlp.export.to_keras(model)
    except UserWarning as warning:
        assert "Keras on torch takes float64 as float32" in str(warning) and dtype == "float64", warning
        warnings.simplefilter("ignore", UserWarning)
        made = jetmlp.export.to_keras(model)
    print(*errors(model, X, made.predict(X, verbose=0)))
"""
    environment = {**os.environ, "KERAS_BACKEND": "torch", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert max(map(float, done.stdout.split())) < 1e-6


def test_hessians_of_jax_are_those_of_the_model(frameworks: Frameworks, rng: np.random.Generator) -> None:
    _, jax, _ = frameworks
    model = jetmlp.MLP([3, 8, 2], "gelu", seed=2)
    X = rng.normal(size=(5, 3))
    found = jax.vmap(jax.hessian(export.to_jax(model)))(X)
    np.testing.assert_allclose(found, model.hessian(X), atol=1e-13)


@pytest.mark.parametrize("way", ["torch", "keras"])
@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_there_and_back_and_trained_on(
    way: str, activation: str, dtype: str, frameworks: Frameworks, rng: np.random.Generator
) -> None:
    there, back = getattr(export, f"to_{way}"), getattr(export, f"from_{way}")
    for sizes in ((2, 6, 4, 2), (2, 1)):
        model = in_units(jetmlp.MLP(sizes, activation, "sigmoid", dtype=dtype, seed=3), RATIO)
        again = back(there(model))
        assert (again.layer_sizes, again.dtype) == (model.layer_sizes, model.dtype)
        np.testing.assert_array_equal(again.parameters, model.parameters)
        X = points(model, rng)
        assert max(errors(model, X, *again.predict_with_jacobian(X))) < TOLERANCES[dtype]
    Y, J = model.predict_with_jacobian(X)
    history = jetmlp.Trainer(again, jetmlp.LBFGS()).fit(X, Y + 0.1 * np.ptp(Y), J, epochs=20)
    assert history["loss"][-1] < history["loss"][0]


def test_a_plain_sequential_is_taken(frameworks: Frameworks, rng: np.random.Generator) -> None:
    torch, _, _ = frameworks
    nn = torch.nn
    plain = nn.Sequential(
        nn.Sequential(nn.Linear(2, 5, bias=False), nn.GELU()),
        nn.Linear(5, 4),
        nn.GELU(),
        nn.Identity(),
        nn.Linear(4, 3),
    ).double()
    X = rng.normal(size=(7, 2))
    model = export.from_torch(plain)
    assert (model.layer_sizes, model.activation, model.normalize) == ((2, 5, 4, 3), "gelu", False)
    np.testing.assert_allclose(model.predict(X), plain(torch.tensor(X)).detach().numpy(), atol=1e-14)
    scales = jetmlp.Normalization([1e4, 2], [3, -4], [5, 6, 7], [8, 9, 10])
    outside = export.from_torch(plain, normalization=scales)
    np.testing.assert_allclose(
        outside.predict([1e4, 2] + X * [3, -4]), [5, 6, 7] + model.predict(X) * [8, 9, 10]
    )


def test_a_plain_model_of_keras_is_taken(frameworks: Frameworks, rng: np.random.Generator) -> None:
    _, _, keras = frameworks
    layers = keras.layers
    scaling = layers.Normalization(mean=np.array([1e4, 2.0]), variance=np.array([4.0, 9.0]), dtype="float64")
    plain = keras.Sequential(
        [
            keras.Input((2,), dtype="float64"),
            scaling,
            layers.Dense(5, dtype="float64"),
            layers.ReLU(dtype="float64"),
            layers.Dense(1, use_bias=False, dtype="float64"),
            layers.Rescaling(3.0, 7.0, dtype="float64"),
        ]
    )
    X = [1e4, 2] + rng.normal(size=(7, 2)) * [2, 3]
    model = export.from_keras(plain)
    np.testing.assert_allclose(model.predict(X), plain.predict(X, verbose=0), rtol=1e-6)


def test_files_of_keras_and_torch_are_read_again(
    frameworks: Frameworks, tmp_path: Path, rng: np.random.Generator
) -> None:
    torch, _, keras = frameworks
    model = in_units(jetmlp.MLP([2, 6, 1], "sin", seed=3), RATIO)
    X = points(model, rng)
    export.to_keras(model).save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    assert max(errors(model, X, again.predict(X, verbose=0))) < 1e-6
    whole, module = io.BytesIO(), export.to_torch(model)
    torch.save(module, whole)
    whole.seek(0)
    read = torch.load(whole, weights_only=False)
    np.testing.assert_array_equal(read(X).detach(), module(X).detach())
    other = export.to_torch(in_units(jetmlp.MLP([2, 6, 1], "sin", seed=4), 2.0))
    other.load_state_dict(module.state_dict())
    np.testing.assert_array_equal(other(X).detach(), module(X).detach())


def _refused_by_torch(nn: Any) -> list[tuple[Any, str]]:  # noqa: ANN401  a module
    linear, hooked = nn.Linear(2, 2), nn.Linear(2, 2)
    hooked.register_forward_hook(lambda *_: None)
    return [
        (linear, "module: expected a torch.nn.Sequential of Linear and activations, .* got Linear"),
        (nn.Sequential(nn.Tanh()), "module: expected parameters of float32 or of float64, got none"),
        (nn.Sequential(linear, nn.Dropout(0.1)), r"module\[1\]: expected Linear, .* got Dropout"),
        (
            nn.Sequential(linear, nn.Sequential(nn.LeakyReLU())),
            r"module\[1\]\[0\]: expected .* got LeakyReLU",
        ),
        (nn.Sequential(linear, nn.GELU(approximate="tanh")), r"module\[1\]: expected .* got GELU"),
        (nn.Sequential(linear, nn.Softplus(beta=2)), r"module\[1\]: expected .* got Softplus"),
        (nn.Sequential(hooked), r"module\[0\]: expected a layer without hooks"),
        (nn.Sequential(nn.LazyLinear(2)), r"module\[0\]: expected a layer that has seen its inputs"),
        (nn.Sequential(linear, nn.Tanh(), nn.Tanh()), "module: expected one activation behind a layer"),
        (nn.Sequential(nn.Tanh(), linear), "module: expected a layer of weights before an activation"),
        (
            nn.Sequential(linear, nn.Tanh(), nn.Linear(2, 2), nn.ReLU(), linear),
            "module: expected the same activation behind every hidden layer .* got tanh, relu",
        ),
        (
            nn.Sequential(linear, nn.Linear(3, 1)),
            "module: expected layers that fit each other, got 2 outputs",
        ),
        (nn.Sequential(nn.Linear(2, 2).half()), "expected parameters of float32 or of float64, got float16"),
        (nn.Sequential(linear, nn.Linear(2, 2).double()), "of float64, got float32, float64"),
        (export.to_torch([jetmlp.MLP([1, 1])] * 2), "module: expected one network, got a sum of 2"),
    ]


def _refused_by_keras(keras: Any) -> list[tuple[Any, str]]:  # noqa: ANN401  a module
    layers, x = keras.layers, keras.Input((2,))
    a = layers.Dense(2)(x)
    sequence = [keras.Input((2,)), layers.Dense(3, "tanh")]
    return [
        (layers.Dense(2), "model: expected a keras.Model, got Dense"),
        (keras.Sequential([layers.Dense(2)]), "model: expected one that knows its inputs"),
        (
            keras.Model(x, layers.Add()([a, x])),
            "layer .*: expected Dense.* got Add|model: expected layers that",
        ),
        (
            keras.Model(x, [a, layers.Dense(2)(a)]),
            "model: expected the output of the last layer as the only one",
        ),
        (
            keras.Sequential([*sequence, layers.Dropout(0.1)]),
            "layer 'dropout.*': expected Dense.* got Dropout",
        ),
        (keras.Sequential([*sequence, layers.Dense(1, "elu")]), "expected an activation of tanh, .* got elu"),
        (keras.Sequential([*sequence, layers.ReLU(max_value=6)]), "expected Dense, .* got ReLU"),
        (
            keras.Sequential([*sequence, layers.Rescaling(2.0), layers.Dense(1)]),
            "expected scalings before and",
        ),
        (
            keras.Sequential([keras.Input((2,)), layers.Dense(2, dtype="mixed_bfloat16")]),
            "got bfloat16, float32",
        ),
        (export.to_keras([jetmlp.MLP([1, 1])] * 2), "model: expected layers that follow each other"),
    ]


def test_what_cannot_be_taken_is_named(frameworks: Frameworks) -> None:
    torch, _, keras = frameworks
    for take, cases in (
        (export.from_torch, _refused_by_torch(torch.nn)),
        (export.from_keras, _refused_by_keras(keras)),
    ):
        for wrong, message in cases:
            with pytest.raises((TypeError, ValueError), match=message):
                take(wrong)
    fits = torch.nn.Sequential(torch.nn.Linear(2, 1))
    for scales, message in (
        (jetmlp.Normalization([0], [1], [0], [1]), r"expected inputs and outputs \(2, 1\), got \(1, 1\)"),
        ("balanced", "normalization: expected a jetmlp.Normalization"),
    ):
        with pytest.raises((TypeError, ValueError), match=message):
            export.from_torch(fits, normalization=scales)


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("torch", "keras", "jax"):
        monkeypatch.setitem(sys.modules, package, None)
        with pytest.raises(ImportError, match=rf"to_{package} needs {package}: pip install {package}"):
            getattr(export, f"to_{package}")(jetmlp.MLP([1, 1]))
