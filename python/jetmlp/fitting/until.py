"""A fit that another thread can call off."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import CancelledError

from .. import _checks
from .._core import StopFlag
from ..data.samples import Samples
from .callbacks import Callback, as_callbacks
from .history import History
from .plan import Ending
from .trainer import Trainer


def fit_until(
    trainer: Trainer,
    stop: StopFlag | None,
    samples: Samples,
    *,
    epochs: int,
    validation_data: Samples | None = None,
    callbacks: Iterable[Callback] | Callback = (),
) -> History:
    """Fit as `Trainer.fit` does; raise a `concurrent.futures.CancelledError` once `stop` is set.

    The core looks at the flag itself, from time to time and without Python's lock; what ends before it looks
    is finished. A callback that looks would need the lock after every epoch, and wait for it while another
    thread draws a figure.
    """
    epochs = _checks.as_integer("epochs", epochs, 0, 2**31)
    listeners = as_callbacks(callbacks)
    with trainer._claimed():
        history = trainer._fit(samples, Ending(validation_data), epochs, listeners, stop)
    if history.stopped_because == "interrupted":
        raise CancelledError
    return history
