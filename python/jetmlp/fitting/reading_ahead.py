"""Reading in a thread what will be asked for next."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import wait as wait_for
from typing import Generic, TypeVar

from .._threads import Threads

T = TypeVar("T")
#: So many items are read before they are asked for.
AHEAD = 2
#: Seconds between two looks at Ctrl-C while waiting, for systems where a wait is not interrupted.
_LOOK = 0.1


class ReadAhead(Generic[T]):
    """An iterator whose items a thread of its own reads, a few ahead.

    What runs of the generator, from its making to its end, runs in that thread. What it raises comes out of
    ``next``.

    Parameters
    ----------
    start : callable
        Makes the generator.
    ahead : int
        How many items may wait to be asked for.
    """

    def __init__(self, start: Callable[[], Generator[T, None, None]], ahead: int = AHEAD) -> None:
        self._start = start
        self._generator: Generator[T, None, None] | None = None
        self._over = False
        self._threads = Threads(1)
        self._coming = deque(self._threads.submit(self._read) for _ in range(ahead))

    def __iter__(self) -> ReadAhead[T]:
        return self

    def __next__(self) -> T:
        future = self._coming[0]
        while not future.done():
            wait_for([future], timeout=_LOOK)
        self._coming.popleft()
        item = future.result()
        if not item:
            self._coming.append(future)  # the end stays the end
            raise StopIteration
        self._coming.append(self._threads.submit(self._read))
        return item[0]

    def close(self, *, wait: bool = True) -> None:
        """Read no more and close the generator; without `wait`, the thread does so when it gets there."""
        for future in self._coming:
            future.cancel()
        self._over = True
        closed = self._threads.submit(self._close)
        self._threads.shutdown(wait=wait)
        if wait:
            closed.result()

    def _read(self) -> tuple[()] | tuple[T]:
        """Read one item; none at the end."""
        if self._over:
            return ()
        try:
            if self._generator is None:
                self._generator = self._start()
            return (next(self._generator),)
        except StopIteration:
            self._over = True
            return ()
        except BaseException:
            self._over = True
            raise

    def _close(self) -> None:
        if self._generator is not None:
            self._generator.close()
