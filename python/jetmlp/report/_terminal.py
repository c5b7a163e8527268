"""Tables on a terminal, or wherever standard output goes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TextIO

from ._table import Table

# Lines of text that are longer are hard to read.
_NOTE_WIDTH = 100


def print_tables(tables: Iterable[Table], file: TextIO) -> None:
    """Write tables; in colour, and folded to its width, only on a terminal."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    class Plain(Console):
        def on_broken_pipe(self) -> None:
            raise  # what to do then is the caller's affair, and not to end the process

    console = Plain(file=file, highlight=False)
    for table in tables:
        grid = RichTable(
            box=SIMPLE_HEAD,
            padding=(0, 1, 0, 0),
            show_edge=False,
        )
        for place, column in enumerate(table.columns):
            words = place < table.n_left
            grid.add_column(Text(column), justify="left" if words else "right", no_wrap=words)
        for row in table.rows:
            cells = zip(table.columns, row, strict=True)
            grid.add_row(*(Text(cell, style=_style(column, cell)) for column, cell in cells))
        if not console.is_terminal:
            # A file has no width to fold to.
            unbounded = console.options.update(max_width=1000)
            console.width = max(console.width, console.measure(grid, options=unbounded).maximum)
        elif console.measure(grid).maximum >= console.width:
            grid.padding = 0
        console.print(Text(table.title, style="bold"))
        console.print(grid)
        for note in table.notes:
            console.print()
            console.print(Text(note), width=min(console.width, _NOTE_WIDTH))
        console.print()


def _style(column: str, cell: str) -> str:
    if column == "ratio" and cell not in ("", "-"):
        return "green" if float(cell) <= 1.0 else "red"
    if column == "verdict":
        return {"helps": "green", "hurts": "red"}.get(cell, "")
    return ""
