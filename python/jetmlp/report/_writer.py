"""Write the folder of an experiment, and the summary of all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from .. import plotting
from ..experiments import Study
from ._comparison import comparison_document, comparison_tables
from ._environment import environment
from ._files import write_csv, write_json, write_text
from ._section import Compared, Document, Section
from ._table import Table


@dataclass
class Summary:
    """What a reproduction came to.

    Attributes
    ----------
    document : dict
        What summary.json says.
    tables : list of Table
        What the terminal and summary.md show.
    folder : Path
        Where everything was written.
    """

    document: dict[str, Any]
    tables: list[Table]
    folder: Path


class About(NamedTuple):
    """How a report was made."""

    seed: int
    n_seeds: int | None
    n_threads: int
    time_s: float


def write_section(folder: Path, study: Study[Any], section: Section) -> None:
    """Write the folder of an experiment: numbers first, then the figures, drawn one by one."""
    folder.mkdir(exist_ok=True)
    for name, (header, rows) in section.csv_files.items():
        write_csv(folder / name, header, rows)
    head = {"experiment": study.name, "description": study.description}
    write_json(folder / "metrics.json", {**head, **section.document, **environment()})
    for name, draw in section.figures.items():
        plotting.save_figure(draw(), folder / name)


def write_summary(folder: Path, about: About, sections: Mapping[str, Section]) -> Summary:
    """Write the summary of all experiments, in the order of `sections`."""
    fits: dict[str, Compared] = {}
    for section in sections.values():
        fits |= section.compared
    document: Document = {
        **about._asdict(),
        **environment(),
        "fits": {label: comparison_document(both) for label, both in fits.items()},
        **{name: section.summary for name, section in sections.items() if section.summary},
    }
    tables = comparison_tables(fits) if fits else []
    for section in sections.values():
        tables += section.tables
    versions = document["versions"]
    line = (
        f"jetmlp {versions['jetmlp']} ({document['instruction_set']}), NumPy {versions['numpy']}, Python "
        f"{versions['python']}; first seed {about.seed}; {about.time_s:.1f} s, "
        f"{about.n_threads} fits at a time."
    )
    parts = ["# Reproduction of the published experiments", line, *(one.to_markdown() for one in tables)]
    write_json(folder / "summary.json", document)
    write_text(folder / "summary.md", "\n\n".join(parts) + "\n")
    return Summary(document, tables, folder)
