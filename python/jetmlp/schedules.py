"""Learning rates that change from epoch to epoch.

A schedule is called with the epoch, counted from 0 over all fits of a trainer, and returns the
learning rate of that epoch. Any function of that kind can be given to an optimizer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from . import _checks

__all__ = ["Constant", "Cosine", "Exponential", "OneCycle", "Step"]


class _Checked:
    """Checks every field by its name when a schedule is made."""

    def __post_init__(self) -> None:
        for field in fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            checked: float
            if field.name in ("epochs", "every"):
                checked = _checks.as_integer(field.name, value, 1, 2**53)
            elif field.name == "warmup":
                checked = _checks.as_number(field.name, value, above=0.0, below=1.0)
            else:
                checked = _checks.as_number(field.name, value, above=0.0)
            object.__setattr__(self, field.name, checked)  # as a plain number, whatever it came as


@dataclass(frozen=True)
class Constant(_Checked):
    """The same rate throughout.

    Parameters
    ----------
    learning_rate : float
        The rate.
    """

    learning_rate: float

    def __call__(self, epoch: int) -> float:
        """Return the learning rate of an epoch, counted from 0."""
        return self.learning_rate


@dataclass(frozen=True)
class Cosine(_Checked):
    """Half a cosine from the first rate to the last, which then stays (Loshchilov and Hutter 2017).

    Parameters
    ----------
    initial : float
        Rate of epoch 0.
    epochs : int
        Epochs that the descent takes.
    final : float, default 1e-6
        Rate from then on.
    """

    initial: float
    epochs: int
    final: float = 1e-6

    def __call__(self, epoch: int) -> float:
        """Return the learning rate of an epoch, counted from 0."""
        return _cosine(self.initial, self.final, epoch / self.epochs)


@dataclass(frozen=True)
class Exponential(_Checked):
    """Multiplied by the same factor every epoch: initial · decay^epoch.

    Parameters
    ----------
    initial : float
        Rate of epoch 0.
    decay : float
        The factor, most often a little below 1.
    """

    initial: float
    decay: float

    def __call__(self, epoch: int) -> float:
        """Return the learning rate of an epoch, counted from 0."""
        return self.initial * _power(self.decay, epoch)


@dataclass(frozen=True)
class OneCycle(_Checked):
    """Up to a large rate and down to a tiny one, half a cosine each (Smith and Topin 2019).

    Parameters
    ----------
    peak : float
        The largest rate.
    epochs : int
        Length of the cycle; the last rate stays after it.
    warmup : float, default 0.3
        Part of the cycle that goes up.
    start_divisor : float, default 25
        The first rate is the peak divided by it.
    end_divisor : float, default 1e4
        The last rate is the first divided by it.
    """

    peak: float
    epochs: int
    warmup: float = 0.3
    start_divisor: float = 25.0
    end_divisor: float = 1e4

    def __call__(self, epoch: int) -> float:
        """Return the learning rate of an epoch, counted from 0."""
        start = self.peak / self.start_divisor
        progress = epoch / self.epochs
        if progress < self.warmup:
            return _cosine(start, self.peak, progress / self.warmup)
        return _cosine(self.peak, start / self.end_divisor, (progress - self.warmup) / (1 - self.warmup))


@dataclass(frozen=True)
class Step(_Checked):
    """Multiplied by a factor every so many epochs.

    Parameters
    ----------
    initial : float
        Rate of epoch 0.
    every : int
        Epochs between two changes.
    factor : float, default 0.1
        The factor.
    """

    initial: float
    every: int
    factor: float = 0.1

    def __call__(self, epoch: int) -> float:
        """Return the learning rate of an epoch, counted from 0."""
        return self.initial * _power(self.factor, epoch // self.every)


def _cosine(start: float, end: float, progress: float) -> float:
    """From start at 0 to end at 1 and beyond, along half a cosine."""
    return end + (start - end) * 0.5 * (1.0 + math.cos(math.pi * min(progress, 1.0)))


def _power(factor: float, exponent: int) -> float:
    """Infinity where Python would raise: the optimizer then says at which epoch."""
    try:
        return factor**exponent
    except OverflowError:
        return math.inf
