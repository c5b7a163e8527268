"""Several optimizers in a row."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .. import _checks, _core
from .base import Optimizer, Rate

__all__ = ["Chain"]


@dataclass(frozen=True)
class Chain(Optimizer):
    """Optimizers one after the other: a warm start, then the polish.

    Parameters
    ----------
    optimizers : sequence of optimizers
        At least one. Those with batches, `Adam` and `StochasticGaussNewton`, come before those of full
        batches, which may end early. All have the batch size of the trainer; where that is None and there is
        a `StochasticGaussNewton`, its own.
    epochs : sequence of int, optional
        Epochs of each but the last, which takes what is left of the epochs asked of `Trainer.fit`, also in
        a later fit. An optimizer that has nothing left to do hands over to the next one at once.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind or out of its range; the message names it.

    Examples
    --------
    >>> import jetmlp
    >>> chain = jetmlp.Chain([jetmlp.Adam(1e-2), jetmlp.LevenbergMarquardt()], epochs=[200])
    >>> [chain.rate(epoch) for epoch in (0, 199, 200)]
    [0.01, 0.01, nan]
    """

    optimizers: tuple[Optimizer, ...]
    epochs: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        optimizers, epochs = _as_tuple("optimizers", self.optimizers), _as_tuple("epochs", self.epochs)
        for optimizer in optimizers:
            if not isinstance(optimizer, Optimizer) or isinstance(optimizer, Chain):
                raise TypeError(
                    "optimizers: expected optimizers of jetmlp such as jetmlp.Adam or jetmlp.LBFGS, "
                    f"got {optimizer!r}"
                )
        if not optimizers:
            raise ValueError("optimizers: expected at least one, got none")
        if len(epochs) != len(optimizers) - 1:
            raise ValueError(
                f"epochs: expected {len(optimizers) - 1} numbers, one for each optimizer but the last, "
                f"got {len(epochs)}"
            )
        full = [optimizer.full_batch for optimizer in optimizers]
        if full != sorted(full):
            raise ValueError(
                "optimizers: expected those with batches before those of full batches, which may end early, "
                f"got {', '.join(type(optimizer).__name__ for optimizer in optimizers)}"
            )
        object.__setattr__(self, "optimizers", optimizers)
        checked = tuple(_checks.as_integer("epochs", count, 0, 2**31) for count in epochs)
        object.__setattr__(self, "epochs", checked)

    @property
    def full_batch(self) -> bool:
        """Whether every step of all of them takes all samples."""
        return all(optimizer.full_batch for optimizer in self.optimizers)

    @property
    def rate(self) -> Rate:
        """A function that gives the rate of an epoch, each optimizer's from its own start."""
        return self._of_epoch([optimizer.rate for optimizer in self.optimizers])

    def rate_of_fit(self, first: int, epochs: int) -> Rate:
        """Return a function that gives the rate of an epoch, each optimizer's for its share of the fit."""
        starts = self._starts()
        rates = []
        for optimizer, start, end in zip(self.optimizers, starts, [*starts[1:], first + epochs], strict=True):
            done = max(first - start, 0)
            rates.append(optimizer.rate_of_fit(done, max(min(end, first + epochs) - start - done, 0)))
        return self._of_epoch(rates)

    def _starts(self) -> list[int]:
        """Return the first epoch of each optimizer, if none ends before."""
        return [sum(self.epochs[:place]) for place in range(len(self.optimizers))]

    def _of_epoch(self, rates: list[Rate]) -> Rate:
        """Return a function that gives the rate of an epoch from those of the optimizers."""
        starts = self._starts()

        def of_epoch(epoch: int) -> float:
            place = bisect_right(starts, epoch) - 1
            rate = rates[place]
            return rate(epoch - starts[place]) if callable(rate) else rate

        return of_epoch

    @property
    def default_batch_size(self) -> int | None:
        """That of the first optimizer that has one."""
        sizes = (optimizer.default_batch_size for optimizer in self.optimizers)
        return next((size for size in sizes if size is not None), None)

    def started(self) -> Chain:
        """Return the settings for a trainer of its own."""
        return replace(self, optimizers=tuple(optimizer.started() for optimizer in self.optimizers))

    def observe(self, losses: Mapping[str, float]) -> None:
        """Let the schedules look at the losses of an epoch."""
        for optimizer in self.optimizers:
            if optimizer.observes:
                optimizer.observe(losses)

    @property
    def observes(self) -> bool:
        """Whether one of the schedules looks at the losses."""
        return any(optimizer.observes for optimizer in self.optimizers)

    def in_core(self) -> _core.OptimizerOptions:
        """Hand the settings to the core."""
        return _core.chain_options([optimizer.in_core() for optimizer in self.optimizers], self.epochs)


def _as_tuple(name: str, value: object) -> tuple[Any, ...]:
    if not isinstance(value, Iterable) or isinstance(value, (str, bytes)):
        raise TypeError(f"{name}: expected a sequence, got {value!r}")
    return tuple(value)
