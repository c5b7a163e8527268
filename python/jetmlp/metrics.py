"""Errors of a prediction, over all entries in float64.

An entry whose true value is NaN was not measured and is left out. With one output, the forms that a fit
takes for the same data are the same here: (n,) and (n, 1), as well as (n, d) and (n, 1, d). Any other two
shapes are refused: NumPy would make an (n, n) array of the difference of (n, 1) and (n,).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Literal, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _checks
from ._parts import chosen, most, row_by_row, total
from .data.presence import counting, present
from .data.samples import Samples, as_samples
from .models.mlp import MLP
from .models.staged import Stages

__all__ = ["evaluate", "mae", "max_error", "mse", "r2", "rmse"]

_FLOAT64 = np.dtype(np.float64)
Array = NDArray[np.float64]


def mse(true: ArrayLike, predicted: ArrayLike) -> float:
    """Compute the mean squared error."""
    errors = _errors(true, predicted)
    return _mean(row_by_row(np.square, errors))


def rmse(true: ArrayLike, predicted: ArrayLike) -> float:
    """Compute the root of the mean squared error, in the unit of the data."""
    return _root_mean_square(_errors(true, predicted))


def mae(true: ArrayLike, predicted: ArrayLike) -> float:
    """Compute the mean absolute error, in the unit of the data."""
    return _mean(row_by_row(np.abs, _errors(true, predicted)))


def max_error(true: ArrayLike, predicted: ArrayLike) -> float:
    """Compute the largest absolute error, in the unit of the data."""
    return most(np.abs, _errors(true, predicted))


def r2(true: ArrayLike, predicted: ArrayLike) -> float:
    """Compute the coefficient of determination, 1 − Σ(error²) / Σ((true − mean)²).

    Rows are samples. Where there are several columns (outputs, partial derivatives) it is the mean of
    theirs. A column of one constant counts 1 if it is met exactly, 0 if not.
    """
    truth, prediction = _pair(true, predicted)
    scores = _by_column(truth, prediction)["r2"]
    return float(np.mean(scores[total(present(truth)) > 0]))


_METRICS: dict[str, Callable[[ArrayLike, ArrayLike], float]] = {
    "mse": mse,
    "rmse": rmse,
    "mae": mae,
    "max_error": max_error,
    "r2": r2,
}


@overload
def evaluate(
    model: MLP | Stages,
    X: Samples | ArrayLike,
    Y: ArrayLike | None = ...,
    dYdX: ArrayLike | None = ...,
    d2YdX2: ArrayLike | None = ...,
    *,
    allow_missing_values: bool = ...,
    per_column: Literal[False] = ...,
) -> dict[str, dict[str, float]]: ...
@overload
def evaluate(
    model: MLP | Stages,
    X: Samples | ArrayLike,
    Y: ArrayLike | None = ...,
    dYdX: ArrayLike | None = ...,
    d2YdX2: ArrayLike | None = ...,
    *,
    allow_missing_values: bool = ...,
    per_column: Literal[True],
) -> dict[str, dict[str, Array]]: ...
def evaluate(
    model: MLP | Stages,
    X: Samples | ArrayLike,
    Y: ArrayLike | None = None,
    dYdX: ArrayLike | None = None,
    d2YdX2: ArrayLike | None = None,
    *,
    allow_missing_values: bool = False,
    per_column: bool = False,
) -> dict[str, dict[str, float]] | dict[str, dict[str, Array]]:
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
    per_column : bool, default False
        Whether to measure each output by itself, and each derivative of it.

    Returns
    -------
    dict
        ``{"value": {...}, "derivative": {...}, "second_derivative": {...}}``, each with "mse", "rmse",
        "mae", "max_error" and "r2"; a kind that is not given is left out. Derivatives are those along the
        directions where the samples have any.

        With `per_column` each has arrays instead, (m,) for values, (m, d) for derivatives [output, input] and
        (m, d, d) for second ones: "rmse" and "max_error" in the units of the column, "relative_error" and
        "r2". The relative error is the RMSE over the root mean square of what is true; of values it is their
        deviation from their mean that counts, so that it does not depend on where their zero is, and
        r2 = 1 − relative_error². A column of one constant (for slopes: of zeros) has 0 if it is met exactly,
        else infinity; one of which nothing is known has NaN.

    Raises
    ------
    TypeError, ValueError
        If an array is of the wrong kind or shape or not finite, or nothing is given to compare with.

    Examples
    --------
    >>> import numpy as np
    >>> import jetmlp
    >>> x = np.linspace(-1, 1, 20)
    >>> X, Y = np.column_stack([x, x**2]), np.column_stack([x**3, 1000 * x])
    >>> model = jetmlp.MLP([2, 8, 2], dtype="float64", normalize=True)
    >>> history = jetmlp.Trainer(model, jetmlp.LBFGS()).fit(X, Y, epochs=20)
    >>> errors = jetmlp.metrics.evaluate(model, X, Y, per_column=True)
    >>> errors["value"]["relative_error"].shape
    (2,)
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
    by_column = _checks.as_boolean("per_column", per_column)
    pairs = _compared(model, counting(samples, _FLOAT64))
    if by_column:
        return {kind: _by_column(*pair, centred=kind == "value") for kind, pair in pairs.items()}
    return {kind: {name: metric(*pair) for name, metric in _METRICS.items()} for kind, pair in pairs.items()}


def _compared(model: MLP | Stages, samples: Samples) -> dict[str, tuple[Array, Array]]:
    """Pair what is true of each kind with what the model predicts."""
    pairs: dict[str, tuple[Array, Array]] = {}
    if samples.Y is not None:
        pairs["value"] = _pair(samples.Y, model.predict(samples.X))
    if samples.derivatives is not None:
        slopes = model.jacobian(samples.X)
        if samples.directions is not None:
            slopes = row_by_row(partial(np.einsum, "imd,ikd->imk"), slopes, samples.directions)  # J·v
        pairs["derivative"] = _pair(samples.derivatives, slopes)
    if samples.d2YdX2 is not None:
        if not isinstance(model, MLP):
            raise ValueError(f"d2YdX2: expected none for {type(model).__name__}, which gives no Hessian")
        pairs["second_derivative"] = _pair(samples.d2YdX2, model.hessian(samples.X))
    return pairs


def _by_column(true: Array, predicted: Array, *, centred: bool = True) -> dict[str, Array]:
    """Measure each column of arrays (n, …) by itself; NaN where nothing is known of it."""
    shape = true.shape[1:]
    truth, prediction = true.reshape(len(true), -1), predicted.reshape(len(true), -1)
    measured = np.full((4, truth.shape[1]), np.nan)
    for k, (column, of_column) in enumerate(zip(truth.T, prediction.T, strict=True)):
        there = present(column)
        if not there.any():
            continue
        known = chosen(column, there)
        errors = row_by_row(np.subtract, chosen(of_column, there), known)
        rmse_, deviation = _root_mean_square(errors), _deviation(known)
        size = deviation if centred else _root_mean_square(known)
        relative, spread = _ratio(rmse_, size), _ratio(rmse_, deviation)
        score = 0.0 if math.isinf(spread) else 1.0 - spread**2  # Σ(error²) / Σ((true − mean)²) = spread²
        measured[:, k] = rmse_, most(np.abs, errors), relative, score
    return dict(zip(("rmse", "max_error", "relative_error", "r2"), measured.reshape(4, *shape), strict=True))


def _ratio(error: float, size: float) -> float:
    """Divide an error by what it is relative to; by nothing, it is 0 or infinite."""
    if size > 0.0:
        return error / size
    return math.inf if error > 0.0 else error


def _deviation(column: Array) -> float:
    """Root mean square of the deviation from the mean; 0 for equal numbers, whatever their mean rounds to."""
    if most(np.asarray, column) + most(np.negative, column) == 0.0:
        return 0.0
    mean = _mean(column)
    return _root_mean_square(row_by_row(lambda rows: rows - mean, column))


def _root_mean_square(numbers: Array) -> float:
    """Square numbers of size 1, so that neither large nor small ones are lost."""
    size = most(np.abs, numbers)
    if not 0.0 < size < math.inf:
        return size
    return size * math.sqrt(_mean(row_by_row(lambda rows: (rows / size) ** 2, numbers)))


def _mean(numbers: Array) -> float:
    return float(total(numbers, numbers.ndim) / numbers.size)


def _pair(true: ArrayLike, predicted: ArrayLike) -> tuple[Array, Array]:
    """Check two arrays of one shape; those with one output may have its axis or not."""
    truth = _checks.as_real_array("true", true, _FLOAT64)
    prediction = _checks.as_real_array("predicted", predicted, _FLOAT64)
    if truth.shape != prediction.shape:
        shorter, longer = sorted((truth.shape, prediction.shape), key=len)
        of_one_output = (*shorter[:1], *[1] * (len(longer) - len(shorter)), *shorter[1:])
        if longer != of_one_output:
            cure = _checks.rearrangement("predicted", prediction.shape, (truth.shape,))
            raise ValueError(
                f"predicted: expected the shape of true, {truth.shape}, got {prediction.shape}"
                f"{cure and f'; {cure}'}"
            )
        truth, prediction = truth.reshape(longer), prediction.reshape(longer)
    if truth.size == 0 or not present(truth).any():
        raise ValueError(f"true: expected at least one number, got {truth.size} entries, none of them known")
    return truth, prediction


def _errors(true: ArrayLike, predicted: ArrayLike) -> Array:
    truth, prediction = _pair(true, predicted)
    there = present(truth)
    return row_by_row(np.subtract, chosen(prediction, there), chosen(truth, there))
