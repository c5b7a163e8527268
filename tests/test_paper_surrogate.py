"""The report of a surrogate: how good it is, what matters, and a section of how to use it that holds."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import jetmlp
from jetmlp import report
from jetmlp.cli import main
from jetmlp.report.paper.surrogate_facts import Met, facts_of
from jetmlp.report.paper.surrogate_text import _confidence, _verdict
from jetmlp.surrogate.goodness import goodness
from paper_files import check_page, read_number

Array = NDArray[np.float64]
PI = np.pi
#: Ishigami and Homma 1990, a = 7 and b = 0.1, on [−π, π]³: V₁ = (1 + b π⁴/5)²/2, V₂ = a²/8 and
#: V₁₃ = 8 b² π⁸/225.
V1, V2, V13 = 0.5 * (1 + 0.1 * PI**4 / 5) ** 2, 49 / 8, 8 * 0.01 * PI**8 / 225
VARIANCE = V1 + V2 + V13
FIRST = np.array([V1, V2, 0.0]) / VARIANCE
TOTAL = np.array([V1 + V13, V2, V13]) / VARIANCE
BOX = [(-PI, PI)] * 3


def ishigami(X: Array) -> tuple[Array, Array]:
    x1, x2, x3 = X.T
    value = np.sin(x1) + 7 * np.sin(x2) ** 2 + 0.1 * x3**4 * np.sin(x1)
    slopes = np.cos(x1) * (1 + 0.1 * x3**4), 7 * np.sin(2 * x2), 0.4 * x3**3 * np.sin(x1)
    return value, np.stack(slopes, axis=1)


class Exact:
    """Answers as a surrogate does, without an error: two outputs, the second a constant."""

    def _fitted(self) -> Any:  # noqa: ANN401
        return SimpleNamespace(samples=SimpleNamespace(X=np.array([[-PI] * 3, [PI] * 3])))

    def predict(self, X: Array) -> Array:
        return self.predict_with_jacobian(X)[0]

    def predict_with_jacobian(self, X: Array) -> tuple[Array, Array]:
        value, slopes = ishigami(X)
        return np.stack([value, 0 * value + 2], axis=1), np.stack([slopes, 0 * slopes], axis=1)


def test_sobol_indices_are_those_that_are_known() -> None:
    found = report.sensitivity(Exact())  # type: ignore[arg-type]
    np.testing.assert_allclose(found.bounds, BOX)
    np.testing.assert_allclose(found.first_order[0], FIRST, atol=0.01)
    np.testing.assert_allclose(found.total[0], TOTAL, atol=0.01)
    np.testing.assert_allclose(found.variance, [VARIANCE, 0.0], rtol=0.01)
    assert np.isnan(found.total[1]).all()
    # E[(∂f/∂x₁)²] = (1 + 2bE[x₃⁴] + b²E[x₃⁸])/2 and so on, by hand.
    squares = [
        0.5 * (1 + 0.2 * PI**4 / 5 + 0.01 * PI**8 / 9),
        49 / 2,
        0.5 * 0.16 * PI**6 / 7,
    ]
    np.testing.assert_allclose(found.slope_bound[0], 4 * np.array(squares) / VARIANCE, rtol=0.02)
    assert (found.slope_bound[0] >= found.total[0]).all()


def test_an_input_that_does_not_move_has_no_effect() -> None:
    alone = report.sensitivity(Exact(), [(1.0, 1.0), (-PI, PI), (1.0, 1.0)])  # type: ignore[arg-type]
    np.testing.assert_array_equal(alone.first_order[0], [0.0, 1.0, 0.0])
    np.testing.assert_array_equal(alone.total[0], [0.0, 1.0, 0.0])
    found = report.sensitivity(Exact(), [(-PI, PI), (1.0, 1.0), (-PI, PI)])  # type: ignore[arg-type]
    np.testing.assert_array_equal(found.total[0, 1], 0.0)
    np.testing.assert_array_equal(found.slope_bound[0, 1], 0.0)
    np.testing.assert_allclose(found.total[0, [0, 2]], np.array([V1 + V13, V13]) / (V1 + V13), atol=0.01)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"bounds": [(0, 1)]}, "bounds: expected a lower and an upper end for each of 3 inputs"),
        ({"bounds": [(1, 0)] * 3}, "bounds: expected a lower and an upper end"),
        ({"bounds": [(1, 1)] * 3}, "bounds: expected at least one input with two different ends"),
        ({"n_points": 1000}, "n_points: expected a power of 2, got 1000"),
    ],
)
def test_sensitivity_refuses(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        report.sensitivity(Exact(), **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("within", "word"), [((0.7, 0.95), "as they are"), ((0.4, 0.7), "too small"), ((0.97, 1.0), "wider than")]
)
def test_what_is_said_of_error_bars_follows_their_coverage(within: tuple[float, float], word: str) -> None:
    row = goodness(0, None, np.arange(3.0), np.ones(3), "fitted samples")
    assert word in _confidence([Met("y", row, row, within)])


@pytest.mark.long
def test_sobol_indices_of_a_fitted_surrogate() -> None:
    """From 128 samples with slopes; the box is that of the function."""
    X = np.random.default_rng(0).uniform(-PI, PI, (128, 3))
    surrogate = jetmlp.Surrogate().fit(X, *ishigami(X))
    found = report.sensitivity(surrogate, BOX)
    np.testing.assert_allclose(found.first_order[0], FIRST, atol=0.03)
    np.testing.assert_allclose(found.total[0], TOTAL, atol=0.03)


def plane(X: Array) -> tuple[Array, Array]:
    a, b = X.T
    values = np.stack([np.sin(2 * a) + 0.5 * b, a * b], axis=1)
    slopes = np.stack([np.stack([2 * np.cos(2 * a), 0 * b + 0.5], 1), np.stack([b, a], 1)], axis=1)
    return values, slopes


@pytest.fixture(scope="module")
def surrogate() -> jetmlp.Surrogate:
    X = np.random.default_rng(1).uniform(-1, 1, (14, 2))
    return jetmlp.Surrogate(n_threads=1).fit(X, *plane(X))


def test_report_of_two_outputs(
    surrogate: jetmlp.Surrogate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    surrogate.save("plate_1 `a`.safetensors")
    names: dict[str, Any] = {
        "input_names": ["1. width [mm]", "- load_#1"],
        "output_names": ["stress", "= <sag> & $ // x"],
    }
    written = report.report_surrogate(surrogate, "out", file="plate_1 `a`.safetensors", **names)
    text = written.page.read_text(encoding="utf-8")
    page = check_page(text, 2)
    assert text.count("<option>") == 4
    assert "the file <code>plate_1 `a`.safetensors</code>" in text

    facts = facts_of(surrogate, names["input_names"], names["output_names"])
    rows = page.table("quantity", "RMSE", "RMSE, left out")
    assert [row["quantity"] for row in rows] == [
        *names["output_names"],
        *(f"slope of {y} by {x}" for y in names["output_names"] for x in names["input_names"]),
    ]
    values, slopes = surrogate.left_out()
    columns = [*values.T, *slopes.reshape(14, 4).T]
    for row, column, met in zip(rows, columns, facts.values + facts.slopes, strict=True):
        left_out = np.sqrt(np.mean(column**2))
        assert read_number(row["RMSE, left out"]) == pytest.approx(left_out, rel=0.05)
        assert met.at_samples.rmse <= 1.01 * left_out
        assert float(row["R², left out"]) > 0.9
    matters = page.table("output", "first order", "total")
    assert [row["input"] for row in matters] == names["input_names"] * 2
    for row, total in zip(matters, facts.sensitivity.total.ravel(), strict=True):
        assert read_number(row["total"]) == pytest.approx(total, rel=0.05, abs=1e-9)

    # What the page says of how to use it holds.
    program = re.search(r'#code\("(.*?)"\)', written.source.read_text(encoding="utf-8"), re.DOTALL)
    assert program is not None
    lines = program.group(1).replace("\\n", "\n").replace('\\"', '"')
    scope: dict[str, Any] = {}
    exec(compile(lines, "report", "exec"), scope)
    for o, name in enumerate(names["output_names"]):
        said, deviation = re.findall(rf"# {re.escape(name)}: (\S+) ± (\S+)", lines)[0]
        assert float(said) == pytest.approx(scope["value"][0, o], rel=1e-5)
        assert float(deviation) == pytest.approx(scope["deviation"][0, o], rel=0.5)
    assert scope["next_x"].shape == (3, 2)
    assert (np.abs(scope["next_x"]) <= 1.0).all()


def test_report_of_one_input_by_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    x = np.linspace(-1, 1, 7)
    noisy = np.sin(3 * x)
    noisy[2] = np.nan
    model = tmp_path / "model.safetensors"
    jetmlp.Surrogate(n_threads=1).fit(x, noisy, 3 * np.cos(3 * x), allow_missing_values=True).save(model)
    assert main(["report", str(model), "--out", str(tmp_path / "out"), "--x", "time [s]", "--y", "way"]) == 0
    assert capsys.readouterr().out.startswith(str(tmp_path / "out" / "report.pdf"))
    again = report.report_surrogate(
        jetmlp.load(model),
        tmp_path / "again",
        input_names=["time [s]"],
        output_names=["way"],  # type: ignore[arg-type]
    )
    assert again.pdf.read_bytes() == (tmp_path / "out" / "report.pdf").read_bytes()
    text = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    page = check_page(text, 1)
    assert [row["known"] for row in page.table("quantity", "kind", "known")] == ["7", "6"]
    assert "A surrogate of way" in text
    assert main(["report", str(model), "--x", "a, b", "--out", str(tmp_path / "no")]) == 2
    assert "input_names: expected 1 different names" in capsys.readouterr().err
    assert not (tmp_path / "no").exists()
    jetmlp.MLP([1, 3, 1], seed=0).save(model)
    assert main(["report", str(model)]) == 2
    assert "expected a surrogate, which keeps its samples, got MLP" in capsys.readouterr().err


def test_one_output_takes_two_pages_and_leaves_none_of_them_empty(tmp_path: Path) -> None:
    X = np.random.default_rng(1).uniform(-1, 1, (12, 3))
    total = X.sum(axis=1)
    slopes = np.repeat(2 * total[:, np.newaxis], 3, axis=1)
    fitted = jetmlp.Surrogate(n_threads=1).fit(X, total**2, slopes)
    pdf = report.report_surrogate(fitted, tmp_path).pdf.read_bytes()
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 2


def test_an_error_that_one_sample_makes_is_said_to_be() -> None:
    errors = np.full(20, 1e-3)
    for largest, said in ((1e-3, False), (9.0, True)):
        errors[0] = largest
        row = goodness(0, None, np.arange(20.0), errors, "leave-one-out")
        verdict = _verdict([Met("y", row, row, (1.0, 1.0))])
        assert ("One of the 20 samples makes more than 90 %" in verdict) == said
        assert ("is met badly" in verdict) == said


def test_only_slopes_along_directions(tmp_path: Path) -> None:
    """Without values there are no rows of values, and directions have names of their own."""
    rng = np.random.default_rng(2)
    X, V = rng.uniform(-1, 1, (12, 2)), rng.normal(size=(12, 1, 2))
    slopes = np.einsum("nmd,nkd->nmk", plane(X)[1][:, :1], V)
    fitted = jetmlp.Surrogate(n_threads=1, seconds=1.0).fit(X, directions=V, dYdV=slopes)
    facts = facts_of(fitted, ["a", "b"], ["y"])
    assert facts.values == []
    (row,) = facts.slopes
    assert row.quantity == "slope of y by direction 1"
    predicted = np.einsum("nmd,nkd->nmk", fitted.jacobian(X), V)
    assert row.at_samples.rmse == pytest.approx(np.sqrt(np.mean((predicted - slopes) ** 2)))
    check_page(report.report_surrogate(fitted, tmp_path).page.read_text(encoding="utf-8"), 1)


def test_what_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="surrogate: expected a Surrogate, got MLP"):
        report.report_surrogate(jetmlp.MLP([1, 3, 1], seed=0), tmp_path)  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="has not been fitted"):
        report.report_surrogate(jetmlp.Surrogate(), tmp_path)
