"""Errors of a prediction, over all entries in float64.

An entry whose true value is NaN was not measured and is left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _validation
from ._problem import as_model
from .model import MLP

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
    model: MLP,
    X: ArrayLike,
    Y: ArrayLike | None = None,
    dYdX: ArrayLike | None = None,
    d2YdX2: ArrayLike | None = None,
) -> dict[str, dict[str, float]]:
    """Measure a model on samples.

    Parameters
    ----------
    model : MLP
        What to measure.
    X : array_like, (n, d)
        Inputs; with one input, (n,) will do.
    Y : array_like, (n, m), optional
        True values; with one output, (n,) will do.
    dYdX : array_like, (n, m, d), optional
        True derivatives, NaN where one is not known; with one output, (n, d) will do.
    d2YdX2 : array_like, (n, m, d, d), optional
        True second derivatives, likewise; with one output, (n, d, d) will do.

    Returns
    -------
    dict
        ``{"value": {...}, "derivative": {...}, "second_derivative": {...}}``, each with "mse", "rmse",
        "mae", "max_error" and "r2"; a kind that is not given is left out.

    Raises
    ------
    TypeError, ValueError
        If an array is of the wrong kind or shape or not finite, or nothing is given to compare with.
    """
    if Y is None and dYdX is None and d2YdX2 is None:
        raise ValueError("Y, dYdX: expected at least one of the two (or d2YdX2), got neither")
    inputs = _validation.as_inputs("X", X, as_model(model).n_inputs, _FLOAT64)
    n = len(inputs)
    if n == 0:
        raise ValueError(f"X: expected at least one sample, got shape {inputs.shape}")
    _validation.check_finite("X", inputs)
    result = {}
    if Y is not None:
        values = _validation.as_values("Y", Y, n, model.n_outputs, _FLOAT64)
        _validation.check_finite("Y", values)
        result["value"] = _all_metrics(values, model.predict(inputs))
    if dYdX is not None:
        derivatives = _validation.as_derivatives("dYdX", dYdX, n, model.n_outputs, model.n_inputs, _FLOAT64)
        _validation.check_finite("dYdX", derivatives, missing_allowed=True)
        if np.isnan(derivatives).all():
            raise ValueError("dYdX: expected at least one derivative, got NaN throughout")
        result["derivative"] = _all_metrics(derivatives, model.jacobian(inputs))
    if d2YdX2 is not None:
        d, m = model.n_inputs, model.n_outputs
        second_derivatives = _validation.as_second_derivatives("d2YdX2", d2YdX2, n, m, d, _FLOAT64)
        _validation.check_finite("d2YdX2", second_derivatives, missing_allowed=True)
        if np.isnan(second_derivatives).all():
            raise ValueError("d2YdX2: expected at least one second derivative, got NaN throughout")
        _validation.check_symmetric("d2YdX2", second_derivatives, model.dtype)
        result["second_derivative"] = _all_metrics(second_derivatives, model.hessian(inputs))
    return result


def _all_metrics(true: NDArray[np.float64], predicted: ArrayLike) -> dict[str, float]:
    return {name: metric(true, predicted) for name, metric in _METRICS.items()}


def _pair(true: ArrayLike, predicted: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    truth = _validation.as_real_array("true", true, _FLOAT64)
    prediction = _validation.as_real_array("predicted", predicted, _FLOAT64)
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
