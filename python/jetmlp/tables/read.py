"""A table from a file of any kind."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from .csv_file import read_csv
from .errors import TableError
from .npz import Layout, read_npz
from .parquet import read_parquet
from .table import Table

#: Endings of file names.
TEXT, PARQUET, NPZ = (".csv", ".tsv", ".txt"), (".parquet", ".pq"), (".npz",)
SHEETS = (".xlsx", ".xls", ".xlsm", ".ods")


def read_table(path: Path, layout: Layout | None = None) -> Table:
    """Read a table; the ending of its name says what it is.

    Parameters
    ----------
    path : path
        Of a CSV, Parquet or NPZ file, see `read_csv`, `read_parquet` and `read_npz`.
    layout : {"samples first", "features first"}, optional
        Of the arrays of an NPZ file.

    Returns
    -------
    Table

    Raises
    ------
    OSError
        If the file cannot be read.
    TableError
        If it is no table.
    """
    ending = path.suffix.lower()
    if layout is not None and ending not in NPZ:
        raise TableError(f"{path}: expected an NPZ file, which alone has a layout, got {path.suffix!r}")
    if ending in NPZ:
        return read_npz(path, layout)
    if ending in PARQUET:
        return read_parquet(path)
    if ending in TEXT:
        return read_csv(path)
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    raise wrong_ending(path)


def wrong_ending(path: Path) -> TableError:
    """Return the error of a name that says no kind of table."""
    endings = ", ".join((*TEXT, *PARQUET, *NPZ))
    cure = "; save the sheet as CSV (UTF-8)" if path.suffix.lower() in SHEETS else ""
    return TableError(f"{path}: expected a name that ends in one of {endings}, got {path.name!r}{cure}")
