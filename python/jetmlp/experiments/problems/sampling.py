"""Where the samples of an experiment lie.

Each class draws the inputs of the training, validation and test samples for a seed. Random ones come from
`jetmlp.random.Generator`, so that a seed means the same points on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ... import _checks
from ...random import DATA, Generator

FloatArray = NDArray[np.float64]

#: Points on which every fit is measured besides those of its own data.
N_DENSE = 2001


class Points(NamedTuple):
    """Inputs (n,), or (n, d) for several inputs, by what they are for."""

    train: FloatArray
    validation: FloatArray | None = None
    test: FloatArray | None = None


class Sampling(Protocol):
    """What an experiment needs to know of where its samples lie."""

    @property
    def n_train(self) -> int:
        """How many training points there are."""
        ...

    def draw(self, seed: int) -> Points:
        """Draw the inputs for a seed."""
        ...

    def dense(self, seed: int) -> tuple[str, FloatArray]:
        """Name and inputs of many points of the same domain, to measure on."""
        ...

    def equispaced(self, n: int) -> FloatArray:
        """Compute n equispaced points (n,) of the domain, both ends among them."""
        ...


@dataclass(frozen=True, kw_only=True)
class _Interval:
    """An interval of one input."""

    low: float = -1.0
    high: float = 1.0

    def __post_init__(self) -> None:
        _check_counts(self)
        _check_bounds(self.low, self.high)

    def equispaced(self, n: int) -> FloatArray:
        """Compute n equispaced points (n,), both ends among them."""
        return np.linspace(self.low, self.high, n)

    def dense(self, seed: int) -> tuple[str, FloatArray]:
        """Name and inputs of the points to measure on."""
        return f"{N_DENSE} equispaced", self.equispaced(N_DENSE)


@dataclass(frozen=True, kw_only=True)
class Equispaced(_Interval):
    """Equispaced training and equispaced validation points, both ends in each; no randomness.

    Parameters
    ----------
    n_train, n_validation : int
        How many of each.
    low, high : float, default -1 and 1
        Ends of the interval.
    """

    n_train: int
    n_validation: int

    def draw(self, seed: int) -> Points:
        """Compute the points, the same for every seed."""
        return Points(self.equispaced(self.n_train), self.equispaced(self.n_validation))


@dataclass(frozen=True, kw_only=True)
class Chebyshev(_Interval):
    """Training points −cos(π i/(n−1)), which crowd towards the ends; equispaced validation points.

    Parameters
    ----------
    n_train, n_validation, low, high
        As for `Equispaced`.
    """

    n_train: int
    n_validation: int

    def draw(self, seed: int) -> Points:
        """Compute the points, the same for every seed."""
        nodes = -np.cos(np.pi * np.arange(self.n_train) / (self.n_train - 1))
        train = self.low + (self.high - self.low) * 0.5 * (1.0 + nodes)
        return Points(train, self.equispaced(self.n_validation))


@dataclass(frozen=True, kw_only=True)
class ShuffledGrid(_Interval):
    """Equispaced points dealt out at random to training, validation and test.

    Parameters
    ----------
    n_train, n_validation, n_test : int
        How many of each; together they are the grid.
    low, high
        As for `Equispaced`.
    """

    n_train: int
    n_validation: int
    n_test: int

    def draw(self, seed: int) -> Points:
        """Shuffle the grid and cut it in three."""
        n = self.n_train + self.n_validation + self.n_test
        points = self.equispaced(n)[Generator(seed, DATA, 0).permutation(n)]
        train, validation, test = np.split(points, [self.n_train, self.n_train + self.n_validation])
        return Points(train, validation, test)


@dataclass(frozen=True, kw_only=True)
class UniformRandom:
    """Independent points, uniform in an interval or a box.

    Parameters
    ----------
    n_train, n_validation : int
        How many of each.
    low, high : float or tuple of float, default -1 and 1
        Ends of the interval; for several inputs a tuple with the end of each.
    """

    n_train: int
    n_validation: int
    low: float | tuple[float, ...] = -1.0
    high: float | tuple[float, ...] = 1.0

    def __post_init__(self) -> None:
        _check_counts(self)
        _check_bounds(self.low, self.high)

    def draw(self, seed: int) -> Points:
        """Draw all points in one go: the first are for training."""
        points = self._uniform(seed, 0, self.n_train + self.n_validation)
        return Points(points[: self.n_train], points[self.n_train :])

    def dense(self, seed: int) -> tuple[str, FloatArray]:
        """Name and inputs of the points to measure on: in a box, random ones that no fit has seen."""
        if isinstance(self.low, Sequence):
            return f"{N_DENSE} uniform random", self._uniform(seed, 1, N_DENSE)
        return f"{N_DENSE} equispaced", self.equispaced(N_DENSE)

    def equispaced(self, n: int) -> FloatArray:
        """Compute n equispaced points (n,), both ends among them; for one input only."""
        if isinstance(self.low, Sequence) or isinstance(self.high, Sequence):
            raise ValueError("equispaced: expected an experiment of one input, got several")
        return np.linspace(self.low, self.high, n)

    def _uniform(self, seed: int, index: int, n: int) -> FloatArray:
        low, high = np.asarray(self.low), np.asarray(self.high)
        unit = Generator(seed, DATA, index).uniform(n * low.size).reshape(n, *low.shape)
        points: FloatArray = low + (high - low) * unit
        return points


def _check_counts(sampling: object) -> None:
    """Check the numbers of points, whichever of the three a class has."""
    # Chebyshev points need two ends, and two points are the fewest anybody would call samples.
    for name, least in (("n_train", 2), ("n_validation", 1), ("n_test", 1)):
        if hasattr(sampling, name):
            _checks.as_integer(name, getattr(sampling, name), least, 2**31)


def _check_bounds(low: float | tuple[float, ...], high: float | tuple[float, ...]) -> None:
    lows, highs = np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)
    if lows.shape != highs.shape or lows.ndim > 1 or lows.size == 0 or not (lows < highs).all():
        raise ValueError(f"low, high: expected bounds with low < high, got {low!r} and {high!r}")
    if not (np.isfinite(lows).all() and np.isfinite(highs).all()):
        raise ValueError(f"low, high: expected finite bounds, got {low!r} and {high!r}")
