"""Checks of what users pass in: every error names the argument, what came and what was expected."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

MOST_THREADS = 256


def as_real_array(name: str, value: ArrayLike, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Convert to a contiguous float array, or raise a ``TypeError`` that names the argument."""
    try:
        array = np.asarray(value)
    except ValueError as error:  # a ragged nested list
        raise ValueError(
            f"{name}: expected a rectangular array, got nested lists of unequal length"
        ) from error
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name}: expected real numbers, got an array of {array.dtype} ({_sample(array)})")
    with np.errstate(over="ignore"):  # checked_samples reports it by the argument's name
        return np.ascontiguousarray(array, dtype=dtype)


def _sample(array: NDArray[Any]) -> str:
    text = repr(array.flat[0]) if array.size else "empty"
    return text if len(text) <= 40 else text[:37] + "..."


def _shape_error(name: str, array: NDArray[Any], expected: str) -> ValueError:
    return ValueError(f"{name}: expected shape {expected}, got {array.shape}")


def as_inputs(name: str, X: ArrayLike, d: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Take inputs as (n, d); a 1-D array is taken for a single input."""
    array = as_real_array(name, X, dtype)
    if array.ndim == 1 and d == 1:
        array = array[:, np.newaxis]
    if array.ndim != 2 or array.shape[1] != d:
        raise _shape_error(name, array, "(n,) or (n, 1)" if d == 1 else f"(n, {d})")
    return np.ascontiguousarray(array)


def as_values(name: str, Y: ArrayLike, n: int, m: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Take values as (n, m); a 1-D array is taken for a single output."""
    array = as_real_array(name, Y, dtype)
    if array.shape == (n, m) or (m == 1 and array.shape == (n,)):
        return array.reshape(n, m)
    raise _shape_error(name, array, f"({n},) or ({n}, 1)" if m == 1 else f"({n}, {m})")


def as_derivatives(name: str, dYdX: ArrayLike, n: int, m: int, d: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Take derivatives as (n, m, d); (n, d) means a single output, (n,) a single input too."""
    array = as_real_array(name, dYdX, dtype)
    accepted: list[tuple[int, ...]] = [(n, m, d)]
    if m == 1:
        accepted.insert(0, (n, d))
        if d == 1:
            accepted.insert(0, (n,))
    if array.shape not in accepted:
        raise _shape_error(name, array, " or ".join(map(str, accepted)))
    return array.reshape(n, m, d)


def check_finite(name: str, array: NDArray[Any], *, missing_allowed: bool = False) -> None:
    """Raise a ``ValueError`` at the first NaN (unless it means *missing*) or infinity."""
    bad = np.isinf(array) if missing_allowed else ~np.isfinite(array)
    if not bad.any():
        return
    index = tuple(int(i) for i in np.argwhere(bad)[0])
    expected = "finite numbers or NaN for what is missing" if missing_allowed else "finite numbers"
    note = f" (as {array.dtype}; use dtype='float64' for larger numbers)" if array.dtype == np.float32 else ""
    raise ValueError(
        f"{name}: expected {expected}, got {array[index]} at {list(index)}, "
        f"{int(bad.sum())} such of {array.size}{note}"
    )


def as_integer(name: str, value: object, low: int, high: int) -> int:
    """Take an integer between two bounds, both included."""
    if isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name}: expected an integer, got {value!r}")
    try:
        integer = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(f"{name}: expected an integer, got {value!r}") from None
    if not low <= integer <= high:
        bounds = f"of at least {low}" if integer < low else f"of at most {high}"
        raise ValueError(f"{name}: expected an integer {bounds}, got {integer}")
    return integer


def as_seed(value: object) -> int:
    """Take a seed: any integer of 64 bits without sign."""
    return as_integer("seed", value, 0, 2**64 - 1)


def as_threads(value: object) -> int:
    """Take a number of threads."""
    return as_integer("n_threads", value, 1, MOST_THREADS)


def as_number(
    name: str,
    value: object,
    *,
    above: float | None = None,
    least: float | None = None,
    below: float = math.inf,
) -> float:
    """Take a finite real number within bounds: more than `above` or at least `least`, less than `below`."""
    if isinstance(value, (bool, np.bool_, str, bytes, complex)):
        raise TypeError(f"{name}: expected a real number, got {value!r}")
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise TypeError(f"{name}: expected a real number, got {value!r}") from None
    bounds = []
    if above is not None:
        bounds.append(f"above {above:g}")
    if least is not None:
        bounds.append(f"of at least {least:g}")
    if below < math.inf:
        bounds.append(f"below {below:g}")
    within = (above is None or number > above) and (least is None or number >= least) and number < below
    if not (math.isfinite(number) and within):
        raise ValueError(
            f"{name}: expected a finite number {' and '.join(bounds)}".rstrip() + f", got {value!r}"
        )
    return number


def as_choice(name: str, value: object, choices: tuple[str, ...]) -> str:
    """Take one of a few names."""
    if not isinstance(value, str):
        raise TypeError(f"{name}: expected one of {', '.join(map(repr, choices))}, got {value!r}")
    if value not in choices:
        raise ValueError(f"{name}: expected one of {', '.join(map(repr, choices))}, got {value!r}")
    return value
