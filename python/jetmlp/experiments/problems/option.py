"""What all options have in common: simulated samples, true prices, and words for figures."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import _checks
from ...data.samples import Samples
from .box import N_HELD_OUT, Quantity

FloatArray = NDArray[np.float64]

#: Streams of random numbers of one seed.
STATES, PATHS, HELD_OUT = 0, 1, 2


class Option(ABC):
    """A claim on an underlying: how to simulate payoffs with their slopes, and its true price.

    States X (n, d) are the prices of its assets at a first date. Every option has a strike, a volatility, two
    dates and a spread of the states.
    """

    strike: float
    volatility: float
    state_date: float
    expiry: float
    spread: float

    def __post_init__(self) -> None:
        for name in ("strike", "volatility", "state_date", "spread"):
            _checks.as_number(name, getattr(self, name), above=0.0)
        _checks.as_number("expiry", self.expiry, above=self.state_date)

    @property
    @abstractmethod
    def inputs(self) -> tuple[Quantity, ...]:
        """The prices of the assets, d of them."""

    @property
    @abstractmethod
    def output(self) -> Quantity:
        """What the network learns."""

    @property
    @abstractmethod
    def underlying_name(self) -> str:
        """What `underlying` returns, in words."""

    @property
    @abstractmethod
    def delta_name(self) -> str:
        """What the sum of the derivatives is, in words."""

    @abstractmethod
    def value(self, X: ArrayLike) -> FloatArray:
        """Compute the true prices (n,)."""

    @abstractmethod
    def derivative(self, X: ArrayLike) -> FloatArray:
        """Compute the true deltas (n, d)."""

    @abstractmethod
    def underlying(self, X: ArrayLike) -> FloatArray:
        """Compute what the option is written on (n,)."""

    @abstractmethod
    def paths(self, X: FloatArray, seed: int) -> Samples:
        """Simulate one path from each state: payoffs and their derivatives."""

    @abstractmethod
    def _states(self, seed: int, stream: int, n: int) -> FloatArray:
        """Draw states (n, d)."""

    def training(self, n: int, seed: int) -> Samples:
        """Draw states, and simulate for each one payoff and its derivatives."""
        return self.paths(self._states(seed, STATES, n), seed)

    def held_out(self, seed: int) -> Samples:
        """Draw other states; with true prices and deltas."""
        X = self._states(seed, HELD_OUT, N_HELD_OUT)
        return Samples(X, self.value(X), self.derivative(X))
