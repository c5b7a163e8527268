"""Tables and figure of the benchmark of few samples, from the file that the benchmark writes.

```{few-samples} errors
```

gives a table, `errors` or `coverage`, or the sentences of `contest`. Nothing is typed twice.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx.util.docutils import SphinxDirective

BENCHMARKS = Path(__file__).parents[2] / "tests" / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import fewest_report as report  # noqa: E402  lies there
from fewest_rows import Row, read  # noqa: E402
from surrogate_problems import problems  # noqa: E402

if TYPE_CHECKING:
    from docutils.nodes import Node
    from sphinx.application import Sphinx

DATA = BENCHMARKS / "data" / "fewest_samples.json"
CALLED = {
    "surrogate": "`Surrogate()`",
    "process": "process",
    "noisy-process": "process with noise",
    "network": "one network",
    "jenn": "JENN",
    "gekpls": "GEKPLS",
}


def errors_of(row: Row) -> str:
    """Give errors of values and of slopes."""
    values, slopes = row.median("value_error"), row.median("slope_error")
    return f"{values:.1e} / {slopes:.1e}"


def coverage_of(row: Row) -> str:
    """Give how many per cent of the errors lie within bars of 68 %, and of 95 %, for values and slopes."""
    inside = [row.median(f"{of}_coverage_{level}") for level in (68, 95) for of in ("value", "slope")]
    first, second = (
        " and ".join("–" if part is None else f"{100 * part:.0f}" for part in pair)
        for pair in (inside[:2], inside[2:])
    )
    return f"{first} · {second}"


def said(line: str) -> str:
    """Say in words what a line of the benchmark calls by the names of its scores."""
    for name, words in (("value_error", "Errors of values"), ("slope_error", "Errors of slopes")):
        line = line.replace(name, words)
    return line


def table(rows: list[Row], kind: str) -> str:
    """Write a table in Markdown, a line for each problem and number of samples."""
    cell = errors_of if kind == "errors" else coverage_of
    if kind == "coverage":
        rows = [row for row in rows if "value_coverage_68" in row.scores]
    found = {row.key: row for row in rows}
    known = problems()
    contenders = [name for name in CALLED if any(row.contender == name for row in rows)]
    places = sorted({(row.problem, row.n) for row in rows}, key=lambda at: (list(known).index(at[0]), at[1]))
    lines = [
        f"| problem | inputs | samples | {' | '.join(CALLED[name] for name in contenders)} |",
        "| --- " + "| ---: " * (2 + len(contenders)) + "|",
    ]
    for problem, n in places:
        at = (found.get((problem, n, name)) for name in contenders)
        cells = " | ".join("" if row is None else cell(row) for row in at)
        lines.append(f"| {problem} | {known[problem].n_inputs} | {n} | {cells} |")
    return "\n".join(lines)


class FewSamples(SphinxDirective):
    """The directive."""

    required_arguments = 1

    def run(self) -> list[Node]:
        """Put in what is asked for."""
        self.env.note_dependency(str(DATA))
        rows = read(DATA)
        kind = self.arguments[0]
        if kind == "contest":
            text = "\n".join(f"- {said(line)}." for line in report.contest(rows))
        elif kind in ("errors", "coverage"):
            text = table(rows, kind)
        else:
            raise self.error(f"few-samples: expected errors, coverage or contest, got {kind!r}")
        return self.parse_text_to_nodes(text)


def draw(app: Sphinx) -> None:
    """Draw the figure before pages are read."""
    folder = Path(app.srcdir) / "generated"
    folder.mkdir(exist_ok=True)
    report.draw(read(DATA), folder / "few-samples.png")


def setup(app: Sphinx) -> dict[str, Any]:
    """Tell Sphinx of both."""
    app.add_directive("few-samples", FewSamples)
    app.connect("builder-inited", draw)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
