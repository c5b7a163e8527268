"""Tables into files."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .._files import write_bytes
from .parquet import parquet_bytes
from .read import NPZ, PARQUET, TEXT, wrong_ending

Array = NDArray[np.float64]


def table_text(columns: dict[str, Array], separator: str = ",") -> str:
    """Return a table as text: numbers with all of their digits, blanks for NaN."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator="\n")
    writer.writerow(columns)
    for row in zip(*(column.tolist() for column in columns.values()), strict=True):
        writer.writerow(["" if number != number else repr(number) for number in row])
    return text.getvalue()


def expect_writable_kind(path: Path) -> None:
    """Raise a `TableError` if the ending of a name says no kind of table."""
    if path.suffix.lower() not in (*TEXT, *PARQUET, *NPZ):
        raise wrong_ending(path)


def write_table(path: Path, columns: dict[str, Array]) -> None:
    """Write a table in the kind that the ending of its name says; it is whole or not there at all.

    Raises
    ------
    OSError
        If the file cannot be written.
    TableError
        If the ending says no kind of table, or pyarrow is not installed for Parquet.
    """
    expect_writable_kind(path)
    ending = path.suffix.lower()
    if ending in PARQUET:
        content = parquet_bytes(path, columns)
    elif ending in NPZ:
        content = _npz_bytes(columns)
    else:
        content = table_text(columns, "\t" if ending == ".tsv" else ",").encode()
    write_bytes(path, content)


def _npz_bytes(columns: dict[str, Array]) -> bytes:
    """Do what ``numpy.savez`` does, which takes no array of the name "file"."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, column in columns.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, np.ascontiguousarray(column), allow_pickle=False)
    return buffer.getvalue()
