"""The bar that a long fit shows."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Any

# Formatting the losses costs more than a short epoch: often enough for the eye will do.
SECONDS_BETWEEN_TEXTS = 0.1
#: What is shown of the numbers that there are.
_SHOWN = ("loss", "val_loss", "best")


class ProgressBar:
    """One tqdm bar over the epochs of a fit, or what else is counted; a widget in Jupyter; or nothing at all.

    It only shows: where there is nothing to write to, or writing fails, it is gone and the fit goes on.
    """

    def __init__(
        self, epochs: int, optimizer: str = "", *, shown: bool, done: int = 0, unit: str = "epoch"
    ) -> None:
        self.shown = bool(shown) and sys.stderr is not None
        self._epochs, self._done = epochs, done
        self._optimizer, self._unit = optimizer, unit
        self._bar: Any = None
        self._next_text = 0.0
        self._losses: dict[str, float] = {}

    def __enter__(self) -> ProgressBar:
        if self.shown:
            try:
                from tqdm.auto import tqdm

                self._bar = tqdm(
                    total=self._epochs,
                    initial=self._done,
                    unit=self._unit,
                    desc=self._optimizer or None,
                )
            except Exception:  # no stream, no terminal, a widget that is not installed
                self._vanish()
        return self

    def advance(self, losses: dict[str, float]) -> None:
        """Count an epoch, and say its losses if the last text is old enough."""
        if self._bar is None:
            return
        self._losses = losses
        try:
            if time.monotonic() >= self._next_text:
                self._next_text = time.monotonic() + SECONDS_BETWEEN_TEXTS
                self._describe()
            self._bar.update()
        except Exception:
            self._vanish()

    def _describe(self) -> None:
        shown = {name: f"{self._losses[name]:.2e}" for name in _SHOWN if name in self._losses}
        self._bar.set_postfix(shown, refresh=False)

    def _vanish(self) -> None:
        self._bar, self.shown = None, False

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is None:
            return
        try:
            self._describe()
            self._bar.refresh()  # with the last losses: those shown may be of the first epoch
            self._bar.close()
        except Exception:
            self._vanish()
