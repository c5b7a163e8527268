"""What a worker keeps of a fit: its parts, as samples until they are in the core.

A part is the result of a task, so that it goes when whoever fits does, and other tasks find it here by its
key. It never leaves its process: what Dask moves or spills is an empty shell, and the part is loaded anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from ..data.fingerprint import fingerprint
from ..data.samples import Samples
from ..fitting.parts import Nodes, PosedPart, Recipe, folded

Key = tuple[str, int]


class NotHeld(Exception):  # noqa: N818  an answer, not an error
    """Some parts are not in this process, or no more."""


class Held:
    """A part in the memory of this process."""

    def __init__(self, samples: Samples, recipe: Recipe | None) -> None:
        self.samples: Samples | None = samples
        self.posed: PosedPart | None = None
        if recipe is not None:
            self.pose(recipe)

    def pose(self, recipe: Recipe) -> None:
        """Hand the samples to the core, and let go of them."""
        if self.posed is None:
            assert self.samples is not None
            self.posed, self.samples = PosedPart(self.samples, recipe), None

    def __reduce__(self) -> tuple[Any, ...]:
        return _Moved, ()


class _Moved:
    """What is left of a part where it was moved to."""


_held: WeakValueDictionary[Key, Held] = WeakValueDictionary()


def hold(token: str, number: int, recipe: Recipe | None, samples: Samples) -> Held:
    """Keep a part; as the result of a task, for as long as somebody wants it."""
    held = _held[token, number] = Held(samples, recipe)
    return held


def _found(token: str, numbers: Sequence[int]) -> list[Held]:
    held = [_held.get((token, number)) for number in numbers]
    missing = [number for number, part in zip(numbers, held, strict=True) if part is None]
    if missing:
        raise NotHeld(missing)
    return [part for part in held if part is not None]


def call(token: str, numbers: Sequence[int], function: Callable[..., Any], *arguments: object) -> list[Any]:
    """Call a function with the samples of some parts."""
    return [function(part.samples, *arguments) for part in _found(token, numbers)]


def pose(token: str, numbers: Sequence[int], recipe: Recipe) -> None:
    """Hand some parts to the core."""
    for part in _found(token, numbers):
        part.pose(recipe)


def evaluate(
    token: str,
    numbers: Sequence[int],
    n_parts: int,
    parameters: NDArray[Any],
    with_gradient: bool,
    n_threads: int,
) -> Nodes:
    """Return what some parts add to loss and gradient, added up as far as they stand side by side."""
    parts = _found(token, numbers)
    nodes: Nodes = {}
    for number, part in zip(numbers, parts, strict=True):
        assert part.posed is not None
        nodes[0, number] = part.posed.evaluate(parameters, with_gradient, n_threads)
    return folded(nodes, n_parts)


def hash_of(samples: Samples) -> str:
    """Return the hash of one part."""
    return fingerprint(samples.arrays())


def example_of(samples: Samples) -> Samples:
    """Return a sample of a part, for its kinds."""
    return samples[:1]


def size_of(samples: Samples) -> int:
    """Return how many numbers there are to fit in a part."""
    return int(np.sum([a.size for a in samples.targets if a is not None]))
