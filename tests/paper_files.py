"""What the tests of papers share: results of short fits, and pages read strictly."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

from jetmlp.experiments import Ablation, Comparison, FitExperiment, get, run_fits
from jetmlp.report._section import Section
from jetmlp.report._writer import About, write_section, write_summary
from jetmlp.report.kinds import section_of

_SUPERSCRIPTS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
VOID = {"meta", "link", "br", "img", "hr", "input"}


def write_results(folder: Path) -> None:
    """Write what `reproduce` writes for short fits over two seeds, without its own figures."""
    sections: dict[str, Section] = {}
    for name in ("value-and-derivative", "value-only", "relu-vs-tanh", "ablation"):
        study = get(name)
        if isinstance(study, Comparison):
            study = replace(study, networks={k: replace(v, epochs=4) for k, v in study.networks.items()})
        elif isinstance(study, Ablation):
            variants = {k: replace(v, epochs=2) for k, v in list(study.variants.items())[:3]}
            study = replace(study, variants=variants)
        else:
            assert isinstance(study, FitExperiment)
            study = replace(study, epochs=4)
        section = replace(section_of(study, run_fits(study, 3, 2)), figures={})
        (folder / name).mkdir(parents=True)
        write_section(folder / name, study, section)
        sections[name] = section
    write_summary(folder, About(3, 2, 1, 1.0), sections)


class Page(HTMLParser):
    """A page: its elements with their attributes, and the cells of its tables."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.tables: list[list[list[str]]] = []
        self.titles: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == [], "an element is not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in ("td", "th"):
            self.tables[-1][-1].append("")
        if tag == "title":
            self.titles.append("")
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if {"td", "th"} & set(self._open):
            self.tables[-1][-1][-1] += data
        if self._open and self._open[-1] == "title":
            self.titles[-1] += data

    def table(self, *heads: str) -> list[dict[str, str]]:
        """Return the rows of the table that has these heads."""
        (found,) = (table for table in self.tables if set(heads) <= set(table[0]))
        return [dict(zip(found[0], row, strict=True)) for row in found[1:]]


def check_page(text: str, n_figures: int) -> Page:
    """Nothing comes from elsewhere, every picture says what it shows, and no name is given twice."""
    page = Page(text)
    for tag, attributes in page.elements:
        for name in ("src", "href", "xlink:href", "srcset", "data", "action", "poster"):
            target = attributes.get(name)
            assert target is None or target.startswith(("#", "data:")), f"{tag} {name}={target}"
        assert tag not in ("iframe", "object", "embed", "base")
        if tag == "img":
            assert attributes.get("alt")
    styles = re.findall(r"<style.*?</style>", text, re.DOTALL)
    assert not any(re.search(r"@import|url\((?!#)", style) for style in styles)
    policies = [a["content"] for t, a in page.elements if a.get("http-equiv") == "Content-Security-Policy"]
    assert len(policies) == 1
    assert policies[0] is not None
    assert policies[0].startswith("default-src 'none'")
    assert "http" not in policies[0]

    drawings = [attributes for tag, attributes in page.elements if tag == "svg"]
    assert len(drawings) == n_figures
    names = [attributes["id"] for _, attributes in page.elements if attributes.get("id")]
    assert len(names) == len(set(names))
    for attributes in drawings:
        assert attributes["role"] == "img"
        assert attributes["aria-labelledby"] in names
    assert len(page.titles) == n_figures + 1
    assert all(len(title) > 40 for title in page.titles[1:])
    return page


def read_number(cell: str) -> float:
    """Read a number as a report writes it."""
    mantissa, _, power = cell.replace("−", "-").partition("·10")
    return float(mantissa) * 10.0 ** int(power.translate(_SUPERSCRIPTS) or 0)
