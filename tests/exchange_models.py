"""Models in awkward units, for the tests of what other programs get, and how far off these are."""

from __future__ import annotations

from typing import Any

import numpy as np

import jetmlp

Array = np.ndarray[Any, np.dtype[np.float64]]

ACTIVATIONS = jetmlp.info()["activations"]
#: What a model of each type and another program may differ by, relative to what values and slopes vary.
TOLERANCES = {"float32": 1e-6, "float64": 1e-12}


def in_units(model: Any, ratio: float) -> Any:  # noqa: ANN401  of several kinds
    """Give a model units: inputs, and every second output, have a mean of so many deviations."""
    d, m = model.n_inputs, model.n_outputs
    x_scale = 10.0 ** np.arange(d) / 100 * np.where(np.arange(d) % 2, -1, 1)
    y_scale = 10.0 ** -np.arange(m)
    x_mean, y_mean = ratio * x_scale * np.linspace(1, 0.3, d), ratio * y_scale * (np.arange(m) % 2)
    normalization = jetmlp.Normalization(x_mean, x_scale, y_mean, y_scale)
    if isinstance(model, jetmlp.StagedMLP):
        model._set(model.stages, 10.0 ** -np.arange(2 * m).reshape(2, m), normalization)
    else:
        model.normalization = normalization
    return model


def points(model: Any, rng: np.random.Generator, n: int = 40) -> Array:  # noqa: ANN401  of several kinds
    """Rows about the mean of a model in units."""
    units = model.normalization
    X = rng.normal(size=(n, model.n_inputs))
    return np.asarray(X if units is None else units.x_mean + units.x_scale * X)


def errors(model: Any, X: Array, Y: Any, J: Any = None) -> list[float]:  # noqa: ANN401  of several kinds
    """Largest errors of values and slopes over what they vary, in the units of the network.

    A value may be off by its own rounding, in float64, as well.
    """
    units = model.normalization
    x_scale, y_mean, y_scale = (
        (np.ones(model.n_inputs), 0, 1) if units is None else (units.x_scale, units.y_mean, units.y_scale)
    )
    values, slopes = (np.asarray(array, dtype=np.float64) for array in model.predict_with_jacobian(X))
    assert np.shape(Y) == values.shape
    rounding = 4 * np.finfo(np.float64).eps * np.abs(values)
    off = np.maximum(np.abs(np.asarray(Y, dtype=np.float64) - values) - rounding, 0)
    found = [_relative(off / np.abs(y_scale), (values - y_mean) / y_scale)]
    if J is not None:
        assert np.shape(J) == slopes.shape
        of_network = x_scale / np.reshape(y_scale * np.ones(model.n_outputs), (-1, 1))
        found.append(_relative((J - slopes) * of_network, slopes * of_network))
    return found


def _relative(off: Array, array: Array) -> float:
    """The largest error over the largest number; what is 0 everywhere may be off by so much."""
    return float(np.abs(off).max() / (np.abs(array).max() or 1))
