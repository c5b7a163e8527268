"""A training loop in NumPy: reverse sweep, Adam, batches, epoch losses.

`test_reference.py` holds it to complex steps and to PyTorch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reference import ACTIVATIONS, STEP, Array, Network
from reference_random import SHUFFLING, Generator


def losses_and_gradient(
    network: Network,
    parameters: Array,
    X: Array,
    Y: Array | None,
    dYdX: Array | None,
    value_weight: float,
    derivative_weight: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Losses as `reference.losses` and the gradient (P,), by one reverse sweep over the forward jets."""
    layers = network.layers(parameters)
    a, da = X, np.repeat(np.eye(X.shape[1])[:, None, :], len(X), axis=1)
    record = []
    for (W, b), name in zip(layers, network.activations, strict=True):
        value, slope = ACTIVATIONS[name]
        z, dz = a @ W.T + b, da @ W.T
        curvature = slope(z + 1j * STEP).imag / STEP
        record.append((a, da, dz, slope(z), curvature))
        a, da = value(z), slope(z) * dz

    value_loss = derivative_loss = 0.0
    a_bar, da_bar = np.zeros_like(a), np.zeros_like(da)
    if Y is not None:
        value_loss = np.mean((a - Y) ** 2)
        a_bar = value_weight * 2 * (a - Y) / Y.size
    if dYdX is not None:
        target = np.moveaxis(dYdX, -1, 0)
        present = ~np.isnan(target)
        residual = np.where(present, da - np.where(present, target, 0), 0)
        derivative_loss = np.sum(residual**2) / max(present.sum(), 1)
        da_bar = derivative_weight * 2 * residual / max(present.sum(), 1)

    parts: list[Array] = []
    for (W, _), (a, da, dz, s, curvature) in zip(reversed(layers), reversed(record), strict=True):
        z_bar = s * a_bar + curvature * np.sum(dz * da_bar, axis=0)
        dz_bar = s * da_bar
        W_bar = z_bar.T @ a + np.einsum("kio,kij->oj", dz_bar, da)
        parts = [W_bar.ravel(), z_bar.sum(axis=0), *parts]
        a_bar, da_bar = z_bar @ W, dz_bar @ W
    loss = value_weight * value_loss + derivative_weight * derivative_loss
    losses = [loss, np.nan if Y is None else value_loss, np.nan if dYdX is None else derivative_loss]
    return np.array(losses), np.concatenate(parts)


@dataclass
class Adam:
    """Kingma and Ba (2015), algorithm 1: bias-corrected moments, epsilon outside the root.

    With weight decay, Loshchilov and Hutter (2019), algorithm 2, scaled by the learning rate.
    """

    learning_rate: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    weight_decay: float = 0.0
    first_moment: Any = 0.0
    second_moment: Any = 0.0
    n_steps: int = field(default=0)

    def step(self, parameters: Array, gradient: Array) -> Array:
        self.n_steps += 1
        self.first_moment = self.beta1 * self.first_moment + (1 - self.beta1) * gradient
        self.second_moment = self.beta2 * self.second_moment + (1 - self.beta2) * gradient**2
        mean = self.first_moment / (1 - self.beta1**self.n_steps)
        variance = self.second_moment / (1 - self.beta2**self.n_steps)
        parameters = parameters - self.learning_rate * self.weight_decay * parameters
        return np.asarray(parameters - self.learning_rate * mean / (np.sqrt(variance) + self.epsilon))


def epoch_orders(seed: int, n: int, epochs: int) -> NDArray[np.int64]:
    """The order (epochs, n) in which a shuffling trainer visits its samples."""
    return np.stack([Generator(seed, SHUFFLING, epoch).permutation(n) for epoch in range(epochs)])


def _batches(order: Array, batch_size: int) -> Iterator[Array]:
    for start in range(0, len(order), batch_size):
        yield order[start : start + batch_size]


def train(
    network: Network,
    parameters: Array,
    X: Array,
    Y: Array | None,
    dYdX: Array | None,
    orders: Array,
    batch_size: int,
    optimizer: Adam,
    value_weight: float = 1.0,
    derivative_weight: float = 1.0,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """One epoch for each row of `orders`; returns the epoch losses (epochs, 3) and the final parameters.

    An epoch's losses are the sample-weighted means of its batches' losses, each before the batch's update.
    """
    history = np.zeros((len(orders), 3))
    for epoch, order in enumerate(orders):
        for batch in _batches(order, batch_size):
            batch_losses, gradient = losses_and_gradient(
                network,
                parameters,
                X[batch],
                None if Y is None else Y[batch],
                None if dYdX is None else dYdX[batch],
                value_weight,
                derivative_weight,
            )
            history[epoch] += batch_losses * len(batch) / len(order)
            parameters = optimizer.step(parameters, gradient)
    return history, parameters
