"""The samples of the documentation run, and what checks the built site finds what it is to find."""

from __future__ import annotations

import csv
import importlib
import re
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / ".docs").rglob("*.md"))
SIDE_BY_SIDE = [page for page in PAGES if page.parent.name == "coming-from" and page.stem != "index"]
TOOLS = [page for page in PAGES if page.parent.name == "tools" and page.stem != "index"]
#: The line, a comment of MyST, of a page whose packages are too large for the gate.
NEEDS_LARGE_PACKAGES = "% needs: exchange"
PYTHON = Sybil(parsers=[PythonCodeBlockParser()])


@pytest.mark.parametrize("page", SIDE_BY_SIDE, ids=lambda page: page.stem)
def test_what_stands_beside_the_code_of_others_runs_and_fits(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blocks of others are directives, ``{code-block}``, which are shown; what is marked as Python runs."""
    monkeypatch.chdir(tmp_path)
    document = PYTHON.parse(page)
    examples = list(document.examples())
    assert len(examples) >= 2
    assert "```{code-block} python" in page.read_text(encoding="utf-8"), "there is no other side"
    for example in examples:
        example.evaluate()
    # Each page measures its last model: slopes of size one to four, and for the process values of size one.
    assert document.namespace["worst"] < 0.05


def _of_a_tool(page: Path) -> Any:  # noqa: ANN401  a type of pytest that it keeps to itself
    """A test of the gate, or one of the step `exchange`."""
    large = NEEDS_LARGE_PACKAGES in page.read_text(encoding="utf-8").splitlines()
    # What a large package says of its own code is not ours to mend.
    marks = [pytest.mark.exchange, pytest.mark.filterwarnings("ignore::DeprecationWarning")] if large else []
    return pytest.param(page, marks=marks, id=page.stem)


@pytest.mark.parametrize("page", [_of_a_tool(page) for page in TOOLS])
def test_the_samples_of_a_tool_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    examples = list(PYTHON.parse(page).examples())
    assert examples
    for example in examples:
        example.evaluate()


def test_every_other_sample_is_one_that_the_site_runs() -> None:
    """Only side by side do blocks of Python stand that Sphinx does not run."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        languages = set(re.findall(r"^ *```([a-z]+)$", text, flags=re.MULTILINE))
        assert languages <= {"python", "sh", "json", "text"}, page
        if page not in SIDE_BY_SIDE + TOOLS:
            assert "python" not in languages, page


def test_no_number_of_a_benchmark_is_typed_into_its_page() -> None:
    """They come from the files that the benchmarks write, and from the README."""
    text = (ROOT / ".docs/benchmarks.md").read_text(encoding="utf-8")
    assert re.findall(r"\d\.\d|\de-\d|\d+ times", text) == []


def test_every_promise_has_a_test_that_is_there_and_figures_have_their_day() -> None:
    with (ROOT / ".docs/promises.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) >= 10
    for row in rows:
        command = row["test or command"]
        assert bool(row["last figure"]) == bool(re.fullmatch(r"20\d\d-\d\d-\d\d", row["measured on"])), row
        assert (re.search(r"\d", row["last figure"]) is not None) == bool(row["last figure"]), row
        if command.startswith(".ci/run "):
            assert f"step_{command.split()[1]}()" in (ROOT / ".ci/run").read_text(encoding="utf-8"), row
            continue
        path, _, name = next(word for word in command.split() if word.startswith("tests/")).partition("::")
        assert (ROOT / path).exists(), row
        if name:
            assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8"), row


@pytest.fixture
def faults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Check a site of two pages that documents a class, with something added to one of its files."""
    monkeypatch.syspath_prepend(str(ROOT / ".ci"))
    check_site = importlib.import_module("check_site")
    monkeypatch.setattr(check_site, "public_names", lambda: ["jetmlp.MLP", "jetmlp.MLP.save"])
    entries = "jetmlp.MLP py:class 1 second.html#MLP -\njetmlp.MLP.save py:method 1 second.html#$ -\n"
    (tmp_path / "objects.inv").write_bytes(b"# a\n# b\n# c\n# d\n" + zlib.compress(entries.encode()))
    (tmp_path / "index.html").write_text('<link rel="stylesheet" href="a.css"><a href="second.html#MLP"></a>')
    (tmp_path / "second.html").write_text('<p id="MLP"><a href="https://elsewhere.org">c</a></p>')
    (tmp_path / "a.css").write_text("p { background: url(data:image/png;base64,AA) }")

    def check(file: str, added: str) -> list[str]:
        path = tmp_path / file
        path.write_text((path.read_text() if path.exists() else "") + added)
        return list(check_site.Site(tmp_path).faults())

    return check


def test_a_site_that_is_whole_has_no_faults(faults: Callable[..., list[str]]) -> None:
    assert faults("index.html", '<a href="https://elsewhere.org">a link loads nothing</a>') == []


@pytest.mark.parametrize(
    ("file", "added", "fault"),
    [
        ("index.html", '<script src="https://a.org/b.js"></script>', "not of the site"),
        ("index.html", '<img alt="b" src="//a.org/b.png">', "not of the site"),
        (
            "index.html",
            '<img alt="b" src="a.css" srcset="a.css 1x, http://a.org/b.png 2x">',
            "not of the site",
        ),
        ("index.html", '<link rel="preload" href="https://a.org/b.woff2">', "not of the site"),
        ("index.html", "<style>@import 'https://a.org/b.css';</style>", "not of the site"),
        ("index.html", '<p style="background: url(https://a.org/b.png)">', "not of the site"),
        ("a.css", '@import url("https://a.org/b.css");', "not of the site"),
        ("a.css", "p { background: url(b.png) }", "not there"),
        ("index.html", '<img src="b.png" alt="b">', "not there"),
        ("index.html", '<img src="a.css">', "no words"),
        ("index.html", '<img src="a.css" alt="_images/a.css">', "no words"),
        ("second.html", '<a href="third.html">d</a>', "not there"),
        ("second.html", '<a href="index.html#nowhere">d</a>', "a place that is not on that page"),
        ("third.html", '<a href="index.html">d</a>', "no link leads to it"),
    ],
)
def test_a_fault_of_a_site_is_found(
    faults: Callable[..., list[str]], file: str, added: str, fault: str
) -> None:
    (found,) = faults(file, added)
    assert fault in found


def test_a_name_that_is_not_documented_is_found(
    faults: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    check_site = sys.modules["check_site"]
    monkeypatch.setattr(check_site, "public_names", lambda: ["jetmlp.MLP", "jetmlp.MLP.load"])
    assert faults("index.html", "") == ["jetmlp.MLP.load: is public and not documented"]


def test_public_names_are_those_that_users_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / ".ci"))
    names = set(importlib.import_module("check_site").public_names())
    assert {"jetmlp.Trainer.fit", "jetmlp.MLP.hessian", "jetmlp.metrics.r2", "jetmlp.plotting"} <= names
    assert "jetmlp.sklearn.SobolevRegressor.predict_jacobian" in names
    assert not any("._" in name or name.endswith("_request") for name in names)
