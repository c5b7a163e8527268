"""Work in threads that do not outlive the interpreter."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Executor, Future
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")

#: Seconds between two looks of an idle thread at whether there is still somebody to work for.
LOOK = 0.2


class _Work:
    """A call, and the place of its result."""

    def __init__(self, future: Future[Any], call: Callable[[], Any]) -> None:
        self.future, self.call = future, call

    def run(self) -> None:
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            result = self.call()
        except BaseException as error:
            self.future.set_exception(error)
        else:
            self.future.set_result(result)


class Threads(Executor):
    """At most so many threads, daemons if the one that makes them is one.

    The end of the interpreter waits for each thread of a ``ThreadPoolExecutor``, whoever started it, before
    anything can tell it to stop; for these it waits as for the thread that they work for. Where the system
    gives no more threads, those that there are do the work, and without any the caller.

    Parameters
    ----------
    count : int
        Threads, at least 1.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._threads: list[threading.Thread] = []
        self._waiting: SimpleQueue[_Work | None] = SimpleQueue()

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:  # noqa: ANN401
        """Have a function called with these arguments; the future has its result."""
        future: Future[T] = Future()
        work = _Work(future, lambda: fn(*args, **kwargs))
        if len(self._threads) < self._count:
            self._start_another()
        if self._threads:
            self._waiting.put(work)
        else:
            work.run()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the threads end once all is done, or what has not begun is cancelled."""
        try:
            while cancel_futures:
                work = self._waiting.get_nowait()
                if work is not None:
                    work.future.cancel()
        except Empty:
            pass
        self._waiting.put(None)
        if wait:
            for thread in self._threads:
                thread.join()

    def _start_another(self) -> None:
        thread = threading.Thread(
            target=_serve,
            args=(weakref.ref(self), self._waiting),
            name=f"jetmlp {len(self._threads)}",
        )
        try:
            thread.start()
        except RuntimeError:
            self._count = len(self._threads)
        else:
            self._threads.append(thread)


def _serve(pool: weakref.ref[Threads], waiting: SimpleQueue[_Work | None]) -> None:
    """Do what waits, until the pool has no more, or is gone: Ctrl-C may come before it can say so."""
    while True:
        try:
            work = waiting.get(timeout=LOOK)
        except Empty:
            if pool() is None:
                return
            continue
        if work is None:
            waiting.put(None)  # for the next thread
            return
        work.run()
        del work  # with its call and result, before the next comes
