"""Random numbers of the library, written a second time in plain Python.

Philox4x32-10 is the counter-based generator of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as
easy as 1, 2, 3" (SC 2011), with the constants and known answers of its reference implementation Random123.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reference import Network

WORD = 0xFFFFFFFF
INITIALISATION, SHUFFLING, DATA = 0, 1, 2  # the purposes of a generator

Words = tuple[int, ...]

# (counter, key, answer) from Random123's kat_vectors for philox4x32 with 10 rounds.
KNOWN_ANSWERS: tuple[tuple[Words, Words, Words], ...] = (
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((WORD,) * 4, (WORD,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
)


def philox4x32(counter: Words, key: Words) -> Words:
    """Four random words from four counter words and two key words, ten rounds."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        product0, product1 = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1 = (product1 >> 32) ^ c1 ^ k0, product1 & WORD
        c2, c3 = (product0 >> 32) ^ c3 ^ k1, product0 & WORD
        k0, k1 = (k0 + 0x9E3779B9) & WORD, (k1 + 0xBB67AE85) & WORD  # golden ratio, sqrt(3) - 1
    return c0, c1, c2, c3


class Generator:
    """The stream of (seed, purpose, index): key = seed, counter = (block, index low, index high, purpose)."""

    def __init__(self, seed: int, purpose: int, index: int) -> None:
        self._key = (seed & WORD, seed >> 32)
        self._stream = (index & WORD, index >> 32, purpose)
        self._block = 0
        self._waiting: list[int] = []
        self._second_normal: float | None = None

    def next_word(self) -> int:
        if not self._waiting:
            self._waiting = list(philox4x32((self._block, *self._stream), self._key))
            self._block += 1
        return self._waiting.pop(0)

    def next_uniform(self) -> float:
        """In [0, 1), a multiple of 2^-53: the upper 53 bits of two words, the first of them the lower."""
        low = self.next_word()
        high = self.next_word()
        return ((high << 32 | low) >> 11) * 2.0**-53

    def next_bounded(self, n: int) -> int:
        """In [0, n) without bias (Lemire, 2019): the upper word of w n, redrawn in the lowest 2^32 mod n."""
        product = self.next_word() * n
        if product & WORD < n:
            threshold = (2**32 - n) % n
            while product & WORD < threshold:
                product = self.next_word() * n
        return product >> 32

    def next_normal(self) -> float:
        """Box and Muller's pair, the second one kept for the next call."""
        if self._second_normal is not None:
            second, self._second_normal = self._second_normal, None
            return second
        u1 = 1 - self.next_uniform()  # in (0, 1], so the logarithm is finite
        angle = 2 * math.pi * self.next_uniform()
        radius = math.sqrt(-2 * math.log(u1))
        self._second_normal = radius * math.sin(angle)
        return radius * math.cos(angle)

    def words(self, n: int) -> NDArray[np.uint32]:
        return np.array([self.next_word() for _ in range(n)], dtype=np.uint32)

    def uniform(self, n: int) -> NDArray[np.float64]:
        return np.array([self.next_uniform() for _ in range(n)], dtype=np.float64)

    def normal(self, n: int) -> NDArray[np.float64]:
        return np.array([self.next_normal() for _ in range(n)], dtype=np.float64)

    def permutation(self, n: int) -> NDArray[np.int64]:
        """Fisher and Yates's shuffle, from the last position down."""
        order = list(range(n))
        for i in range(n - 1, 0, -1):
            j = self.next_bounded(i + 1)
            order[i], order[j] = order[j], order[i]
        return np.array(order, dtype=np.int64)


def _uniform(generator: Generator, limit: float, n: int) -> NDArray[np.float64]:
    return limit * (2 * generator.uniform(n) - 1)


# name -> (generator, n_in, n_out) -> weights and biases of a layer, drawn in this order
INITIALIZATIONS: dict[str, Callable[[Generator, int, int], list[NDArray[np.float64]]]] = {
    "glorot_uniform": lambda generator, n_in, n_out: [
        _uniform(generator, math.sqrt(6 / (n_in + n_out)), n_out * n_in),
        np.zeros(n_out),
    ],
    "fan_in_uniform": lambda generator, n_in, n_out: [
        _uniform(generator, 1 / math.sqrt(n_in), n_out * n_in + n_out)
    ],
    "he_normal": lambda generator, n_in, n_out: [
        math.sqrt(2 / n_in) * generator.normal(n_out * n_in),
        np.zeros(n_out),
    ],
    "lecun_normal": lambda generator, n_in, n_out: [
        math.sqrt(1 / n_in) * generator.normal(n_out * n_in),
        np.zeros(n_out),
    ],
}


def initial_parameters(network: Network, init: str, seed: int) -> NDArray[np.float64]:
    """The flat parameter vector a new network starts from, drawn layer by layer from a generator each."""
    parts: list[NDArray[Any]] = []
    for layer, (n_in, n_out) in enumerate(zip(network.layer_sizes, network.layer_sizes[1:], strict=False)):
        parts += INITIALIZATIONS[init](Generator(seed, INITIALISATION, layer), n_in, n_out)
    return np.concatenate(parts)
