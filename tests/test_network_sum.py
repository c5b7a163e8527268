"""Every model is the sum of networks that other programs get: computed here with NumPy alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import jetmlp
from jetmlp._network_sum import NetworkSum
from jetmlp.export.models import network_sum
from reference_activations import ACTIVATIONS

Array = np.ndarray[Any, np.dtype[np.float64]]


def computed(model: NetworkSum, X: Array) -> Array:
    """The formula of `NetworkSum`."""
    total = np.tile(model.offset, (len(X), 1))
    for term in model.terms:
        a = (X - term.x_mean) / term.x_scale
        for layer in term.layers:
            a = ACTIVATIONS[layer.activation].value(a @ layer.weights.T.astype(np.float64) + layer.bias)
        total += term.factor * a
    return total


def _slopes(X: Array) -> Array:
    u, v = ((X - [2e3, 0]) / [1e3, 4e-3]).T
    first = np.column_stack([50 * np.cos(u) * v / 1e3, 50 * np.sin(u) / 4e-3])
    second = np.column_stack([np.zeros_like(v), 1e-6 * np.exp(v) / 4e-3])
    return np.stack([first, second], axis=1)


def _fitted(model: Any, rng: np.random.Generator) -> tuple[Any, Array]:  # noqa: ANN401  of several kinds
    X = rng.uniform([1e3, -2e-3], [3e3, 5e-3], (24, 2))
    u = (X - [2e3, 0]) / [1e3, 4e-3]
    Y = np.column_stack([1e5 + 50 * np.sin(u[:, 0]) * u[:, 1], 1e-6 * np.exp(u[:, 1])])
    if isinstance(model, jetmlp.MLP):
        jetmlp.Trainer(model, jetmlp.LBFGS()).fit(X, Y, epochs=5)
    elif isinstance(model, jetmlp.StagedMLP):
        model.fit(X, Y, _slopes(X), epochs=5)
    else:
        model.fit(X, Y)
    return model, X


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("output_activation", ["identity", "softplus"])
def test_a_perceptron_is_one_term(dtype: str, output_activation: str, rng: np.random.Generator) -> None:
    model = jetmlp.MLP([2, 7, 5, 2], "silu", output_activation, dtype=dtype, seed=3)
    for scales in (False, True):
        X = rng.normal(size=(24, 2))
        if scales:
            model, X = _fitted(model, rng)
        error = np.abs(computed(network_sum(model), X) - model.predict(X)) / np.ptp(model.predict(X), axis=0)
        assert error.max() < (1e-5 if dtype == "float32" else 1e-11)


def test_stages_and_surrogates_and_ensembles(rng: np.random.Generator) -> None:
    staged, X = _fitted(jetmlp.StagedMLP([[2, 6, 2], [2, 9, 4, 2]]), rng)
    surrogate, _ = _fitted(jetmlp.Surrogate(), rng)
    plain, _ = _fitted(jetmlp.MLP([2, 4, 2], "sin", seed=1), rng)
    expected = {
        "staged": (staged, staged.predict(X)),
        "surrogate": (surrogate, surrogate.predict(X)),
        "ensemble": ([plain, staged, surrogate], (plain(X) + staged(X) + surrogate(X)) / 3),
    }
    assert len(network_sum(staged).terms) == 2
    for model, Y in expected.values():
        assert (np.abs(computed(network_sum(model), X) - Y) / np.ptp(Y, axis=0)).max() < 1e-9


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("model.safetensors", "model: expected an MLP"),
        ([], "model: expected at least one model"),
        ([jetmlp.MLP([1, 1]), None], r"model\[1\]: expected an MLP"),
        ([jetmlp.MLP([1, 1]), jetmlp.MLP([2, 1])], r"model\[1\]: expected 1 inputs and 1 outputs"),
    ],
)
def test_what_is_no_model_is_named(model: Any, message: str) -> None:  # noqa: ANN401  just that
    with pytest.raises((TypeError, ValueError), match=message):
        network_sum(model)


def test_a_surrogate_without_a_fit_says_so() -> None:
    with pytest.raises(RuntimeError, match="has not been fitted"):
        network_sum(jetmlp.Surrogate())
