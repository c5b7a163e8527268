"""The constant of a fit to derivatives alone, fixed at one point.

Second derivatives alone leave a linear function open, of which this is the value at that point.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _checks
from ..data.samples import Samples
from ..models.mlp import MLP

_FLOAT64 = np.dtype(np.float64)


class Anchor(NamedTuple):
    """A point and the values that the model is to have there."""

    x: NDArray[np.float64]  # (1, d)
    y: NDArray[np.float64]  # (m,)

    def hold(self, model: MLP) -> None:
        """Shift the output biases, which no derivative sees, until the values at the point are right.

        For what holds the claim on the model.
        """
        scale = 1.0 if model.normalization is None else model.normalization.y_scale
        for _ in range(2):  # the second time what the first one rounded
            missing = (self.y - model.predict(self.x)[0].astype(np.float64)) / scale
            if not np.isfinite(missing).all():  # after a divergence
                return
            parameters = model.parameters
            biases = parameters[-model.n_outputs :]  # the last of all parameters
            biases[:] = biases.astype(np.float64) + missing
            model._parameters = parameters


def as_anchor(
    model: MLP,
    anchor: tuple[ArrayLike, ArrayLike] | None,
    samples: Samples,
    held_out: Samples | None,
) -> Anchor | None:
    """Check an anchor against the model and what is fitted."""
    if anchor is None:
        return None
    if samples.Y is not None:
        raise ValueError("anchor: expected a fit to derivatives alone, got one to Y, which has the constant")
    if held_out is not None and held_out.Y is not None:
        raise ValueError(
            "validation_data: expected derivatives alone with an anchor, which holds once the fit has ended, "
            "got values"
        )
    if model.output_activation != "identity":
        raise ValueError(
            "anchor: expected a model with output_activation='identity', whose biases are constants of the "
            f"values, got {model.output_activation!r}"
        )
    if not isinstance(anchor, (tuple, list)) or len(anchor) != 2:
        raise ValueError(f"anchor: expected a pair (x0, y0), got {anchor!r}")
    x, y = (
        _as_row(name, value, size)
        for name, value, size in zip(
            ("anchor[0]", "anchor[1]"), anchor, (model.n_inputs, model.n_outputs), strict=True
        )
    )
    return Anchor(x[np.newaxis], y)


def _as_row(name: str, value: ArrayLike, size: int) -> NDArray[np.float64]:
    """Take the numbers of one sample; a single one may come without an axis."""
    array = _checks.as_real_array(name, value, _FLOAT64)  # of at least one axis
    if array.shape not in ((size,), (1, size)):
        raise ValueError(f"{name}: expected shape ({size},), got {np.shape(value)}")
    _checks.check_finite(name, array)
    return array.reshape(size)
