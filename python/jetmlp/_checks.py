"""Checks of what users pass in: every error names the argument, what came and what was expected."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Sized
from difflib import get_close_matches
from itertools import islice, permutations
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from ._core.processors import available_processors
from ._forms import as_real_array as as_real_array
from ._parts import anywhere

MOST_THREADS = 256
MOST_UNITS = 2**24
#: Of a network, or of all stages of one.
MOST_LAYERS = 1000
#: Of a choice: in longer texts none is looked for.
LONGEST_NAME = 100
#: What other libraries call some of the choices.
OTHER_NAMES = {
    "swish": "silu",
    "logistic": "sigmoid",
    "linear": "identity",
    "xavier": "glorot_uniform",
    "xavier_uniform": "glorot_uniform",
    "he": "he_normal",
    "kaiming_normal": "he_normal",
    "lecun": "lecun_normal",
}


def brief(value: object) -> str:
    """Show a value in a message: an array by its type and shape, anything else in one line."""
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype} {value.shape}"
    text = " ".join(repr(value).split())
    return text if len(text) <= 100 else text[:97] + "..."


#: Lengths of axes; None for any.
Pattern = tuple[int | None, ...]


def _shape_error(name: str, array: NDArray[Any], expected: str, *patterns: Pattern) -> ValueError:
    cure = rearrangement(name, array.shape, patterns)
    return ValueError(f"{name}: expected shape {expected}, got {array.shape}{cure and f'; {cure}'}")


def rearrangement(name: str, shape: tuple[int, ...], patterns: tuple[Pattern, ...]) -> str:
    """Say what brings an array of this shape into an expected one; nothing if no simple step does."""

    def fits(found: tuple[int, ...]) -> bool:
        return any(
            len(found) == len(pattern)
            and all(want in (None, got) for got, want in zip(found, pattern, strict=True))
            for pattern in patterns
        )

    for axes in permutations(range(len(shape))):
        if fits(tuple(shape[axis] for axis in axes)):
            how = f"{name}.T" if len(shape) == 2 else f"{name}.transpose{axes}"
            return f"{how} has that shape"
    if fits((1, *shape)):
        return f"{name}[None, :] is one sample"
    if shape[:1] == (1,) and fits(shape[1:]):
        return f"{name}[0] has that shape"
    for pattern in patterns:
        if [n for n in shape if n != 1] == [n for n in pattern if n != 1]:
            return f"{name}.reshape{pattern} has that shape"
        if (
            len(shape) == 2
            and len(pattern) > 2
            and math.prod(size or 0 for size in pattern) == math.prod(shape)
        ):
            whose = "where a row has all of one output before those of the next"
            return f"{name}.reshape{pattern} has that shape, {whose}" if shape[0] == pattern[0] else ""
    return ""


def as_inputs(name: str, X: ArrayLike, d: int | None, dtype: np.dtype[Any] | None = None) -> NDArray[Any]:
    """Take inputs as (n, d), of any d if it is None; a 1-D array is taken for a single input."""
    array = as_real_array(name, X, dtype)
    if array.ndim == 1 and d in (None, 1):
        array = array[:, np.newaxis]
    if array.ndim != 2 or array.shape[1] == 0 or (d is not None and array.shape[1] != d):
        expected = {None: "(n,) or (n, d)", 1: "(n,) or (n, 1)"}.get(d, f"(n, {d})")
        raise _shape_error(name, array, expected, *([] if d is None else [(None, d)]))
    return np.ascontiguousarray(array)


def as_values(
    name: str,
    Y: ArrayLike,
    n: int,
    m: int | None,
    dtype: np.dtype[Any] | None = None,
    *,
    inputs: tuple[str, int] | None = None,
) -> NDArray[Any]:
    """Take values as (n, m), of any m if it is None; a 1-D array is taken for a single output.

    With the name of the inputs and their number, an error says where those have their samples last.
    """
    array = as_real_array(name, Y, dtype)
    try:
        return _as_targets(name, array, n, m, ())
    except ValueError as error:
        if inputs is None or array.ndim == 0 or array.shape[-1] != inputs[1] or n == inputs[1]:
            raise
        whose, d = inputs
        raise ValueError(f"{error}; samples go along the first axis, {whose}.T has {d} of them") from None


def as_derivatives(
    name: str, dYdX: ArrayLike, n: int, m: int | None, d: int, dtype: np.dtype[Any] | None = None
) -> NDArray[Any]:
    """Take derivatives as (n, m, d); (n, d) means a single output, (n,) a single input too."""
    return _as_targets(name, as_real_array(name, dYdX, dtype), n, m, (d,))


def as_second_derivatives(
    name: str, d2YdX2: ArrayLike, n: int, m: int | None, d: int, dtype: np.dtype[Any] | None = None
) -> NDArray[Any]:
    """Take second derivatives as (n, m, d, d); (n, d, d) means a single output, (n,) a single input too."""
    return _as_targets(name, as_real_array(name, d2YdX2, dtype), n, m, (d, d))


def _as_targets(
    name: str, array: NDArray[Any], n: int, m: int | None, inputs: tuple[int, ...]
) -> NDArray[Any]:
    """Take what n samples have of m outputs by these inputs; with one output, its axis may be left out.

    With one input besides, so may the inputs' axes.
    """
    free = m is None
    rearranged = array.ndim > 0 and array.shape[0] != n and n in array.shape
    known = not free or (array.ndim == 2 + len(inputs) and not rearranged)
    if m is None:
        m = array.shape[1] if known and array.shape[1] > 0 else 1
    accepted: list[Pattern] = [(n, m, *inputs)]
    if m == 1:
        shorter = [(n,), (n, *inputs)] if set(inputs) <= {1} else [(n, *inputs)]
        accepted = [*dict.fromkeys(shorter), *accepted]
    shapes = [str(shape) for shape in accepted]
    if not known:
        shapes[-1] = f"({', '.join(map(str, (n, 'm', *inputs)))})"
    if array.shape not in accepted:
        patterns = [*accepted[:-1], (n, None, *inputs)] if free else accepted
        raise _shape_error(name, array, " or ".join(shapes), *patterns)
    return array.reshape(n, m, *inputs)


def check_symmetric(name: str, array: NDArray[Any], precision: np.dtype[Any] | None = None) -> None:
    """Raise a ``ValueError`` where two mirrored entries of (n, m, d, d) are both there and differ.

    By more than rounding, that is: more than the root of the precision of the type, be it that of the array
    or a coarser one, times the largest entry of their matrix, since a second derivative that cancels keeps
    the rounding errors of its terms.
    """
    epsilon = max(np.finfo(array.dtype).eps, np.finfo(precision or array.dtype).eps)

    def differ(array: NDArray[Any]) -> NDArray[np.bool_]:
        largest = np.max(np.abs(array), axis=(2, 3), keepdims=True, initial=0.0, where=~np.isnan(array))
        # False with NaN.
        return np.asarray(np.abs(array - array.swapaxes(2, 3)) > np.sqrt(epsilon) * largest)

    if anywhere(differ, array):
        bad = differ(array)
        i, o, row, column = (int(place) for place in np.argwhere(bad)[0])
        here, mirrored = (i, o, row, column), (i, o, column, row)
        raise ValueError(
            f"{name}: expected symmetric matrices, got {array[here]} at {list(here)} "
            f"and {array[mirrored]} at {list(mirrored)}"
        )


def as_vectors(name: str, V: ArrayLike, n: int, d: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Take a vector for each sample as (n, d); (d,) is one for all, (n,) means a single input."""
    array = as_real_array(name, V, dtype)
    if d == 1 and array.shape == (n,):
        array = array[:, np.newaxis]
    if array.shape not in ((n, d), (d,)):
        of_one_input = f"({n},) or " if d == 1 else ""
        raise _shape_error(name, array, f"{of_one_input}({n}, {d}) or ({d},)", (n, d))
    return np.ascontiguousarray(np.broadcast_to(array, (n, d)))


