"""What a sweep has found, setting by setting: one row for all seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from .. import _html
from .plain import shown

SEED = "seed"
#: Rows that are printed.
MOST_ROWS = 20


@dataclass(frozen=True)
class SweepSummary:
    """The settings of a sweep from best to worst; print it to read it.

    Attributes
    ----------
    by : str
        The column by which they are ranked; its median over the seeds counts, and a run that failed counts as
        infinitely bad.
    rows : tuple of dict
        For each setting: its settings, "runs", "failed", "median", "lowest" and "highest" of `by`, and
        "time_s", the median time of a run [s].
    remarks : tuple of str
        How many runs there are, and which failed and why.
    """

    by: str
    rows: tuple[dict[str, Any], ...]
    remarks: tuple[str, ...]

    def __str__(self) -> str:
        heads, cells = self._table()
        texts = [heads, *([_html.show(cell) for cell in row] for row in cells[:MOST_ROWS])]
        widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in texts
        ]
        if len(cells) > MOST_ROWS:
            lines.append(f"… and {len(cells) - MOST_ROWS} more")
        return "\n".join([f"by {self.by}", *(line.rstrip() for line in lines), *self.remarks])

    def _repr_html_(self) -> str:
        heads, cells = self._table()
        lines = [_html.line(remark) for remark in self.remarks]
        return _html.block(f"Sweep, by {self.by}", _html.table(heads, cells), *lines)

    def _table(self) -> tuple[list[str], list[list[Any]]]:
        heads = list(self.rows[0])
        return heads, [[shown(row[name]) for name in heads] for row in self.rows]


def summarize(rows: Sequence[dict[str, Any]], settings: Sequence[str], by: str) -> SweepSummary:
    """Group rows by everything but their seed, best first."""
    groups: dict[str, list[dict[str, Any]]] = {}
    names = [name for name in settings if name != SEED]
    for row in rows:
        groups.setdefault(repr([row.get(name) for name in names]), []).append(row)
    # A setting that is the same everywhere tells nothing apart.
    telling = [name for name in names if len({repr(row.get(name)) for row in rows}) > 1]
    found = [_row_of(group, telling, by) for group in groups.values()]
    found.sort(key=lambda row: (row["median"], row["lowest"]))
    failed = [row for row in rows if row["failed"] is not None]
    remarks = [f"{len(rows)} runs of {len(found)} settings"]
    if failed:
        reasons: dict[str, int] = {}
        for row in failed:
            reasons[row["failed"]] = reasons.get(row["failed"], 0) + 1
        told = [f"{count} × {reason:.200}" for reason, count in list(reasons.items())[:5]]
        remarks.append(f"{len(failed)} of them failed: {'; '.join(told)}")
    return SweepSummary(by, tuple(found), tuple(remarks))


def number_of(row: dict[str, Any], by: str) -> float:
    """Return what a row is ranked by; infinity where it failed or has no such number."""
    value = row.get(by)
    is_number = isinstance(value, (int, float)) and not math.isnan(value) and row["failed"] is None
    return float(value) if is_number else math.inf  # type: ignore[arg-type]


def _row_of(group: list[dict[str, Any]], telling: list[str], by: str) -> dict[str, Any]:
    numbers = [number_of(row, by) for row in group]
    times = [row["time_s"] for row in group if row.get("time_s") is not None]
    return {
        **{name: group[0].get(name) for name in telling},
        "runs": len(group),
        "failed": sum(row["failed"] is not None for row in group),
        "median": median(numbers) if math.isfinite(max(numbers)) else sorted(numbers)[len(numbers) // 2],
        "lowest": min(numbers),
        "highest": max(numbers),
        "time_s": median(times) if times else math.nan,
    }
