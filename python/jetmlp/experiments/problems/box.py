"""Problems for surrogates: where samples come from, and what is true."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ... import _checks
from ...data.samples import Samples
from ...random import DATA, Generator
from .sampled import Function, sampled

FloatArray = NDArray[np.float64]

#: Points on which surrogates are measured, drawn apart from the training points.
N_HELD_OUT = 2000


class Quantity(NamedTuple):
    """A name with its unit, which is empty where there is none."""

    name: str
    unit: str = ""

    @property
    def label(self) -> str:
        """As figures have it: "length [m]"."""
        return f"{self.name} [{self.unit}]" if self.unit else self.name


class Problem(Protocol):
    """A function of d inputs with one output: how to sample it, and what is true."""

    @property
    def inputs(self) -> tuple[Quantity, ...]:
        """The inputs, d of them."""
        ...

    @property
    def output(self) -> Quantity:
        """The output."""
        ...

    def training(self, n: int, seed: int) -> Samples:
        """Return values and derivatives at n points to train with: exact ones, or noisy ones."""
        ...

    def held_out(self, seed: int) -> Samples:
        """Return other samples, with the true values and derivatives."""
        ...


@dataclass(frozen=True, kw_only=True)
class BoxProblem:
    """A known function in a box.

    Parameters
    ----------
    function, derivative : callable
        Values (n,) and derivatives (n, d) at inputs (n, d).
    inputs : tuple of Quantity
        The d inputs.
    output : Quantity
        The output.
    low, high : tuple of float
        Ends of the box.
    design : {"latin_hypercube", "grid"}, default "latin_hypercube"
        Training points: one in each of n slices of every input (McKay, Beckman and Conover 1979), drawn for
        a seed; or all combinations of equispaced ones, n^(1/d) an input, the same for every seed.

    Raises
    ------
    ValueError
        For bounds that do not fit the inputs or each other, or an unknown design.
    """

    function: Function
    derivative: Function
    inputs: tuple[Quantity, ...]
    output: Quantity
    low: tuple[float, ...]
    high: tuple[float, ...]
    design: Literal["latin_hypercube", "grid"] = "latin_hypercube"

    def __post_init__(self) -> None:
        low, high = np.asarray(self.low, dtype=np.float64), np.asarray(self.high, dtype=np.float64)
        expected = (len(self.inputs),)
        if not low.shape == high.shape == expected or not (np.isfinite(high - low) & (low < high)).all():
            raise ValueError(
                f"low, high: expected {expected[0]} finite bounds with low < high, "
                f"got {self.low!r} and {self.high!r}"
            )
        _checks.as_choice("design", self.design, ("latin_hypercube", "grid"))

    def training(self, n: int, seed: int) -> Samples:
        """Return n samples of the design.

        Raises
        ------
        ValueError
            If a grid has no such number of points.
        """
        unit = self._grid(n) if self.design == "grid" else self._latin_hypercube(n, seed)
        return self._samples(unit)

    def held_out(self, seed: int) -> Samples:
        """Return independent samples, uniform in the box."""
        d = len(self.inputs)
        return self._samples(Generator(seed, DATA, 1).uniform(N_HELD_OUT * d).reshape(N_HELD_OUT, d))

    def _samples(self, unit: FloatArray) -> Samples:
        low, high = np.asarray(self.low), np.asarray(self.high)
        return sampled(low + (high - low) * unit, self.function, self.derivative)

    def _latin_hypercube(self, n: int, seed: int) -> FloatArray:
        generator = Generator(seed, DATA, 0)
        columns = [(generator.permutation(n) + generator.uniform(n)) / n for _ in self.inputs]
        return np.stack(columns, axis=1)

    def _grid(self, n: int) -> FloatArray:
        d = len(self.inputs)
        n_per_input = round(n ** (1.0 / d))
        if n_per_input < 2 or n_per_input**d != n:
            raise ValueError(f"n: expected k^{d} points of a grid with k of at least 2, got {n}")
        axis = np.linspace(0.0, 1.0, n_per_input)
        return np.stack(np.meshgrid(*[axis] * d, indexing="ij"), axis=-1).reshape(n, d)
