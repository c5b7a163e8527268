"""What all fits of experiments have in common: how one is trained, timed and called off."""

from __future__ import annotations

import time
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from .._core import StopFlag
from ..data.samples import Samples
from ..fitting.callbacks import Callback
from ..fitting.history import History
from ..fitting.trainer import Trainer
from ..fitting.until import fit_until


class Timed(NamedTuple):
    """What a training went through, and how long it took."""

    history: History
    #: On the wall's clock [s]: contains what the fit had to wait for others.
    time_s: float
    #: What the thread of the fit worked [s]: with one thread, what the fit takes on an idle machine.
    cpu_time_s: float


def timed_fit(
    trainer: Trainer,
    train: Samples,
    validation: Samples | None = None,
    *,
    epochs: int,
    callbacks: Iterable[Callback] | Callback = (),
    stop: StopFlag | None = None,
) -> Timed:
    """Fit for all epochs and take the time; `stop` ends it with a `concurrent.futures.CancelledError`."""
    started, worked = time.perf_counter(), time.thread_time()
    history = fit_until(trainer, stop, train, validation_data=validation, epochs=epochs, callbacks=callbacks)
    return Timed(history, time.perf_counter() - started, time.thread_time() - worked)


def n_products(layer_sizes: tuple[int, ...]) -> int:
    """Count the products of one pass through a network, the measure of its size."""
    return sum(n_in * n_out for n_in, n_out in pairwise(layer_sizes))
