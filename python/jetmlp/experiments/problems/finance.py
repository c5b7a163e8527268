"""Options whose price a network learns from simulated payoffs and their path-wise differentials.

Huge and Savine, "Differential machine learning" (arXiv 2005.02347, 2020): a sample is one state of the market
at a first date, the payoff of **one** path from there to a second date, and the derivative of that payoff by
the state. Their means are price and deltas, which are known here in closed form.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import _checks
from ...data.samples import Samples
from ...random import DATA, Generator
from .box import Quantity
from .option import PATHS, Option

FloatArray = NDArray[np.float64]

# The stream of random numbers that makes a market, beside those of every option.
_MARKET = 3

_erfc = np.vectorize(math.erfc, otypes=[np.float64])


@dataclass(frozen=True, kw_only=True)
class BlackScholes(Option):
    r"""A call on one asset whose price is lognormal, without interest.

    Parameters
    ----------
    strike : float, default 1.1
        K, where the asset is at 1 today.
    volatility : float, default 0.2
        σ [1/√year].
    state_date, expiry : float, default 1 and 2
        T₁, when the option is to be priced, and T₂ [year].
    spread : float, default 1.5
        The states at T₁ are drawn with so many times the volatility, to have samples in the wings.
    """

    strike: float = 1.1
    volatility: float = 0.2
    state_date: float = 1.0
    expiry: float = 2.0
    spread: float = 1.5

    @property
    def inputs(self) -> tuple[Quantity, ...]:
        """One: the price of the asset at T₁."""
        return (Quantity("spot"),)

    @property
    def output(self) -> Quantity:
        """What the network learns."""
        return Quantity("price of the call")

    @property
    def underlying_name(self) -> str:
        """What `underlying` returns, in words."""
        return "spot"

    @property
    def delta_name(self) -> str:
        """What the sum of the derivatives is, in words."""
        return "delta"

    def value(self, X: ArrayLike) -> FloatArray:
        """Compute the prices (n,) of the call at spots (n, 1): S Φ(d₁) − K Φ(d₂) (Black and Scholes 1973)."""
        spot = np.asarray(X, dtype=np.float64)[:, 0]
        d_1, deviation = self._d_1(spot)
        prices: FloatArray = spot * _normal_cdf(d_1) - self.strike * _normal_cdf(d_1 - deviation)
        return prices

    def derivative(self, X: ArrayLike) -> FloatArray:
        """Compute the deltas (n, 1): Φ(d₁)."""
        spot = np.asarray(X, dtype=np.float64)[:, 0]
        return _normal_cdf(self._d_1(spot)[0])[:, np.newaxis]

    def underlying(self, X: ArrayLike) -> FloatArray:
        """Return what the option is written on (n,): the spot."""
        return np.asarray(X, dtype=np.float64)[:, 0]

    def paths(self, X: FloatArray, seed: int) -> Samples:
        """Simulate one path from each state (n, 1)."""
        growth = self._growth(self.expiry - self.state_date, self.volatility, seed, PATHS, len(X))
        end = X[:, 0] * growth
        payoff = np.maximum(end - self.strike, 0.0)
        # ∂ max(S₂ − K, 0)/∂S₁ = 1{S₂ > K} S₂/S₁.
        return Samples(X, payoff, np.where(end > self.strike, growth, 0.0)[:, np.newaxis])

    def _d_1(self, spot: FloatArray) -> tuple[FloatArray, float]:
        deviation = self.volatility * math.sqrt(self.expiry - self.state_date)
        return np.log(spot / self.strike) / deviation + 0.5 * deviation, deviation

    def _states(self, seed: int, stream: int, n: int) -> FloatArray:
        spots = self._growth(self.state_date, self.spread * self.volatility, seed, stream, n)
        return spots[:, np.newaxis]

    def _growth(self, duration: float, volatility: float, seed: int, stream: int, n: int) -> FloatArray:
        deviation = volatility * math.sqrt(duration)
        normal = Generator(seed, DATA, stream).normal(n)
        factors: FloatArray = np.exp(deviation * normal - 0.5 * deviation**2)
        return factors


@dataclass(frozen=True, kw_only=True)
class BachelierBasket(Option):
    r"""A call on a basket of correlated assets whose prices are normal, without interest.

    Parameters
    ----------
    n_assets : int, default 7
        d; the network is not told that only the basket a·S matters.
    strike : float, default 1.1
        K, where all assets, and so the basket, are at 1 today.
    volatility : float, default 0.2
        Of the basket [1/√year]; those of the assets are drawn.
    state_date, expiry : float, default 1 and 2
        T₁, when the option is to be priced, and T₂ [year].
    spread : float, default 1.5
        The states at T₁ are drawn with so many times the volatility.
    market_seed : int, default 0
        Of weights, volatilities and correlations.
    """

    n_assets: int = 7
    strike: float = 1.1
    volatility: float = 0.2
    state_date: float = 1.0
    expiry: float = 2.0
    spread: float = 1.5
    market_seed: int = 0

    def __post_init__(self) -> None:
        _checks.as_integer("n_assets", self.n_assets, 1, 1000)
        super().__post_init__()

    @property
    def inputs(self) -> tuple[Quantity, ...]:
        """The prices of all assets at T₁."""
        return tuple(Quantity(f"asset {k + 1}") for k in range(self.n_assets))

    @property
    def output(self) -> Quantity:
        """What the network learns."""
        return Quantity("price of the basket call")

    @property
    def underlying_name(self) -> str:
        """What `underlying` returns, in words."""
        return "basket"

    @property
    def delta_name(self) -> str:
        """What the sum of the derivatives is, in words: if all assets rise together."""
        return "sum of the deltas"

    @cached_property
    def weights(self) -> FloatArray:
        """Weights a (d,) of the basket; they add to 1."""
        return self._market[0]

    @cached_property
    def covariance(self) -> FloatArray:
        """Covariance (d, d) of the prices after one year; of the basket it is the square of `volatility`."""
        return self._market[1]

    @cached_property
    def _market(self) -> tuple[FloatArray, FloatArray]:
        d = self.n_assets
        numbers = Generator(self.market_seed, DATA, _MARKET).uniform(2 * d + 2 * d * d)
        weights = numbers[:d] / np.sum(numbers[:d])
        volatilities = 5.0 + 45.0 * numbers[d : 2 * d]
        loadings = 2.0 * numbers[2 * d :].reshape(2 * d, d) - 1.0
        covariance = loadings.T @ loadings
        deviations = np.sqrt(np.diag(covariance))
        covariance *= np.outer(volatilities / deviations, volatilities / deviations)
        return weights, covariance * (self.volatility**2 / (weights @ covariance @ weights))

    def value(self, X: ArrayLike) -> FloatArray:
        """Compute the prices (n,) at states (n, d): s (δ Φ(δ) + φ(δ)), δ = (a·S − K)/s (Bachelier 1900)."""
        moneyness, deviation = self._moneyness(X)
        density = np.exp(-0.5 * moneyness**2) / math.sqrt(2.0 * math.pi)
        prices: FloatArray = deviation * (moneyness * _normal_cdf(moneyness) + density)
        return prices

    def derivative(self, X: ArrayLike) -> FloatArray:
        """Compute the deltas (n, d): a Φ(δ)."""
        return np.outer(_normal_cdf(self._moneyness(X)[0]), self.weights)

    def underlying(self, X: ArrayLike) -> FloatArray:
        """Return what the option is written on (n,): the basket a·S."""
        baskets: FloatArray = np.asarray(X, dtype=np.float64) @ self.weights
        return baskets

    def paths(self, X: FloatArray, seed: int) -> Samples:
        """Simulate one path from each state (n, d)."""
        steps = self._normal(seed, PATHS, len(X)) * math.sqrt(self.expiry - self.state_date)
        end = (X + steps) @ self.weights
        inside = end > self.strike
        # ∂ max(a·S₂ − K, 0)/∂S₁ = 1{a·S₂ > K} a.
        return Samples(
            X, np.maximum(end - self.strike, 0.0), np.where(inside[:, np.newaxis], self.weights, 0.0)
        )

    def _moneyness(self, X: ArrayLike) -> tuple[FloatArray, float]:
        deviation = self.volatility * math.sqrt(self.expiry - self.state_date)
        return (self.underlying(X) - self.strike) / deviation, deviation

    def _states(self, seed: int, stream: int, n: int) -> FloatArray:
        return 1.0 + self.spread * math.sqrt(self.state_date) * self._normal(seed, stream, n)

    def _normal(self, seed: int, stream: int, n: int) -> FloatArray:
        """Draw n rows of the normal distribution with `covariance`."""
        d = self.n_assets
        independent = Generator(seed, DATA, stream).normal(n * d).reshape(n, d)
        correlated: FloatArray = independent @ np.linalg.cholesky(self.covariance).T
        return correlated


def _normal_cdf(z: FloatArray) -> FloatArray:
    # Through erfc: no cancellation in the lower wing.
    return 0.5 * np.asarray(_erfc(-z / math.sqrt(2.0)), dtype=np.float64)
