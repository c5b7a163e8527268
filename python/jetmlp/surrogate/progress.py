"""The line that a long search shows."""

from __future__ import annotations

import sys
import threading
from types import TracebackType
from typing import Any


class SearchProgress:
    """One tqdm line: networks begun, and the best evidence so far; or nothing at all.

    It only shows: where there is nothing to write to, or writing fails, it is gone and the search goes on.
    """

    def __init__(self, *, shown: bool) -> None:
        self._shown = bool(shown) and sys.stderr is not None
        self._bar: Any = None
        self._lock = threading.Lock()

    def __enter__(self) -> SearchProgress:
        if self._shown:
            try:
                from tqdm.auto import tqdm

                self._bar = tqdm(unit=" fits", desc="Surrogate")
            except Exception:  # no stream, no terminal, a widget that is not installed
                self._bar = None
        return self

    def show(self, n_networks: int, log_evidence: float) -> None:
        """Count a piece of work."""
        if self._bar is None:
            return
        with self._lock:
            try:
                text = {"networks": n_networks, "log evidence": f"{log_evidence:.1f}"}
                self._bar.set_postfix(text, refresh=False)
                self._bar.update()
            except Exception:
                self._bar = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is None:
            return
        try:
            self._bar.close()
        except Exception:
            self._bar = None
