"""Standardised inputs and outputs: the units of the data stay outside the network."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from . import _validation

if TYPE_CHECKING:
    from ._samples import SampleArrays

__all__ = ["Normalization"]

# A third moment below this, of entries of unit variance, is no preference for either side.
LEAST_SKEWNESS = 1e-6


@dataclass(frozen=True, eq=False)
class Normalization:
    r"""What stands between the units of the data and those of the network.

    The network maps :math:`\tilde x = (x - \bar x) / s_x` to :math:`\tilde y = (y - \bar y) / s_y`, so that
    :math:`y = \bar y + s_y \tilde y` and, by the chain rule,
    :math:`\partial y_o / \partial x_k = (s_{y,o} / s_{x,k})\, \partial \tilde y_o / \partial \tilde x_k`,
    and one more :math:`1/s_{x,l}` for the second derivatives.

    A fit of a model made with ``normalize=True`` learns it; assign ``model.normalization`` to choose it.

    Parameters
    ----------
    x_mean, x_scale : array_like, (d,)
        In the units of the inputs; a scale may be negative, but not 0.
    y_mean, y_scale : array_like, (m,)
        In the units of the outputs.

    Raises
    ------
    TypeError, ValueError
        If an array is of the wrong kind or shape, not finite, or a scale is 0; the message names it.
    """

    x_mean: NDArray[np.float64]
    x_scale: NDArray[np.float64]
    y_mean: NDArray[np.float64]
    y_scale: NDArray[np.float64]

    def __post_init__(self) -> None:
        for name, value in self.arrays().items():
            array = _validation.as_real_array(name, value, np.dtype(np.float64)).copy()
            if array.ndim != 1:
                raise ValueError(f"{name}: expected one number for each column, got shape {array.shape}")
            _validation.check_finite(name, array)
            if name.endswith("scale") and (array == 0).any():
                raise ValueError(f"{name}: expected numbers other than 0, got {array.tolist()}")
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        for mean, scale in (("x_mean", "x_scale"), ("y_mean", "y_scale")):
            shapes = [getattr(self, name).shape for name in (mean, scale)]
            if shapes[0] != shapes[1]:
                raise ValueError(f"{scale}: expected the shape of {mean}, {shapes[0]}, got {shapes[1]}")

    def arrays(self) -> dict[str, NDArray[np.float64]]:
        """Means and scales by name."""
        return {name: getattr(self, name) for name in ("x_mean", "x_scale", "y_mean", "y_scale")}

    def inputs(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """From inputs (n, d) to those of the network."""
        return (X - self.x_mean) / self.x_scale

    def values(self, Y: NDArray[Any]) -> NDArray[np.float64]:
        """From the network's values (n, m) to those in the units of the data."""
        return self.y_mean + self.y_scale * Y.astype(np.float64)

    def jacobian(self, J: NDArray[Any]) -> NDArray[np.float64]:
        """From the network's derivatives (n, m, d) to those in the units of the data."""
        return J.astype(np.float64) * (self.y_scale[:, np.newaxis] / self.x_scale)

    def hessian(self, H: NDArray[Any]) -> NDArray[np.float64]:
        """From the network's second derivatives (n, m, d, d) to those in the units of the data."""
        return H.astype(np.float64) * self._hessian_units()

    def _hessian_units(self) -> NDArray[np.float64]:
        """s_y / (s_x s_x), (m, d, d), symmetric to the last bit."""
        return self.y_scale[:, np.newaxis, np.newaxis] / np.multiply.outer(self.x_scale, self.x_scale)

    def samples(self, arrays: SampleArrays) -> SampleArrays:
        """From samples in float64 to what the network is to map.

        J̃ = J s_x / s_y; along directions, J̃·(v / s_x) = J·v / s_y; H̃ = H s_x s_x / s_y.
        """
        y_scale = self.y_scale[:, np.newaxis]
        derivatives, directions = arrays.derivatives, arrays.directions
        second_derivatives = arrays.second_derivatives
        if derivatives is not None:
            derivatives = derivatives / y_scale * (self.x_scale if directions is None else 1.0)
        return replace(
            arrays,
            X=self.inputs(arrays.X),
            Y=None if arrays.Y is None else (arrays.Y - self.y_mean) / self.y_scale,
            derivatives=derivatives,
            second_derivatives=(
                None if second_derivatives is None else second_derivatives / self._hessian_units()
            ),
            directions=None if directions is None else directions / self.x_scale,
        )


def learn(arrays: SampleArrays) -> Normalization:
    """Take means and standard deviations of samples in float64, absent ones left out.

    An output without any value takes its scale from its derivatives, or without any from its second
    derivatives: the root of their mean square per standard deviation of the inputs.
    """
    counts = _row_weights(arrays)
    inputs = [_mean_and_scale(column, counts) for column in arrays.X.T]
    x_mean, x_scale = np.array(inputs).T
    outputs = []
    targets = (arrays.Y, arrays.derivatives, arrays.second_derivatives)
    for o in range(next(target.shape[1] for target in targets if target is not None)):
        if arrays.Y is not None:
            present = arrays.values_present()[:, o]
            if present.any():
                outputs.append(_mean_and_scale(arrays.Y[present, o], _sample_weights(arrays)[present]))
                continue
        outputs.append((0.0, _scale_of_derivatives(arrays, o, x_scale)))
    y_mean, y_scale = np.array(outputs).T
    return Normalization(x_mean, x_scale, y_mean, y_scale)


