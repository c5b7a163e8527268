"""The workers that hold the parts of a fit: who has which, and what happens when one is lost."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import CancelledError
from typing import Any
from uuid import uuid4

import distributed
from distributed.client import FutureCancelledError
from numpy.typing import NDArray

from ..fitting.parts import Nodes, Recipe, Sum, folded
from . import held

#: Seconds without an answer after which the scheduler is asked whether the worker is still there.
PATIENCE = 1.0
#: Seconds to wait for a worker where there is none any more: one that restarts takes a few.
LONGEST_WAIT = 120.0

Task = Callable[..., Any]


class _Lost(Exception):  # noqa: N818  an event, not an error
    """A worker is gone, or what it held."""


class Workers:
    """Has the parts held by workers, each by one, and asks those."""

    def __init__(self, client: distributed.Client, parts: Sequence[Any], lengths: Sequence[int]) -> None:
        self._client, self._parts, self._lengths = client, parts, lengths
        self._token = f"jetmlp-{uuid4().hex}"
        self._recipe: Recipe | None = None  # by which parts are in the core
        self._wanted: Recipe | None = None  # by which they are to be evaluated
        self._places: list[str] = [""] * len(parts)  # addresses
        self._held: dict[int, distributed.Future] = {}
        self._threads: dict[str, int] = {}

    def call(self, function: Task, *arguments: object) -> list[Any]:
        """Call a function with the samples of each part; return what it gives in the parts' order."""
        if self._recipe is not None:  # the samples are in the core by now
            self._recipe = None
            self._held.clear()
        results: dict[int, Any] = {}
        for numbers, of_worker in self._ask(held.call, function, *arguments):
            results.update(zip(numbers, of_worker, strict=True))
        return [results[number] for number in range(len(self._parts))]

    def pose(self, recipe: Recipe) -> None:
        """Have every part handed to the core, now and whenever it is loaded again."""
        for _ in self._ask(held.pose, recipe):
            pass
        self._recipe = self._wanted = recipe

    def evaluate(self, parameters: NDArray[Any], *, with_gradient: bool) -> Sum:
        """Add up what all parts add to loss and gradient."""
        if self._recipe is None and self._wanted is not None:  # somebody has looked at the samples again
            self.pose(self._wanted)
        nodes: Nodes = {}
        n_parts = len(self._parts)
        for _, of_worker in self._ask(held.evaluate, n_parts, parameters, with_gradient, threads=True):
            nodes.update(of_worker)
        [total] = folded(nodes, n_parts).values()
        result: Sum = total
        return result

    def _ask(self, task: Task, *arguments: object, threads: bool = False) -> Iterable[tuple[list[int], Any]]:
        """Run a task where the parts are, with those of each worker; what was lost is asked for again."""
        missing = list(range(len(self._parts)))
        while missing:
            self._load(missing)
            asked = {}
            for place, numbers in self._by_place(missing).items():
                more = (self._threads[place],) if threads else ()
                asked[place] = numbers, self._submit(place, task, self._token, numbers, *arguments, *more)
            missing = []
            for place, (numbers, future) in asked.items():
                try:
                    yield numbers, self._result(place, future)
                except _Lost:
                    missing += numbers
            missing.sort()

    def _load(self, numbers: list[int]) -> None:
        """Have parts loaded that nobody holds, the others of a worker that is left staying where they are."""
        while True:
            wanted = [number for number in numbers if number not in self._held]
            if not wanted:
                return
            self._place(wanted)
            loading = {}
            for number in wanted:
                samples = self._client.compute(self._parts[number])
                loading[number] = self._submit(
                    self._places[number], held.hold, self._token, number, self._recipe, samples
                )
            for number, future in loading.items():
                try:
                    self._finished(self._places[number], future)
                    self._held[number] = future
                except _Lost:
                    pass

    def _place(self, wanted: list[int]) -> None:
        """Say who is to hold parts: neighbours together, and about as many samples each."""
        self._threads = self._alive()
        places = sorted(self._threads)
        rows = dict.fromkeys(places, 0)
        for number in self._held:
            rows[self._places[number]] = rows.get(self._places[number], 0) + self._lengths[number]
        total = sum(self._lengths[number] for number in wanted) + sum(rows[place] for place in places)
        share, at = total / len(places), 0
        for number in wanted:
            while at + 1 < len(places) and rows[places[at]] + self._lengths[number] / 2 > share:
                at += 1
            self._places[number] = places[at]
            rows[places[at]] += self._lengths[number]

    def _alive(self) -> dict[str, int]:
        """Return the workers and their threads, waiting for one where there is none."""
        end = time.monotonic() + LONGEST_WAIT
        while True:
            threads: dict[str, int] = self._client.nthreads()
            if threads:
                return threads
            if time.monotonic() > end:
                raise RuntimeError(f"client: expected workers, got none for {LONGEST_WAIT:.0f} seconds")
            time.sleep(0.2)

    def _by_place(self, numbers: list[int]) -> dict[str, list[int]]:
        by_place = defaultdict(list)
        for number in numbers:
            by_place[self._places[number]].append(number)
        return by_place

    def _submit(self, place: str, task: Task, *arguments: object) -> distributed.Future:
        return self._client.submit(
            task, *arguments, workers=[place], allow_other_workers=False, pure=False, priority=10
        )

    def _finished(self, place: str, future: distributed.Future) -> None:
        """Wait until a task is done; `_Lost` if its worker is gone."""
        while True:
            try:
                distributed.wait(future, timeout=PATIENCE)
                break
            except (TimeoutError, distributed.TimeoutError):
                self._expect_alive(place, future)
        if future.status == "error":
            self._raise(place, future)
        if future.status != "finished":
            self._forget(place)
            raise _Lost

    def _result(self, place: str, future: distributed.Future) -> Any:  # noqa: ANN401
        while True:
            try:
                return future.result(timeout=PATIENCE)
            except (TimeoutError, distributed.TimeoutError):
                self._expect_alive(place, future)
            except (CancelledError, FutureCancelledError):
                self._forget(place)
                raise _Lost from None
            except held.NotHeld as answer:
                for number in answer.args[0]:
                    self._held.pop(number, None)
                raise _Lost from None
            except distributed.KilledWorker:
                self._forget(place)
                raise _Lost from None

    def _raise(self, place: str, future: distributed.Future) -> None:
        error = future.exception()
        if isinstance(error, distributed.KilledWorker) and place not in self._client.nthreads():
            self._forget(place)
            raise _Lost
        raise error

    def _expect_alive(self, place: str, future: distributed.Future) -> None:
        """Say `_Lost` if a worker that does not answer is gone."""
        if place in self._client.nthreads():
            return
        future.cancel()
        self._forget(place)
        raise _Lost

    def _forget(self, place: str) -> None:
        """Let go of what a worker held that is gone."""
        for number in [number for number in self._held if self._places[number] == place]:
            del self._held[number]
