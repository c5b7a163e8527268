"""Arrays that are files mapped into memory: cut into batches, each read as it is needed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from .. import _core
from ..data.fingerprint import fingerprint
from ..data.samples import Samples
from ..models.mlp import MLP
from ..optimizers.adam import Adam
from ..optimizers.auto import AUTO, Choice, falling_adam
from ..optimizers.base import Optimizer
from .batches import Batches

#: About so many bytes stand together in the file and are shuffled among each other. A disk reads them in
#: one go, and every page of them once an epoch.
BLOCK = 2**23
#: Purpose of the random numbers that shuffle, as the core has it.
_SHUFFLING = 1


def is_mapped(array: object) -> bool:
    """Whether an array, or what it is a view of, is a file mapped into memory."""
    while isinstance(array, np.ndarray):
        if isinstance(array, np.memmap):
            return True
        array = array.base
    return False


def come_from_files(samples: Samples, optimizer: Optimizer | str, batch_size: int | None) -> bool:
    """Whether to read samples as they are needed: they are in mapped files, and go batch by batch to Adam."""
    if batch_size is None or not (isinstance(optimizer, Adam) or optimizer == AUTO):
        return False
    return any(is_mapped(array) for array in samples.arrays().values())


class MappedBatches(Batches):
    """Batches of samples in mapped files, which have been checked.

    Shuffled by blocks: the blocks come in a random order, and the samples of each in a random order. Samples
    of no more than one block come in the order in which those at hand come.
    """

    def __init__(
        self,
        samples: Samples,
        model: MLP,
        epochs: int,
        n_threads: int,
        batch_size: int,
        order: tuple[bool, int],
    ) -> None:
        self._samples, self._batch_size, self._order = samples, batch_size, order
        of_a_sample = sum(array[:1].nbytes for array in samples.arrays().values() if array is not None)
        self._block = max(1, BLOCK // of_a_sample // batch_size) * batch_size
        self._begun = 0
        super().__init__((), model, epochs, n_threads)

    def __repr__(self) -> str:
        return f"<{self._samples!r} in mapped files>"

    def begin(self, epoch: int) -> None:
        """Take the random order from this epoch on."""
        self._begun = epoch

    def fingerprint(self) -> str:
        """Return the hash of the samples, as if they were at hand."""
        self._hash = self._hash or fingerprint(self._samples.arrays())
        return self._hash

    def choice(self, model: MLP, batch_size: int | None, epochs: int) -> Choice:
        """Take Adam in batches of the size that was asked for."""
        return Choice(falling_adam(epochs), batch_size)

    def expect_optimizer(self, optimizer: Optimizer, batch_size: int | None) -> None:
        """Take what `come_from_files` has looked at."""

    def _open(self, epoch: int | None) -> Iterator[Samples]:
        n, size = len(self._samples), self._block if epoch is None else self._batch_size
        blocks = range(0, n, self._block)
        shuffle, seed = self._order
        if epoch is None or not shuffle or self._batch_size >= n:
            return (self._samples[np.arange(at, min(at + size, n))] for at in range(0, n, size))
        random = _core.Generator(seed, _SHUFFLING, self._begun + epoch)
        places = [blocks[k] for k in random.permutation(len(blocks))] if len(blocks) > 1 else [0]
        in_blocks = (at + random.permutation(min(self._block, n - at)) for at in places)
        return (self._samples[rows] for rows in _cut(in_blocks, size))


def _cut(pieces: Iterator[NDArray[np.int64]], size: int) -> Iterator[NDArray[np.int64]]:
    """Cut rows into batches; a last block that is not full leaves one smaller batch where it stands."""
    for rows in pieces:
        for at in range(0, len(rows), size):
            yield rows[at : at + size]
