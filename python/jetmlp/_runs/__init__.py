"""Runs kept on disk: each once it is done, by what determines it, so that what was begun can be gone on with.

A run is whatever takes long and is determined by its settings: a fit of a report, a row of a sweep.
"""

from .folder import RunFolder
from .lock import FolderInUseError, alone_in
from .record import Record, digest_of, key_of

__all__ = ["FolderInUseError", "Record", "RunFolder", "alone_in", "digest_of", "key_of"]
