"""Learning rates that change from epoch to epoch.

A schedule is called with the epoch, counted from 0 over all fits of a trainer, and returns the
learning rate of that epoch. Any function of that kind can be given to an optimizer. It is asked when an epoch
begins; where it has a method ``observe(losses)``, that is called when one has ended.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace

from . import _checks

__all__ = ["Constant", "Cosine", "Exponential", "OneCycle", "ReduceOnPlateau", "Step"]


class _Checked:
    """Checks every field by its name when a schedule is made."""

    def __post_init__(self) -> None:
        for each in fields(self):  # type: ignore[arg-type]
            if not each.init:
                continue
            name, value = each.name, getattr(self, each.name)
            checked: float
            if name in ("epochs", "every", "patience"):
                checked = _checks.as_integer(name, value, 1, 2**53)
            elif name in ("learning_rate", "initial", "peak", "final", "threshold"):
                checked = _checks.as_number(name, value, least=0.0)
            elif name == "warmup":
                checked = _checks.as_number(name, value, above=0.0, below=1.0)
            else:
                checked = _checks.as_number(name, value, above=0.0)
            object.__setattr__(self, name, checked)  # as a plain number, whatever it came as


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


@dataclass(frozen=True)
class ReduceOnPlateau(_Checked):
    """Multiplied by a factor where the loss no longer falls: the validation loss if there is one.

    It has a state, the losses it has seen: a trainer takes a copy, as new, for itself.

    Parameters
    ----------
    initial : float
        The first rate.
    factor : float, default 0.5
        By which the rate is multiplied; below 1.
    patience : int, default 10
        After so many epochs in a row without a lower loss.
    threshold : float, default 1e-4
        A loss is lower by more than this share of the lowest one.
    final : float, default 1e-6
        The rate does not fall below this.
    """

    initial: float
    factor: float = 0.5
    patience: int = 10
    threshold: float = 1e-4
    final: float = 1e-6
    _plateau: _Plateau = field(default_factory=lambda: _Plateau(), init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        _checks.as_number("factor", self.factor, above=0.0, below=1.0)

    def __copy__(self) -> ReduceOnPlateau:
        return replace(self)

    def __call__(self, epoch: int) -> float:
        """Return the learning rate of the next epoch, whichever that is."""
        return max(self.final, self.initial * _power(self.factor, self._plateau.reductions))

    def observe(self, losses: Mapping[str, float]) -> None:
        """Look at the losses of an epoch."""
        self._plateau.observe(losses.get("val_loss", losses["loss"]), self.patience, self.threshold)


@dataclass
class _Plateau:
    """What a `ReduceOnPlateau` has seen."""

    lowest: float = math.inf
    epochs_in_vain: int = 0
    reductions: int = 0

    def observe(self, loss: float, patience: int, threshold: float) -> None:
        if loss < self.lowest * (1.0 - threshold):
            self.lowest = loss
            self.epochs_in_vain = 0
            return
        self.epochs_in_vain += 1
        if self.epochs_in_vain >= patience:
            self.reductions += 1
            self.epochs_in_vain = 0


def _cosine(start: float, end: float, progress: float) -> float:
    """From start at 0 to end at 1 and beyond, along half a cosine."""
    return end + (start - end) * 0.5 * (1.0 + math.cos(math.pi * min(progress, 1.0)))


def _power(factor: float, exponent: int) -> float:
    """Infinity where Python would raise: the optimizer then says at which epoch."""
    try:
        return factor**exponent
    except OverflowError:
        return math.inf
