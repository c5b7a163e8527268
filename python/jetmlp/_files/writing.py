"""The one writer of files: a file is written beside its place and moved there once it is whole.

What stands at a path is the old file or the new one at any moment: when a call fails, when Ctrl-C or the end
of the process breaks the writing off, and when the power fails. Nothing else is left behind, unless the
process was killed or the system refuses to remove it: then a file ``.jetmlp-…`` is.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from .. import _core

FilePath = str | bytes | os.PathLike[str] | os.PathLike[bytes]

#: As many links in a row as Linux follows.
MOST_LINKS = 40
_KINDS: tuple[tuple[Callable[[int], bool], str], ...] = (
    (stat.S_ISFIFO, "a pipe (FIFO)"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
#: Of files that are not whole yet.
_TEMPORARY = ".jetmlp-"
_LEFTOVER = re.compile(re.escape(_TEMPORARY) + "[0-9a-f]{16}")


class _Place(NamedTuple):
    folder: str
    name: str
    #: Mode, owner and group of the file that is there, if there is one.
    kept: tuple[int, int, int] | None


def write_bytes(path: FilePath, content: bytes | memoryview) -> None:
    """Write a file that is whole or not there at all.

    A file that is there is replaced: the new one has its mode and, as far as this process may, its owner, not
    its access control list or extended attributes, and other hard links keep the old content. A symbolic link
    stays, and what it names is replaced or made.

    Raises
    ------
    OSError
        If that is not possible, with `path` for its file name: there is no such folder, it cannot be
        written to, the disk is full, or what is there is not writable or not a regular file. What is there
        then stays.
    TypeError, ValueError
        If `path` is no path, or empty.
    """
    place = _place(path)
    _expect_done(path, _core.replace_file(place.folder, place.name, _temporary_name(), content, place.kept))


def try_writing(path: FilePath) -> None:
    """Raise what `write_bytes` would raise now, as far as that can be known; nothing changes."""
    place = _place(path)
    _expect_done(path, _core.try_folder(place.folder, _temporary_name()))


def try_folder(path: FilePath) -> None:
    """Raise an OSError if a folder takes no new files: permissions alone do not say whether it does."""
    _expect_done(path, _core.try_folder(path_text(path), _temporary_name()))


def path_text(path: FilePath) -> str:
    """Return a path as text.

    Raises
    ------
    TypeError
        If it is none.
    ValueError
        If it is empty or has a NUL in it.
    """
    try:
        text = os.fsdecode(path)
    except TypeError:
        raise TypeError(f"path: expected a path, as text or pathlib.Path, got {path!r:.100}") from None
    if not text or "\0" in text:
        raise ValueError(f"path: expected the name of a file, got {path!r:.100}")
    return text


def _place(path: FilePath) -> _Place:
    """Find where a file has to go, and look at what is there; every OSError names the path that was given."""
    text = path_text(path)
    try:
        kept = _replaceable(text)
        target = _behind_links(text)
    except OSError as error:
        error.filename = os.fspath(path)
        raise
    return _Place(os.path.dirname(target) or os.curdir, os.path.basename(target), kept)


def _replaceable(path: str) -> tuple[int, int, int] | None:
    """Return mode, owner and group of the file that is there, None if there is none."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(found.st_mode):
        raise OSError(errno.EISDIR, os.strerror(errno.EISDIR))
    for is_kind, name in _KINDS:
        if is_kind(found.st_mode):
            raise OSError(errno.EINVAL, f"expected a regular file, or none, got {name}")
    # Replacing asks only whether the folder may be changed, but who protects a file means its content.
    if not os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))
    return found.st_mode & 0o777, found.st_uid, found.st_gid


def _behind_links(path: str) -> str:
    """Return the name of the file that a path leads to, there or not; its folder is the system's to find."""
    for _ in range(MOST_LINKS):
        try:
            is_link = stat.S_ISLNK(os.lstat(path).st_mode)
        except FileNotFoundError:
            is_link = False
        if not is_link:
            return path
        path = os.path.join(os.path.dirname(path), os.readlink(path))
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))


def _temporary_name() -> str:
    """Return a name that nothing else has, and that is short: that of the file may be as long as any."""
    return f"{_TEMPORARY}{secrets.token_hex(8)}"


def _expect_done(path: FilePath, error: int) -> None:
    if error:
        raise OSError(error, os.strerror(error), os.fspath(path))


def remove_leftovers(folder: Path) -> None:
    """Remove what processes that were killed while they wrote to a folder have left in it.

    Only for whoever is alone in the folder: others may be writing what is removed.
    """
    for file in folder.glob(".*"):
        if _LEFTOVER.fullmatch(file.name):
            file.unlink(missing_ok=True)
