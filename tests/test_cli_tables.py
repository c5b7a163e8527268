"""The commands that take tables, from the file to the answer."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import jetmlp
from jetmlp.cli import main
from jetmlp.tables.read import read_table
from surrogate_samples import pair, points
from surrogate_tables import frame
from terminal import RUN, on_a_terminal
from wrong_commands import WRONG

Captured = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A folder with a table, the model of it, and what the fit said for programs."""
    folder = tmp_path_factory.mktemp("tables")
    frame(12).to_csv(folder / "data.csv", index=False)
    with pytest.MonkeyPatch.context() as patch, (folder / "said.json").open("w") as said:
        patch.setattr(sys, "stdout", said)
        assert main(["fit", str(folder / "data.csv"), "--out", str(folder / "m.safetensors"), "--json"]) == 0
    return folder, json.loads((folder / "said.json").read_text())


@pytest.fixture
def folder(fitted: tuple[Path, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the test's own, with the table and the model."""
    for name in ("data.csv", "m.safetensors"):
        (tmp_path / name).write_bytes((fitted[0] / name).read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def answer(capsys: Captured, *arguments: str) -> dict[str, Any]:
    capsys.readouterr()
    assert main([*arguments, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_a_fit_is_that_of_the_library_by_its_defaults(fitted: tuple[Path, dict[str, Any]]) -> None:
    folder, said = fitted
    X = points(12)
    Y, D = pair(X)
    expected = jetmlp.Surrogate().fit(X, Y, D)
    model = jetmlp.load(folder / "m.safetensors")
    assert isinstance(model, jetmlp.Surrogate)
    np.testing.assert_array_equal(model.predict(X), expected.predict(X))
    assert (model.input_names, model.output_names) == (("a", "b"), ("u", "w"))
    assert {(row["output"], row["input"]): row["column"] for row in said["derivatives"]} == {
        ("u", "a"): "du_da",
        ("u", "b"): "du/db",
        ("w", "a"): "d(w)/d(a)",
        ("w", "b"): "w!b",
    }
    errors, _ = expected.left_out()
    for o, row in enumerate(said["goodness"][:2]):
        assert (row["output"], row["input"], row["n"], row["basis"]) == ("uw"[o], None, 12, "leave-one-out")
        assert row["rmse"] == pytest.approx(np.sqrt(np.mean(errors[:, o] ** 2)), rel=1e-12)
        assert row["r2"] == pytest.approx(1 - np.mean(errors[:, o] ** 2) / np.var(Y[:, o]), rel=1e-12)


def test_keys_for_programs_stay(fitted: tuple[Path, dict[str, Any]], folder: Path, capsys: Captured) -> None:
    assert list(fitted[1]) == [
        "data", "samples", "contents", "inputs", "outputs", "derivatives", "left_alone", "notes",
        "networks_used", "networks_tried", "goodness", "warnings", "model",
    ]  # fmt: skip
    errors = [
        "output", "input", "n", "rmse", "median_error", "largest_error", "relative_error", "r2", "basis",
    ]  # fmt: skip
    assert list(fitted[1]["goodness"][0]) == errors
    assert list(answer(capsys, "predict", "m.safetensors", "data.csv")) == [
        "model", "data", "rows", "columns", "extrapolating", "out",
    ]  # fmt: skip
    found = answer(capsys, "evaluate", "m.safetensors", "data.csv")
    assert list(found) == ["model", "data", "samples", "goodness", "extrapolating"]
    assert list(found["goodness"][0]) == [*errors, "largest_at", "within_1_std", "within_2_std"]
    assert list(answer(capsys, "info", "m.safetensors")) == [
        "model", "kind", "samples", "values", "derivatives", "inputs", "outputs", "networks_used",
        "networks_tried", "goodness",
    ]  # fmt: skip


def test_predictions_match_columns_by_name(folder: Path, capsys: Captured) -> None:
    new = frame(5, seed=3)
    new[["run", "b", "a"]] = new.assign(run=0)[["run", "b", "a"]]
    new[["run", "b", "a"]].to_csv("new.csv", index=False, sep=";")
    assert main(["predict", "m.safetensors", "new.csv", "--derivatives", "--out", "out.csv"]) == 0
    assert "wrote out.csv: 5 rows, a, b, u, u_std" in capsys.readouterr().err
    table = read_table(Path("out.csv"))
    out = {name: table.numbers(name) for name in table.names}
    model = jetmlp.load("m.safetensors")
    assert isinstance(model, jetmlp.Surrogate)
    X = new[["a", "b"]].to_numpy()
    for named, arrays in (
        (["u", "w"], model.predict(X, return_std=True)),
        (["du/da", "du/db", "dw/da", "dw/db"], model.jacobian(X, return_std=True)),
    ):
        for ending, array in zip(["", "_std"], arrays, strict=True):
            written = np.column_stack([out[name + ending] for name in named])
            np.testing.assert_array_equal(written, array.reshape(5, -1))
    assert main(["predict", "m.safetensors", "new.csv", "--no-std", "--no-inputs"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "u,w"
    pd.DataFrame({"p": X[:, 0], "q": X[:, 1]}).to_parquet("other.parquet")
    Path("map.json").write_text('{"inputs": {"b": "q", "a": "p"}}')
    for more in (["--x", "p,q"], ["--map", "map.json"]):
        found = answer(capsys, "predict", "m.safetensors", "other.parquet", *more)
        np.testing.assert_array_equal(found["columns"]["u"], out["u"])
    new.rename(columns={"a": "p"}).to_csv("half.csv", index=False)
    for data, columns in (("new.csv", "b,a"), ("half.csv", "p,b")):
        found = answer(capsys, "predict", "m.safetensors", data, "--x", columns)
        np.testing.assert_array_equal(found["columns"]["u"], out["u"])
    assert main(["predict", "m.safetensors", "half.csv", "--x", "b,p"]) == 2
    assert "--x: expected columns in the order of the inputs, a, b, got 'b'" in capsys.readouterr().err
    np.savez("other.npz", x=X.T)
    found = answer(capsys, "predict", "m.safetensors", "other.npz")
    np.testing.assert_array_equal(found["columns"]["u"], out["u"])


def test_extrapolation_is_warned_of(folder: Path, capsys: Captured) -> None:
    fitted = pd.read_csv("data.csv")["a"]
    Path("new.csv").write_text("a,b\n0,0\n1.5,0\n2,0.1\n")
    assert answer(capsys, "predict", "m.safetensors", "new.csv")["extrapolating"] == [1, 2]
    assert main(["predict", "m.safetensors", "new.csv"]) == 0
    err = capsys.readouterr().err
    assert err.startswith("jetmlp: warning: new.csv: 2 of 3 rows lie outside the samples that were fitted")
    spans = f"a from 0 to 2, fitted from {fitted.min():g} to {fitted.max():g}"
    assert f"the first of them line 3 ({spans}): error bars are no promise there" in err
    for rounded in (0.0, 1e-7):  # as by a table with fewer digits
        Path("new.csv").write_text(f"a,b\n{fitted.min() - rounded:.17g},0\n{fitted.max() + rounded:.17g},0\n")
        assert answer(capsys, "predict", "m.safetensors", "new.csv")["extrapolating"] == []


def test_errors_at_new_samples(folder: Path, capsys: Captured) -> None:
    test = frame(30, seed=5)
    test.loc[3, ["u", "du_da"]] = np.nan
    test.to_csv("test.csv", index=False)
    rows = {
        (row["output"], row["input"]): row
        for row in answer(capsys, "evaluate", "m.safetensors", "test.csv")["goodness"]
    }
    model = jetmlp.load("m.safetensors")
    assert isinstance(model, jetmlp.Surrogate)
    mean, deviation = model.predict(test[["a", "b"]], return_std=True)
    error = mean[:, 0] - test["u"].to_numpy()
    row = rows["u", None]
    assert (row["n"], rows["u", "a"]["n"], rows["w", None]["n"], row["basis"]) == (29, 29, 30, "new samples")
    assert row["rmse"] == pytest.approx(np.sqrt(np.nanmean(error**2)), rel=1e-12)
    assert row["largest_at"] == f"line {np.nanargmax(abs(error)) + 2}"
    within = np.nanmean(np.where(np.isnan(error), np.nan, abs(error) <= 2 * deviation[:, 0]))
    assert row["within_2_std"] == pytest.approx(within, rel=1e-12)
    slopes = model.jacobian(test[["a", "b"]])[:, 1, 1] - test["w!b"].to_numpy()
    assert rows["w", "b"]["largest_error"] == pytest.approx(abs(slopes).max(), rel=1e-12)


def test_some_of_the_outputs_under_other_names_will_do(folder: Path, capsys: Captured) -> None:
    def kinds(*arguments: str) -> list[tuple[str, str | None]]:
        rows = answer(capsys, "evaluate", "m.safetensors", "test.csv", *arguments)["goodness"]
        assert all(row["r2"] > 0.8 for row in rows)
        return [(row["output"], row["input"]) for row in rows]

    test = frame(20, seed=5)
    test[["a", "b", "w", "w!b"]].to_csv("test.csv", index=False)
    assert kinds() == [("w", None), ("w", "b")]
    assert kinds("--dydx", "none") == [("w", None)]
    test[["a", "b", "du_da"]].to_csv("test.csv", index=False)
    assert kinds() == [("u", "a")]
    names = {"a": "p", "b": "q", "u": "c1", "w": "c2", "du_da": "dc1_dp", "w!b": "c9"}
    test.rename(columns=names)[list(names.values())].to_csv("test.csv", index=False)
    assert kinds("--x", "p,q", "--y", "c1,c2") == [("u", None), ("w", None), ("u", "a")]
    content = {"inputs": {"a": "p", "b": "q"}, "outputs": {"w": "c2"}, "derivatives": {"dw/db": "c9"}}
    Path("map.json").write_text(json.dumps(content))
    assert kinds("--map", "map.json") == [("w", None), ("w", "b")]
    X = points(20, seed=5)
    np.savez("test.npz", x=X.T, y=pair(X)[0].T)
    rows = answer(capsys, "evaluate", "m.safetensors", "test.npz")["goodness"]
    assert [row["output"] for row in rows] == ["u", "w"]


def test_what_is_exported_predicts_in_numpy(folder: Path, capsys: Captured) -> None:
    for name in ("w.npz", "w.json"):
        assert main(["export", "m.safetensors", "--out", name]) == 0
    document = json.loads(Path("w.json").read_text())
    with np.load("w.npz") as arrays:
        tensors = {name: arrays[name] for name in arrays.files if name != "description"}
        assert json.loads(str(arrays["description"])) == {k: v for k, v in document.items() if k != "tensors"}
    assert {name: array.tolist() for name, array in tensors.items()} == document["tensors"]
    activations = {"tanh": np.tanh, "silu": lambda z: z / (1 + np.exp(-z))}
    X, total = points(4, seed=2), 0.0
    for k, candidate in enumerate(document["candidates"]):
        a = (X - tensors["normalization.x_mean"]) / tensors["normalization.x_scale"]
        depth = len(candidate["hidden"])
        for layer in range(depth + 1):
            a = a @ tensors[f"member.{k}.weights.{layer}"].T + tensors[f"member.{k}.bias.{layer}"]
            a = activations[candidate["activation"]](a) if layer < depth else a
        total = total + tensors["weights"][k] * (
            a * tensors["normalization.y_scale"] + tensors["normalization.y_mean"]
        )
    model = jetmlp.load("m.safetensors")
    np.testing.assert_allclose(total, model.predict(X), rtol=1e-12, atol=1e-12)


def test_c_and_mock_up_units_are_exported(folder: Path, capsys: Captured) -> None:
    model = jetmlp.load("m.safetensors")
    assert main(["export", "m.safetensors", "--out", "beam.c"]) == 0
    assert Path("beam.c").read_text() == model.c_code("beam")
    assert "Wrote beam.c: a file of C99" in capsys.readouterr().out
    assert main(["export", "m.safetensors", "--out", "beam.fmu"]) == 0
    with zipfile.ZipFile("beam.fmu") as archive:
        assert archive.read("sources/model.c").decode() == model.c_code("beam")
        for name in (*model.input_names, *model.output_names):
            assert f'name="{name}"' in archive.read("modelDescription.xml").decode()


def test_a_network_without_names_is_told_them(folder: Path, capsys: Captured) -> None:
    jetmlp.MLP([2, 4, 2], seed=1).save("network.safetensors")
    found = answer(capsys, "predict", "network.safetensors", "data.csv", "--x", "a,b", "--no-inputs")
    assert list(found["columns"]) == ["y1", "y2"]
    rows = answer(capsys, "evaluate", "network.safetensors", "data.csv", "--x", "a,b", "--y", "u,w")[
        "goodness"
    ]
    assert [(row["output"], row["input"]) for row in rows][:3] == [("y1", None), ("y2", None), ("y1", "x1")]
    assert answer(capsys, "info", "network.safetensors")["kind"] == "MLP"
    assert main(["info", "network.safetensors"]) == 0
    assert main(["export", "network.safetensors", "--out", "network.npz"]) == 0
    capsys.readouterr()
    assert main(["predict", "network.safetensors", "data.csv"]) == 2
    assert "data.csv: expected --x with the columns of the 2 inputs" in capsys.readouterr().err


def test_swapped_derivatives_are_named(folder: Path, capsys: Captured) -> None:
    table = frame(40)[["a", "b", "u", "du_da", "du/db"]].rename(columns={"du_da": "du/db", "du/db": "du_da"})
    table.to_csv("swapped.csv", index=False)
    assert main(["fit", "swapped.csv", "--seconds", "0.01"]) == 0
    out, err = capsys.readouterr()
    assert "do not seem to belong to the values: swapped; inputs a and b: in each other's place" in err
    assert "Not kept" in out
    assert main(["fit", "swapped.csv", "--seconds", "0.01", "--no-check"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("command", "complaint"), WRONG, ids=[command for command, _ in WRONG])
def test_mistakes_get_one_clear_line_and_change_nothing(
    command: str, complaint: str, folder: Path, capsys: Captured
) -> None:
    Path("other.csv").write_text("a,f\n1,2\n")
    Path("inputs.csv").write_text("a,b\n0,0\n")
    Path("folder.safetensors").mkdir()
    Path("link.csv").symlink_to("data.csv")
    os.mkfifo("pipe.csv")
    np.savez("map.npz", X=np.ones((4, 3)))
    before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    assert main(shlex.split(command)) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert complaint in err
    assert {path: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before
    assert Path("pipe.csv").is_fifo()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_output_that_cannot_be_written(folder: Path) -> None:
    command = [sys.executable, "-c", RUN, "predict", "m.safetensors", "data.csv"]
    shell = f"{shlex.join(command)} 2>err"
    for target, expected in (
        (">/dev/full", "jetmlp: error: cannot write to standard output: No space left on device\n"),
        (">&-", "jetmlp: error: cannot write to standard output: Bad file descriptor\n"),
        ("| true; exit ${PIPESTATUS[0]}", ""),
    ):
        done = subprocess.run(["bash", "-c", f"{shell} {target}"], check=False)
        # Whether a pipe breaks before all is written is up to the reader.
        assert done.returncode in ((0, 141) if target.startswith("|") else (1,))
        assert Path("err").read_text() == expected


def test_colour_only_on_a_terminal_that_wants_it(folder: Path, capsys: Captured) -> None:
    info = ["info", "m.safetensors"]
    assert main(info) == 0
    plain = capsys.readouterr().out
    assert "\x1b" not in plain
    coloured = on_a_terminal(info)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[\d+m", "", coloured).split() == plain.split()
    assert on_a_terminal(info, NO_COLOR="1").split() == plain.split()


@pytest.mark.parametrize(
    "command", ["fit", "predict", "evaluate", "sweep", "export", "report", "info", "reproduce"]
)
def test_help_teaches_by_example(command: str, capsys: Captured) -> None:
    assert main([command, "--help"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"Usage: jetmlp {command} ")
    examples = out.split("Examples:\n")[1].strip().splitlines()
    assert len(examples) >= 2
    assert all(line.strip().startswith(f"jetmlp {command}") for line in examples)
    assert main(["--help"]) == 0
    assert f"  {command} " in capsys.readouterr().out
