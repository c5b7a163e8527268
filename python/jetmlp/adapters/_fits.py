"""How samples that another program has collected become a model."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..data.samples import as_samples
from ..export.models import Exportable
from ..models.mlp import MLP
from ..models.staged import Stages
from ..surrogate.surrogate import Surrogate
from ._models import FittedModel

Array = NDArray[np.float64]

#: Samples X (n, d), Y (n, m) and dYdX (n, m, d) or None to a new model.
Fit: TypeAlias = "Callable[[Array, Array, Array | None], Exportable]"

_EXPECTED = (
    "fit: expected a function of samples that gives a new fitted model, such as "
    "lambda X, Y, dYdX: jetmlp.Surrogate(seconds=10).fit(X, Y, dYdX)"
)


def fit_surrogate(X: Array, Y: Array, dYdX: Array | None) -> Surrogate:
    """Fit a `Surrogate` without a setting: what adapters do unless they are told otherwise."""
    return Surrogate().fit(X, Y, dYdX, allow_missing_values=bool(np.isnan(Y).any()))


def as_fit(fit: object) -> Fit:
    """Take a function that fits, or None for a `Surrogate`.

    Raises
    ------
    TypeError
        If it is no function, or a method of one model, which would be fitted anew for each output.
    """
    if fit is None:
        return fit_surrogate
    if not callable(fit) or isinstance(fit, (MLP, Stages, Surrogate)):
        raise TypeError(f"{_EXPECTED}; got {type(fit).__name__}")
    if isinstance(getattr(fit, "__self__", None), (MLP, Stages, Surrogate)):
        raise TypeError(f"{_EXPECTED}; got a method of one model, which every fit would change")
    return fit


def fitted(fit: Fit, X: ArrayLike, Y: ArrayLike, dYdX: ArrayLike | None = None) -> FittedModel:
    """Fit samples, and take what comes of it if it has their inputs and outputs.

    Raises
    ------
    TypeError, ValueError
        If the samples are no finite arrays of these shapes, or `fit` does not give such a model.
    """
    samples = as_samples(X, Y, dYdX, allow_missing_values=dYdX is not None)
    assert samples.Y is not None
    result = fit(samples.X, samples.Y, samples.dYdX)
    try:
        model = FittedModel(result)
    except (TypeError, ValueError, RuntimeError) as error:
        raise type(error)(f"{_EXPECTED}; {error}") from error
    if (model.n_inputs, model.n_outputs) != (samples.n_inputs, samples.n_outputs):
        raise ValueError(
            f"{_EXPECTED}; expected a model of {samples.n_inputs} inputs and {samples.n_outputs} outputs, "
            f"got one of {model.n_inputs} and {model.n_outputs}"
        )
    return model
