"""Threads of a pool end with it, told or not."""

from __future__ import annotations

import threading

import pytest

from jetmlp._threads import Threads


def _threads_of(count: int) -> tuple[Threads, list[threading.Thread]]:
    before = set(threading.enumerate())
    pool, together = Threads(count), threading.Barrier(count + 1)
    futures = [pool.submit(together.wait) for _ in range(count)]
    together.wait()
    assert sorted(future.result() for future in futures) != []
    return pool, [thread for thread in threading.enumerate() if thread not in before]


@pytest.mark.parametrize("count", [1, 5])
@pytest.mark.parametrize("told", [True, False])
def test_no_thread_outlives_its_pool(count: int, told: bool) -> None:
    """Ctrl-C may come before the pool can tell them; the end of the interpreter would wait for them."""
    pool, threads = _threads_of(count)
    assert len(threads) == count
    if told:
        pool.shutdown()
    del pool
    for thread in threads:
        thread.join(timeout=30)
    assert not any(thread.is_alive() for thread in threads)


def test_what_waits_is_cancelled_and_what_runs_is_not() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def work() -> bool:
        begun.set()
        return go_on.wait(30)

    pool = Threads(1)
    futures = [pool.submit(work) for _ in range(3)]
    begun.wait(30)
    pool.shutdown(wait=False, cancel_futures=True)
    go_on.set()
    assert futures[0].result(timeout=30)
    assert [future.cancelled() for future in futures] == [False, True, True]
