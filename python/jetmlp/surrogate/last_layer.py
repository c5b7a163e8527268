"""The posterior of a network's last layer, the others as they are.

A value is W φ(x) + b, so linear in the last layer, and its slopes W φ̇: with β the inverse mean squares of the
errors of values and slopes held out, and α that of the weights,

    H = α I + β_v Σ φ φᵀ + β_s Σ φ̇ φ̇ᵀ

for each output, φ with a last entry of 1 for the bias, φ̇ with 0 (MacKay 1992; the last layer alone: Snoek et
al., "Scalable Bayesian optimization using deep neural networks", 2015).
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..data.presence import present
from ..data.samples import Samples
from ..data.standardise import standardised
from ..models.mlp import MLP

Array = NDArray[np.float64]

#: Errors are not taken to be less than this, in the units of the network.
LEAST_ERROR = 1e-8


class Errors(Protocol):
    """Errors of what was held out: values (n, m), slopes (n, m, t)."""

    @property
    def values(self) -> Array:
        """NaN where there is nothing."""

    @property
    def slopes(self) -> Array:
        """NaN where there is nothing."""


def last_features(model: MLP, inputs: Array) -> tuple[Array, Array]:
    """Return φ (n, w + 1) and φ̇ (n, w + 1, d) at inputs in the units of the network."""
    hidden = MLP(
        model.layer_sizes[:-1], model.activation, output_activation=model.activation, normalize=False
    )
    hidden.parameters = model.parameters[: hidden.n_parameters]
    features, bends = hidden.predict_with_jacobian(inputs, n_threads=1)
    return (
        np.concatenate([features, np.ones((len(features), 1))], axis=1),
        np.concatenate([bends, np.zeros((len(bends), 1, bends.shape[2]))], axis=1),
    )


def last_gradients(model: MLP, inputs: Array, *, slopes: bool) -> Array:
    """Return gradients by the last layer's parameters, of values (n, 1, m, q) or jets (n, 1 + d, m, q)."""
    features, bends = last_features(model, inputs)
    jets = features[:, np.newaxis]
    if slopes:
        jets = np.concatenate([jets, bends.transpose(0, 2, 1)], axis=1)  # (n, 1 + d, w + 1)
    n, rows, width = jets.shape
    m = model.n_outputs
    result = np.zeros((n, rows, m, width * m))
    for o in range(m):
        result[:, :, o, _places(o, width - 1, m)] = jets
    return result


def _places(o: int, w: int, m: int) -> NDArray[np.intp]:
    """Say where the parameters of output o are: its row of W, its entry of b."""
    return np.append(np.arange(o * w, (o + 1) * w), m * w + o)


def last_layer_factor(model: MLP, samples: Samples, errors: Errors) -> Array:
    """Return C with C Cᵀ the covariance of the last layer's parameters, W row by row, then b."""
    assert model.normalization is not None
    units = standardised(samples, model.normalization)
    features, bends = last_features(model, units.X)
    if units.directions is not None:
        bends = np.einsum("nwd,nkd->nwk", bends, units.directions)
    w, m = features.shape[1] - 1, model.n_outputs
    last = model.weights[-1]
    result = np.zeros(((w + 1) * m, (w + 1) * m))
    for o in range(m):
        prior = 1.0 / max(float(np.mean(last[o] ** 2)), LEAST_ERROR)
        precision = prior * np.eye(w + 1)
        if units.Y is not None:
            of_values = features[present(units.Y[:, o])]
            precision += of_values.T @ of_values / _variance(errors.values[:, o])
        if units.derivatives is not None:
            of_slopes = bends.transpose(0, 2, 1)[present(units.derivatives[:, o])]
            precision += of_slopes.T @ of_slopes / _variance(errors.slopes[:, o])
        # H = L Lᵀ, so that L⁻ᵀ L⁻¹ = H⁻¹.
        factor = np.linalg.inv(np.linalg.cholesky(precision)).T
        result[np.ix_(_places(o, w, m), np.arange(o * (w + 1), (o + 1) * (w + 1)))] = factor
    return result


def _variance(errors: Array) -> float:
    known = errors[present(errors)]
    return max(float(np.mean(known**2)), LEAST_ERROR**2) if known.size else 1.0
