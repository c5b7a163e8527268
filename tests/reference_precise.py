"""The oracle's oracle: activations, Jacobians and gradients with mpmath, to 50 digits and more.

Activations come from the table in `reference_activations`. Jacobians and gradients are central differences of
the plain forward pass and know neither jets nor adjoints.
"""

from __future__ import annotations

from collections.abc import Mapping

import mpmath
import numpy as np
from mpmath import mp, mpf

import reference_activations
from reference import Array, Function, Network, forward

DIGITS = 50


# name -> z -> the terms whose sum is the value, and so for the first three derivatives
TERMS = {name: row.terms for name, row in reference_activations.ACTIVATIONS.items()}


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
