"""The runs of a sweep that are not done yet, each of them once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Future
from typing import Any, NamedTuple

from .._jobs import run_all
from .pools import Pool, given_executor, local_processes
from .work import Outcome, Work

KILLED = "the process that ran it has ended: killed by the system, which a lack of memory can do, or crashed"


class Run(NamedTuple):
    """One run: its place in the grid, what the work takes, and what it is found by."""

    place: int
    settings: Any
    key_settings: dict[str, Any]


After = Callable[[Run, Outcome], None]


def run_on(executor: Any, work: Work, runs: list[Run], after: After) -> None:  # noqa: ANN401
    """Run on the executor of whoever called."""
    with given_executor(executor, work) as pool:
        run_all(
            runs,
            lambda run: pool.start(run.settings),
            lambda run, future: after(run, _outcome(future)),
            pool.stop,
        )


def run_here(n_processes: int, work: Work, runs: list[Run], after: After) -> None:
    """Run in processes of this machine.

    One that is killed takes the others of its pool with it. Then each of the runs that were under way, as
    many as there were processes, is run alone, whoever is to blame shows itself, and a new pool goes on.
    """
    left = deque(runs)
    while left:
        suspects = _until_broken(n_processes, work, left, after)
        for run in suspects:
            alone = deque([run])
            if _until_broken(1, work, alone, after):
                after(run, Outcome(None, KILLED))


def _until_broken(n_processes: int, work: Work, left: deque[Run], after: After) -> list[Run]:
    """Run until all is done or the pool breaks; return those that were under way then."""
    suspects: list[Run] = []
    broken = False

    def pending() -> Iterator[Run]:
        while left and not broken:
            yield left.popleft()

    def start(pool: Pool, run: Run) -> Future[Outcome]:
        nonlocal broken
        try:
            return pool.start(run.settings)
        except BrokenExecutor as error:  # before any of those under way has come back
            broken = True
            future: Future[Outcome] = Future()
            future.set_exception(error)
            return future

    def take(run: Run, future: Future[Outcome]) -> None:
        nonlocal broken
        if not future.cancelled() and isinstance(future.exception(), BrokenExecutor):
            broken = True
            suspects.append(run)
        else:
            after(run, _outcome(future))

    # No more at a time than there are processes: who was under way is then known.
    with local_processes(work, min(n_processes, len(left))) as pool:
        run_all(pending(), lambda run: start(pool, run), take, pool.stop, at_once=n_processes)
    return suspects


def _outcome(future: Future[Outcome]) -> Outcome:
    """Return what came of a run; an executor that lost it says why."""
    if future.cancelled():
        return Outcome(None, "the executor has cancelled it")
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, KeyboardInterrupt):
        raise error
    return Outcome(None, f"{type(error).__name__}: {error}")
