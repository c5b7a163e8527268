"""The benchmark of few samples: what its scores mean, and that its table and file hold what was measured."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import fewest_report
import numpy as np
import pytest
from fewest_rows import Row, merge, read, score, write
from numpy.typing import NDArray
from surrogate_contenders import Prediction, Predictor, missing, network, process
from surrogate_problems import Data, problems, relative_errors

PROBLEMS = problems()
SCRIPT = Path(__file__).parent / "benchmarks" / "fewest_samples.py"
Array = NDArray[Any]


def of_known_errors(factor: float) -> Any:  # noqa: ANN401
    """A contender with normal errors of known sizes, which differ by a thousand, and bars a factor off."""
    problem = PROBLEMS["branin"]

    def fit(train: Data, seed: int) -> Predictor:
        random = np.random.default_rng(seed)

        def predict(X: Array) -> Prediction:
            of_values = 10.0 ** random.uniform(-3, 0, len(X))
            of_slopes = 10.0 ** random.uniform(-3, 0, X.shape)
            values = problem.function(X) + of_values * random.standard_normal(len(X))
            slopes = problem.gradient(X) + of_slopes * random.standard_normal(X.shape)
            return Prediction(values, slopes, factor * of_values, factor * of_slopes)

        return predict

    return fit


def test_coverage_of_honest_bars_is_the_nominal_one() -> None:
    scores = score(PROBLEMS["branin"], of_known_errors(1.0), 10, 0)
    for of in ("value", "slope"):
        # Three standard errors of 2000 draws.
        assert scores[f"{of}_coverage_68"] == pytest.approx(0.68, abs=0.032)
        assert scores[f"{of}_coverage_95"] == pytest.approx(0.95, abs=0.015)
        assert scores[f"{of}_spearman"] > 0.7


def test_bars_of_half_the_size_cover_less() -> None:
    scores = score(PROBLEMS["branin"], of_known_errors(0.5), 10, 0)
    for of in ("value", "slope"):
        # P(|z| < 0.5 · 0.9945) and P(|z| < 0.5 · 1.96).
        assert scores[f"{of}_coverage_68"] == pytest.approx(0.381, abs=0.033)
        assert scores[f"{of}_coverage_95"] == pytest.approx(0.673, abs=0.032)


def test_bars_that_are_all_alike_are_not_correlated_with_errors() -> None:
    def fit(train: Data, seed: int) -> Predictor:
        return lambda X: Prediction(np.zeros(len(X)), np.zeros(X.shape), np.ones(len(X)), np.ones(X.shape))

    scores = score(PROBLEMS["branin"], fit, 10, 0)
    assert scores["value_spearman"] == scores["slope_spearman"] == 0.0


def test_a_contender_without_bars_has_no_scores_of_bars() -> None:
    problem, n = PROBLEMS["branin"], 12
    scores = score(problem, network, n, 1)
    assert set(scores) == {"value_error", "slope_error", "seconds"}
    assert scores["seconds"] > 0.0
    truth = problem.held_out()
    predicted = network(problem.training(n, 1), 1)(truth.X)
    errors = relative_errors(problem, truth, predicted.values, predicted.slopes)
    assert (scores["value_error"], scores["slope_error"]) == errors


def test_rows_come_back_from_the_file_and_show_in_the_table(tmp_path: Path) -> None:
    rows = []
    for contender, error in (("surrogate", 0.5), ("process", 0.25)):
        row = Row("branin", 20, contender)
        for design, factor in enumerate((1.0, 3.0, 2.0)):
            row.add(design, {"value_error": error * factor, "slope_error": 1.0 / error, "seconds": 0.123456})
        rows.append(row)
    assert rows[0].median("value_error") == 1.0
    assert rows[0].median("value_spearman") is None
    write(tmp_path / "new" / "rows.json", rows)
    assert read(tmp_path / "new" / "rows.json") == rows
    text = fewest_report.text(rows, PROBLEMS)
    assert "| branin* (2) | 20 | 1.0e+00 / 2.0e+00 (0.1 s) | 5.0e-01 / 4.0e+00 (0.1 s) |" in text
    assert "value_error: surrogate no worse than process in 0 of 1 rows, at most half in 0" in text
    assert "worse in branin 20 (2×)" in text
    assert "slope_error: surrogate no worse than process in 1 of 1 rows, at most half in 1" in text
    fewest_report.draw(rows, tmp_path / "rows.png")
    assert (tmp_path / "rows.png").stat().st_size > 10_000


def test_new_rows_take_the_place_of_old_ones() -> None:
    old, new = (Row("branin", 20, "process", [0], {"value_error": [error]}) for error in (1.0, 2.0))
    other = Row("branin", 9, "process", [0], {"value_error": [3.0]})
    assert merge([old], [new, other]) == [other, new]
    assert merge([old, other], []) == [other, old]


def test_the_process_is_a_contender_with_bars() -> None:
    scores = score(PROBLEMS["branin"], process, 20, 0)
    assert scores["value_error"] < 1e-2
    assert scores["slope_error"] < 1e-2
    assert 0.4 < scores["value_coverage_68"] <= scores["value_coverage_95"] <= 1.0
    assert scores["slope_spearman"] > 0.4


def test_what_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("surrogate_contenders.find_spec", lambda name: None)
    assert missing("process") is None
    assert missing("gekpls") == "smt is not installed (extra 'benchmark')"


def test_the_script_measures_writes_and_goes_on_from_its_reference(tmp_path: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(SCRIPT), "--problems", "branin", "--designs", "1", *arguments]
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)

    reference = str(tmp_path / "reference.json")
    first = run(
        "--samples", "12", "9", "--contenders", "network", "--reference", reference, "--update", "--out", "a"
    )
    assert first.returncode == 0, first.stderr
    assert [(row.n, row.contender) for row in read(tmp_path / "reference.json")] == [
        (9, "network"),
        (12, "network"),
    ]
    # The process may have 30 equations: with two inputs 10 samples, so not 12.
    process_too = ["--samples", "9", "12", "--contenders", "process", "--residuals", "30"]
    second = run(*process_too, "--reference", reference, "--out", "b")
    assert second.returncode == 0, second.stderr
    assert "!!! process LEFT OUT of branin, 12: 36 equations" in second.stderr
    lines = [line.split(" | ") for line in second.stdout.splitlines() if line.startswith("| branin")]
    with_process = ["s)" in cells[2] for cells in lines[:2]]
    assert with_process == [True, False]
    assert all("s)" in cells[3] for cells in lines[:2])
    assert [row.n for row in read(tmp_path / "b" / "fewest_samples.json")] == [9]
    assert (tmp_path / "b" / "fewest_samples.png").stat().st_size > 10_000
    # Nothing to measure: all from the reference.
    third = run("--samples", "12", *process_too[3:], "--reference", reference, "--out", "new/c")
    assert third.returncode == 0, third.stderr
    assert "1 rows from the reference" in third.stderr
    missing_file = run("--reference", "nowhere.json")
    assert missing_file.returncode == 2
    assert "--reference: expected a file, got nowhere.json" in missing_file.stderr
