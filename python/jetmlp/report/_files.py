"""Files that are whole or not there at all, and folders that are known to take them."""

from __future__ import annotations

import csv
import io
import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from .._files import try_folder, write_bytes


def write_text(path: Path, text: str) -> None:
    """Write a text file, in UTF-8 and with the same line ends everywhere."""
    write_bytes(path, text.encode("utf-8"))


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write a document in the order of its keys; NaN and Inf, which JSON does not have, become null."""
    write_text(path, json.dumps(plain(document), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table; floats to every digit."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    write_text(path, buffer.getvalue())


def plain(value: object) -> Any:  # noqa: ANN401  what json takes
    """Turn mappings, sequences and NumPy's numbers into what json takes."""
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(entry) for entry in value]
    if isinstance(value, (np.floating, float)):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, (np.integer, np.bool_)):
        return value.item()
    return value


@contextmanager
def prepared(out: Path, names: Sequence[str] = ()) -> Iterator[None]:
    """Make the folder of a report; try to write to it, and to those of its parts that are there.

    Folders made here that are empty at the end of the ``with`` block are removed again.

    Raises
    ------
    OSError
        If that is not possible.
    """
    made: list[Path] = []
    try:
        _make(out, made)
        for folder in (out, *(out / name for name in names if os.path.lexists(out / name))):
            try_folder(folder)
        yield
    finally:
        for folder in reversed(made):
            with suppress(OSError):  # not empty
                folder.rmdir()


def _make(folder: Path, made: list[Path]) -> None:
    """Make a folder and those above it; note in `made` what was not there before."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir(exist_ok=True)
        made.append(one)
