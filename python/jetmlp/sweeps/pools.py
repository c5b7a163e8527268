"""Where runs are run: processes of this machine, or whatever executor there is."""

from __future__ import annotations

import signal
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from typing import Any, NamedTuple

from .._checks import brief
from .work import Outcome, Stop, Work, hold, outcome_of, outcome_of_held

#: Libraries below NumPy that would have a thread for each processor in every process.
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM", "NUMEXPR")}


class Pool(NamedTuple):
    """What a sweep asks of an executor."""

    #: Hands the settings of a run over.
    start: Callable[[Any], Future[Outcome]]
    #: Calls off those that run, as far as that is possible.
    stop: Callable[[], None]


@contextmanager
def local_processes(work: Work, count: int) -> Iterator[Pool]:
    """Give a pool of so many processes of this machine, each of which has the work once.

    They are loky's, which start the same way on every system, do not run the script that calls once more, and
    take functions of notebooks. A pool is broken once one of its processes was killed.
    """
    from loky import ProcessPoolExecutor

    executor = ProcessPoolExecutor(count, initializer=_begin, initargs=(work,), env=ONE_THREAD)
    stop = Stop()

    def end_now() -> None:
        # Before the futures are cancelled: a run that nobody waits for has no reason to go on.
        executor.shutdown(wait=True, kill_workers=True)

    try:
        yield Pool(lambda settings: executor.submit(outcome_of_held, settings, stop), end_now)
    finally:
        executor.shutdown(wait=True)


def _begin(work: Work) -> None:
    """In a process of the pool: keep the work, and leave Ctrl-C to the process that called."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    hold(work)


@contextmanager
def given_executor(executor: Any, work: Work) -> Iterator[Pool]:  # noqa: ANN401  see `expect_executor`
    """Give a pool on the executor of whoever called, which is left open."""
    stop = Stop()
    sent: Any = work
    if not isinstance(executor, Executor):
        client, executor = executor, executor.get_executor(pure=False)
        # As a task, not scattered: what a lost worker held is then made again from what the scheduler keeps.
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Sending large graph", UserWarning)
            sent = client.submit(_itself, work, pure=False)
    yield Pool(lambda settings: executor.submit(outcome_of, sent, settings, stop), stop.flag.set)


def _itself(work: Work) -> Work:
    return work


def expect_executor(executor: Any) -> None:  # noqa: ANN401  what a user passes
    """Raise a ``TypeError`` for what runs nothing."""
    if (
        executor is None
        or isinstance(executor, Executor)
        or callable(getattr(executor, "get_executor", None))
    ):
        return
    raise TypeError(
        "executor: expected None for processes of this machine, an executor of concurrent.futures, or a "
        f"dask.distributed.Client, got {brief(executor)}"
    )
