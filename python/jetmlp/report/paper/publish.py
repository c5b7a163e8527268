"""From markup and figures to files: the PDF, the page, and the sources to go on writing."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from ... import plotting
from ..._files import write_bytes
from .._files import write_text
from .markup import quoted
from .needed import CURE

SOURCES = "report-source"

#: Nothing is fetched from anywhere: a browser refuses what these words do not allow.
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline' 'unsafe-eval'; img-src "
    "data:; font-src data:"
)


class Figure(NamedTuple):
    """A figure to be written.

    Attributes
    ----------
    draw : callable
        Draws it and returns its axes.
    alt : str
        What is to be seen, in words.
    """

    draw: Callable[[], Any]
    alt: str


@dataclass(frozen=True, kw_only=True)
class Paper:
    """A report before it is typeset.

    Attributes
    ----------
    title : str
        Of the report.
    about : str
        A line below it, as markup.
    body : str
        The rest, as markup.
    figures : dict of str to Figure
        By the names that the body has for them.
    interactive : dict of str to str
        HTML for the places that the body keeps for the page alone, by their names.
    head : str
        HTML that these need once: scripts and styles.
    """

    title: str
    about: str
    body: str
    figures: Mapping[str, Figure] = field(default_factory=dict)
    interactive: Mapping[str, str] = field(default_factory=dict)
    head: str = ""


class Published(NamedTuple):
    """Where a report was written."""

    pdf: Path
    page: Path
    #: Of Typst: the text, its look and the figures.
    source: Path


def publish(paper: Paper, folder: Path) -> Published:
    """Write report.pdf, report.html and the folder of their sources.

    Raises
    ------
    ImportError
        If Typst is too old for formulas in a page.
    OSError
        If a file cannot be written.
    """
    import typst  # an optional dependency; see `need`

    sources = folder / SOURCES
    (sources / "figures").mkdir(parents=True, exist_ok=True)
    drawings = {name: _svg(figure) for name, figure in paper.figures.items()}
    for name, drawing in drawings.items():
        write_text(sources / "figures" / f"{name}.svg", drawing)
    write_text(sources / "template.typ", asset("template.typ"))
    source = sources / "report.typ"
    write_text(
        source,
        '#import "template.typ": *\n'
        f"#show: report.with(title: {quoted(paper.title)}, about: [{paper.about}])\n\n{paper.body}\n",
    )
    # The fonts are Typst's own, so that the bytes are the same on every machine; UA-1 is the accessible PDF,
    # which refuses figures and formulas without a text for those who cannot see them.
    common: dict[str, Any] = {"root": str(sources), "ignore_system_fonts": True}
    pdf = typst.compile(str(source), format="pdf", pdf_standards="ua-1", **common)
    page = typst.compile(str(source), format="html", sys_inputs={"target": "html"}, **common)
    if "#formula(" in paper.body and b"<math" not in page:
        # What is older leaves formulas out of a page, and says nothing.
        raise ImportError(f"typst: expected version 0.15 or later, got {version('typst')}: {CURE}")
    write_bytes(folder / "report.pdf", pdf)
    write_text(folder / "report.html", _page(paper, page.decode("utf-8"), drawings))
    return Published(folder / "report.pdf", folder / "report.html", source)


def asset(name: str) -> str:
    """Read a file that lies beside this one."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _svg(figure: Figure) -> str:
    """Draw a figure; the same numbers give the same bytes."""
    from matplotlib.figure import Figure as MatplotlibFigure

    with plotting.offscreen():
        drawn = figure.draw()
    first = drawn if isinstance(drawn, MatplotlibFigure) else None
    axes = getattr(drawn, "flat", drawn)
    if first is None:
        first = (axes[0] if isinstance(axes, (tuple, list)) else axes).figure.figure
    buffer = io.BytesIO()
    with plotting.style():
        first.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue().decode("utf-8")


def _page(paper: Paper, typeset: str, drawings: Mapping[str, str]) -> str:
    """Put what Typst made of the text into a page of its own."""
    styles = "\n".join(re.findall(r"<style>(.*?)</style>", typeset, re.DOTALL))
    match = re.search(r"<body>(.*)</body>", typeset, re.DOTALL)
    assert match is not None
    body = match.group(1)
    for name, drawing in drawings.items():
        body = body.replace(_place("figure", name), _inline(name, drawing, paper.figures[name].alt))
    body = re.sub(
        r'<div data-interactive="([^"]*)"></div>',
        lambda found: paper.interactive.get(found.group(1), ""),
        body,
    )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<link rel="icon" href="data:,">\n'
        f"<title>{escape(paper.title)}</title>\n<style>\n{styles}\n{asset('page.css')}</style>\n{paper.head}</head>\n<body>\n<main>{body}</main>\n</body>\n</html>\n"
    )


def _place(kind: str, name: str) -> str:
    return f'<div data-{kind}="{escape(name)}"></div>'


def _inline(name: str, drawing: str, alt: str) -> str:
    """Return a drawing to stand within a page: with a title, and identifiers that no other drawing has."""
    svg = drawing[drawing.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    # Of identifiers only those that something refers to: the others are names of parts, and not unique.
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', svg))
    svg = re.sub(r' id="([^"]*)"', lambda m: f' id="{name}-{m[1]}"' if m[1] in used else "", svg)
    svg = re.sub(r'(href="#|url\(#)', rf"\g<1>{name}-", svg)
    width = float(re.search(r'width="([\d.]+)pt"', svg).group(1))  # type: ignore[union-attr]  # always there
    svg = re.sub(r'width="[\d.]+pt" height="[\d.]+pt"', "", svg, count=1)
    # Not so small on a phone that nobody can read it: what is wider is scrolled.
    size = f"max-width:{width * 1.75:.0f}px;min-width:{width * 0.95:.0f}px"
    head = f'<svg role="img" aria-labelledby="{name}-title" style="{size}" '
    return svg.replace("<svg ", head, 1).replace(">", f'><title id="{name}-title">{escape(alt)}</title>', 1)
