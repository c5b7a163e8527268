"""One process at a time in a folder."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

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
    path = folder / LOCK_FILE
    descriptor = _locked(path)
    try:
        yield
    finally:
        # While it is held: who opened this file before then has a lock that counts for nothing, and sees it.
        with suppress(OSError):  # Windows keeps a file that is open
            path.unlink()
        os.close(descriptor)


def _locked(path: Path) -> int:
    """Open and lock a file; return its descriptor."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _lock(descriptor)
            if _is_there(path, descriptor):
                return descriptor
        except OSError as error:
            os.close(descriptor)
            if error.errno in (errno.EAGAIN, errno.EACCES, errno.EDEADLK):
                text = "another run is writing to it"
                raise FolderInUseError(errno.EBUSY, text, str(path.parent)) from None
            raise
        os.close(descriptor)


def _lock(descriptor: int) -> None:
    """Lock an open file, or fail at once."""
    if sys.platform == "win32":
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _is_there(path: Path, descriptor: int) -> bool:
    """Say whether an open file is the one of this name, or was removed meanwhile."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
