"""What a fit calls after every epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Callback = Callable[[int, dict[str, float]], Any]  # a user's: epoch and losses
Hook = Callable[[NDArray[np.float64], NDArray[Any]], bool]  # the core's: row of the history, parameters


def as_callbacks(callbacks: Iterable[Callback] | Callback) -> tuple[Callback, ...]:
    """Take one callable or several."""
    if callable(callbacks):
        return (callbacks,)
    if not isinstance(callbacks, Iterable):
        raise TypeError(f"callbacks: expected callables, got {callbacks!r}")
    callbacks = tuple(callbacks)
    for callback in callbacks:
        if not callable(callback):
            raise TypeError(f"callbacks: expected callables, got {callback!r}")
    return callbacks
