"""Numbers in whatever form, as one array of floats: what is taken, and how the rest is refused."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from decimal import Decimal
from numbers import Complex, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._parts import row_by_row

_FLOAT32, _FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)

#: What to do about arrays of a kind that is no real number, by NumPy's letter for it.
_CURES = {
    "c": "take {name}.real where the imaginary part is rounding",
    "M": "({name} - {name}[0]) / np.timedelta64(1, 's') makes seconds of dates",
    "m": "{name} / np.timedelta64(1, 's') makes seconds of durations",
    "V": "{name}.astype('float32') makes an array of a type that NumPy has",
}
_NO_NUMBER_IN_TEXT = "a missing number is NaN or None"
_NUMBER_IN_TEXT = "np.asarray({name}, dtype=float) reads numbers from text"


def as_real_array(name: str, value: ArrayLike, dtype: np.dtype[Any] | None = None) -> NDArray[Any]:
    """Convert to a contiguous float array; an error names the argument, and the entry if one is at fault.

    Taken are arrays of real numbers of any type, order and byte order, nested lists of them, and arrays of
    objects and data frames whose entries are real numbers, decimals and fractions among them. What is masked,
    `None` or pandas' `NA` becomes NaN. Without a `dtype`, float16 and float32 become float32 and everything
    else float64: no digit is lost and none made up.
    """
    array = _as_array(name, value)
    if array.dtype.kind == "O":
        array = _from_objects(name, value, array)
    elif array.dtype.kind not in "fiub":
        raise _kind_error(name, value, array)
    if isinstance(value, np.ma.MaskedArray):
        floating = np.promote_types(array.dtype, np.float16)
        array = np.where(np.ma.getmaskarray(value), np.nan, array.astype(floating))
    if dtype is None:
        short = array.dtype.kind == "f" and array.dtype.itemsize <= _FLOAT32.itemsize
        dtype = _FLOAT32 if short else _FLOAT64
    with np.errstate(over="ignore", under="ignore"):  # whoever needs finite numbers says which are not
        if (array.dtype == dtype and array.flags.c_contiguous) or array.ndim == 0:
            return np.ascontiguousarray(array, dtype=dtype)
        return np.ascontiguousarray(row_by_row(lambda rows: np.ascontiguousarray(rows, dtype), array))


def _as_array(name: str, value: ArrayLike) -> NDArray[Any]:
    """Let NumPy make an array of it, or name the argument where it or the object itself refuses."""
    try:
        return np.asarray(value)
    except (MemoryError, Warning):  # the latter where a user has made errors of them
        raise
    except Exception as error:  # of any kind: objects of other libraries convert themselves
        reason = " ".join(str(error).split())
        if isinstance(error, ValueError) and isinstance(value, (list, tuple)) and "inhomogeneous" in reason:
            message = f"{name}: expected a rectangular array, got nested lists of unequal length"
            raise ValueError(message) from error
        kind = type(value)
        named = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
        cure = f"; pass {name}.detach().cpu().double().numpy()" if hasattr(value, "detach") else ""
        raise TypeError(
            f"{name}: expected real numbers, got an object of {named} that NumPy cannot make an array of "
            f"({reason or type(error).__name__}){cure}"
        ) from error


def _from_objects(name: str, value: ArrayLike, array: NDArray[Any]) -> NDArray[np.float64]:
    """Take numbers out of an array of objects; what stands for a missing one is NaN."""
    missing = {type(None), type(np.ma.masked)}
    if "pandas" in sys.modules:  # if it was not imported, nobody has its NA
        missing.add(type(getattr(sys.modules["pandas"], "NA", None)))
    kinds = {kind for kind in set(map(type, array.flat)) if not _is_real(kind)}
    if kinds - missing or (kinds and array.ndim == 0):
        raise _entry_error(name, value, array, kinds if array.ndim == 0 else kinds - missing)
    numbers = np.empty(array.shape)
    for place, entry in np.ndenumerate(array):
        try:
            numbers[place] = np.nan if type(entry) in missing else float(entry)
        except (OverflowError, ValueError):  # an integer beyond floats, a signalling NaN
            at = f" at {list(place)}" if place else ""
            raise ValueError(f"{name}: expected numbers within float64, got {_short(entry)}{at}") from None
    return numbers


def _is_real(kind: type) -> bool:
    """Whether the entries of a type are real numbers."""
    return issubclass(kind, (Real, Decimal, np.bool_)) and not issubclass(kind, np.timedelta64)


def _entry_error(name: str, value: object, array: NDArray[Any], wrong: set[type]) -> TypeError:
    """Name the first object that is not a number."""
    place, entry = next((place, entry) for place, entry in np.ndenumerate(array) if type(entry) in wrong)
    cure = ""
    if not place:  # the whole is no array
        if isinstance(value, Mapping):
            cure = f"; np.column_stack(list({name}.values())) makes columns of what stands under the keys"
        elif hasattr(value, "toarray"):
            cure = f"; {name}.toarray() makes an array of a sparse one"
        elif hasattr(value, "__iter__"):
            cure = f"; list({name}) makes a sequence"
        return TypeError(f"{name}: expected an array of real numbers, got {_short(entry)}{cure}")
    columns = getattr(value, "columns", None)
    column = ""
    if columns is not None and len(place) == 2:
        label = columns[place[1]]
        column = f" (column {label.item() if isinstance(label, np.generic) else label!r})"
    if isinstance(entry, (list, tuple, np.ndarray)):
        cure = f"; np.stack({name}) joins rows of equal length"
    elif isinstance(entry, Complex):
        cure = f"; {_CURES['c'].format(name=name)}"
    elif isinstance(entry, (str, bytes)):
        cure = f"; {_cure_of_text(entry).format(name=name)}"
    return TypeError(f"{name}: expected real numbers, got {_short(entry)} at {list(place)}{column}{cure}")


def _kind_error(name: str, value: object, array: NDArray[Any]) -> TypeError:
    """Name the kind of an array that does not hold real numbers, with the first entry at fault."""
    objects = array
    if isinstance(value, (list, tuple)):  # NumPy has turned the numbers among them into text or complex
        objects = np.asarray(value, dtype=object)
        if objects.shape != array.shape:
            objects = array
    cure = _CURES.get(array.dtype.kind, "")
    if array.dtype.names is not None:
        cure = "numpy.lib.recfunctions.structured_to_unstructured makes columns of fields"
    place, shown = _place_at_fault(objects), "empty"
    if place is not None:
        entry = objects[place]
        shown = _short(entry) + (f" at {list(place)}" if place else "")
        if isinstance(entry, (str, bytes)):
            cure = _cure_of_text(entry)
    cure = f"; {cure.format(name=name)}" if cure else ""
    return TypeError(f"{name}: expected real numbers, got an array of {array.dtype} ({shown}){cure}")


def _place_at_fault(array: NDArray[Any]) -> tuple[int, ...] | None:
    """Find the first entry that is no real number; of text, rather one that says no number either."""
    first = None
    for place, entry in np.ndenumerate(array):
        if isinstance(entry, (str, bytes)):
            if not _says_a_number(entry):
                return place
        elif isinstance(entry, Complex) and not isinstance(entry, Real):
            if entry.imag != 0:
                return place
        elif not _is_real(type(entry)):
            return place
        else:
            continue
        first = place if first is None else first
    return first


def _says_a_number(text: str | bytes) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _cure_of_text(text: str | bytes) -> str:
    return _NUMBER_IN_TEXT if _says_a_number(text) else _NO_NUMBER_IN_TEXT


def _short(value: object) -> str:
    if isinstance(value, (np.str_, np.bytes_, np.complexfloating)):
        value = value.item()
    text = " ".join(repr(value).split())
    return text if len(text) <= 40 else text[:37] + "..."
