"""The oracle of `reference.py` for weighted samples, missing entries, a penalty and directions.

Loss = w_v Σω(Ŷ−Y)²/Σω + w_d Σω(Ĵ−J)²/Σω + l2 ΣW², sums over the entries that are not NaN. With directions V
(n, k, d), Ĵ is the derivative along them, J·v, by a matrix product with the full Jacobian.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from reference import STEP, Array, Network, jets


def _mean_parts(predicted: Array, target: Array, weights: Array) -> Array:
    """What each sample adds to Σω e² / Σω."""
    present = ~np.isnan(target)
    weights = np.where(present, weights, 0.0)
    error = np.where(present, predicted - np.where(present, target, 0.0), 0.0)
    return np.asarray(weights * error**2 / weights.sum())


def weighted_sample_losses(
    network: Network,
    parameters: Array,
    X: Array,
    Y: Array | None,
    dYdX: Array | None,
    sample_weight: Array | None = None,
    derivative_sample_weight: Array | None = None,
    directions: Array | None = None,
) -> tuple[Array, Array]:
    """What each sample adds to the two means: two arrays (..., n)."""
    values, derivatives = jets(network, parameters, X)
    if directions is not None:
        derivatives = np.einsum("...nod,nkd->...nok", derivatives, directions)
    n = len(X)
    value_weight = np.ones(n) if sample_weight is None else sample_weight
    derivative_weight = value_weight if derivative_sample_weight is None else derivative_sample_weight
    axes = derivative_weight.shape[1:]
    derivative_weight = derivative_weight.reshape(n, *[1] * (2 - len(axes)), *axes)
    value_part = np.zeros_like(values[..., 0])
    derivative_part = np.zeros_like(values[..., 0])
    if Y is not None:
        value_part = _mean_parts(values, Y, np.broadcast_to(value_weight[:, None], Y.shape)).sum(axis=-1)
    if dYdX is not None:
        weights = np.broadcast_to(derivative_weight, dYdX.shape)
        derivative_part = _mean_parts(derivatives, dYdX, weights).sum(axis=(-1, -2))
    return value_part, derivative_part


def penalty(network: Network, parameters: Array) -> Array:
    """ΣW² of parameters (..., P)."""
    return np.asarray(sum((W**2).sum(axis=(-1, -2)) for W, _ in network.layers(parameters)))


def weighted_losses(
    network: Network,
    parameters: Array,
    X: Array,
    Y: Array | None,
    dYdX: Array | None,
    value_weight: float = 1.0,
    derivative_weight: float = 1.0,
    l2: float = 0.0,
    **samples: Any,  # noqa: ANN401
) -> tuple[float, float, float]:
    """(loss, value_loss, derivative_loss), NaN for what is not given."""
    value_part, derivative_part = weighted_sample_losses(network, parameters, X, Y, dYdX, **samples)
    value_loss, derivative_loss = float(value_part.sum()), float(derivative_part.sum())
    loss = value_weight * value_loss + derivative_weight * derivative_loss
    loss += l2 * float(penalty(network, parameters))
    return loss, np.nan if Y is None else value_loss, np.nan if dYdX is None else derivative_loss


def weighted_sample_gradients(
    network: Network,
    parameters: Array,
    X: Array,
    Y: Array | None,
    dYdX: Array | None,
    value_weight: float = 1.0,
    derivative_weight: float = 1.0,
    l2: float = 0.0,
    **samples: Any,  # noqa: ANN401
) -> Array:
    """What each sample adds to the gradient of the loss, (P, n), by a complex step in every parameter.

    The penalty is shared out among them.
    """
    stepped = parameters + 1j * STEP * np.eye(network.n_parameters)
    value_part, derivative_part = weighted_sample_losses(network, stepped, X, Y, dYdX, **samples)
    share = l2 * penalty(network, stepped)[:, None] / len(X)
    return np.asarray((value_weight * value_part + derivative_weight * derivative_part + share).imag / STEP)
