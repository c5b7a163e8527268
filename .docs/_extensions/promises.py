"""The table of what is promised, from `promises.csv`.

```{promises} files
```

gives the promises of one place, each with its last figure and, below it, what holds it.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from docutils.nodes import Node
    from sphinx.application import Sphinx

DATA = Path(__file__).parents[1] / "promises.csv"


class Promises(SphinxDirective):
    """The directive."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[Node]:
        """Put in the promises of a place."""
        self.env.note_dependency(str(DATA))
        with DATA.open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["where"] == self.arguments[0]]
        if not rows:
            raise self.error(f"promises: expected a place of {DATA.name}, got {self.arguments[0]!r}")
        return self.parse_text_to_nodes("\n\n".join(map(said, rows)))


def said(row: dict[str, str]) -> str:
    """Give a promise as Markdown: itself, the figure, and what holds it."""
    figure = f" {row['last figure']} ({row['measured on']})." if row["last figure"] else ""
    return f"**{row['promise']}.**{figure}\\\n`{row['test or command']}`"


def setup(app: Sphinx) -> dict[str, Any]:
    """Tell Sphinx of it."""
    app.add_directive("promises", Promises)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
