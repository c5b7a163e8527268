"""Errors of a prediction, over all entries in float64.

An entry whose true value is NaN was not measured and is left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _checks
from .data.presence import counting
from .data.samples import Samples, as_samples
from .models.mlp import MLP
from .models.staged import Stages

__all__ = ["evaluate", "mae", "max_error", "mse", "r2", "rmse"]

_FLOAT64 = np.dtype(np.float64)


def mse(true: ArrayLike, predicted: ArrayLike) -> float:
    """Compute the mean squared error of two arrays of one shape."""
    return float(np.mean(_errors(true, predicted) ** 2))


def rmse(true: ArrayLike, predicted: ArrayLike) -> float:
    """Compute the root of the mean squared error, in the unit of the data."""
    return math.sqrt(mse(true, predicted))


def mae(true: ArrayLike, predicted: ArrayLike) -> float:
    """Compute the mean absolute error, in the unit of the data."""
    return float(np.mean(np.abs(_errors(true, predicted))))


def max_error(true: ArrayLike, predicted: ArrayLike) -> float:
    """Compute the largest absolute error, in the unit of the data."""
    return float(np.max(np.abs(_errors(true, predicted))))


def r2(true: ArrayLike, predicted: ArrayLike) -> float:
    """Compute the coefficient of determination, 1 − Σ(error²) / Σ((true − mean)²).

    Rows are samples. Where there are several columns (outputs, partial derivatives) it is the mean of
    theirs. A column of one constant counts 1 if it is met exactly, 0 if not.
    """
    truth, prediction = _pair(true, predicted)
    truth = truth.reshape(len(truth), -1)
    prediction = prediction.reshape(truth.shape)
    scores = []
    for column, of_column in zip(truth.T, prediction.T, strict=True):
        present = ~np.isnan(column)
        if not present.any():
            continue
        residual = float(np.sum((of_column[present] - column[present]) ** 2))
        spread = float(np.sum((column[present] - column[present].mean()) ** 2))
        if np.ptp(column[present]) > 0.0:  # the spread of equal numbers is seldom 0 after rounding
            scores.append(1.0 - residual / spread)
        else:
            scores.append(1.0 if residual == 0.0 else 0.0)
    return float(np.mean(scores))


_METRICS: dict[str, Callable[[ArrayLike, ArrayLike], float]] = {
    "mse": mse,
    "rmse": rmse,
    "mae": mae,
    "max_error": max_error,
    "r2": r2,
}


def evaluate(
    model: MLP | Stages,
    X: Samples | ArrayLike,
    Y: ArrayLike | None = None,
    dYdX: ArrayLike | None = None,
    d2YdX2: ArrayLike | None = None,
    *,
    allow_missing_values: bool = False,
) -> dict[str, dict[str, float]]:
    """Measure a model on samples.

    Parameters
    ----------
    model : MLP or StagedMLP
        What to measure.
    X : Samples or array_like, (n, d)
        Samples with the true values and derivatives, or their inputs; of samples, the other arrays are part.
        An entry of weight 0 is absent; every other one counts 1, whatever its weight in a loss.
    Y, dYdX, d2YdX2, allow_missing_values
        As for `Samples`.

    Returns
    -------
    dict
        ``{"value": {...}, "derivative": {...}, "second_derivative": {...}}``, each with "mse", "rmse",
        "mae", "max_error" and "r2"; a kind that is not given is left out. Derivatives are those along the
        directions where the samples have any.

    Raises
    ------
    TypeError, ValueError
        If an array is of the wrong kind or shape or not finite, or nothing is given to compare with.
    """
    if not isinstance(model, (MLP, Stages)):
        raise TypeError(f"model: expected a jetmlp.MLP or jetmlp.StagedMLP, got {model!r}")
    samples = as_samples(
        X,
        Y,
        dYdX,
        d2YdX2=d2YdX2,
        allow_missing_values=allow_missing_values,
        sizes=(model.n_inputs, model.n_outputs),
        precision=model.dtype,
    )
    samples = counting(samples, _FLOAT64)
    result = {}
    if samples.Y is not None:
        result["value"] = _all_metrics(samples.Y, model.predict(samples.X))
    if samples.derivatives is not None:
        slopes = model.jacobian(samples.X)
        if samples.directions is not None:
            slopes = np.einsum("imd,ikd->imk", slopes, samples.directions)  # J·v
        result["derivative"] = _all_metrics(samples.derivatives, slopes)
    if samples.d2YdX2 is not None:
        if not isinstance(model, MLP):
            raise ValueError(f"d2YdX2: expected none for {type(model).__name__}, which gives no Hessian")
        result["second_derivative"] = _all_metrics(samples.d2YdX2, model.hessian(samples.X))
    return result


def _all_metrics(true: NDArray[Any], predicted: ArrayLike) -> dict[str, float]:
    return {name: metric(true, predicted) for name, metric in _METRICS.items()}


def _pair(true: ArrayLike, predicted: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    truth = _checks.as_real_array("true", true, _FLOAT64)
    prediction = _checks.as_real_array("predicted", predicted, _FLOAT64)
    if truth.shape != prediction.shape:
        raise ValueError(f"predicted: expected the shape of true, {truth.shape}, got {prediction.shape}")
    if truth.size == 0 or np.isnan(truth).all():
        raise ValueError(f"true: expected at least one number, got {truth.size} entries, none of them known")
    return truth, prediction


def _errors(true: ArrayLike, predicted: ArrayLike) -> NDArray[np.float64]:
    truth, prediction = _pair(true, predicted)
    present = ~np.isnan(truth)
    errors: NDArray[np.float64] = prediction[present] - truth[present]
    return errors
