"""Tables in Parquet files, by pyarrow, which is asked for only here."""

from __future__ import annotations

import io
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from .errors import TableError
from .table import Cells, Table, expect_different

CURE = 'pip install "jetmlp[parquet]", or save the table as CSV'


def pyarrow_parquet(path: Path) -> Any:  # noqa: ANN401  a module without types
    """Return the module, or say how to get it."""
    try:
        return import_module("pyarrow.parquet")
    except ImportError:
        raise TableError(f"{path}: a Parquet file needs pyarrow: {CURE}") from None


def read_parquet(path: Path) -> Table:
    """Read a Parquet file; nulls are blanks.

    Raises
    ------
    OSError
        If the file cannot be read.
    TableError
        If it is no such table, or pyarrow is not installed.
    """
    path.open("rb").close()  # an OSError of the usual kind if there is nothing to read
    parquet = pyarrow_parquet(path)
    try:
        table = parquet.ParquetFile(path).read()
    except (OSError, ValueError) as error:  # pyarrow's own are both
        raise TableError(f"{path}: expected a Parquet file, got {str(error).splitlines()[0]:.80}") from None
    names = list(table.column_names)
    expect_different(str(path), names)
    columns: dict[str, Cells] = {}
    for name, column in zip(names, table.columns, strict=True):
        if name.startswith("__index_level_"):  # pandas writes its index so
            continue
        array = column.to_numpy()
        columns[name] = array if array.dtype.kind in "fiub" else np.asarray(column.to_pylist(), dtype=object)
    return Table(str(path), columns)


def parquet_bytes(path: Path, columns: dict[str, Any]) -> bytes:
    """Return columns as the content of a Parquet file; `path` is for the word if pyarrow is not there."""
    parquet = pyarrow_parquet(path)
    buffer = io.BytesIO()
    parquet.write_table(import_module("pyarrow").table(columns), buffer)
    return buffer.getvalue()
