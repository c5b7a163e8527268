"""How much samples count, as they are passed in."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _checks
from .._parts import anywhere, row_by_row

_FLOAT64 = np.dtype(np.float64)
Weights = NDArray[np.float64]


def as_weights(
    sample_weight: ArrayLike | None,
    derivative_sample_weight: ArrayLike | None,
    n: int,
    derivatives: NDArray[Any] | None,
    *,
    part: bool = False,
) -> tuple[Weights | None, Weights | None]:
    """Take weights of samples (n,) and of derivatives (n, m, t), which are the samples' if not given."""
    by_sample = by_derivative = None
    if sample_weight is not None:
        by_sample = by_derivative = _as_weights("sample_weight", sample_weight, ((n,),), part=part)
    if derivative_sample_weight is not None:
        name = "derivative_sample_weight"
        if derivatives is None:
            raise ValueError(f"{name}: expected derivatives that it weighs, got none")
        m, t = derivatives.shape[1:]
        shapes = tuple(dict.fromkeys([(n,), (n, t), (n, m, t)]))
        by_derivative = _as_weights(name, derivative_sample_weight, shapes, part=part)
    if derivatives is None or by_derivative is None:
        return by_sample, None
    if by_derivative.ndim < 3:
        by_derivative = by_derivative.reshape(n, 1, -1)
    return by_sample, row_by_row(np.ascontiguousarray, np.broadcast_to(by_derivative, derivatives.shape))


def _as_weights(name: str, value: ArrayLike, shapes: tuple[tuple[int, ...], ...], *, part: bool) -> Weights:
    """Take weights that are not negative, not all 0 unless they are those of a part."""
    array = _checks.as_real_array(name, value, _FLOAT64)
    if array.shape not in shapes:
        expected = " or ".join(map(str, shapes))
        cure = _checks.rearrangement(name, array.shape, shapes)
        raise ValueError(f"{name}: expected shape {expected}, got {array.shape}{cure and f'; {cure}'}")
    _checks.check_finite(name, array)
    if anywhere(lambda rows: np.asarray(rows < 0), array):
        index = tuple(int(i) for i in np.argwhere(array < 0)[0])
        raise ValueError(
            f"{name}: expected weights of at least 0, got {array[index]} at {list(index)}, "
            f"{int((array < 0).sum())} such of {array.size}"
        )
    if not part and not anywhere(lambda rows: np.asarray(rows != 0), array):
        raise ValueError(f"{name}: expected at least one weight above zero, got 0 throughout")
    return array
