"""Predictions of one sample, as in an optimizer's inner loop: 8-64-64-1, tanh, float64."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from workload import Outcome, Run

import jetmlp

SIZES = [8, 64, 64, 1]
CALLS = 2000


def prepare(workload: object, processors: int, *, what: str) -> Run:
    """Call one of `CALLABLES` again and again; the outcome is the time of a call."""
    call = CALLABLES[what]()

    def run() -> Outcome:
        start = time.perf_counter()
        for _ in range(CALLS):
            call()
        return Outcome((time.perf_counter() - start) / CALLS)

    return run


def _model(*, normalized: bool) -> tuple[jetmlp.MLP, np.ndarray[Any, np.dtype[np.float64]]]:
    model = jetmlp.MLP(SIZES, normalize=normalized)
    if normalized:
        model.normalization = jetmlp.Normalization(np.full(8, 2.0), np.full(8, 3.0), [4.0], [5.0])
    return model, np.random.default_rng(0).normal(size=(1, 8))


def _values(*, normalized: bool = False) -> Callable[[], object]:
    model, x = _model(normalized=normalized)
    return lambda: model.predict(x)


def _jacobian(*, normalized: bool = False) -> Callable[[], object]:
    model, x = _model(normalized=normalized)
    return lambda: model.predict_with_jacobian(x)


def _torch() -> Callable[[], object]:
    """Values in inference mode, with as little around them as PyTorch allows."""
    import torch

    torch.set_num_threads(1)
    model, x = _model(normalized=False)
    modules: list[torch.nn.Module] = []
    for W, b in zip(model.weights, model.biases, strict=True):
        layer = torch.nn.Linear(W.shape[1], W.shape[0], dtype=torch.float64)
        with torch.no_grad():
            layer.weight.copy_(torch.tensor(W))
            layer.bias.copy_(torch.tensor(b))
        modules += [layer, torch.nn.Tanh()]
    network, inputs = torch.nn.Sequential(*modules[:-1]), torch.from_numpy(x)

    def call() -> object:
        with torch.inference_mode():
            return network(inputs)

    assert np.allclose(call(), model.predict(x), rtol=1e-12)
    return call


CALLABLES: dict[str, Callable[[], Callable[[], object]]] = {
    "values": _values,
    "values, normalized": lambda: _values(normalized=True),
    "value and Jacobian": _jacobian,
    "value and Jacobian, normalized": lambda: _jacobian(normalized=True),
    "PyTorch": _torch,
}
