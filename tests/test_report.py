"""The folders and summaries that `jetmlp reproduce` writes."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import jetmlp
from jetmlp.cli import main
from jetmlp.experiments import (
    EXPERIMENTS,
    PUBLISHED,
    Ablation,
    Comparison,
    FitExperiment,
    Monomials,
    SurrogateStudy,
    UniformRandom,
    get,
)
from jetmlp.report import Table, print_tables, reproduce
from jetmlp.report._comparison import comparison_tables
from jetmlp.report._section import Compared
from jetmlp.report.kinds import section_of
from report_files import check_folder, read_csv, read_json, without_times

FIT_FIGURES = {"runge_fit_f.png", "runge_fit_df.png", "loss_total.png", "loss_f.png", "loss_df.png"}
FIT_FILES = {"metrics.json", "history.csv", "curves.csv"}
LOSS_FIGURES = {"loss_total.png", "loss_f.png", "loss_df.png"}


def short(name: str, epochs: int = 3) -> FitExperiment:
    experiment = get(name)
    assert isinstance(experiment, FitExperiment)
    return replace(experiment, epochs=epochs)


def test_value_only_and_input_gradient(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "deep" / "out"
    (out / "value-only").mkdir(parents=True)
    (out / "value-only" / "notes.txt").write_text("mine")
    (out / "value-only" / "metrics.json").write_text("old")
    arguments = ["value-only", "input-gradient", "--seeds", "1", "--out", str(out), "--threads", "2"]
    assert main(["reproduce", *arguments]) == 0

    stdout, stderr = capsys.readouterr()
    assert stderr.startswith(f"jetmlp: wrote {out} in ")
    assert stderr.count("\n") == 1
    assert "\x1b" not in stdout
    for text in ("Published and measured", "value-only", "on test", "1.20e-05", "input-gradient", "3-8-8-1"):
        assert text in stdout

    assert {path.name for path in out.iterdir()} == {
        "value-only",
        "input-gradient",
        "summary.md",
        "summary.json",
    }
    check_folder(out / "value-only", FIT_FIGURES | FIT_FILES | {"notes.txt"})
    gradient_figures = {f"gradient_3-8-8-1_x{k}.png" for k in (1, 2, 3)} | {"gradient_1-64-64-1.png"}
    check_folder(out / "input-gradient", gradient_figures | {"metrics.json", "gradients.csv"})

    result = get("value-only").run(0)  # type: ignore[union-attr]
    assert isinstance(result.errors, dict)  # type: ignore[union-attr]
    metrics = read_json(out / "value-only" / "metrics.json")
    assert metrics["experiment"] == "value-only"
    assert metrics["errors"] == result.errors  # type: ignore[union-attr]
    assert metrics["points"] == "test"
    assert metrics["published"] == PUBLISHED["value-only"].errors
    assert metrics["ratio"]["value_mse"] == metrics["errors"]["value_mse"] / 1.2e-5
    assert metrics["ratio"]["derivative_mse"] is None
    assert metrics["configuration"]["layer_sizes"] == [1, 64, 64, 1]
    assert metrics["configuration"]["epochs"] == 500
    assert metrics["seed"] == 0
    assert metrics["time_s"] > 0.0
    assert metrics["instruction_set"] == jetmlp.info()["level"]
    assert metrics["versions"]["jetmlp"] == jetmlp.__version__
    assert metrics["versions"]["numpy"] == np.__version__
    assert set(metrics["evaluations"]) == {"train", "validation", "test", "2001 equispaced"}

    curves = read_csv(out / "value-only" / "curves.csv")
    assert list(dict.fromkeys(row["network"] for row in curves)) == ["value-only", "value-only, possible"]
    own = [row for row in curves if row["network"] == "value-only"]
    x = np.array([float(row["x"]) for row in own])
    assert len(x) == 2001
    for column, curve in (
        ("f", 1.0 / (1.0 + 25.0 * x**2)),
        ("df", -50.0 * x / (1.0 + 25.0 * x**2) ** 2),
        ("fitted_f", result.model.predict(x)[:, 0]),  # type: ignore[union-attr]
        ("fitted_df", result.model.jacobian(x)[:, 0, 0]),  # type: ignore[union-attr]
    ):
        np.testing.assert_allclose([float(row[column]) for row in own], curve, rtol=0, atol=1e-6)

    history = read_csv(out / "value-only" / "history.csv")
    assert [int(row["epoch"]) for row in history] == list(range(500))
    losses = [float(row["val_value_loss"]) for row in history]
    np.testing.assert_array_equal(losses, result.history["val_value_loss"])  # type: ignore[union-attr]

    gradients = read_csv(out / "input-gradient" / "gradients.csv")
    assert len(gradients) == 4 * 401
    for row in gradients:
        assert float(row["step_by_step"]) == pytest.approx(float(row["jacobian"]), abs=1e-14)
    assert read_json(out / "input-gradient" / "metrics.json")["errors"]["3-8-8-1"]["jacobian_max"] < 1e-14

    summary = read_json(out / "summary.json")
    assert summary["n_seeds"] == 1
    assert summary["fits"]["value-only"]["seeds"] == [0]
    assert summary["fits"]["value-only"]["errors"]["value_mse"]["median"] == metrics["errors"]["value_mse"]
    assert summary["fits"]["value-only"]["errors"]["value_mse"]["published"] == 1.2e-5
    markdown = (out / "summary.md").read_text(encoding="utf-8")
    assert "| value-only | MSE f | 1.20e-05 | " in markdown
    assert "## input-gradient" in markdown


def test_several_seeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fit = short("derivative-only", epochs=20)
    monkeypatch.setitem(EXPERIMENTS, "derivative-only", fit)
    report = reproduce(["derivative-only"], tmp_path, seed=4, n_seeds=3)
    errors = [fit.run(seed).errors["derivative_mse"] for seed in (4, 5, 6)]
    compared = report.document["fits"]["derivative-only"]["errors"]["derivative_mse"]
    assert compared["median"] == np.median(np.array(errors, dtype=float))
    assert (compared["minimum"], compared["maximum"]) == (min(errors), max(errors))  # type: ignore[type-var]
    assert compared["ratio"] == compared["median"] / 5.602e-6
    metrics = read_json(tmp_path / "derivative-only" / "metrics.json")
    assert [one["seed"] for one in metrics["seeds"]] == [4, 5, 6]
    assert [one["errors"]["derivative_mse"] for one in metrics["seeds"]] == errors
    assert metrics["errors"] == metrics["seeds"][0]["errors"]
    assert metrics["value_shift"] == fit.run(4).value_shift.tolist()  # type: ignore[union-attr]
    assert [row[:3] for row in report.tables[0].rows] == [
        ("derivative-only", "MSE f'", "5.60e-06"),
        ("  on validation", "max f'", "9.16e-03"),
    ]
    assert report.tables[0].title == "Published and measured: 3 seeds"
    assert report.tables[0].columns[2:] == ("published", "median", "lowest", "highest", "ratio", "possible")
    assert report.tables[0].rows[0][3:6] == tuple(
        f"{compared[name]:.1e}" for name in ("median", "minimum", "maximum")
    )


def test_any_number_of_threads_gives_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["value-only", "mini-batch"]
    for name in names:
        monkeypatch.setitem(EXPERIMENTS, name, short(name))
    reproduce(names, tmp_path / "one", n_threads=1)
    reproduce(names, tmp_path / "three", n_threads=3)
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.*"))
    assert len(files) == 2 * 8 + 2
    for file in files:
        one, three = tmp_path / "one" / file, tmp_path / "three" / file
        if file.name == "metrics.json":
            assert without_times(read_json(one)) == without_times(read_json(three))
        elif file.parent != Path():
            assert one.read_bytes() == three.read_bytes(), file


def test_networks_side_by_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = get("relu-vs-tanh")
    assert isinstance(experiment, Comparison)
    networks = {label: replace(fit, epochs=4) for label, fit in experiment.networks.items()}
    monkeypatch.setitem(EXPERIMENTS, "relu-vs-tanh", replace(experiment, networks=networks))
    report = reproduce(["relu-vs-tanh"], tmp_path)
    folder = tmp_path / "relu-vs-tanh"
    check_folder(folder, FIT_FIGURES | FIT_FILES)
    metrics = read_json(folder / "metrics.json")
    assert list(metrics["fits"]) == ["ReLU", "tanh"]
    assert metrics["fits"]["tanh"]["configuration"]["activation"] == "tanh"
    assert metrics["fits"]["ReLU"]["published"]["value_mse"] == 2.65e-5
    history = read_csv(folder / "history.csv")
    assert [(row["network"], row["epoch"]) for row in history] == [
        (label, str(epoch)) for label in ("ReLU", "tanh") for epoch in range(4)
    ]
    assert list(report.document["fits"]) == ["relu-vs-tanh: ReLU", "relu-vs-tanh: tanh"]


def test_ablation_and_monomials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ablation, monomials = get("ablation"), get("monomials")
    assert isinstance(ablation, Ablation)
    assert isinstance(monomials, Monomials)
    variants = {label: replace(fit, epochs=3) for label, fit in list(ablation.variants.items())[:3]}
    monkeypatch.setitem(EXPERIMENTS, "ablation", replace(ablation, variants=variants, least_seeds=2))
    small = replace(monomials, powers=(2, 5), widths=(2, 4), epochs=3, least_seeds=2)
    monkeypatch.setitem(EXPERIMENTS, "monomials", small)
    report = reproduce(["ablation", "monomials"], tmp_path)

    check_folder(tmp_path / "ablation", {"ablation.png", "ablation.csv", "metrics.json"})
    rows = read_csv(tmp_path / "ablation" / "ablation.csv")
    assert [(row["fit"], row["seed"]) for row in rows] == [(v, s) for v in variants for s in ("0", "1")]
    effects = read_json(tmp_path / "ablation" / "metrics.json")["effects"]
    assert effects["derivative weight 10"]["value"]["verdict"] in ("helps", "hurts", "unclear")
    assert effects["weighted-sobolev"]["value"]["ratio"] == 1.0

    check_folder(
        tmp_path / "monomials", {"monomials_f.png", "monomials_df.png", "monomials.csv", "metrics.json"}
    )
    rows = read_csv(tmp_path / "monomials" / "monomials.csv")
    assert len(rows) == 2 * 2 * 2 * 2
    assert {(row["n_train"], row["layer_sizes"]) for row in rows} == {
        (n, sizes) for n in ("48", "8", "20") for sizes in ("1-2-1", "1-4-1")
    }
    rmse = read_json(tmp_path / "monomials" / "metrics.json")["rmse"]
    assert np.array(rmse["4k points"]["derivative"]).shape == (2, 2)
    assert [table.title.split(":")[0] for table in report.tables] == ["ablation", "monomials", "monomials"]


def test_a_function_of_two_inputs_has_no_curve_but_losses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plane = FitExperiment(
        name="plane",
        function=lambda X: X[:, 0] * X[:, 1],
        data=UniformRandom(n_train=20, n_validation=5, low=(0.0, 0.0), high=(1.0, 1.0)),
        layer_sizes=(2, 4, 1),
        epochs=2,
    )
    monkeypatch.setitem(EXPERIMENTS, "plane", plane)
    reproduce(["plane"], tmp_path)
    check_folder(tmp_path / "plane", LOSS_FIGURES | {"metrics.json", "history.csv"})
    metrics = read_json(tmp_path / "plane" / "metrics.json")
    assert metrics["published"] is None
    assert metrics["last_losses"]["derivative_loss"] is None


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_reports_know_the_kind_of_every_experiment(name: str) -> None:
    assert section_of.dispatch(type(get(name))) is not section_of.dispatch(object)


def test_an_unknown_kind_of_experiment_is_named() -> None:
    with pytest.raises(
        TypeError, match="study: expected a kind of experiment that reports know, got 'runge'"
    ):
        section_of("runge", {})


def test_gradients_of_several_seeds_show_the_first_and_report_the_largest_differences(tmp_path: Path) -> None:
    experiment = get("input-gradient")
    report = reproduce(["input-gradient"], tmp_path, seed=1, n_seeds=3)
    each = [experiment.run(seed)["3-8-8-1"] for seed in (1, 2, 3)]
    largest = {name: max(check.differences[name] for check in each) for name in each[0].differences}
    assert report.document["input-gradient"]["3-8-8-1"] == largest
    rows = [
        row for row in read_csv(tmp_path / "input-gradient" / "gradients.csv") if row["network"] == "3-8-8-1"
    ]
    assert [float(row["jacobian"]) for row in rows if row["input"] == "2"] == each[0].jacobian[:, 1].tolist()


def test_a_table_in_markdown() -> None:
    table = Table("Title", ("name", "error\nof f"), [("a", "1"), ("b", "2")])
    assert table.to_markdown() == ("## Title\n\n| name | error of f |\n| --- | ---: |\n| a | 1 |\n| b | 2 |")


def test_what_is_possible_stands_beside_what_was_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit = short("value-only")
    monkeypatch.setitem(EXPERIMENTS, "value-only", fit)
    report = reproduce(["value-only"], tmp_path, n_seeds=3)
    assert fit.possible_fit is not None
    results = [fit.possible_fit.run(seed) for seed in range(3)]
    worst = max(float(one.errors["value_mse"] or 0.0) for one in results)

    for document in (report.document, read_json(tmp_path / "summary.json")):
        possible = document["fits"]["value-only"]["possible"]
        assert possible["seeds"] == [0, 1, 2]
        assert possible["points"] == "test"
        assert possible["errors"]["value_mse"]["published"] == 1.2e-5
        assert possible["errors"]["value_mse"]["maximum"] == worst
        assert possible["errors"]["value_mse"]["worst_ratio"] == worst / 1.2e-5
        assert possible["configuration"]["optimizer"]["kind"] == "LevenbergMarquardt"
        assert possible["configuration"]["normalize"] is True
        assert possible["cpu_time_ratio"] > 0.0
    metrics = read_json(tmp_path / "value-only" / "metrics.json")
    assert [one["errors"] for one in metrics["possible"]["seeds"]] == [one.errors for one in results]
    assert metrics["configuration"]["optimizer"] == "Adam"

    errors, times = report.tables
    assert errors.rows[0][-1] == f"{worst:.1e}"
    assert times.rows[0][0] == "value-only"
    markdown = (tmp_path / "summary.md").read_text(encoding="utf-8")
    assert f"| {worst:.1e} |" in markdown
    for note in errors.notes:
        assert f"\n\n{note}\n" in markdown


def test_captions_say_what_ratio_and_possible_mean_and_why_fits_scatter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    experiment = get("relu-vs-tanh")
    assert isinstance(experiment, Comparison)
    networks = {label: replace(fit, epochs=4) for label, fit in experiment.networks.items()}
    monkeypatch.setitem(EXPERIMENTS, "relu-vs-tanh", replace(experiment, networks=networks))
    assert main(["reproduce", "relu-vs-tanh", "--seeds", "1", "--out", str(tmp_path)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    for text in (
        "ratio: the error divided by the published one on the same points",
        "A single fit may lie ten times above or below the median",
        "chaotically on the start and on rounding",
        "LevenbergMarquardt, 100 steps, 1-10-10-1, float64",
        "its slope is a staircase, which no optimizer mends",
    ):
        assert text in said
    document = read_json(tmp_path / "summary.json")["fits"]
    assert document["relu-vs-tanh: ReLU"]["possible"] is None
    assert document["relu-vs-tanh: tanh"]["possible"]["errors"]["derivative_mse"]["worst_ratio"] < 1e-6


@pytest.mark.parametrize(("name", "seeds"), [("value-only", 5), ("input-gradient", 5), ("rosenbrock", 1)])
def test_seeds_where_nobody_says_how_many(
    name: str, seeds: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = get(name)
    if isinstance(study, FitExperiment):
        monkeypatch.setitem(EXPERIMENTS, name, replace(study, epochs=2))
    if isinstance(study, SurrogateStudy):
        quick = replace(study, counts=(9,), fit=replace(study.fit, n_train=9, epochs=2))
        monkeypatch.setitem(EXPERIMENTS, name, quick)
    report = reproduce([name], tmp_path)
    assert report.document["n_seeds"] is None
    if name == "value-only":
        assert report.document["fits"][name]["seeds"] == list(range(seeds))
        assert report.document["fits"][name]["possible"]["seeds"] == list(range(seeds))
        assert "5 seeds" in report.tables[0].title
    if name == "rosenbrock":
        assert read_json(tmp_path / name / "metrics.json")["seeds"] == list(range(seeds))
        assert "one seed" in report.tables[0].title
    if name == "input-gradient":
        largest = max(
            study.run(seed)["3-8-8-1"].differences["jacobian_max"]  # type: ignore[index]
            for seed in range(seeds)
        )
        assert report.document[name]["3-8-8-1"]["jacobian_max"] == largest


@pytest.mark.parametrize("width", [80, 120])
def test_a_terminal_shows_every_number_whole(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The widest names and numbers there are; a cell that is folded would stand in two lines."""
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    experiments = [get(name) for name in ("value-and-derivative", "weighted-sobolev")]
    fits = {}
    for fit in experiments:
        assert isinstance(fit, FitExperiment)
        assert fit.possible_fit is not None
        quick, possible = replace(fit, epochs=1), replace(fit.possible_fit, epochs=1)
        fits[fit.name] = Compared([quick.run(s) for s in range(2)], [possible.run(s) for s in range(2)])
    stream = Terminal()
    tables = comparison_tables(fits)
    print_tables(tables, stream)
    lines = re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue()).splitlines()
    assert max(map(len, lines)) <= width
    for table in tables:
        for row in table.rows:
            assert any(line.split() == " ".join(row).split() for line in lines), row


class Terminal(io.StringIO):
    """What rich takes for a terminal."""

    def isatty(self) -> bool:
        return True
