"""One process at a time in a folder."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCK_FILE = ".lock"


class FolderInUseError(OSError):
    """Another process, or another thread of this one, is writing to a folder."""


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder, which is there, within a ``with`` block.

    The system keeps the lock and drops it with the process that holds it, however that ends: none is stale.

    Raises
    ------
    FolderInUseError
        If somebody else holds it.
    OSError
        If the folder cannot be written to.
    """
    from filelock import FileLock, Timeout  # an optional dependency

    lock = FileLock(folder / LOCK_FILE, blocking=False)
    try:
        lock.acquire()
    except Timeout:
        raise FolderInUseError(errno.EBUSY, "another run is writing to it", str(folder)) from None
    try:
        yield
    finally:
        # While it is held: whoever waits for a file that is gone by then looks for a new one.
        (folder / LOCK_FILE).unlink(missing_ok=True)
        lock.release()