def _is_not_finite(array: NDArray[Any]) -> NDArray[np.bool_]:
    return np.asarray(~np.isfinite(array))


def check_finite(
    name: str, array: NDArray[Any], *, missing_allowed: bool = False, nan_hint: str = ""
) -> None:
    """Raise a ``ValueError`` at the first NaN (unless it means *missing*) or infinity.

    The hint is for whoever passed a NaN.
    """
    if not anywhere(
        np.isinf if missing_allowed else _is_not_finite, array if array.ndim else array[np.newaxis]
    ):
        return
    bad = np.isinf(array) if missing_allowed else ~np.isfinite(array)
    index = tuple(int(i) for i in np.argwhere(bad)[0])
    expected = "finite numbers or NaN for what is missing" if missing_allowed else "finite numbers"
    note = nan_hint if np.isnan(array[index]) else ""
    if array.dtype == np.float32 and np.isinf(array[index]):
        note = " (as float32; a model of dtype='float64' takes larger numbers)"
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
    """Take a number of threads; None means one for each processor."""
    if value is None:
        return min(available_processors(), MOST_THREADS)
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
    try:
        array = np.asarray(value)
        if array.ndim > 0 or array.dtype.kind not in "fiuO":  # fractions and decimals are objects to NumPy
            raise TypeError
        number = float(value)  # type: ignore[arg-type]
    except OverflowError:  # an integer
        number = math.inf
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
    expected = f"{name}: expected one of {', '.join(map(repr, choices))}"
    if not isinstance(value, str):
        raise TypeError(f"{expected}, got {value!r}")
    if len(value) > LONGEST_NAME:
        raise ValueError(f"{expected}, got {brief(value)}")
    if value not in choices:
        by_lower_case = {choice.lower(): choice for choice in choices}
        other = OTHER_NAMES.get(value.lower())
        near = [other] if other in choices else get_close_matches(value.lower(), by_lower_case, n=1)
        suggestion = f"; did you mean {by_lower_case[near[0]]!r}?" if near else ""
        raise ValueError(f"{expected}, got {value!r}{suggestion}")
    return value


