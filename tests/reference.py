"""A readable NumPy oracle for networks, their Jacobians, the loss and its gradient.

Nothing here is fast and nothing here is shared with the library. Every derivative is taken by the complex
step f'(x) = Im f(x + ih) / h with h = 1e-30 (Squire and Trapp, 1998): no subtraction, exact to rounding.

The loss contains the Jacobian, so a complex step in a parameter collides with one in an input. The gradient
therefore steps the parameters of the forward jets (`jets`), and `test_reference.py` holds the jets to the
complex step in the inputs, and the gradient to nested 100-digit differences (`reference_precise.py`), which
know no jets.

Shapes: X (n, d), Y (n, m), dYdX (n, m, d); parameters (..., P), leading axes are independent networks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

import reference_activations
from reference_activations import Array, Function

STEP = 1e-30

# name -> (value, first derivative), for real and complex arguments of moderate size
ACTIVATIONS: Mapping[str, tuple[Function, Function]] = {
    name: (row.value, row.slope) for name, row in reference_activations.ACTIVATIONS.items()
}
ACTIVATION_NAMES = tuple(ACTIVATIONS)


@dataclass(frozen=True)
class Network:
    """The architecture; the parameters are passed beside it.

    Layer by layer, they are W row-major (n_out, n_in), then b (n_out).
    """

    layer_sizes: tuple[int, ...]
    activation: str = "tanh"
    output_activation: str = "identity"

    @property
    def n_parameters(self) -> int:
        return sum(
            n_out * (n_in + 1) for n_in, n_out in zip(self.layer_sizes, self.layer_sizes[1:], strict=False)
        )

    @property
    def activations(self) -> list[str]:
        """The activation of each layer."""
        return [self.activation] * (len(self.layer_sizes) - 2) + [self.output_activation]

    def layers(self, parameters: Array) -> list[tuple[Array, Array]]:
        """Views (W, b) of the flat vector, of shapes (..., n_out, n_in) and (..., n_out)."""
        assert parameters.shape[-1] == self.n_parameters
        views, start = [], 0
        for n_in, n_out in zip(self.layer_sizes, self.layer_sizes[1:], strict=False):
            split, end = start + n_out * n_in, start + n_out * (n_in + 1)
            W = parameters[..., start:split].reshape(*parameters.shape[:-1], n_out, n_in)
            views.append((W, parameters[..., split:end]))
            start = end
        return views


def _affine(W: Array, b: Array, a: Array) -> Array:
    return np.asarray(a @ W.swapaxes(-1, -2) + b[..., None, :])


def forward(
    network: Network,
    parameters: Array,
    X: Array,
    functions: Mapping[str, tuple[Function, Function]] = ACTIVATIONS,
) -> Array:
    """Values (..., n, m) for real, complex or, with `reference_precise.FUNCTIONS`, mpmath numbers."""
    a = X
    for (W, b), name in zip(network.layers(parameters), network.activations, strict=True):
        a = functions[name][0](_affine(W, b, a))
    return a


def jacobian(network: Network, parameters: Array, X: Array) -> Array:
    """Jacobian (n, m, d) of the values in the inputs, by the complex step."""
    directions = np.eye(X.shape[1])[:, None, :]
    values = forward(network, parameters, X + 1j * STEP * directions)  # (d, n, m)
    return np.asarray(np.moveaxis(values.imag / STEP, 0, -1))


def jets(network: Network, parameters: Array, X: Array) -> tuple[Array, Array]:
    """Values (..., n, m) and Jacobian (..., n, m, d), carried forward together.

    z = W a + b and a+ = f(z); along input direction k, dz_k = W da_k and da+_k = f'(z) dz_k, starting from
    da_k = e_k. The parameters may be real or complex.
    """
    a, da = X, np.repeat(np.eye(X.shape[1])[:, None, :], len(X), axis=1)  # da (..., d, n, width)
    for (W, b), name in zip(network.layers(parameters), network.activations, strict=True):
        value, slope = ACTIVATIONS[name]
        z = _affine(W, b, a)
        dz = da @ W[..., None, :, :].swapaxes(-1, -2)
        a, da = value(z), slope(z)[..., None, :, :] * dz
    return a, np.moveaxis(da, -3, -1)


def sample_losses(
    network: Network, parameters: Array, X: Array, Y: Array | None, dYdX: Array | None
) -> tuple[Array, Array]:
    """What each sample adds to the mean squared errors of values and of derivatives: two arrays (..., n).

    Each mean is over every entry that is present: NaN in dYdX is a partial that was not measured.
    """
    values, derivatives = jets(network, parameters, X)
    value_part = np.zeros_like(values[..., 0])
    derivative_part = np.zeros_like(values[..., 0])
    if Y is not None:
        value_part = ((values - Y) ** 2).sum(axis=-1) / Y.size
    if dYdX is not None:
        present = ~np.isnan(dYdX)
        residual = np.where(present, derivatives - np.where(present, dYdX, 0), 0)
        derivative_part = (residual**2).sum(axis=(-1, -2)) / max(present.sum(), 1)
    return value_part, derivative_part


def losses(
    network: Network,
    parameters: Array,
    X: Array,
    Y: Array | None,
    dYdX: Array | None,
    value_weight: float = 1.0,
    derivative_weight: float = 1.0,
) -> tuple[float, float, float]:
    """(loss, value_loss, derivative_loss), NaN for what is not given.

    loss = value_weight value_loss + derivative_weight derivative_loss, of what is given.
    """
    value_part, derivative_part = sample_losses(network, parameters, X, Y, dYdX)
    value_loss, derivative_loss = float(value_part.sum()), float(derivative_part.sum())
    loss = value_weight * value_loss + derivative_weight * derivative_loss
    return loss, np.nan if Y is None else value_loss, np.nan if dYdX is None else derivative_loss


def sample_gradients(
    network: Network,
    parameters: Array,
    X: Array,
    Y: Array | None,
    dYdX: Array | None,
    value_weight: float = 1.0,
    derivative_weight: float = 1.0,
) -> Array:
    """What each sample adds to the gradient of the loss, (P, n), by a complex step in every parameter.

    The sum over the samples is the gradient; the sum of the magnitudes is the scale its rounding error is
    judged by, since samples of opposite sign cancel.
    """
    stepped = parameters + 1j * STEP * np.eye(network.n_parameters)
    value_part, derivative_part = sample_losses(network, stepped, X, Y, dYdX)
    return np.asarray((value_weight * value_part + derivative_weight * derivative_part).imag / STEP)
