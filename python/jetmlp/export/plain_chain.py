"""Chains of layers of other libraries as they come in, and the network that they are."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._network_sum import Array
from ..models.mlp import MLP
from ..models.normalization import Normalization, as_normalization


class Dense(NamedTuple):
    """A layer W a + b; without a bias b is 0."""

    weights: NDArray[Any]
    bias: NDArray[Any]


class Scaling(NamedTuple):
    """Numbers times a scale plus an offset, column by column, in float64."""

    scale: Array
    offset: Array


class Activation(NamedTuple):
    """An activation by its name here."""

    name: str


Step = Dense | Scaling | Activation


def network_of(
    called: str, steps: list[Step], normalization: Normalization | None, dtype: np.dtype[Any]
) -> MLP:
    """Make the network that a chain of layers is.

    Scalings before the first layer of weights and after everything are its normalization.

    Raises
    ------
    ValueError
        If it is none that `MLP` can be.
    """
    dense = [place for place, step in enumerate(steps) if isinstance(step, Dense)]
    if not dense:
        raise ValueError(f"{called}: expected at least one layer of weights, got none")
    head, rest = steps[: dense[0]], steps[dense[0] :]
    tail: list[Step] = []
    while isinstance(rest[-1], Scaling):
        tail.insert(0, rest.pop())
    layers: list[tuple[Dense, str]] = []
    for step in rest:
        if isinstance(step, Dense):
            layers.append((step, "identity"))
        elif isinstance(step, Activation):
            if layers[-1][1] != "identity":
                raise ValueError(f"{called}: expected one activation behind a layer of weights, got two")
            layers[-1] = (layers[-1][0], step.name)
        else:
            raise ValueError(
                f"{called}: expected scalings before and after the network alone, got one within"
            )
    hidden = [activation for _, activation in layers[:-1]]
    if len(set(hidden)) > 1:
        raise ValueError(
            f"{called}: expected the same activation behind every hidden layer of weights, as an MLP has, "
            f"got {', '.join(hidden)}"
        )
    for (before, _), (after, _) in pairwise(layers):
        if len(before.bias) != after.weights.shape[1]:
            raise ValueError(
                f"{called}: expected layers that fit each other, got {len(before.bias)} outputs before "
                f"{after.weights.shape[1]} inputs"
            )
    sizes = [layers[0][0].weights.shape[1], *(len(layer.bias) for layer, _ in layers)]
    found = _normalization(called, head, tail, sizes[0], sizes[-1])
    if found is not None and normalization is not None:
        raise ValueError(f"normalization: expected none beside the scalings in {called}, got one")
    if normalization is not None:
        as_normalization(normalization, sizes[0], sizes[-1])
    normalization = normalization if found is None else found
    activation = hidden[0] if hidden else "tanh"
    model = MLP(sizes, activation, layers[-1][1], dtype, normalize=normalization is not None)
    model.parameters = np.concatenate([part.ravel() for layer, _ in layers for part in layer])
    if normalization is not None:
        model.normalization = normalization
    return model


def _normalization(called: str, head: list[Step], tail: list[Step], d: int, m: int) -> Normalization | None:
    """Make one of what stands before and after; None if nothing does."""
    if not head and not tail:
        return None
    x_mean, x_scale = np.zeros(d), np.ones(d)
    for step in head:
        if not isinstance(step, Scaling):
            raise ValueError(f"{called}: expected a layer of weights before an activation, got none")
        _expect_size(called, step, d)
        # ((x − x̄)/s) a + c = (x − (x̄ − c s/a)) / (s/a)
        x_scale = x_scale / step.scale
        x_mean = x_mean - step.offset * x_scale
    y_mean, y_scale = np.zeros(m), np.ones(m)
    for step in tail:
        assert isinstance(step, Scaling)
        _expect_size(called, step, m)
        y_mean, y_scale = y_mean * step.scale + step.offset, y_scale * step.scale
    return Normalization(x_mean, x_scale, y_mean, y_scale)


def _expect_size(called: str, step: Scaling, size: int) -> None:
    if step.scale.size not in (1, size) or step.offset.size not in (1, size):
        raise ValueError(
            f"{called}: expected one number for each of {size} columns in a scaling, "
            f"got {max(step.scale.size, step.offset.size)}"
        )
    if (step.scale == 0).any():
        raise ValueError(f"{called}: expected scalings by numbers other than 0, got {step.scale.tolist()}")
