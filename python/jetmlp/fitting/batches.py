"""Samples that come batch by batch, as from files larger than memory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence, Set
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import _checks
from ..data.fingerprint import fingerprint, kind_of
from ..data.presence import present
from ..data.samples import Samples, as_samples
from ..data.scales import warn_of_scales
from ..models.mlp import MLP
from ..optimizers.adam import Adam
from ..optimizers.auto import Choice, falling_adam
from ..optimizers.base import Optimizer
from .parts import Objective, Parts, Recipe, brought
from .problem import in_core
from .reading_ahead import ReadAhead

#: What has one of these is an array or a table, whatever else it has.
_ARRAYS = ("__array__", "__array_interface__", "__dataframe__", "__arrow_c_stream__", "dtype")


def come_in_batches(X: object) -> bool:
    """Whether samples are given as batches: a function, or an iterable that is no array.

    Raises
    ------
    TypeError
        If they can be gone through only once.
    """
    if isinstance(X, (Samples, str, bytes, bytearray, memoryview, Mapping, Set)):
        return False
    if any(hasattr(X, name) for name in _ARRAYS):
        return False
    if isinstance(X, Iterator):
        raise TypeError(
            f"X: expected samples that every epoch can go through anew, got {_checks.brief(X)}, which can be "
            "gone through once; pass the function that makes it, as in fit(batches, epochs=10) in place of "
            "fit(batches(), epochs=10), or a list"
        )
    if isinstance(X, Sequence):
        return len(X) > 0 and isinstance(X[0], Samples)
    return callable(X) or (hasattr(X, "__iter__") and not hasattr(X, "__getitem__"))


class Posed(NamedTuple):
    """A batch in the core."""

    n_samples: int
    core: Any  # _core.Objective32 or _core.Objective64
    given: tuple[bool, ...]  # which terms it has something of


class Batches(Parts):
    """Batches of samples that are read anew in every pass, a few ahead of who asks for them.

    A context: at its end nothing is read any more.
    """

    of_their_own = True

    def __init__(
        self,
        source: Callable[[], Iterable[Samples]] | Iterable[Samples],
        model: MLP,
        epochs: int,
        n_threads: int,
        *,
        warn: bool = False,
    ) -> None:
        self._source = source
        self._sizes = (model.n_inputs, model.n_outputs)
        self._epochs, self._n_threads = epochs, n_threads
        self._kind: object = None
        self._hash: str | None = None
        self._coming: ReadAhead[Posed | None] | None = None
        first = self._read_first()
        if warn:
            warn_of_scales(first)
        self._kind = kind_of(first)
        self.example = first[[0]]  # a copy, which does not keep the others
        self.names = first._names
        self.weighted = first.sample_weight is not None or first.derivative_sample_weight is not None

    def __enter__(self) -> Batches:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._coming is not None:
            # Who presses Ctrl-C does not want to wait for a slow disk.
            self._coming.close(wait=kind is None or not issubclass(kind, KeyboardInterrupt))

    def __repr__(self) -> str:
        return f"<batches of {self.example!r}>"

    def each(self, function: Callable[..., Any], *arguments: object) -> Sequence[Any]:
        """Call a function with each batch, in one pass."""
        coming = ReadAhead(self._pass)
        interrupted = False
        try:
            return [function(batch, *arguments) for batch in coming]
        except KeyboardInterrupt:
            interrupted = True
            raise
        finally:
            coming.close(wait=not interrupted)

    def objective(self, recipe: Recipe) -> Objective:
        """Make what has each batch of all epochs in turn."""
        self._coming = ReadAhead(lambda: self._epochs_of(recipe))
        return ComingBatches(self._coming, self._n_threads)

    def fingerprint(self) -> str:
        """Return a hash of all batches in their order."""
        if self._hash is None:
            hashes = self.each(lambda batch: fingerprint(batch.arrays()))
            self._hash = hashlib.sha256(" ".join(hashes).encode()).hexdigest()
        return self._hash

    def choice(self, model: MLP, batch_size: int | None, epochs: int) -> Choice:
        """Take Adam, a step a batch."""
        return Choice(falling_adam(epochs), batch_size)

    def expect_optimizer(self, optimizer: Optimizer, batch_size: int | None) -> None:
        """Raise a ``ValueError`` for any but Adam, and for a size of batches."""
        if not isinstance(optimizer, Adam):
            raise ValueError(
                "optimizer: expected Adam for samples that come in batches, or 'auto', which is Adam then, "
                f"got {type(optimizer).__name__}"
            )
        if batch_size is not None:
            raise ValueError(
                f"batch_size: expected None for samples that come in batches, each of which is a step, got "
                f"{batch_size}; make batches of that size"
            )

    def _read_first(self) -> Samples:
        batches = self._pass()
        try:
            return next(batches)
        finally:
            batches.close()

    def _open(self, epoch: int | None) -> object:
        """Begin a pass, of this epoch of the fit or, with None, of one that only looks."""
        if callable(self._source) and not hasattr(self._source, "__iter__"):
            return self._source()
        return self._source

    def _pass(self, epoch: int | None = None) -> Generator[Samples, None, None]:
        """Go through the batches once, each checked; whoever closes this closes what gives them."""
        source = self._open(epoch)
        if not isinstance(source, Iterable):
            raise TypeError(
                f"X: expected a function that returns an iterator of jetmlp.Samples, got one that returns "
                f"{_checks.brief(source)}"
            )
        batches: Iterator[Any] = iter(source)
        number = -1
        try:
            for number, batch in enumerate(batches):
                yield self._checked(batch, number)
        finally:
            close: Any = getattr(batches, "close", None)  # of a generator
            if close is not None:
                close()
        if number < 0:
            raise ValueError(
                "X: expected at least one batch in every pass, got none; what gives the batches has to begin "
                "anew each time that it is asked for an iterator"
            )

    def _checked(self, batch: object, number: int) -> Samples:
        if not isinstance(batch, Samples):
            raise TypeError(f"X, batch {number}: expected jetmlp.Samples, got {_checks.brief(batch)}")
        batch = as_samples(batch, sizes=self._sizes, names=batch._names._replace(X=f"X, batch {number}"))
        if self._kind is not None and kind_of(batch) != self._kind:
            raise ValueError(
                f"X, batch {number}: expected arrays as the first batch has, {self._kind}, got "
                f"{kind_of(batch)}"
            )
        return batch

    def _epochs_of(self, recipe: Recipe) -> Generator[Posed | None, None, None]:
        """Go through all epochs, with None at the end of each."""
        for epoch in range(self._epochs):
            batches = self._pass(epoch)
            something = False
            try:
                for batch in batches:
                    posed = _posed(batch, recipe)
                    if posed is not None:
                        something = True
                        yield posed
            finally:
                batches.close()
            if not something:
                raise ValueError(
                    "X: expected at least one number that is not NaN, with a weight above 0, got none in any "
                    "batch"
                )
            yield None


class ComingBatches(Objective):
    """The batch that has come."""

    n_samples = 0

    def __init__(self, coming: ReadAhead[Posed | None], n_threads: int) -> None:
        self._coming, self._n_threads = coming, n_threads
        self._batch: Posed | None = None

    def next_batch(self) -> int:
        """Go on to the next batch; return its number of samples, 0 at the end of an epoch."""
        batch = next(self._coming, None)
        if batch is None:  # the last stays: after the last step the core looks whether its loss is finite
            return 0
        self._batch = batch
        return batch.n_samples

    def evaluate(
        self,
        parameters: NDArray[Any],
        first: int,
        count: int,
        order: NDArray[np.uint32] | None,
        with_gradient: bool,
    ) -> tuple[Sequence[float], NDArray[Any] | None]:
        """Return mean squared errors of the batch, and the gradient of their weighted sum."""
        assert self._batch is not None
        means, gradient = self._batch.core.terms_and_gradient(parameters, self._n_threads)
        told = [
            np.inf if given and np.isnan(mean) else float(mean)
            for mean, given in zip(means, self._batch.given, strict=True)
        ]
        return told, gradient


def _posed(batch: Samples, recipe: Recipe) -> Posed | None:
    """Hand a batch to the core, as the network is to map it; None for one of which nothing counts."""
    samples = brought(batch, recipe)
    given = tuple(target is not None and bool(present(target).any()) for target in samples.targets)
    if not any(given):
        return None
    absent = {
        name: None
        for name, there in zip(
            ("Y", "dYdX" if samples.directions is None else "dYdV", "d2YdX2"), given, strict=True
        )
        if not there
    }
    if "dYdV" in absent:
        absent["directions"] = None
    without_penalty = recipe.weights._replace(l2=0.0)  # which is added once to what comes from here
    return Posed(len(samples), in_core(recipe.model, samples.replace(**absent), without_penalty), given)
