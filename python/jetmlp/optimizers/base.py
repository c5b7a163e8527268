"""What a trainer asks of an optimizer's settings. The state of an optimizer belongs to a trainer."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, fields, replace

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

    def rate_of_fit(self, first: int, epochs: int) -> Rate:
        """Return the rate for a fit of so many epochs, of which `first` have been done before."""
        return self.rate

    @property
    def default_batch_size(self) -> int | None:
        """Samples per update where none were asked for; None for all."""
        return None

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


class Scheduled(Optimizer):
    """Optimizers whose field `learning_rate` is a number or a function of the epoch."""

    def _check_learning_rate(self) -> None:
        """Take a number of at least 0 as a plain float."""
        rate = self.learning_rate  # type: ignore[attr-defined]
        if not callable(rate):
            object.__setattr__(self, "learning_rate", _checks.as_number("learning_rate", rate, least=0.0))

    @property
    def rate(self) -> Rate:
        """The learning rate, or a function that gives that of an epoch, checked."""
        rate: Rate = self.learning_rate  # type: ignore[attr-defined]
        if not callable(rate):
            return rate

        def of_epoch(epoch: int) -> float:
            return _checks.as_number(f"learning_rate({epoch})", rate(epoch), least=0.0)

        return of_epoch

    def started(self) -> Scheduled:
        """Return the settings for a trainer of its own: a schedule that has a state is then as new."""
        if not self.observes:
            return self
        return replace(self, learning_rate=copy(self.learning_rate))  # type: ignore[attr-defined, call-arg]

    def observe(self, losses: Mapping[str, float]) -> None:
        """Let the schedule look at the losses of an epoch."""
        self.learning_rate.observe(losses)  # type: ignore[attr-defined]

    @property
    def observes(self) -> bool:
        """Whether the schedule looks at the losses."""
        return callable(getattr(self.learning_rate, "observe", None))  # type: ignore[attr-defined]


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

    def _check_line_search(self) -> None:
        """Take the constants of the Wolfe conditions as plain floats with 0 < c₁ < ½ and c₁ < c₂ < 1."""
        decrease, curvature = self.sufficient_decrease, self.curvature  # type: ignore[attr-defined]
        decrease = _checks.as_number("sufficient_decrease", decrease, above=0.0, below=0.5)
        object.__setattr__(self, "sufficient_decrease", decrease)
        object.__setattr__(
            self, "curvature", _checks.as_number("curvature", curvature, above=decrease, below=1.0)
        )
