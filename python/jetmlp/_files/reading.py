"""The one reader: a file is opened once, without waiting, and no more is read than it is said to hold."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .errors import place_of, refusal

#: Bytes read or hashed at a time: Ctrl-C is heard in between.
BLOCK = 2**24

_KINDS = (
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISCHR, "a character device"),
    (stat.S_ISBLK, "a block device"),
    (stat.S_ISSOCK, "a socket"),
)


class RegularFile:
    """A regular file, read from its beginning on."""

    def __init__(self, file: io.FileIO, path: Path) -> None:
        self._file = file
        self._place = place_of(path)
        self.size = os.fstat(file.fileno()).st_size

    def read(self, count: int) -> NDArray[np.uint8]:
        """Return the next bytes, no fewer."""
        content = np.empty(count, dtype=np.uint8)
        view = content.data
        at = 0
        while at < count:
            got = self._file.readinto(view[at : at + BLOCK])
            if not got:
                raise refusal(
                    self._place, f"size: expected {count - at} bytes more, got its end; it became shorter"
                )
            at += got
        return content

    def expect_end(self) -> None:
        """Raise unless all has been read."""
        if self._file.read(1):
            raise refusal(self._place, "size: expected its end, got more bytes; it became longer")


@contextmanager
def regular_file(path: Path) -> Iterator[RegularFile]:
    """Open a regular file to read it; an ``OSError`` has the user's path.

    Raises
    ------
    OSError
        If it cannot be read, a folder among others.
    ModelFileError
        If it is none: a FIFO, device or socket.
    """
    try:
        mode = os.stat(path).st_mode
    except ValueError as error:  # a NUL, or letters that are none to the system
        raise refusal(place_of(path), f"expected the name of a file, got {error}") from None
    try:
        _expect_regular(mode, path)  # some devices do something when they are opened
        with io.FileIO(os.fspath(path), "rb", opener=_open) as file:
            _expect_regular(os.fstat(file.fileno()).st_mode, path)  # another one may have taken its place
            yield RegularFile(file, path)
    except OSError as error:
        error.filename = str(path)
        raise


def _open(path: str, flags: int) -> int:
    # What a system does not have is 0: Windows has no O_NONBLOCK, the others no O_BINARY.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0))


def _expect_regular(mode: int, path: Path) -> None:
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):  # opening a folder is an OSError of its own
        return
    kind = next((name for is_kind, name in _KINDS if is_kind(mode)), "something else")
    raise refusal(place_of(path), f"kind: expected a regular file, got {kind}")
