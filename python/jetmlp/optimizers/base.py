"""What a trainer asks of an optimizer's settings. The state of an optimizer belongs to a trainer."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields

from .. import _checks, _core
from .._cures import expect_names

#: A learning rate, or a function of the epoch, counted from 0 over all fits of a trainer.
Rate = float | Callable[[int], float]

#: When an optimizer of full batches has nothing left to do; fields of each.
TOLERANCES = ("gradient_tolerance", "step_tolerance", "loss_tolerance", "target_loss")


CURES = {
    "lr": "it is called learning_rate",
    "eps": "it is called epsilon",
    "betas": "they are beta1 and beta2",
}


@dataclass(frozen=True)
class Optimizer(ABC):
    """What a `Trainer` asks of an optimizer's settings, which are its fields."""

    def __new__(cls, *_: object, **named: object) -> Optimizer:
        """Say what to write instead of a setting that is not there."""
        expect_names(cls.__name__, named, [field.name for field in fields(cls)], CURES)
        return super().__new__(cls)

    @property
    def full_batch(self) -> bool:
        """Whether every step takes all samples."""
        return False

    @property
    @abstractmethod
    def rate(self) -> Rate:
        """The learning rate, or a function that gives that of an epoch; NaN where there is no such thing."""

    def started(self) -> Optimizer:
        """Return the settings for a trainer of its own: a schedule that has a state is then as new."""
        return self

    def observe(self, losses: Mapping[str, float]) -> None:  # noqa: B027  most look at nothing
        """Look at the losses of an epoch."""

    @property
    def observes(self) -> bool:
        """Whether `observe` is to be called after every epoch."""
        return False

    def in_core(self) -> _core.OptimizerOptions:
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

    @property
    def rate(self) -> Rate:
        """NaN: steps find their own length."""
        return math.nan

    def _check_tolerances(self) -> None:
        """Take numbers of at least 0 as plain floats."""
        for name in TOLERANCES:
            number = _checks.as_number(name, getattr(self, name), least=0.0)
            object.__setattr__(self, name, number)
