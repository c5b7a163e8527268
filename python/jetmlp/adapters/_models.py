"""A fitted model as other programs call it: one function with a Jacobian, whatever it is made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..export.models import Exportable, network_sum
from ..surrogate.surrogate import Surrogate

Array = NDArray[np.float64]


class FittedModel:
    """A model, or the mean of several.

    Parameters
    ----------
    model : MLP, StagedMLP, Surrogate or sequence of them
        Fitted; of several the mean is taken.

    Raises
    ------
    TypeError, ValueError
        If it is neither, or the models of an ensemble have different inputs or outputs.
    RuntimeError
        If a `Surrogate` has not been fitted.
    """

    def __init__(self, model: Exportable) -> None:
        shape = network_sum(model)  # the one set of checks of what is a model
        self.n_inputs, self.n_outputs = shape.n_inputs, shape.n_outputs
        #: Where the samples had their mean, as far as the model knows; 0 without standardisation.
        self.centre: Array = shape.terms[0].x_mean
        self.model = model
        self._models: tuple[Any, ...] = tuple(model) if isinstance(model, Sequence) else (model,)

    @property
    def input_names(self) -> tuple[str, ...]:
        """What the inputs are called: as a `Surrogate` has it, else x or x1, x2 and so on."""
        return self._names("input_names") or _numbered("x", self.n_inputs)

    @property
    def output_names(self) -> tuple[str, ...]:
        """What the outputs are called: as a `Surrogate` has it, else y or y1, y2 and so on."""
        return self._names("output_names") or _numbered("y", self.n_outputs)

    @property
    def has_error_bars(self) -> bool:
        """Whether it is one `Surrogate`, which knows how far it may be off."""
        return len(self._models) == 1 and isinstance(self._models[0], Surrogate)

    def predict(self, X: ArrayLike) -> Array:
        """Compute the values at `X` (n, d): (n, m)."""
        return self._mean([model.predict(X) for model in self._models])

    def jacobian(self, X: ArrayLike) -> Array:
        """Compute the derivatives by the inputs at `X` (n, d): (n, m, d)."""
        return self._mean([model.jacobian(X) for model in self._models])

    def deviations(self, X: ArrayLike) -> Array:
        """Compute the standard deviations of the values at `X` (n, d): (n, m).

        Raises
        ------
        TypeError
            If the model has none.
        """
        if not self.has_error_bars:
            kinds = ", ".join(type(model).__name__ for model in self._models)
            raise TypeError(f"model: expected one Surrogate, which has standard deviations, got {kinds}")
        deviations: Array = self._models[0].predict(X, return_std=True)[1]
        return deviations

    def _names(self, kind: str) -> tuple[str, ...] | None:
        """Return the names that all models agree on that have any."""
        found = {names for model in self._models if (names := getattr(model, kind, None)) is not None}
        return found.pop() if len(found) == 1 else None

    def _mean(self, results: list[NDArray[Any]]) -> Array:
        """Return the mean in float64, a single one to its last digit."""
        return np.asarray(sum(results[1:], results[0].astype(np.float64)) / len(results), dtype=np.float64)


def _numbered(symbol: str, count: int) -> tuple[str, ...]:
    return (symbol,) if count == 1 else tuple(f"{symbol}{k + 1}" for k in range(count))
