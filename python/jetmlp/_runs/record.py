"""What is kept of a run, and the key by which it is found again."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Settings = Mapping[str, Any]

#: Entry of the archive with everything that is no array; no array may have this name.
_ABOUT = "about.json"


class Record(NamedTuple):
    """What is kept of a run: enough to have its result again without running it.

    Parameters
    ----------
    numbers : dict
        What JSON can hold.
    arrays : dict of str to ndarray
        By name; the file of a model is one of bytes.
    """

    numbers: dict[str, Any]
    arrays: dict[str, NDArray[Any]]


def key_of(settings: Settings) -> str:
    """Return the key of a run: the first half of the SHA-256 of its settings, as 32 hexadecimal digits.

    Settings that are equal give equal keys, in whatever order they stand.
    """
    return hashlib.sha256(_canonical(settings).encode()).hexdigest()[:32]


def digest_of(arrays: Mapping[str, NDArray[Any] | None]) -> str:
    """Return the SHA-256 of arrays: their names, kinds, shapes and every byte."""
    digest = hashlib.sha256()
    for name, array in arrays.items():
        if array is not None:
            digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
            digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def encode(settings: Settings, record: Record) -> bytes:
    """Turn a record and the settings of its run into the bytes of an NPZ file."""
    about = json.dumps({"settings": json.loads(_canonical(settings)), "numbers": record.numbers})
    buffer = io.BytesIO()
    arrays: dict[str, Any] = {_ABOUT: np.frombuffer(about.encode(), dtype=np.uint8), **record.arrays}
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def decode(content: bytes, settings: Settings) -> Record | None:
    """Read what `encode` wrote for the same settings; None if it is damaged, or is of others.

    The archive has a checksum of each of its entries.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        about = json.loads(arrays.pop(_ABOUT).tobytes())
        if about["settings"] != json.loads(_canonical(settings)):
            return None
        return Record(about["numbers"], arrays)
    except (EOFError, KeyError, NotImplementedError, OSError, TypeError, ValueError, zipfile.BadZipFile):
        return None


def _canonical(settings: Settings) -> str:
    # What JSON does not know is named by its text.
    return json.dumps(settings, sort_keys=True, separators=(",", ":"), default=repr)
