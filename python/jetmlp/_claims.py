"""Who works on an object: one at a time, and nobody for ever."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple
from weakref import WeakSet


class _Holder(NamedTuple):
    thread: int


class Claim:
    """One may hold it at a time; whoever comes second is refused.

    Attributes
    ----------
    torn : bool
        Whether another thread held it when this process was forked from its parent: what that thread was
        changing may be half done here, where it does not go on.
    """

    def __init__(self) -> None:
        # One entry at most. `setdefault` is a single step for threads and signal handlers: neither a lock nor
        # two of its users can be left behind by Ctrl-C in between.
        self._held: dict[str, _Holder] = {}
        self.torn = False
        _known.add(self)

    @property
    def held(self) -> bool:
        """Whether somebody holds it."""
        return bool(self._held)

    @contextmanager
    def hold(self, refusal: str) -> Iterator[None]:
        """Hold it for a while; raise a ``RuntimeError`` with this message if somebody does."""
        holder = _Holder(threading.get_ident())
        try:
            if self._held.setdefault("by", holder) is not holder:
                raise RuntimeError(refusal)
            yield
        finally:
            if self._held.get("by") is holder:
                self._held.clear()

    def __reduce__(self) -> tuple[type[Claim], tuple[()]]:
        return type(self), ()  # nobody has a claim on the copy of what has this one

    def forget_other_threads(self) -> None:
        """In the child of a fork: threads that held it are not here."""
        if any(holder.thread != threading.get_ident() for holder in self._held.values()):
            self._held.clear()
            self.torn = True


class Turn:
    """One may have it at a time; other threads wait for their turn.

    Attributes
    ----------
    torn : bool
        As for `Claim`.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._taken = False
        self.torn = False
        _known.add(self)

    @contextmanager
    def take(self, refusal: str) -> Iterator[None]:
        """Have it for a while; raise a ``RuntimeError`` with this message if this thread has it already.

        A signal handler runs in the midst of what the main thread does: it would wait for itself.
        """
        with self._lock:
            if self._taken:
                raise RuntimeError(refusal)
            try:
                self._taken = True
                yield
            finally:
                self._taken = False

    def forget_other_threads(self) -> None:
        """In the child of a fork: a thread that had it is not here."""
        if self._lock.acquire(blocking=False):  # free, or this thread's own
            self._lock.release()
        else:
            self._lock = threading.RLock()
            self.torn = self._taken
            self._taken = False


def already_fitted(owner: object) -> str:
    """Say that a model which fits itself does so already."""
    name = type(owner).__name__
    return f"this jetmlp.{name} is already being fitted; wait for that fit to end, or make another"


_known: WeakSet[Claim | Turn] = WeakSet()
_abandoned: list[object] = []


def abandon(torn: object) -> None:
    """Keep what a fork has torn from ever being used or taken apart."""
    _abandoned.append(torn)


def _forget_other_threads() -> None:
    for one in list(_known):
        one.forget_other_threads()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_forget_other_threads)
