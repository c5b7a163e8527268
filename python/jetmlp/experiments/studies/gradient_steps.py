"""The gradient of a network by its input, step by step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]


def _sigmoid(z: Array) -> Array:
    return 1.0 / (1.0 + np.exp(-z))


#: σ and σ′ of each activation that NumPy can write, so not gelu. They take complex numbers too, except for
#: relu.
ACTIVATIONS: dict[str, tuple[Callable[[Array], Array], Callable[[Array], Array]]] = {
    "tanh": (np.tanh, lambda z: 1.0 - np.tanh(z) ** 2),
    "relu": (lambda z: np.maximum(z, 0.0), lambda z: np.where(z > 0.0, 1.0, 0.0)),
    "sigmoid": (_sigmoid, lambda z: _sigmoid(z) * _sigmoid(-z)),
    "softplus": (lambda z: np.log(1.0 + np.exp(z)), _sigmoid),
    "silu": (lambda z: z * _sigmoid(z), lambda z: _sigmoid(z) * (1.0 + z * _sigmoid(-z))),
    "sin": (np.sin, np.cos),
    "identity": (lambda z: z, np.ones_like),
}


def input_gradient(
    weights: Sequence[ArrayLike],
    biases: Sequence[ArrayLike],
    x: ArrayLike,
    activation: str = "tanh",
    output_activation: str | None = None,
) -> Array:
    """Compute the gradient of a network with one output by its input.

    The notation is that of Higham and Higham, "Deep Learning: An Introduction for Applied Mathematicians"
    (SIAM Review 2019): layer 1 is the input, W^[l] leads into layer l = 2 … L, and the activation is
    applied on the output layer too.

    Parameters
    ----------
    weights, biases : sequences of arrays, (n_out, n_in) and (n_out,)
        Of every layer, such as ``model.weights`` and ``model.biases``; the last has one output.
    x : array_like, (d,) or (n, d)
        An input, or n of them.
    activation : str, default "tanh"
        σ, on all layers.
    output_activation : str, optional
        Another σ on the output, such as "identity".

    Returns
    -------
    ndarray, of the shape of `x`
        The derivative of the output by every input.

    Raises
    ------
    ValueError
        If there is not exactly one output, or an activation is not known.

    Examples
    --------
    >>> import numpy as np
    >>> import jetmlp
    >>> from jetmlp.experiments import input_gradient
    >>> model = jetmlp.MLP([3, 8, 8, 1], output_activation="tanh", dtype="float64", seed=0)
    >>> x = [0.1, 0.2, 0.3]
    >>> step_by_step = input_gradient(model.weights, model.biases, x)
    >>> np.allclose(step_by_step, model.jacobian([x])[0, 0], rtol=1e-13)
    True
    """
    matrices = [np.asarray(W) for W in weights]
    if len(matrices) != len(biases) or not matrices or matrices[-1].shape[0] != 1:
        raise ValueError("weights, biases: expected as many of each, the last with one output")
    names = [activation] * (len(matrices) - 1) + [output_activation or activation]
    for name in names:
        if name not in ACTIVATIONS:
            raise ValueError(f"activation: expected one of {', '.join(ACTIVATIONS)}, got {name!r}")

    # Forward: z^[l] = W^[l] a^[l-1] + b^[l] and a^[l] = σ(z^[l]); store s^[l] = σ'(z^[l]).
    a = np.asarray(x)
    slopes = []
    for W, b, name in zip(matrices, biases, names, strict=True):
        sigma, sigma_prime = ACTIVATIONS[name]
        z = a @ W.T + np.asarray(b)
        slopes.append(sigma_prime(z))
        a = sigma(z)

    # Backward: g^[L] = 1, then g^[l-1] = (g^[l] ⊙ s^[l]) W^[l]; the answer is g^[1].
    g: Array = np.ones_like(a)
    for W, s in zip(reversed(matrices), reversed(slopes), strict=True):
        g = (g * s) @ W
    return g


def central_differences(function: Callable[[Array], Array], X: ArrayLike, step: float = 1e-5) -> Array:
    """Approximate the gradient of a function by (f(x + h) − f(x − h)) / 2h, input by input.

    Parameters
    ----------
    function : callable
        From inputs (n, d) to values (n, 1), such as ``model.predict``.
    X : array_like, (n, d)
        Where.
    step : float, default 1e-5
        h. The error is about h² f‴/6 + ε f/h; this step is near the best of float64.

    Returns
    -------
    ndarray, (n, d)
    """
    X = np.asarray(X, dtype=np.float64)
    columns = []
    for direction in np.eye(X.shape[1]):
        ahead, behind = X + step * direction, X - step * direction
        columns.append((function(ahead) - function(behind)).reshape(len(X)) / (2.0 * step))
    return np.stack(columns, axis=1)
