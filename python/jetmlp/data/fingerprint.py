"""What tells samples from any others without keeping them: a hash of every byte."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .samples import Samples

#: So many bytes are hashed between two looks at Ctrl-C: some milliseconds.
_BLOCK = 2**22


def fingerprint(arrays: Mapping[str, NDArray[Any] | None]) -> str:
    """Return the SHA-256 of arrays, such as ``samples.arrays()``, with their names, types and shapes."""
    sha = hashlib.sha256()
    for name, array in arrays.items():
        if array is None:
            continue
        little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
        sha.update(f"{name} {little.dtype.str} {little.shape};".encode())
        content = little.reshape(-1).view(np.uint8).data
        for at in range(0, len(content), _BLOCK):
            sha.update(content[at : at + _BLOCK])
    return sha.hexdigest()


def kind_of(samples: Samples) -> list[tuple[str, str, tuple[int, ...]]]:
    """Return name, type and shape of a sample of each array, which parts of the same samples share."""
    arrays = samples.arrays().items()
    return [(name, array.dtype.name, array.shape[1:]) for name, array in arrays if array is not None]
