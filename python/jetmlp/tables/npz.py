"""Tables in NPZ files: arrays of samples, or a column an array."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..data.derivative_names import spelled
from .errors import TableError
from .table import Table

#: Names of the arrays, with samples first as everywhere here, and as JENN has them, features first.
SAMPLES_FIRST, FEATURES_FIRST = ("X", "Y", "dYdX"), ("x", "y", "dydx")
Layout = Literal["samples first", "features first"]
LAYOUTS: tuple[Layout, ...] = ("samples first", "features first")


def read_npz(path: Path, layout: Layout | None = None) -> Table:
    """Read an NPZ file.

    It holds ``X`` (n, d), ``Y`` (n, m) and ``dYdX`` (n, m, d), each of the last two if there is such; or, as
    JENN reads them, ``x`` (d, n), ``y`` (m, n) and ``dydx`` (m, d, n). Columns are then called x1, x2, …, y1,
    … and dy1/dx1, …, without a number where there is only one. Or it holds vectors of one length, which are
    columns by name.

    Parameters
    ----------
    path : path
        Of the file.
    layout : {"samples first", "features first"}, optional
        Default: what the names say, or the other one if only that fits the shapes.

    Raises
    ------
    OSError
        If the file cannot be read.
    TableError
        If it holds something else, or both layouts fit the shapes and the one by the names is unlikely.
    """
    arrays = _arrays(path)
    for names in (SAMPLES_FIRST, FEATURES_FIRST):
        if names[0] in arrays and arrays[names[0]].ndim == 2:
            return _of_arrays(path, [arrays.get(name) for name in names], names, layout)
    if SAMPLES_FIRST[0] in arrays and any(a.ndim > 1 for a in arrays.values()):
        return _of_arrays(path, [arrays.get(name) for name in SAMPLES_FIRST], SAMPLES_FIRST, layout)
    lengths = {array.shape for array in arrays.values()}
    if len(lengths) != 1 or len(next(iter(lengths))) != 1:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        raise TableError(
            f"{path}: expected X (n, d), Y (n, m) and dYdX (n, m, d), JENN's x (d, n), y (m, n) and "
            f"dydx (m, d, n), or vectors of one length, got {shapes or 'nothing'}"
        )
    return Table(str(path), arrays)


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    path.open("rb").close()  # an OSError of the usual kind if there is nothing to read
    if not zipfile.is_zipfile(path):
        raise TableError(f"{path}: expected an NPZ file, got another kind of file")
    try:
        # A file of our own: of a damaged archive NumPy leaves its one open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (ValueError, EOFError, KeyError, OSError, zipfile.BadZipFile) as error:
        raise TableError(f"{path}: expected an NPZ file of arrays of numbers, got {error!s:.80}") from None
    for name, array in arrays.items():
        if array.dtype.kind not in "fiub":
            raise TableError(f"{path}: expected {name} as numbers, got {array.dtype}")
    return arrays


def _of_arrays(
    path: Path, arrays: list[NDArray[Any] | None], names: tuple[str, ...], layout: Layout | None
) -> Table:
    by_name: Layout = "samples first" if names == SAMPLES_FIRST else "features first"
    fitting = {kind: _samples_first(arrays, kind) for kind in LAYOUTS}
    shapes = ", ".join(f"{n} {a.shape}" for n, a in zip(names, arrays, strict=True) if a is not None)
    chosen = layout or by_name
    if layout is None and fitting[by_name] is None:
        chosen = "features first" if by_name == "samples first" else "samples first"
    columns = fitting[chosen]
    if columns is None:
        expected = (
            f"{names[0]} (n, d), {names[1]} (n, m) and {names[2]} (n, m, d)"
            if chosen == "samples first" or layout is None
            else f"{names[0]} (d, n), {names[1]} (m, n) and {names[2]} (m, d, n)"
        )
        other = ", or the same with n last" if layout is None else ""
        raise TableError(f"{path}: expected {expected}{other}, got {shapes}")
    other_fits = all(found is not None for found in fitting.values())
    if layout is None and other_fits and len(columns[0]) < columns[0].shape[1]:
        raise TableError(
            f"{path}: {shapes} can be {_counted(columns[0])} or {_counted(columns[0].T)}; "
            'say which: --map with {"layout": "samples first"} or {"layout": "features first"}'
        )
    return _table(path, columns, [f"read as {_counted(columns[0])}: {chosen}"])


def _samples_first(arrays: list[NDArray[Any] | None], layout: str) -> list[NDArray[Any]] | None:
    """Return X (n, d), Y (n, m) and dYdX (n, m, d), m = 0 for what is not there; None if they do not fit."""
    X, Y, D = (None if a is None or layout == "samples first" else np.moveaxis(a, -1, 0) for a in arrays)
    if layout == "samples first":
        X, Y, D = arrays
    assert X is not None
    X = X[:, np.newaxis] if X.ndim == 1 else X
    n, d = X.shape
    Y = Y[:, np.newaxis] if Y is not None and Y.ndim == 1 else Y
    if Y is not None and (Y.ndim != 2 or len(Y) != n):
        return None
    if D is not None and D.ndim == 2 and (Y is None or Y.shape[1] == 1):
        D = D[:, np.newaxis]
    if D is not None and (D.ndim != 3 or (len(D), D.shape[2]) != (n, d)):
        return None
    if D is not None and Y is not None and D.shape[1] != Y.shape[1]:
        return None
    return [X, np.empty((n, 0)) if Y is None else Y, np.empty((n, 0, d)) if D is None else D]


def _table(path: Path, arrays: list[NDArray[Any]], notes: list[str]) -> Table:
    X, Y, D = arrays
    inputs = numbered("x", X.shape[1])
    outputs = numbered("y", max(Y.shape[1], D.shape[1]))
    columns = {name: X[:, k] for k, name in enumerate(inputs)}
    columns |= {name: Y[:, o] for o, name in enumerate(outputs[: Y.shape[1]])}
    for o, output in enumerate(outputs[: D.shape[1]]):
        columns |= {spelled(output, name): D[:, o, k] for k, name in enumerate(inputs)}
    return Table(str(path), columns, named=False, notes=notes)


def numbered(letter: str, count: int) -> list[str]:
    """Return the names of what has none: x for one, else x1, x2, …."""
    return [letter] if count == 1 else [f"{letter}{k + 1}" for k in range(count)]


def _counted(X: NDArray[Any]) -> str:
    n, d = X.shape
    return f"{n} sample{'s' * (n != 1)} of {d} input{'s' * (d != 1)}"