def _row_weights(arrays: SampleArrays) -> NDArray[np.float64]:
    """How much each sample counts: as its values do, or where it has none as its derivatives do.

    Where it has no first derivatives either, as its second ones do.
    """
    n = len(arrays.X)
    by_values, by_derivatives, by_second_derivatives = np.zeros((3, n))
    if arrays.Y is not None:
        by_values = _sample_weights(arrays) * arrays.values_present().any(axis=1)
    if arrays.second_derivatives is not None:
        present = arrays.second_derivatives_present().any(axis=(1, 2, 3))
        by_second_derivatives = _sample_weights(arrays) * present
    if arrays.derivatives is not None:
        weights = np.ones(()) if arrays.derivative_weights is None else arrays.derivative_weights
        by_derivatives = np.asarray(np.max(weights * arrays.derivatives_present(), axis=(1, 2)))
    by_derivatives = np.where(by_derivatives > 0, by_derivatives, by_second_derivatives)
    return np.where(by_values > 0, by_values, by_derivatives)


def _sample_weights(arrays: SampleArrays) -> NDArray[np.float64]:
    return np.ones(len(arrays.X)) if arrays.sample_weights is None else arrays.sample_weights


def _mean_and_scale(column: NDArray[np.float64], weights: NDArray[np.float64]) -> tuple[float, float]:
    """Mean and standard deviation with its orientation; a constant column has the scale 1."""
    column, weights = column[weights > 0], weights[weights > 0]
    if (column == column[0]).all():
        return float(column[0]), 1.0
    mean = float(np.average(column, weights=weights))
    return mean, _oriented_root_mean_square(column - mean, weights)


def _scale_of_derivatives(arrays: SampleArrays, o: int, x_scale: NDArray[np.float64]) -> float:
    """Root mean square of ∂y/∂x̃, or of the derivatives along directions of length 1 in x̃."""
    if arrays.derivatives is None:
        return _scale_of_second_derivatives(arrays, o, x_scale)
    slopes, present = arrays.derivatives[:, o], arrays.derivatives_present()[:, o]
    if not present.any():
        return _scale_of_second_derivatives(arrays, o, x_scale)
    if arrays.directions is None:
        slopes = slopes * x_scale
    else:
        lengths = np.linalg.norm(arrays.directions / x_scale, axis=-1)
        present = present & (lengths > 0)
        slopes = np.divide(slopes, lengths, where=lengths > 0, out=np.zeros_like(slopes))
    weights = np.ones_like(slopes) if arrays.derivative_weights is None else arrays.derivative_weights[:, o]
    slopes, weights = slopes[present], weights[present]
    return _oriented_root_mean_square(slopes, weights) if (slopes != 0).any() else 1.0


def _scale_of_second_derivatives(arrays: SampleArrays, o: int, x_scale: NDArray[np.float64]) -> float:
    """Root mean square of ∂²y/∂x̃∂x̃."""
    if arrays.second_derivatives is None:
        return 1.0
    present = arrays.second_derivatives_present()[:, o]
    bends = arrays.second_derivatives[:, o] * np.multiply.outer(x_scale, x_scale)
    weights = np.broadcast_to(_sample_weights(arrays)[:, np.newaxis, np.newaxis], bends.shape)
    bends, weights = bends[present], weights[present]
    return _oriented_root_mean_square(bends, weights) if (bends != 0).any() else 1.0


def _oriented_root_mean_square(deviations: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Root mean square, with the sign that makes the third moment positive.

    So a fit does not change if an axis is turned round. Where there is no skewness to speak of, as on a
    grid, the first large deviation takes its place.
    """
    largest = np.abs(deviations).max()  # squares of the ratios neither overflow nor vanish
    ratios = deviations / largest
    root = np.sqrt(np.average(ratios**2, weights=weights))
    skewness = np.average((ratios / root) ** 3, weights=weights)
    if abs(skewness) < LEAST_SKEWNESS:
        skewness = ratios[np.argmax(np.abs(ratios) > 0.5)]
    return float(np.copysign(root * largest, skewness))


def as_normalization(value: object, d: int, m: int) -> Normalization:
    """Check that a normalization is one, of this many inputs and outputs."""
    if not isinstance(value, Normalization):
        raise TypeError(f"normalization: expected a jetmlp.Normalization, got {value!r}")
    shapes = (len(value.x_mean), len(value.y_mean))
    if shapes != (d, m):
        raise ValueError(f"normalization: expected inputs and outputs {(d, m)}, got {shapes}")
    return value
