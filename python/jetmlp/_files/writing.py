"""The one writer of files: a file is written beside its place and moved there once it is whole."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: As `tempfile.mkstemp` names the files of `replacing`.
_LEFTOVER = re.compile(r"\..*\.[a-z0-9_]{8}(\.[^.]*)?")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a path beside `path` to write to, and move it over `path` once the block ends well.

    Raises
    ------
    OSError
        If that is not possible; `path` is then as it was.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}.", suffix=path.suffix)
    except OSError as error:
        error.filename = str(path)  # what the caller asked for, not what stands in for it
        raise
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        # mkstemp makes files private; what is kept gets the permissions of any new file.
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def remove_leftovers(folder: Path) -> None:
    """Remove what processes that were killed while they wrote to a folder have left in it.

    Only for whoever is alone in the folder: others may be writing what is removed.
    """
    for file in folder.glob(".*"):
        if _LEFTOVER.fullmatch(file.name):
            file.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file that is whole or not there at all."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)
