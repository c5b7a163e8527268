"""The constant of a function, which a fit of derivatives alone leaves open."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...data.samples import Samples
from ...models.mlp import MLP


def fix_constant(model: MLP, train: Samples) -> NDArray[np.float64] | None:
    """Add the mean residual of the values (m,) to the output bias; return it.

    A loss of derivatives alone does not see the constant of the function.
    """
    if train.Y is None or model.output_activation != "identity":
        return None
    predicted = model.predict(train.X).astype(np.float64)
    shift: NDArray[np.float64] = np.mean(train.Y - predicted, axis=0)
    parameters = model.parameters.astype(np.float64)
    # The output layer's biases come last, and are in the units of the network.
    scale = 1.0 if model.normalization is None else model.normalization.y_scale
    parameters[-model.n_outputs :] += shift / scale
    model.parameters = parameters
    return shift
