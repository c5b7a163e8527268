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
    normalization = model.normalization
    if normalization is None:
        return True
    with np.errstate(all="ignore"):
        units = normalization.jacobian_units()
    with_slopes = samples.dYdX is not None
    largest = max(np.abs(normalization.y_scale).max(), np.abs(units).max() if with_slopes else 0.0)
    if largest < LARGE and np.abs(normalization.y_mean).max() < LARGE:
        return True
    if not with_slopes:
        return bool(np.isfinite(model.predict(samples.X)).all())
    values, slopes = model.predict_with_jacobian(samples.X)
    return bool(np.isfinite(values).all() and np.isfinite(slopes).all())
