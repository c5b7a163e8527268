"""What a sweep gives back: its rows, the best of them, a summary and a picture."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .._files import write_bytes
from .._runs import Record
from ..models.mlp import MLP
from .plain import shown
from .space import Combination
from .summary import SEED, SweepSummary, number_of, summarize
from .work import MODEL, model_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class SweepResult:
    """The rows of a sweep, a dict a run: its settings, and what came of it.

    A fit has "validation_error", the root mean square over the kinds of data of "value_error",
    "derivative_error" and "second_derivative_error"; these are relative, to the spread of each column of
    values and to the root mean square of each column of derivatives. "value_rmse" and "train_value_rmse" are
    in the units of the data, and likewise of derivatives. Then come "loss", "epochs_done", "stopped_because",
    "optimizer_used", "n_parameters", "time_s" [s] and "instruction_set". "failed" is None, or the error of
    the run, which then has no numbers.

    Attributes
    ----------
    settings : tuple of str
        The names of the settings.
    """

    def __init__(self, combinations: list[Combination], records: list[Record], ranked_by: str | None) -> None:
        self.settings = tuple(dict.fromkeys(name for one in combinations for name in one))
        self._records = records
        self._rows = [
            {**{name: one.get(name) for name in self.settings}, **record.numbers}
            for one, record in zip(combinations, records, strict=True)
        ]
        self._ranked_by = ranked_by

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: Any) -> Any:  # noqa: ANN401  as of a list
        return self._rows[index]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._rows)

    @property
    def failed(self) -> list[dict[str, Any]]:
        """The rows of the runs that failed."""
        return [row for row in self._rows if row["failed"] is not None]

    def best(self, by: str | None = None) -> dict[str, Any]:
        """Return the row with the lowest number in a column.

        By default that of the error, or of the first result of a function.

        Raises
        ------
        ValueError
            If there is no such number.
        """
        return self._rows[self._best(by)]

    def model(self, row: dict[str, Any] | None = None) -> MLP:
        """Return the fitted model of a row, by default of the best.

        Raises
        ------
        ValueError
            If the row is none of these, or its run has left no model.
        """
        index = (
            self._best(None) if row is None else next((i for i, r in enumerate(self._rows) if r is row), -1)
        )
        if index < 0 or MODEL not in self._records[index].arrays:
            raise ValueError(f"row: expected a row of this sweep whose fit has ended well, got {row!r:.200}")
        return model_of(self._records[index])

    def summary(self, by: str | None = None) -> SweepSummary:
        """Return one row a setting, over all seeds, from the lowest median of a column to the highest."""
        return summarize(self._rows, self.settings, self._column(by))

    def columns(self) -> dict[str, list[Any]]:
        """Return the table by columns, as ``pandas.DataFrame`` takes it; what is no number is text."""
        names = dict.fromkeys(name for row in self._rows for name in row)
        return {name: [shown(row.get(name)) for row in self._rows] for name in names}

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write the table to a file, which is whole or not there.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        columns = self.columns()
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
        write_bytes(path, text.getvalue().encode())

    def plot(self, by: str | None = None, *, title: str | None = None) -> tuple[Axes, ...]:
        """Plot a column over each setting that varies: a dot a run, and the median of each value."""
        from ..plotting import plot_sweep

        by = self._column(by)
        telling = [
            name
            for name in self.settings
            if name != SEED and len({repr(row.get(name)) for row in self._rows}) > 1
        ]
        table = {
            name: [str(shown(row.get(name))) for row in self._rows] for name in telling or self.settings[:1]
        }
        return plot_sweep(table, [number_of(row, by) for row in self._rows], y_label=by, title=title)

    def __repr__(self) -> str:
        said = f"{len(self)} runs over {', '.join(self.settings)}"
        said += f", {len(self.failed)} failed" if self.failed else ""
        if len(self.failed) < len(self):
            by = self._column(None)
            said += f"; lowest {by} {number_of(self.best(), by):.3g}"
        return f"SweepResult({said})"

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()

    def _column(self, by: str | None) -> str:
        """Take the name of a column of numbers."""
        results = dict.fromkeys(
            name for row in self._rows for name in row if name not in (*self.settings, "failed")
        )
        if by is None:
            return self._ranked_by or next((name for name in results if name != "time_s"), "failed")
        if by not in results:
            raise ValueError(f"by: expected one of {', '.join(results)}, got {by!r}")
        return by

    def _best(self, by: str | None) -> int:
        by = self._column(by)
        numbers = [number_of(row, by) for row in self._rows]
        lowest = min(numbers)
        if lowest == float("inf"):
            raise ValueError(f"by: expected numbers in {by!r}, got none; {self.summary().remarks[-1]}")
        return numbers.index(lowest)
