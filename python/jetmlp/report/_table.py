"""The tables of a summary, for the terminal and for Markdown."""

from __future__ import annotations

from dataclasses import dataclass

#: Stands where nothing was published or measured.
NOTHING = "-"


@dataclass(frozen=True)
class Table:
    """Texts in rows and columns.

    Parameters
    ----------
    title : str
        Above it.
    columns : tuple of str
        Heads of the columns, in lines.
    rows : list of tuple of str
        As long as `columns` each.
    n_left : int
        So many columns, the first ones, hold words; the others numbers.
    notes : tuple of str
        Paragraphs below it.
    """

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    n_left: int = 1
    notes: tuple[str, ...] = ()

    def to_markdown(self) -> str:
        """Write the table as a section of Markdown."""
        rule = ["---"] * self.n_left + ["---:"] * (len(self.columns) - self.n_left)
        heads = [column.replace("\n", " ") for column in self.columns]
        lines = ["| " + " | ".join(row) + " |" for row in (heads, rule, *self.rows)]
        return "\n\n".join([f"## {self.title}", "\n".join(lines), *self.notes])


def number(value: float | None, form: str = "{:.2e}") -> str:
    """Write a number; what is not there as a dash."""
    return NOTHING if value is None else form.format(value)
