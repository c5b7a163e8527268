"""The bar that a long fit shows."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any

# Formatting the losses costs more than a short epoch: often enough for the eye will do.
SECONDS_BETWEEN_TEXTS = 0.1


class ProgressBar:
    """One tqdm bar over the epochs, a widget in Jupyter; or nothing at all."""

    def __init__(self, epochs: int, *, shown: bool) -> None:
        self.shown = bool(shown)
        self._epochs = epochs
        self._bar: Any = None
        self._next_text = 0.0
        self._losses: dict[str, float] = {}

    def __enter__(self) -> ProgressBar:
        if self.shown:
            from tqdm.auto import tqdm

            self._bar = tqdm(total=self._epochs, unit="epoch")
        return self

    def advance(self, losses: dict[str, float]) -> None:
        """Count an epoch, and say its losses if the last text is old enough."""
        if self._bar is None:
            return
        self._losses = losses
        if time.monotonic() >= self._next_text:
            self._next_text = time.monotonic() + SECONDS_BETWEEN_TEXTS
            self._describe()
        self._bar.update()

    def _describe(self) -> None:
        shown = {name: f"{self._losses[name]:.2e}" for name in ("loss", "val_loss") if name in self._losses}
        self._bar.set_postfix(shown, refresh=False)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._describe()
            self._bar.close()
