"""Random numbers that mean the same on every machine and in every version: Philox4x32-10.

The counter-based generator of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3"
(SC 2011). Whatever is random in this library comes from it: the starting parameters of models and of later
stages, the order of samples in a fit, and the points of the experiments.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from . import _checks, _core

__all__ = ["DATA", "INITIALIZATION", "SHUFFLING", "Generator"]

#: What a stream is for; streams of different purposes never meet.
INITIALIZATION, SHUFFLING, DATA = 0, 1, 2


class Generator:
    """One stream of random numbers, named by three integers.

    Parameters
    ----------
    seed : int
        At least 0, below 2⁶⁴.
    purpose : int, default DATA
        What the stream is for: at least 0, below 2³².
    index : int, default 0
        Which of the streams of that purpose: at least 0, below 2⁶⁴.

    Raises
    ------
    TypeError, ValueError
        If an argument is no integer of its range.
    """

    def __init__(self, seed: int, purpose: int = DATA, index: int = 0) -> None:
        self._core = _core.Generator(
            _checks.as_seed(seed),
            _checks.as_integer("purpose", purpose, 0, 2**32 - 1),
            _checks.as_integer("index", index, 0, 2**64 - 1),
        )

    def words(self, count: int) -> NDArray[np.uint32]:
        """Draw `count` words of 32 bits."""
        return self._core.words(_as_count(count))

    def uniform(self, count: int) -> NDArray[np.float64]:
        """Draw `count` numbers from [0, 1), each with 53 random bits."""
        return self._core.uniform(_as_count(count))

    def normal(self, count: int) -> NDArray[np.float64]:
        """Draw `count` numbers of the standard normal distribution (Box and Muller 1958)."""
        return self._core.normal(_as_count(count))

    def permutation(self, count: int) -> NDArray[np.int64]:
        """Draw 0 … `count` − 1 in random order (Fisher and Yates)."""
        return self._core.permutation(_as_count(count))


def _as_count(count: int) -> int:
    return _checks.as_integer("count", count, 0, 2**32 - 1)