def as_boolean(name: str, value: object) -> bool:
    """Take True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name}: expected True or False, got {value!r}")
    return bool(value)


def as_layer_sizes(value: Iterable[int]) -> tuple[int, ...]:
    """Take the sizes of the layers, those of inputs and outputs among them."""
    try:
        entries = tuple(islice(value, MOST_LAYERS + 2))
    except TypeError:
        entries = None
    if entries is None or isinstance(value, (str, bytes)):
        raise TypeError(f"layer_sizes: expected a sequence of integers such as [2, 32, 1], got {value!r}")
    if len(entries) > MOST_LAYERS + 1:
        n_layers = len(value) - 1 if isinstance(value, Sized) else "more"
        raise ValueError(f"layer_sizes: expected at most {MOST_LAYERS} layers, got {n_layers}")
    sizes = tuple(as_integer("layer_sizes", size, 1, MOST_UNITS) for size in entries)
    if len(sizes) < 2:
        raise ValueError(f"layer_sizes: expected at least two sizes, inputs and outputs, got {sizes}")
    return sizes


def as_dtype(value: DTypeLike) -> np.dtype[Any]:
    """Take float32 or float64, by any name NumPy knows for them."""
    try:
        dtype = np.dtype(value)
    except (TypeError, ValueError, SyntaxError):  # NumPy has a language of its own for these
        dtype = np.dtype(object)
    if value is None or dtype not in (np.float32, np.float64):
        raise ValueError(f"dtype: expected 'float32' or 'float64', got {value!r}")
    return dtype
