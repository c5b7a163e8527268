"""Models of every kind for other programs, and what they compute."""

from __future__ import annotations

from typing import Any

import numpy as np

import jetmlp
from jetmlp.export.models import network_sum
from small_models import surrogate

Array = np.ndarray[Any, np.dtype[np.float64]]
SCALES = jetmlp.Normalization([1e4, -3.0, 2e-5], [1.5, -40.0, 1e-6], [3e3, -2e-4], [20.0, 1e-5])


def _scaled(sizes: list[int], activation: str, output: str = "identity", **more: Any) -> jetmlp.MLP:  # noqa: ANN401
    model = jetmlp.MLP(sizes, activation, output, seed=3, **more)
    d, m = sizes[0], sizes[-1]
    of_x, of_y = (np.resize(a, d) for a in (SCALES.x_mean, SCALES.x_scale)), (SCALES.y_mean, SCALES.y_scale)
    model.normalization = jetmlp.Normalization(*of_x, *(np.resize(a, m) for a in of_y))
    model.parameters = 1.3 * model.parameters + 0.1
    return model


def _staged() -> jetmlp.StagedMLP:
    model = jetmlp.StagedMLP([[3, 6, 2], [3, 4, 5, 2]], "sin")
    units = jetmlp.Normalization(SCALES.x_mean, SCALES.x_scale, SCALES.y_mean, SCALES.y_scale)
    model._set(model.stages, np.array([[1.0, 0.7], [1e-3, 2e-5]]), units)
    return model


#: One of every kind, with fewer outputs than inputs and the other way round.
MODELS: dict[str, Any] = {
    "linear": _scaled([3, 2], "tanh"),
    "back": _scaled([3, 9, 4, 2], "silu", "softplus"),
    "forward": _scaled([1, 5, 7, 4], "gelu", "sin"),
    "single": _scaled([2, 6, 1], "sigmoid", dtype="float32"),
    "plain": jetmlp.MLP([2, 8, 8, 2], "tanh", "identity", seed=5, normalize=False),
    "bent": _scaled([2, 8, 1], "relu"),
    "staged": _staged(),
    "surrogate": surrogate(),
}
MODELS["ensemble"] = [MODELS["back"], MODELS["staged"], MODELS["linear"]]


def _hessian(model: Any, X: Array) -> Array:  # noqa: ANN401
    if isinstance(model, list):
        return np.mean([_hessian(one, X) for one in model], axis=0)
    if not isinstance(model, jetmlp.StagedMLP):
        return np.asarray(model.hessian(X))
    units = model.normalization
    assert units is not None
    inputs = units.inputs(X)
    parts = zip(model.scales, model.stages, strict=True)
    total = sum(scale[:, None, None] * stage.hessian(inputs) for scale, stage in parts)
    return units.hessian(np.asarray(total))


def expected_of(model: Any, X: Array) -> list[Array]:  # noqa: ANN401
    if isinstance(model, list):
        both = [np.mean([getattr(one, what)(X) for one in model], axis=0) for what in ("predict", "jacobian")]
    else:
        both = [model.predict(X), model.jacobian(X)]
    return [*both, _hessian(model, X)]


def inputs_of(model: Any, rng: np.random.Generator) -> Array:  # noqa: ANN401
    term = network_sum(model).terms[0]
    u = rng.uniform(-2.0, 2.0, (40, len(term.x_mean)))
    return np.asarray(term.x_mean + term.x_scale * u)
