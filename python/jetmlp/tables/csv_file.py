"""Tables of text: CSV in the ways in which programs write it."""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path

from .errors import TableError
from .table import Table, expect_different

SEPARATORS = ",;\t"
_NAMES_OF_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", " ": "blanks"}
_DECIMAL_COMMA = re.compile(r"\s*[+-]?\d*,\d+([eE][+-]?\d+)?\s*")
_NUMBER = re.compile(r"\s*[+-]?(\d+[.,]?\d*|\.\d+)([eE][+-]?\d+)?\s*")


def read_csv(path: Path) -> Table:
    """Read a table of text whose first line has the names of the columns.

    The separator is found out (comma, semicolon, tab or blanks). Except between commas, a comma is a decimal
    comma, unless there are decimal points too. Empty lines and lines that begin with ``#`` are left out,
    except that the names may stand in one, as NumPy writes them.

    Raises
    ------
    OSError
        If the file cannot be read.
    TableError
        If it is no such table.
    """
    source = str(path)
    text = _decoded(path)
    lines = text.splitlines(keepends=True)
    begin = _line_of_names(lines)
    if begin is None:
        raise TableError(f"{source}: expected names of columns and rows of numbers, got an empty file")
    lines = lines[begin:]
    lines[0] = lines[0].lstrip().lstrip("#")
    separator = _separator(lines[0])
    if separator == " ":  # in columns of even width, mostly
        lines = [line.strip() for line in lines]
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=True)
    names: list[str] = []
    rows: list[list[str]] = []
    places: list[str] = []
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if not names:
                names = [name.strip() for name in cells]
                _check_names(source, names)
                continue
            if cells[0].startswith("#"):
                continue
            place = f"line {begin + reader.line_num}"
            if len(cells) != len(names):
                raise TableError(
                    f"{source}, {place}: expected {len(names)} cells between "
                    f"{_NAMES_OF_SEPARATORS[separator]}, as there are columns, got {len(cells)}"
                )
            rows.append(cells)
            places.append(place)
    except csv.Error as error:
        raise TableError(
            f"{source}, line {begin + reader.line_num}: expected cells of a table, got {error}"
        ) from None
    decimal_comma = separator != "," and _has_decimal_commas(rows)
    columns: dict[str, list[str]] = {}
    notes = ["decimal commas"] if decimal_comma else []
    for place_of_column, name in enumerate(names):
        cells = [row[place_of_column] for row in rows]
        if name:
            columns[name] = cells
        elif any(cell.strip() for cell in cells):
            notes.append(f"column {place_of_column + 1} has no name and is left alone")
    return Table(source, columns, places, decimal_comma=decimal_comma, notes=notes)


def _decoded(path: Path) -> str:
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
        if "\0" in text:
            raise ValueError
    except ValueError:  # UnicodeDecodeError is one
        raise TableError(
            f"{path}: expected a table as text in UTF-8, got other bytes; save it as CSV (UTF-8)"
        ) from None
    return text


def _line_of_names(lines: list[str]) -> int | None:
    """Return which line has the names: the first that is no remark, or, above numbers, the last remark."""
    remark = None
    for at, line in enumerate(lines):
        if not line.strip().lstrip("#").strip():
            continue
        if not line.lstrip().startswith("#"):
            cells = filter(None, line.strip().split(_separator(line)))
            return remark if remark is not None and all(map(_NUMBER.fullmatch, cells)) else at
        remark = at
    return remark


def _separator(line: str) -> str:
    """Return the separator of the line with the names: the one that is there most often outside quotes."""
    outside = re.sub(r'"[^"]*"', "", line)
    counts = Counter(character for character in outside if character in SEPARATORS)
    if not counts and " " in line.strip():
        return " "
    # A semicolon or tab separates even where names have commas in them.
    return max(SEPARATORS, key=lambda separator: (counts[separator], separator != ","))


def _check_names(source: str, names: list[str]) -> None:
    if all(_NUMBER.fullmatch(name) for name in names if name):
        raise TableError(
            f"{source}: expected the names of the columns in the first line, got numbers: "
            f"{', '.join(names)[:60]}; write a line such as x1,x2,f above them"
        )
    expect_different(source, names)


def _has_decimal_commas(rows: list[list[str]]) -> bool:
    cells = [cell for row in rows for cell in row if "," in cell or "." in cell]
    points = any("." in cell and _NUMBER.fullmatch(cell) for cell in cells)
    return not points and any(_DECIMAL_COMMA.fullmatch(cell) for cell in cells)
