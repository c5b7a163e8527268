"""What a trainer asks of an optimizer's settings. The state of an optimizer belongs to a trainer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _checks

#: When an optimizer of full batches has nothing left to do; fields of each, in the order that the core takes.
TOLERANCES = ("gradient_tolerance", "step_tolerance", "loss_tolerance", "target_loss")


class Optimizer(ABC):
    """What a `Trainer` asks of an optimizer's settings."""

    @property
    def full_batch(self) -> bool:
        """Whether every step takes all samples."""
        return False

    @property
    def least_squares(self) -> bool:
        """Whether it sees residuals along the inputs, and no other term of a loss than their squares."""
        return False

    @abstractmethod
    def learning_rates(self, first_epoch: int, epochs: int) -> NDArray[np.float64]:
        """Compute the rates of `epochs` epochs from `first_epoch` on; NaN where there is no such thing."""

    @abstractmethod
    def compiled(self, dtype: np.dtype[Any]) -> Any:  # noqa: ANN401  options of the core
        """Hand the settings to the core, checked against the type of the model."""


class FullBatch(Optimizer):
    """What optimizers without a learning rate have in common: when they have nothing left to do."""

    @property
    def full_batch(self) -> bool:
        """Whether every step takes all samples."""
        return True

    def learning_rates(self, first_epoch: int, epochs: int) -> NDArray[np.float64]:
        """Return NaN for every epoch: steps find their own length."""
        return np.full(epochs, np.nan)

    def _check_tolerances(self) -> None:
        """Take numbers of at least 0 as plain floats."""
        for name in TOLERANCES:
            number = _checks.as_number(name, getattr(self, name), least=0.0)
            object.__setattr__(self, name, number)

    def _tolerances(self) -> list[float]:
        return [getattr(self, name) for name in TOLERANCES]
