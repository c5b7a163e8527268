"""The oracle's oracle: activations, Jacobians and gradients with mpmath, to 50 digits and more.

The derivatives of activations are closed forms that cancel nowhere in the tails; `test_reference.py` holds
them to numerical differentiation of the values. Jacobians and gradients are central differences of the plain
forward pass and know neither jets nor adjoints.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import mpmath
import numpy as np
from mpmath import mp, mpf

from reference import Array, Function, Network, forward

DIGITS = 50


def _tanh(z: mpf) -> list[list[mpf]]:
    a, s = mpmath.tanh(z), mpmath.sech(z) ** 2
    return [[a], [s], [-2 * a * s], [4 * s, -6 * s * s]]


def _sigmoid(z: mpf) -> list[list[mpf]]:
    a, decay = 1 / (1 + mpmath.exp(-z)), mpmath.exp(-abs(z))
    s = decay / (1 + decay) ** 2
    return [[a], [s], [-s * mpmath.tanh(z / 2)], [s, -6 * s * s]]


def _softplus(z: mpf) -> list[list[mpf]]:
    return [[mpmath.log1p(mpmath.exp(-abs(z))), max(z, mpf(0))], *_sigmoid(z)[:3]]


def _silu(z: mpf) -> list[list[mpf]]:
    [a], [s], [curvature], third = _sigmoid(z)
    return [[z * a], [a, z * s], [2 * s, z * curvature], [3 * curvature, *(z * term for term in third)]]


def _sin(z: mpf) -> list[list[mpf]]:
    sine, cosine = mpmath.sin(z), mpmath.cos(z)
    return [[sine], [cosine], [-sine], [-cosine]]


def _relu(z: mpf) -> list[list[mpf]]:
    return [[max(z, mpf(0))], [mpf(z > 0)], [mpf(0)], [mpf(0)]]


def _identity(z: mpf) -> list[list[mpf]]:
    return [[z], [mpf(1)], [mpf(0)], [mpf(0)]]


# name -> z -> the terms whose sum is the value, and so for the first three derivatives
TERMS: Mapping[str, Callable[[mpf], list[list[mpf]]]] = {
    "tanh": _tanh,
    "relu": _relu,
    "sigmoid": _sigmoid,
    "softplus": _softplus,
    "silu": _silu,
    "sin": _sin,
    "identity": _identity,
}


def activation(name: str, z: float, digits: int = DIGITS) -> list[mpf]:
    """Value and first three derivatives at z as mpmath numbers."""
    with mp.workdps(digits):
        return [mpmath.fsum(terms) for terms in TERMS[name](mpf(z))]


def activation_scale(name: str, z: float) -> list[mpf]:
    """For each of these four, the sum of the magnitudes of its terms.

    Where a derivative crosses zero (silu' at -1.28, tanh''' at 0.66) its terms cancel, and a computation in
    working precision can only be accurate relative to them. Everywhere else this is the size of the result.
    """
    with mp.workdps(DIGITS):
        return [mpmath.fsum(terms, absolute=True) for terms in TERMS[name](mpf(z))]


def _vectorized(name: str, order: int) -> Function:
    evaluate = np.frompyfunc(lambda z: mpmath.fsum(TERMS[name](z)[order]), 1, 1)
    return lambda z: np.asarray(evaluate(z))


FUNCTIONS: Mapping[str, tuple[Function, Function]] = {
    name: (_vectorized(name, 0), _vectorized(name, 1)) for name in TERMS
}


def exact(array: Array) -> Array:
    """The same numbers as mpmath numbers, in an object array."""
    return np.asarray(np.frompyfunc(mpf, 1, 1)(array))


def _jacobian(network: Network, parameters: Array, X: Array, step: mpf) -> Array:
    """(n, m, d) of mpmath numbers, from (f(x + h e_k) - f(x - h e_k)) / 2h."""
    columns = []
    for k in range(X.shape[1]):
        ahead, behind = X.copy(), X.copy()
        ahead[:, k] += step
        behind[:, k] -= step
        upper = forward(network, parameters, ahead, FUNCTIONS)
        lower = forward(network, parameters, behind, FUNCTIONS)
        columns.append((upper - lower) / (2 * step))
    return np.stack(columns, axis=-1)


def jacobian(network: Network, parameters: Array, X: Array) -> Array:
    """Jacobian (n, m, d) correct to some 50 digits: step 1e-25 squared, at 100 digits."""
    with mp.workdps(2 * DIGITS):
        return _jacobian(network, exact(parameters), exact(X), mpf(10) ** -25)


def values(network: Network, parameters: Array, X: Array) -> Array:
    """Values (n, m) correct to some 100 digits."""
    with mp.workdps(2 * DIGITS):
        return np.asarray(forward(network, exact(parameters), exact(X), FUNCTIONS))


def _loss(
    network: Network,
    parameters: Array,
    X: Array,
    Y: Array,
    dYdX: Array,
    value_weight: mpf,
    derivative_weight: mpf,
) -> mpf:
    value_error = forward(network, parameters, X, FUNCTIONS) - Y
    derivative_error = _jacobian(network, parameters, X, mpf(10) ** -25) - dYdX
    value_loss = (value_error**2).sum() / Y.size
    derivative_loss = (derivative_error**2).sum() / dYdX.size
    return value_weight * value_loss + derivative_weight * derivative_loss


def loss_gradient(
    network: Network,
    parameters: Array,
    X: Array,
    Y: Array,
    dYdX: Array,
    value_weight: float,
    derivative_weight: float,
) -> Array:
    """Gradient (P,) of the loss as float64: central differences of step 1e-15, at 100 digits."""
    with mp.workdps(2 * DIGITS):
        step = mpf(10) ** -15
        data = (exact(X), exact(Y), exact(dYdX), mpf(value_weight), mpf(derivative_weight))
        gradient = np.empty(network.n_parameters)
        for p in range(network.n_parameters):
            ahead, behind = exact(parameters), exact(parameters)
            ahead[p] += step
            behind[p] -= step
            gradient[p] = (_loss(network, ahead, *data) - _loss(network, behind, *data)) / (2 * step)
        return gradient
