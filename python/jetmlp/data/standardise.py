"""What a model's normalization learns from samples, and samples in the units that it gives the network."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..models.normalization import Normalization
from .presence import present, weights_of
from .samples import Samples

# A third moment below this, of entries of unit variance, is no preference for either side.
LEAST_SKEWNESS = 1e-6


def standardised(samples: Samples, normalization: Normalization) -> Samples:
    """Turn samples into what the network is to map, in float64.

    J̃ = J s_x / s_y; along directions, J̃·(v / s_x) = J·v / s_y; H̃ = H s_x s_x / s_y.
    """
    x_scale, y_scale = normalization.x_scale, normalization.y_scale
    Y, dYdX, dYdV, directions = samples.Y, samples.dYdX, samples.dYdV, samples.directions
    second_derivatives = samples.d2YdX2
    of_outputs = y_scale[:, np.newaxis]
    return samples.replace(
        X=normalization.inputs(samples.X),
        Y=None if Y is None else (Y - normalization.y_mean) / y_scale,
        dYdX=None if dYdX is None else dYdX / of_outputs * x_scale,
        dYdV=None if dYdV is None else dYdV / of_outputs,
        d2YdX2=None if second_derivatives is None else second_derivatives / normalization.hessian_units(),
        directions=None if directions is None else directions / x_scale,
    )


def learn(samples: Samples) -> Normalization:
    """Take means and standard deviations of samples in float64, absent ones left out.

    An output without any value takes its scale from its derivatives, or without any from its second
    derivatives: the root of their mean square per standard deviation of the inputs.
    """
    counts = _row_weights(samples)
    inputs = [_mean_and_scale(column.astype(np.float64), counts) for column in samples.X.T]
    x_mean, x_scale = np.array(inputs).T
    outputs = []
    for o in range(samples.n_outputs):
        if samples.Y is not None:
            values = samples.Y[:, o].astype(np.float64)
            there = present(values)
            if there.any():
                weights = weights_of(samples.sample_weight, values)
                outputs.append(_mean_and_scale(values[there], weights[there]))
                continue
        outputs.append((0.0, _scale_of_derivatives(samples, o, x_scale)))
    y_mean, y_scale = np.array(outputs).T
    return Normalization(x_mean, x_scale, y_mean, y_scale)


def _row_weights(samples: Samples) -> NDArray[np.float64]:
    """How much each sample counts: as its values do, or where it has none as its derivatives do.

    Where it has no first derivatives either, as its second ones do.
    """
    row_weights = np.zeros(len(samples))
    for array, weights in (
        (samples.Y, samples.sample_weight),
        (samples.derivatives, samples.derivative_sample_weight),
        (samples.d2YdX2, samples.sample_weight),
    ):
        if array is not None:
            of_rows = np.max(weights_of(weights, array) * present(array), axis=tuple(range(1, array.ndim)))
            row_weights = np.where(row_weights > 0, row_weights, of_rows)
    return row_weights


def _mean_and_scale(column: NDArray[np.float64], weights: NDArray[np.float64]) -> tuple[float, float]:
    """Mean and standard deviation with its orientation; a constant column has the scale 1."""
    column, weights = column[weights > 0], weights[weights > 0]
    if (column == column[0]).all():
        return float(column[0]), 1.0
    mean = float(np.average(column, weights=weights))
    return mean, _oriented_root_mean_square(column - mean, weights)


def _scale_of_derivatives(samples: Samples, o: int, x_scale: NDArray[np.float64]) -> float:
    """Root mean square of ∂y/∂x̃, or of the derivatives along directions of length 1 in x̃."""
    derivatives = samples.derivatives
    if derivatives is None or not present(derivatives[:, o]).any():
        return _scale_of_second_derivatives(samples, o, x_scale)
    slopes = derivatives[:, o].astype(np.float64)
    there = present(slopes)
    if samples.directions is None:
        slopes = slopes * x_scale
    else:
        lengths = np.linalg.norm(samples.directions / x_scale, axis=-1)
        there = there & (lengths > 0)
        slopes = np.divide(slopes, lengths, where=lengths > 0, out=np.zeros_like(slopes))
    weights = weights_of(samples.derivative_sample_weight, derivatives)[:, o]
    slopes, weights = slopes[there], weights[there]
    return _oriented_root_mean_square(slopes, weights) if (slopes != 0).any() else 1.0


def _scale_of_second_derivatives(samples: Samples, o: int, x_scale: NDArray[np.float64]) -> float:
    """Root mean square of ∂²y/∂x̃∂x̃."""
    if samples.d2YdX2 is None:
        return 1.0
    bends = samples.d2YdX2[:, o] * np.multiply.outer(x_scale, x_scale)
    weights, there = weights_of(samples.sample_weight, bends), present(bends)
    bends, weights = bends[there], weights[there]
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
