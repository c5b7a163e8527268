"""Whether a fitted model predicts finite numbers in the units of the data."""

from __future__ import annotations

import numpy as np

from ..data.samples import Samples
from ..models.mlp import MLP

#: The core has seen to it that the network's own results are finite; with scales and units below this, only
#: one beyond 1e108 could leave float64.
LARGE = 1e200


def undone_is_finite(model: MLP, samples: Samples) -> bool:
    """Say whether the model's values, and its derivatives where they are fitted, are finite at samples.

    A prediction is asked for only where scales are so large that there is a doubt.
    """
    return not in_doubt(model, samples) or predicts_finite(samples, model)


def in_doubt(model: MLP, samples: Samples) -> bool:
    """Whether scales are so large that results may leave float64 where the network's own are finite."""
    normalization = model.normalization
    if normalization is None:
        return False
    with np.errstate(all="ignore"):
        units = normalization.jacobian_units()
    largest = max(
        np.abs(normalization.y_scale).max(), np.abs(units).max() if samples.dYdX is not None else 0.0
    )
    return not (largest < LARGE and np.abs(normalization.y_mean).max() < LARGE)


def predicts_finite(samples: Samples, model: MLP) -> bool:
    """Say whether values, and derivatives where they are fitted, are finite."""
    if samples.dYdX is None:
        return bool(np.isfinite(model.predict(samples.X)).all())
    values, slopes = model.predict_with_jacobian(samples.X)
    return bool(np.isfinite(values).all() and np.isfinite(slopes).all())
