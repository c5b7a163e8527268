"""What the compiled core refuses by itself, whoever calls it, and the words that it gives out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import jetmlp
from jetmlp import _core

X = np.linspace(-1.0, 1.0, 4)[:, np.newaxis]
ARCHITECTURE = _core.Architecture([1, 3, 1], "tanh", "identity")
ADAM = {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 0.0}
FORM = {
    "initial_damping": 1e-3,
    "geodesic_acceleration": True,
    "gradient_tolerance": 0.0,
    "step_tolerance": 0.0,
    "loss_tolerance": 0.0,
    "target_loss": 0.0,
    "regularization": [],
}


def objective_of(
    Y: Any,  # noqa: ANN401
    weights: Any = None,  # noqa: ANN401
    *,
    l2: float = 0.0,
) -> _core.Objective64:
    return _core.Objective64(ARCHITECTURE, X, [Y, None, None], [1.0] * 3, l2, [weights, None, None], None)


@pytest.mark.parametrize("weight", [0.0, -1.0, np.nan])
def test_an_entry_that_is_present_has_a_weight_above_0(weight: float) -> None:
    """Zero is no second way to be absent: that is NaN, whose weight is not looked at."""
    Y, weights = np.array([1.0, np.nan, 2.0, 3.0]), np.array([1.0, weight, 0.5, 2.0])
    assert objective_of(Y, weights).n_residuals == 3
    Y[1] = 0.0
    with pytest.raises(ValueError, match=r"^Y: expected a weight above 0 .* for sample 1$"):
        objective_of(Y, weights)


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("SGD", {}, r"^name: expected one of 'Adam' .*, got 'SGD'$"),
        ("Adam", {"beta1": 0.9}, r"^settings: expected beta1, beta2, epsilon, weight_decay, got beta1$"),
        ("Adam", {**ADAM, "momentum": 0.1}, r"^settings: expected .*, got beta1, .*momentum"),
        ("Adam", {**ADAM, "beta1": "high"}, r"^beta1: expected a number"),
        ("LevenbergMarquardt", {**FORM, "form": "both"}, r"^form: expected one of .*'primal', got 'both'$"),
        ("LevenbergMarquardt", {**FORM, "form": 1}, r"^form: expected a string"),
    ],
    ids=str,
)
def test_unknown_optimizers_and_settings_are_named(name: str, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _core.optimizer_options(name, settings)


def test_early_stopping_without_validation_is_refused() -> None:
    trainer = _core.Trainer64(_core.optimizer_options("Adam", ADAM), ARCHITECTURE.n_parameters, 0, True, 0)
    training, parameters = objective_of(np.ones(4)), np.zeros(ARCHITECTURE.n_parameters)
    for patience, restore_best in ((3, False), (0, True)):
        with pytest.raises(ValueError, match=r"^patience, restore_best: expected validation data"):
            trainer.fit(training, None, 2, 1e-3, parameters, patience, 0.0, restore_best, 1, None, None)
    assert trainer.n_epochs == 0


def test_products_with_the_jacobian_want_vectors_of_their_lengths() -> None:
    squares = _core.Residuals(objective_of(np.ones(4), l2=0.1))
    at, r = np.zeros(ARCHITECTURE.n_parameters), squares.residuals(np.zeros(ARCHITECTURE.n_parameters), 1)
    assert len(r) == 4 + 6  # errors, and weights of the network
    with pytest.raises(ValueError, match=r"^v: expected 10 numbers, got 3"):
        squares.jacobian_product(at, np.zeros(3), 1)
    with pytest.raises(ValueError, match=r"^u: expected 10 numbers, got 4"):
        squares.jacobian_transpose_product(at, np.zeros(4), 1)
    with pytest.raises(ValueError, match=r"^parameters: expected 10 numbers, got 11"):
        squares.jacobian_product(np.zeros(11), at, 1)


def test_terms_columns_and_words() -> None:
    assert _core.TERMS == ("value", "derivative", "second_derivative")
    losses = ["loss", *(f"{term}_loss" for term in _core.TERMS)]
    assert (*losses, *(f"val_{loss}" for loss in losses), "learning_rate") == _core.HISTORY_COLUMNS
    assert set(_core.FIT_ENDS) == {
        *("epochs", "callback", "patience", "diverged", "interrupted"),
        *("gradient", "step", "loss", "target", "rising"),
    }
    documentation = jetmlp.History.__doc__ or ""
    for word in _core.FIT_ENDS:
        assert f'"{word}"' in documentation
