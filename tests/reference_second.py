"""The oracle for second derivatives: Hessians, the loss on them, and its gradient.

Three independent ways, held to each other in `test_reference_second.py`: the complex step of the oracle's
Jacobian; jets of second order, which also take complex parameters and so give gradients; and nested central
differences of the plain forward pass at 100 digits, which know neither.

Shapes as in `reference`; d2YdX2 is (n, m, d, d).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from mpmath import mp, mpf

import reference_activations
import reference_precise
from reference import ACTIVATIONS, STEP, Array, Function, Network, forward, jets, sample_losses
from reference_precise import DIGITS, FUNCTIONS, exact

CURVATURES: Mapping[str, Function] = {
    name: row.curvature for name, row in reference_activations.ACTIVATIONS.items()
}


def hessian(network: Network, parameters: Array, X: Array) -> Array:
    """Hessian (n, m, d, d): the complex step in each input of the Jacobian."""
    directions = np.eye(X.shape[1])
    rows = [jets(network, parameters, X + 1j * STEP * direction)[1].imag / STEP for direction in directions]
    return np.stack(rows, axis=-1)


def second_order_jets(network: Network, parameters: Array, X: Array) -> Array:
    """Hessian (..., n, m, d, d), carried forward; the parameters may be real or complex, (..., P).

    With z = W a + b:  dz_k = W da_k, ddz_kl = W dda_kl;  da+_k = f'(z) dz_k,
    dda+_kl = f'(z) ddz_kl + f''(z) dz_k dz_l.
    """
    n, d = X.shape
    a = X
    da = np.repeat(np.eye(d)[:, None, :], n, axis=1)  # (..., d, n, width)
    dda = np.zeros((d, d, n, d))  # (..., d, d, n, width)
    for (W, b), name in zip(network.layers(parameters), network.activations, strict=True):
        value, slope = ACTIVATIONS[name]
        transposed = W.swapaxes(-1, -2)
        z = a @ transposed + b[..., None, :]
        dz = da @ transposed[..., None, :, :]
        ddz = dda @ transposed[..., None, None, :, :]
        products = dz[..., :, None, :, :] * dz[..., None, :, :, :]
        a = value(z)
        da = slope(z)[..., None, :, :] * dz
        dda = slope(z)[..., None, None, :, :] * ddz + CURVATURES[name](z)[..., None, None, :, :] * products
    return np.moveaxis(dda, (-4, -3), (-2, -1))


def third_derivative(network: Network, parameters: Array, X: Array, V: Array) -> Array:
    """The third derivative along V (n, d), (n, m): the complex step along it of v^T H v."""
    stepped = second_order_jets(network, parameters, X + 1j * STEP * V).imag / STEP
    return np.einsum("nokl,nk,nl->no", stepped, V, V)


def precise_directional_derivatives(network: Network, parameters: Array, X: Array, V: Array) -> Array:
    """The first three along V (n, d), (n, m, 3), as float64: central differences at 100 digits."""
    with mp.workdps(2 * DIGITS):
        step = mpf(10) ** -15
        points, at = exact(X), exact(parameters)
        values = [forward(network, at, points + j * step * exact(V), FUNCTIONS) for j in (-2, -1, 0, 1, 2)]
        first = (values[3] - values[1]) / (2 * step)
        second = (values[3] - 2 * values[2] + values[1]) / step**2
        third = (values[4] - 2 * values[3] + 2 * values[1] - values[0]) / (2 * step**3)
        return np.stack([first, second, third], axis=-1).astype(np.float64)


def sample_second_losses(
    network: Network, parameters: Array, X: Array, d2YdX2: Array, sample_weight: Array | None = None
) -> Array:
    """What each sample adds to the mean squared error of second derivatives, (..., n).

    The mean is over every entry of the matrices that is present, the mixed ones in both of their places, and
    with weights (n,) it is Σω e² / Σω.
    """
    weights = np.ones(len(X)) if sample_weight is None else sample_weight
    present = ~np.isnan(d2YdX2)
    residual = second_order_jets(network, parameters, X) - np.where(present, d2YdX2, 0)
    sums = weights * (np.where(present, residual, 0) ** 2).sum(axis=(-1, -2, -3))
    return np.asarray(sums / (weights * present.sum(axis=(1, 2, 3))).sum())


def losses(
    network: Network,
    parameters: Array,
    X: Array,
    targets: tuple[Array | None, Array | None, Array],
    weights: tuple[float, float, float],
) -> tuple[float, ...]:
    """(loss, value_loss, derivative_loss, second_derivative_loss), NaN for what is not given."""
    Y, dYdX, d2YdX2 = targets
    value_part, derivative_part = sample_losses(network, parameters, X, Y, dYdX)
    parts = (value_part, derivative_part, sample_second_losses(network, parameters, X, d2YdX2))
    means = [float(part.sum()) for part in parts]
    loss = sum(weight * mean for weight, mean in zip(weights, means, strict=True))
    given = [np.nan if target is None else mean for target, mean in zip(targets, means, strict=True)]
    return loss, *given


def sample_gradients(
    network: Network,
    parameters: Array,
    X: Array,
    targets: tuple[Array | None, Array | None, Array],
    weights: tuple[float, float, float],
) -> Array:
    """What each sample adds to the gradient of the loss, (P, n), by a complex step in every parameter."""
    Y, dYdX, d2YdX2 = targets
    stepped = parameters + 1j * STEP * np.eye(network.n_parameters)
    value_part, derivative_part = sample_losses(network, stepped, X, Y, dYdX)
    second_part = sample_second_losses(network, stepped, X, d2YdX2)
    total = weights[0] * value_part + weights[1] * derivative_part + weights[2] * second_part
    return np.asarray(total.imag / STEP)


def _precise_hessian(network: Network, parameters: Array, X: Array) -> Array:
    """Of mpmath numbers: (f(x+he_k+he_l) - f(x+he_k-he_l) - f(x-he_k+he_l) + f(x-he_k-he_l)) / 4h^2."""
    n, d = X.shape
    step = mpf(10) ** -20
    result = np.empty((n, network.layer_sizes[-1], d, d), dtype=object)
    for k in range(d):
        for other in range(d):
            total = 0
            for sign in (1, -1):
                for other_sign in (1, -1):
                    moved = X.copy()
                    moved[:, k] += sign * step
                    moved[:, other] += other_sign * step
                    total = total + sign * other_sign * forward(network, parameters, moved, FUNCTIONS)
            result[:, :, k, other] = total / (4 * step**2)
    return result


def precise_hessian(network: Network, parameters: Array, X: Array) -> Array:
    """Hessian (n, m, d, d) as float64, by differences that leave some 40 of 100 digits."""
    with mp.workdps(2 * DIGITS):
        return _precise_hessian(network, exact(parameters), exact(X)).astype(np.float64)


def precise_loss_gradient(
    network: Network, parameters: Array, X: Array, d2YdX2: Array, second_derivative_weight: float
) -> Array:
    """Gradient (P,) as float64 of the loss on second derivatives alone: central differences, 100 digits."""
    with mp.workdps(2 * DIGITS):
        step = mpf(10) ** -12
        target, points = exact(d2YdX2), exact(X)

        def loss(at: Array) -> mpf:
            error = _precise_hessian(network, at, points) - target
            return mpf(second_derivative_weight) * (error**2).sum() / target.size

        gradient = np.empty(network.n_parameters)
        for p in range(network.n_parameters):
            ahead, behind = reference_precise.exact(parameters), reference_precise.exact(parameters)
            ahead[p] += step
            behind[p] -= step
            gradient[p] = (loss(ahead) - loss(behind)) / (2 * step)
        return gradient
