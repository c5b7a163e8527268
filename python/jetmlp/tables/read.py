"""A table from a file of any kind."""

from __future__ import annotations

from pathlib import Path

from .csv_file import read_csv
from .errors import TableError
from .npz import Layout, read_npz
from .parquet import read_parquet
from .table import Table

#: Endings of file names.
TEXT, PARQUET, NPZ = (".csv", ".tsv", ".txt"), (".parquet", ".pq"), (".npz",)


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
    endings = ", ".join((*TEXT, *PARQUET, *NPZ))
    raise TableError(f"{path}: expected a file whose name ends in one of {endings}, got {path.suffix!r}")
