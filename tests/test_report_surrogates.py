"""What `jetmlp reproduce` writes for surrogates."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from jetmlp.experiments import EXPERIMENTS, SurrogateStudy, get
from jetmlp.report import reproduce
from report_files import check_folder, read_csv, read_json, without_times


def quick(name: str, counts: tuple[int, ...], epochs: int = 3) -> SurrogateStudy:
    study = get(name)
    assert isinstance(study, SurrogateStudy)
    return replace(study, counts=counts, fit=replace(study.fit, n_train=counts[-1], epochs=epochs))


def test_a_folder_with_errors_and_predictions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = quick("wing-weight", (8, 16))
    monkeypatch.setitem(EXPERIMENTS, "wing-weight", study)
    report = reproduce(["wing-weight"], tmp_path, seed=2, n_seeds=3)
    folder = tmp_path / "wing-weight"
    check_folder(folder, {"errors.png", "predictions.png", "surrogates.csv", "metrics.json"})

    result = study.run(2, n_seeds=3)
    metrics = read_json(folder / "metrics.json")
    assert metrics["experiment"] == "wing-weight"
    assert (metrics["counts"], metrics["seeds"]) == ([8, 16], [2, 3, 4])
    assert metrics["problem"]["output"] == "wing weight [lb]"
    assert metrics["problem"]["inputs"][0] == "wing area [ft²]"
    for name, by_loss in result.errors.items():
        for loss, table in by_loss.items():
            spreads = metrics["errors"][name][loss]
            assert [one["median"] for one in spreads] == np.median(table, axis=0).tolist()
            assert [one["maximum"] for one in spreads] == table.max(axis=0).tolist()
    fit = metrics["fits"]["16 samples, values and slopes"]
    assert fit["configuration"]["problem"]["function"] == "wing_weight"
    assert fit["configuration"]["slopes"] is True
    first = result.of("values and slopes", 16)[0]
    wrong = first.predict(first.held_out.X)[1] - first.held_out.dYdX[:, 0]
    partial = np.sqrt(np.mean(wrong**2, axis=0))
    np.testing.assert_allclose(list(fit["derivative_rmse"].values()), partial, rtol=1e-12)
    assert list(fit["derivative_rmse"])[3] == "sweep [°]"

    rows = read_csv(folder / "surrogates.csv")
    assert len(rows) == 2 * 2 * 3
    assert [float(row["value_error"]) for row in rows if row["n_train"] == "8" and row["slopes"] == "0"] == (
        result.errors["value_error"]["values only"][:, 0].tolist()
    )
    assert report.document["wing-weight"]["errors"] == metrics["errors"]
    (table,) = report.tables
    assert table.title == "wing-weight: what slopes are worth, medians of 3 seeds"
    medians = [
        float(np.median(result.errors["value_error"][loss][:, 0]))
        for loss in ("values only", "values and slopes")
    ]
    assert table.rows[0][:5] == (
        "8",
        "values",
        *(f"{median:.2e}" for median in medians),
        f"{medians[0] / medians[1]:.1f}",
    )
    assert "## wing-weight" in (tmp_path / "summary.md").read_text(encoding="utf-8")


def test_options_have_prices_and_any_number_of_threads_gives_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["black-scholes", "bachelier-basket"]
    for name in names:
        monkeypatch.setitem(EXPERIMENTS, name, quick(name, (32, 64)))
    reproduce(names, tmp_path / "one", n_threads=1)
    reproduce(names, tmp_path / "three", n_threads=3)
    for name in names:
        check_folder(tmp_path / "one" / name, {"errors.png", "prices.png", "surrogates.csv", "metrics.json"})
        one, three = (tmp_path / threads / name for threads in ("one", "three"))
        for figure in ("errors.png", "prices.png"):
            assert (one / figure).read_bytes() == (three / figure).read_bytes()
        assert without_times(read_json(one / "metrics.json")) == without_times(
            read_json(three / "metrics.json")
        )


def test_a_surrogate_without_a_setting_stands_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = replace(quick("rosenbrock", (9, 16)), automatic=(9, 25))
    monkeypatch.setitem(EXPERIMENTS, "rosenbrock", study)
    report = reproduce(["rosenbrock"], tmp_path, n_seeds=2)
    metrics = read_json(tmp_path / "rosenbrock" / "metrics.json")
    fits = metrics["surrogate_fits"]["9"]
    assert [fit["seed"] for fit in fits] == [0, 1]
    beside = study.run(0, n_seeds=2)
    assert [fit["value_error"] for fit in fits] == beside.automatic_errors["value_error"][:, 0].tolist()
    assert np.isnan(beside.automatic_errors["value_error"][:, 1]).all()
    assert metrics["surrogate"]["counts"] == [9]
    assert report.document["rosenbrock"]["surrogate"]["errors"] == metrics["surrogate"]["errors"]
    assert list(metrics["fits"]) == [label for label in study.fits if "Surrogate" not in label]
    rows = read_csv(tmp_path / "rosenbrock" / "surrogates.csv")
    assert [(row["n_train"], row["epochs"]) for row in rows if row["surrogate"] == "1"] == [("9", "")] * 2
    (table,) = report.tables
    assert table.columns[-3:] == ("Surrogate()", "times better still", "its CPU [s]")
    median = float(np.median(beside.automatic_errors["derivative_error"][:, 0]))
    assert table.rows[1][-3] == f"{median:.2e}"
    assert {row[-3] for row in table.rows[2:]} == {"-"}
