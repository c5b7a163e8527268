"""Many jobs at once: the one engine of `fit_many`, of reports and of sweeps, over whatever runs calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future
from itertools import islice
from queue import SimpleQueue
from typing import Any, TypeVar

Job = TypeVar("Job")


def run_all(
    jobs: Iterable[Job],
    start: Callable[[Job], Future[Any]],
    after: Callable[[Job, Future[Any]], None],
    stop: Callable[[], None],
    *,
    at_once: int | None = None,
) -> None:
    """Start every job and look at each as soon as it is over, in the thread that calls.

    What waits is cancelled one by one where something goes wrong, Ctrl-C too: that is what every executor
    of `concurrent.futures` can do, while some cannot cancel at their ``shutdown``. Those that run are told to
    stop; whoever has the executor waits for them or not.

    Parameters
    ----------
    jobs : iterable
        In the order in which they begin.
    start : callable
        Hands a job to an executor; returns its future.
    after : callable
        Called with each job and its future, which is done, in the order in which they end. What it raises
        ends all.
    stop : callable
        Called where something goes wrong, before what waits is cancelled.
    at_once : int, optional
        Jobs handed over and not over yet; default all.
    """
    ended: SimpleQueue[Future[Any]] = SimpleQueue()
    running: dict[Future[Any], Job] = {}
    waiting = iter(jobs)

    def fill() -> None:
        for job in islice(waiting, None if at_once is None else at_once - len(running)):
            future = start(job)
            running[future] = job
            future.add_done_callback(ended.put)

    try:
        fill()
        while running:
            future = ended.get()
            after(running.pop(future), future)
            del future  # with its result, before the next comes
            fill()
    except BaseException:
        stop()
        for future in running:
            future.cancel()
        raise
