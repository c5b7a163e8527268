"""Samples behind others."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.samples import Samples


def joined(before: Samples, after: Samples) -> Samples:
    """Put samples behind others of the same kinds; where one of the two has no weights, these are 1."""
    arrays: dict[str, Any] = {}
    for name, old in before.arrays().items():
        new = after.arrays()[name]
        if old is None and new is None:
            arrays[name] = None
            continue
        if name.endswith("sample_weight"):
            old, new = _weights(name, before), _weights(name, after)
        elif old is None or new is None:
            given = "given" if old is not None else "not given"
            raise ValueError(f"{name}: expected the kinds of data of the fit, where it was {given}")
        elif old.shape[1:] != new.shape[1:]:
            raise ValueError(f"{name}: expected shape {(len(after), *old.shape[1:])}, got {new.shape}")
        arrays[name] = np.concatenate([old, new])
    return before.replace(**arrays)


def _weights(name: str, samples: Samples) -> NDArray[np.float64] | None:
    """Return weights in the shape that samples keep them in."""
    given: NDArray[np.float64] | None = getattr(samples, name)
    if given is not None:
        return given
    if name == "sample_weight":
        return np.ones(len(samples))
    return None if samples.derivatives is None else np.ones(samples.derivatives.shape)
