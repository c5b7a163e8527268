"""The report to hand in: of what `reproduce` wrote, and of nothing else."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import typst

from jetmlp import report
from jetmlp.cli import main
from jetmlp.report.paper import needed
from jetmlp.report.paper.discussion import discussion
from jetmlp.report.paper.markup import number, quoted, text
from jetmlp.report.paper.results import read_results
from paper_files import Page, check_page, read_number, write_results
from report_files import read_json


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    write_results(folder)
    return folder


def changed(results: Path, place: Path, name: str, change: Callable[[dict[str, Any]], None]) -> Path:
    """Copy the results with one file changed."""
    shutil.copytree(results, place)
    document = read_json(place / name)
    change(document)
    (place / name).write_text(json.dumps(document))
    return place


def said(folder: Path) -> str:
    """Return the discussion, without what Typst needs to take words as they are."""
    return "\n".join(discussion(read_results(folder))).replace("\\", "")


@pytest.fixture(scope="module")
def written(results: Path, tmp_path_factory: pytest.TempPathFactory) -> report.Published:
    return report.write_report(results, tmp_path_factory.mktemp("written"))


def test_page(results: Path, written: report.Published) -> None:
    first = written
    figures = {path.name for path in (first.source.parent / "figures").iterdir()}
    assert figures == {f"{name}.svg" for name in ("fit", "loss", "ratios", "relu", "ablation")}

    text = first.page.read_text(encoding="utf-8")
    page = check_page(text, len(figures))
    assert sum(tag == "math" for tag, _ in page.elements) > 10
    assert [a["id"] for t, a in page.elements if t == "select"] == ["explore-choice"]
    assert text.count("<option>") == 4
    assert len(text) < 2_500_000
    assert "data-figure" not in text

    # Every number of the table is one of the file.
    fits = read_json(results / "summary.json")["fits"]
    rows = page.table("experiment", "published", "median")
    assert sum(row["experiment"] != "" for row in rows) == len(fits) == 4
    errors = {
        "MSE f": "value_mse",
        "max f": "value_max",
        "MSE f'": "derivative_mse",
        "max f'": "derivative_max",
    }
    fit: dict[str, Any] = {}
    for row in rows:
        fit = fits.get(row["experiment"], fit)
        error = fit["errors"][errors[row["error"]]]
        names = {"published": "published", "median": "median", "ratio": "ratio"}
        for head, name in {**names, "least": "minimum", "greatest": "maximum"}.items():
            assert read_number(row[head]) == pytest.approx(error[name], rel=0.05), (row, head)
        if fit["possible"] is None:
            assert row["possible"] == "–"
        else:
            worst = fit["possible"]["errors"][errors[row["error"]]]["maximum"]
            assert read_number(row["possible"]) == pytest.approx(worst, rel=0.05)
    settings = page.table("experiment", "rate", "epochs")
    assert [row["epochs"] for row in settings] == ["4"] * 4
    assert settings[2]["network"] == "1–64–64–1"
    assert [row["σ"] for row in settings][2:] == ["relu", "tanh"]


def test_discussion_follows_the_numbers(results: Path, tmp_path: Path) -> None:
    before = said(results)

    def scale(fit: dict[str, Any], kind: str, factor: float) -> None:
        for points in fit["over_seeds"].values():
            for name, spread in points.items():
                if name.startswith(kind):
                    spread.update({which: entry * factor for which, entry in spread.items()})

    def much_worse(document: dict[str, Any]) -> None:
        scale(document["fits"]["ReLU"], "derivative", 1e8)
        scale(document["fits"]["tanh"], "derivative", 1e8)

    def much_better(document: dict[str, Any]) -> None:
        scale(document["fits"]["ReLU"], "", 1e-6)

    worse = said(changed(results, tmp_path / "worse", "relu-vs-tanh/metrics.json", much_worse))
    better = said(changed(results, tmp_path / "better", "relu-vs-tanh/metrics.json", much_better))
    assert worse != before
    assert better != before
    assert "root mean square error is only" in better
    assert "staircase" not in better

    def verdicts(word: str) -> Callable[[dict[str, Any]], None]:
        def change(document: dict[str, Any]) -> None:
            for effects in document["ablation"]["effects"].values():
                for effect in effects.values():
                    effect["verdict"] = word

        return change

    helps = said(changed(results, tmp_path / "helps", "summary.json", verdicts("helps")))
    unclear = said(changed(results, tmp_path / "unclear", "summary.json", verdicts("unclear")))
    assert "what helps is derivative weight 0.1" in helps
    assert "what hurts" not in helps
    assert "no change makes a clear difference" in unclear

    def possible(factor: float) -> Callable[[dict[str, Any]], None]:
        def change(document: dict[str, Any]) -> None:
            for fit in document["fits"].values():
                for name, spread in fit["errors"].items():
                    if fit["possible"]:
                        scale_ = factor**2 if name.endswith("mse") else factor
                        fit["possible"]["errors"][name]["maximum"] = spread["median"] * scale_

        return change

    smaller = said(changed(results, tmp_path / "smaller", "summary.json", possible(0.01)))
    larger = said(changed(results, tmp_path / "larger", "summary.json", possible(10.0)))
    assert "has errors 100 times smaller than Adam's median" in smaller
    assert "has errors 10 times larger than Adam's median" in larger

    def published(document: dict[str, Any]) -> None:
        for fit in document["fits"].values():
            for spread in fit["errors"].values():
                spread["ratio"] = 0.5

    met = said(changed(results, tmp_path / "met", "summary.json", published))
    assert "Even the largest ratio" in met
    assert "Even the largest ratio" not in before


@pytest.mark.parametrize(
    ("slope", "word"), [(100.0, "The slope is the harder one"), (0.01, "The value is the harder one")]
)
def test_which_quantity_is_harder(results: Path, tmp_path: Path, slope: float, word: str) -> None:
    """Whatever is multiplied into the errors of the slopes of all fits decides."""

    def change(fit: dict[str, Any]) -> None:
        for points in fit["over_seeds"].values():
            for name, spread in points.items():
                if name == "derivative_mse":
                    spread["median"] = points["value_mse"]["median"] * slope**2

    folder = changed(results, tmp_path / "all", "value-and-derivative/metrics.json", change)
    document = read_json(folder / "relu-vs-tanh" / "metrics.json")
    for fit in document["fits"].values():
        change(fit)
    (folder / "relu-vs-tanh" / "metrics.json").write_text(json.dumps(document))
    assert word in said(folder)


def test_surrogates_stand_beside_each_other(results: Path, tmp_path: Path) -> None:
    def change(document: dict[str, Any]) -> None:
        def spreads(*medians: float) -> list[dict[str, float]]:
            return [{"median": median, "minimum": median, "maximum": median} for median in medians]

        by_loss = {"values only": spreads(9.0, 0.8), "values and slopes": spreads(9.0, 0.2)}
        errors = {"value_error": by_loss, "derivative_error": by_loss}
        own = {"counts": [50], "errors": dict.fromkeys(errors, spreads(0.013)), "cpu_time_s": []}
        study = {"counts": [25, 50], "errors": errors, "cpu_time_s": {}, "surrogate": own}
        document["arm"] = study
        document["valley"] = study | {"surrogate": own | {"counts": [25]}}

    written = report.write_report(changed(results, tmp_path / "some", "summary.json", change))
    page = Page(written.page.read_text(encoding="utf-8"))
    (table,) = (table for table in page.tables if table[0][0] == "surrogate")
    half = ["0.80", "0.20", "4.0"]
    assert table[1] == ["arm", "50", *half, "0.013", *half, "0.013"]
    assert table[2] == ["valley", "50", *half, "–", *half, "–"]


def test_one_seed_is_said_to_be_one(results: Path, tmp_path: Path) -> None:
    def change(document: dict[str, Any]) -> None:
        for fit in document["fits"].values():
            fit["seeds"] = fit["seeds"][:1]

    one = said(changed(results, tmp_path / "one", "summary.json", change))
    assert "rests on a single seed" in one
    assert "median" not in one.split("*What the ablation says.*")[0].split("ReLU against tanh")[0]
    assert "rests on a single seed" not in said(results)


def test_results_without_published_fits(results: Path, tmp_path: Path) -> None:
    """What was not run is not spoken of, and no figure is referred to that is not there."""

    def change(document: dict[str, Any]) -> None:
        document["fits"] = {}

    folder = changed(results, tmp_path / "only", "summary.json", change)
    text = report.write_report(folder, title='Mine & "yours" #1 @all').page.read_text(encoding="utf-8")
    assert "Mine &amp; &quot;yours&quot; #1 @all</title>" in text
    check_page(text, 1)
    assert "ReLU against tanh" not in text
    assert "What the ablation says" in text
    assert "<script" not in text


def test_what_is_wrong_is_named(results: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"expected summary\.json, which reproduce writes; run"):
        report.write_report(tmp_path / "nowhere")
    folder = changed(results, tmp_path / "broken", "summary.json", dict.clear)
    with pytest.raises(ValueError, match=r"expected a summary\.json of reproduce"):
        report.write_report(folder)
    (folder / "summary.json").write_text("{")
    with pytest.raises(ValueError, match="expected JSON in"):
        report.write_report(folder)
    shutil.copy(results / "summary.json", folder)
    (folder / "value-only" / "curves.csv").unlink()
    with pytest.raises(FileNotFoundError, match=r"expected curves\.csv"):
        report.write_report(folder)
    assert not (folder / "report.pdf").exists()


def test_a_typst_that_leaves_formulas_out_is_refused(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(typst, "compile", lambda *_, **__: b"<body></body>")
    with pytest.raises(ImportError, match=r"typst: expected version 0\.15 or later, got "):
        report.write_report(results, tmp_path)
    assert not (tmp_path / "report.html").exists()


def test_command_writes_the_same_bytes(
    results: Path, written: report.Published, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["report", str(results), "--out", str(out)]) == 0
    assert capsys.readouterr().out.split() == [
        str(out / name) for name in ("report.pdf", "report.html", "report-source/report.typ")
    ]
    content = (out / "report.pdf").read_bytes()
    assert content.startswith(b"%PDF-")
    assert content == written.pdf.read_bytes()
    assert (out / "report-source" / "report.typ").read_bytes() == written.source.read_bytes()


def test_command_says_what_is_wrong(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    assert main(["report", str(tmp_path / "nowhere.safetensors")]) == 2
    assert "nowhere.safetensors" in capsys.readouterr().err
    assert main(["report", str(results), "--x", "a"]) == 2
    assert "--x, --y" in capsys.readouterr().err

    monkeypatch.setattr(needed, "find_spec", lambda name: None if name == "typst" else object())
    for arguments in (["report", str(results)], ["reproduce", "value-only", "--report", "--out", str(out)]):
        assert main(arguments) == 2
        error = capsys.readouterr().err
        assert error.endswith('needs typst: pip install "jetmlp[paper]"\n')
        assert error.count("\n") == 1
    assert not out.exists()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.0312, "0.031"),
        (47.3, "47"),
        (-0.5, "−0.50"),
        (2.34e-9, "2.3·10⁻⁹"),
        (9.99e-4, "1.0·10⁻³"),
        (123456.0, "1.2·10⁵"),
        (None, "–"),
        (float("nan"), "–"),
    ],
)
def test_numbers(value: float | None, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    "words",
    ["1. load", "= x", "- y + z", "/ t: u", "// gone", "/* gone */", "http://a.b/~c", "a\\b", "$f_1$ #x @y"],
)
def test_words_are_taken_as_they_are(words: str) -> None:
    page = typst.compile(f"{text(words)}\n\n#raw({quoted(words)})".encode(), format="html").decode()
    read = unescape(page.split("<body>")[1])
    assert f"<p>{words}</p>" in read
    assert f"<code>{words}</code>" in read


def test_controls_are_blanks() -> None:
    assert text("a\x01b\n c") == "a b c"
    assert quoted("a\x01b\x7f") == '"a b "'
