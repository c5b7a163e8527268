"""What a trainer asks of an optimizer's settings. The state of an optimizer belongs to a trainer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from .. import _checks, _core

#: When an optimizer of full batches has nothing left to do; fields of each.
TOLERANCES = ("gradient_tolerance", "step_tolerance", "loss_tolerance", "target_loss")


@dataclass(frozen=True)
class Optimizer(ABC):
    """What a `Trainer` asks of an optimizer's settings, which are its fields."""

    @property
    def full_batch(self) -> bool:
        """Whether every step takes all samples."""
        return False

    @abstractmethod
    def learning_rates(self, first_epoch: int, epochs: int) -> NDArray[np.float64]:
        """Compute the rates of `epochs` epochs from `first_epoch` on; NaN where there is no such thing."""

    def compiled(self) -> _core.OptimizerOptions:
        """Hand the settings to the core, which has them by the same names; learning rates go with a fit."""
        names = [field.name for field in fields(self) if field.name != "learning_rate"]
        return _core.optimizer_options(type(self).__name__, {name: getattr(self, name) for name in names})


@dataclass(frozen=True)
class FullBatch(Optimizer):
    """Optimizers whose every step takes all samples and finds its own length, until nothing is left to do."""

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
