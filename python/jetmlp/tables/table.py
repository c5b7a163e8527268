"""A table as it was read: columns by name, their cells numbers or still texts."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import TableError

Array = NDArray[np.float64]
Cells = Sequence[str] | NDArray[Any]

#: Texts, in small letters, that stand for a number that is not there.
BLANKS = frozenset({"", "nan", "na", "n/a", "#n/a", "null", "none", "-"})


def expect_different(source: str, names: Sequence[str]) -> None:
    """Raise a `TableError` for a name that two columns have."""
    twice = next((name for name, count in Counter(names).items() if name and count > 1), None)
    if twice is not None:
        raise TableError(f"{source}: expected a name of its own for each column, got {twice!r} twice")


class Table:
    """Columns of equal length, by name.

    Parameters
    ----------
    source : str
        What messages call the file.
    columns : mapping of str to sequence of str or ndarray, (n,)
        A column of texts is taken for numbers only when it is asked for, so that others do no harm.
    places : sequence of str, optional
        What messages call the rows, such as "line 17". Default "row 1", "row 2", …
    decimal_comma : bool, default False
        Whether texts have a comma where others have a point.
    named : bool, default True
        Whether the names were in the file, or are made up because it has none.
    notes : sequence of str, optional
        What the reader did that is worth saying.
    """

    def __init__(
        self,
        source: str,
        columns: Mapping[str, Cells],
        places: Sequence[str] | None = None,
        *,
        decimal_comma: bool = False,
        named: bool = True,
        notes: Sequence[str] = (),
    ) -> None:
        self.source = source
        self.named = named
        self.notes = tuple(notes)
        self._columns = dict(columns)
        self._places = places
        self._decimal_comma = decimal_comma
        if not self._columns or not len(self):
            raise TableError(f"{source}: expected at least one row below the names of the columns, got none")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all columns, in their order."""
        return tuple(self._columns)

    def __len__(self) -> int:
        return len(next(iter(self._columns.values())))

    def place(self, row: int) -> str:
        """Return what messages call a row."""
        return f"row {row + 1}" if self._places is None else self._places[row]

    def numbers(self, name: str, *, blanks: bool = True) -> Array:
        """Return a column as numbers.

        Parameters
        ----------
        name : str
            Of the column, one of `names`.
        blanks : bool, default True
            Whether cells may be empty, which is NaN.

        Returns
        -------
        ndarray, (n,)

        Raises
        ------
        TableError
            At the first cell that is no finite number.
        """
        cells = self._columns[name]
        if isinstance(cells, np.ndarray) and cells.dtype.kind in "fiub":
            numbers = np.asarray(cells, dtype=np.float64)
        else:
            numbers = np.array([self._number(name, row, cell) for row, cell in enumerate(cells)])
        bad = np.isinf(numbers) if blanks else ~np.isfinite(numbers)
        if bad.any():
            row = int(np.argmax(bad))
            got = (
                "infinity" if np.isinf(numbers[row]) else "a blank; leave out rows whose inputs are not known"
            )
            raise TableError(f"{self._cell(name, row)}: expected a number, got {got}")
        return numbers

    def _number(self, name: str, row: int, cell: object) -> float:
        if cell is None:
            return math.nan
        text = str(cell).strip()
        if text.lower() in BLANKS:
            return math.nan
        if self._decimal_comma:
            text = text.replace(",", ".")
        try:
            if "_" in text:  # which Python takes for a separator
                raise ValueError
            return float(text)
        except ValueError:
            raise TableError(
                f"{self._cell(name, row)}: expected a number or nothing, got {str(cell)!r:.60}"
            ) from None

    def _cell(self, name: str, row: int) -> str:
        return f"{self.source}, {self.place(row)}, column {name!r}"
