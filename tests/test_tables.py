"""Tables from files as programs write them, and which of their columns are what."""

from __future__ import annotations

import csv
import json
import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from jetmlp.tables.columns import Columns, assign
from jetmlp.tables.errors import TableError
from jetmlp.tables.mapping import read_mapping
from jetmlp.tables.read import read_table
from jetmlp.tables.resolve import resolve
from jetmlp.tables.samples import samples_of
from jetmlp.tables.table import Table
from jetmlp.tables.write import write_table

NAN = np.nan
FRAME = pd.DataFrame({"x1": [0.0, 1.5, -2e-3], "x2": [1.0, 2.0, 3.0], "f": [0.1, NAN, 1e300]})


def table(tmp_path: Path, text: str | bytes, name: str = "data.csv") -> Table:
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_table(path)


def as_frame(read: Table) -> pd.DataFrame:
    return pd.DataFrame({name: read.numbers(name) for name in read.names})


@pytest.mark.parametrize(
    "text",
    [
        FRAME.to_csv(index=False),
        FRAME.to_csv(index=False, sep=";"),
        FRAME.to_csv(index=False, sep="\t"),
        FRAME.to_csv(index=False, sep=";", decimal=","),
        FRAME.to_csv(index=False, lineterminator="\r\n"),
        "\ufeff" + FRAME.to_csv(index=False),
        FRAME.to_csv(index=False, na_rep="NaN", quoting=csv.QUOTE_ALL),
        "# " + FRAME.to_csv(index=False, na_rep="nan"),
        "# by a program, version 1\n\n" + FRAME.to_csv(index=False, na_rep="n/a") + "\n# the end\n",
        FRAME.to_csv(index=False).replace(",", ", "),
    ],
    ids=["commas", "semicolons", "tabs", "comma", "windows", "mark", "quotes", "numpy", "remarks", "blanks"],
)
def test_text_in_the_ways_of_programs(text: str, tmp_path: Path) -> None:
    pd.testing.assert_frame_equal(as_frame(table(tmp_path, text)), FRAME)


def test_an_index_without_a_name_is_left_alone(tmp_path: Path) -> None:
    read = table(tmp_path, FRAME.to_csv())
    pd.testing.assert_frame_equal(as_frame(read), FRAME)
    assert read.notes == ("column 1 has no name and is left alone",)


def test_columns_of_texts_do_no_harm_until_they_are_used(tmp_path: Path) -> None:
    read = table(tmp_path, "run,x\na,1\nb,2\n")
    assert read.numbers("x").tolist() == [1.0, 2.0]
    with pytest.raises(
        TableError, match=r"data.csv, line 2, column 'run': expected a number or nothing, got 'a'"
    ):
        read.numbers("run")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "data.csv: expected names of columns and rows of numbers, got an empty file"),
        ("x,f\n", "data.csv: expected at least one row"),
        ("1,2\n3,4\n", "data.csv: expected the names of the columns in the first line, got numbers: 1, 2"),
        ("x,x\n1,2\n", "data.csv: expected a name of its own for each column, got 'x' twice"),
        ("x,f\n1,2\n\n3\n", "data.csv, line 4: expected 2 cells between commas, as there are columns, got 1"),
        ("x,f\n1,2,\n", "data.csv, line 2: expected 2 cells between commas, as there are columns, got 3"),
        ("x,f\n1,2\n1,_3\n", "data.csv, line 3, column 'f': expected a number or nothing, got '_3'"),
        ("x,f\n1,1e999\n", "data.csv, line 2, column 'f': expected a number, got infinity"),
        ("x;f\n1,5;2.5\n", "data.csv, line 2, column 'x': expected a number or nothing, got '1,5'"),
        ("x,f\n,2\n", "data.csv, line 2, column 'x': expected a number, got a blank; leave out rows"),
        (b"x,f\xe9\n1,2\n", "data.csv: expected a table as text in UTF-8"),
        ("x,f\n1,2\n".encode("utf-16"), "data.csv: expected a table as text in UTF-8"),
    ],
)
def test_wrong_text(text: str | bytes, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(TableError) as caught:
        samples_of(read_table(path), Columns({"x": "x"}, {"f": "f"}, {}))
    assert complaint in str(caught.value)


def test_parquet(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    FRAME.assign(n=np.arange(3), run=["a", "b", "c"]).set_index("run").to_parquet(path)
    read = read_table(path)
    assert read.names[:4] == ("x1", "x2", "f", "n")
    for name in FRAME:
        np.testing.assert_array_equal(read.numbers(name), FRAME[name])
    with pytest.raises(TableError, match=r"row 1, column 'run': expected a number or nothing, got 'a'"):
        read.numbers("run")
    path.write_bytes(b"no")
    with pytest.raises(TableError, match="expected a Parquet file"):
        read_table(path)


def test_parquet_without_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "data.parquet"
    FRAME.to_parquet(path)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(TableError, match=re.escape('needs pyarrow: pip install "jetmlp[parquet]"')):
        read_table(path)
    with pytest.raises(TableError, match="needs pyarrow"):
        write_table(tmp_path / "out.parquet", {"x": np.ones(2)})
    assert list(tmp_path.iterdir()) == [path]
    assert len(table(tmp_path, FRAME.to_csv(index=False))) == 3


@pytest.mark.parametrize(("d", "m"), [(2, 1), (1, 3), (3, 2), (1, 1)])
@pytest.mark.parametrize("features_first", [False, True])
def test_arrays_of_samples_and_of_jenn(
    d: int, m: int, features_first: bool, tmp_path: Path, rng: np.random.Generator
) -> None:
    X, Y, D = rng.normal(size=(9, d)), rng.normal(size=(9, m)), rng.normal(size=(9, m, d))
    D[4, 0, 0] = NAN
    path = tmp_path / "data.npz"
    if features_first:
        np.savez(path, x=X.T, y=Y.T, dydx=np.moveaxis(D, 0, -1))
    else:
        np.savez(path, X=X, Y=Y, dYdX=D)
    read = read_table(path)
    samples = samples_of(read, resolve(read))
    for array, expected in ((samples.X, X), (samples.Y, Y), (samples.dYdX, D)):
        np.testing.assert_array_equal(array, expected)


def test_the_shapes_tell_an_unusual_layout_and_the_user_an_ambiguous_one(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    X, path = rng.normal(size=(9, 2)), tmp_path / "data.npz"
    np.savez(path, x=X, y=X[:, 0], dydx=X)
    read = read_table(path)
    np.testing.assert_array_equal(samples_of(read, resolve(read)).X, X)
    np.savez(path, x=X, y=X)
    with pytest.raises(TableError, match="can be 2 samples of 9 inputs or 9 samples of 2 inputs; say which"):
        read_table(path)
    assert len(read_table(path, "samples first")) == 9
    assert len(read_table(path, "features first")) == 2


@pytest.mark.parametrize(
    ("arrays", "complaint"),
    [
        ({"x": np.ones((2, 9)), "y": np.ones((1, 8))}, "got x (2, 9), y (1, 8)"),
        ({"X": np.ones((9, 2)), "dYdX": np.ones((9, 1, 3))}, "got X (9, 2), dYdX (9, 1, 3)"),
        ({"X": np.array(["a"])}, "expected X as numbers, got <U1"),
        ({"a": np.ones(3), "b": np.ones(4)}, "got a (3,), b (4,)"),
        ({}, "got nothing"),
    ],
)
def test_wrong_arrays(arrays: dict[str, np.ndarray], complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    np.savez(path, **arrays)
    with pytest.raises(TableError, match=re.escape(complaint)):
        read_table(path)
    path.write_bytes(b"no")
    with pytest.raises(TableError, match="expected an NPZ file"):
        read_table(path)


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".txt", ".parquet", ".npz"])
def test_what_is_written_is_read_to_the_last_bit(
    ending: str, tmp_path: Path, rng: np.random.Generator
) -> None:
    columns = {"file": rng.normal(size=4), "df/dx, y": np.array([NAN, 1e-310, 1 / 3, -1e300])}
    path = tmp_path / f"out{ending}"
    write_table(path, columns)
    read = read_table(path)
    assert read.names == tuple(columns)
    for name, numbers in columns.items():
        np.testing.assert_array_equal(read.numbers(name), numbers)
    with pytest.raises(TableError, match=r"got 'out.xlsx'; save the sheet as CSV"):
        write_table(tmp_path / "out.xlsx", columns)


@pytest.mark.parametrize(
    ("names", "inputs", "outputs", "slopes"),
    [
        ("x f", "x", "f", ""),
        ("x1 x2 y", "x1 x2", "y", ""),
        ("f x2 x1 df/dx2", "x2 x1", "f", "f:x2"),
        ("a b stress dstress_da d(stress)/d(b)", "a b", "stress", "stress:a stress:b"),
        ("t T dT/dt", "t", "T", "T:t"),
        ("u v p q p:u q!v", "u v", "p q", "p:u q:v"),
        ("x df/dx", "x", "f", "f:x"),
        ("x d(f)/d(x)", "x", "f", "f:x"),
        ("p1 p2 p3 c1 c2 dc1/dp1", "p1 p2 p3", "c1 c2", "c1:p1"),
    ],
)
def test_columns_are_known_by_their_names(names: str, inputs: str, outputs: str, slopes: str) -> None:
    found = assign(names.split(), "data.csv")
    assert list(found.inputs) == inputs.split()
    assert list(found.outputs) == outputs.split()
    assert [f"{f}:{x}" for f, x in found.derivatives] == slopes.split()


@pytest.mark.parametrize(
    ("names", "inputs", "outputs", "undecided"),
    [
        ("a b c", None, None, "undecided: a, b, c"),
        ("x y f", None, None, "undecided: y, f"),
        ("x f run", None, None, "undecided: run"),
        ("a b stress dstress/da", None, None, "undecided: b"),
        ("a b c", ["a"], None, "undecided: b, c"),
        ("a b c", None, ["c"], "undecided: a, b"),
        ("a b_dc c a_db da_db_dc", None, None, "'da_db_dc' can be d(a)/d(b_dc) or d(a_db)/d(c)"),
        ("x f f:x df/dx", None, None, "columns 'f:x' and 'df/dx': expected one column of df/dx, got two"),
        ("a b c da/db db/dc", None, None, "expected 'b' to be an input or an output, got it as both"),
        ("x1 x2", None, None, "undecided: x1, x2"),
        ("a b", ["a"], ["g"], "expected a column 'g' or derivatives of it"),
    ],
)
def test_what_is_in_doubt_is_refused(
    names: str, inputs: list[str] | None, outputs: list[str] | None, undecided: str
) -> None:
    with pytest.raises(TableError) as caught:
        assign(names.split(), "data.csv", inputs, outputs)
    assert undecided in str(caught.value)


def test_what_is_known_decides() -> None:
    names = ["a", "b", "stress", "strain", "dstress/da", "dstrain/da", "run"]
    assert list(assign(names, "", ["a", "b"], ["stress"]).derivatives) == [("stress", "a")]
    assert list(assign(["a", "b", "c"], "", ["a", "b"]).outputs) == ["c"]
    assert list(assign(["a", "f", "df/da"], "", ["a"]).derivatives) == [("f", "a")]
    assert list(assign(["a", "f", "df/da"], "", None, ["f"]).inputs) == ["a"]


def frame_table(**columns: list[float]) -> Table:
    return Table("data.csv", {name: np.array(column, dtype=float) for name, column in columns.items()})


def mapping(tmp_path: Path, **content: object) -> Path:
    path = tmp_path / "map.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_a_mapping_names_columns(tmp_path: Path) -> None:
    read = frame_table(c1=[1, 2], c2=[3, 4], c3=[5, 6], c4=[7, 8])
    path = mapping(
        tmp_path, inputs={"load": "c3"}, outputs={"stress": "c1"}, derivatives={"dstress/dload": "c4"}
    )
    found = resolve(read, mapping=read_mapping(path))
    assert found == Columns({"load": "c3"}, {"stress": "c1"}, {("stress", "load"): "c4"})
    samples = samples_of(read, found)
    assert samples.X.ravel().tolist() == [5, 6]
    assert samples.dYdX is not None
    assert samples.dYdX.ravel().tolist() == [7, 8]


@pytest.mark.parametrize("slope", ["dstress/dload", "dc1_dc3"])
def test_derivatives_may_be_called_after_columns_or_new_names(slope: str, tmp_path: Path) -> None:
    read = frame_table(**{"c1": [1], "c3": [5], slope: [7]})
    path = mapping(tmp_path, inputs={"load": "c3"}, outputs={"stress": "c1"})
    assert resolve(read, mapping=read_mapping(path)).derivatives == {("stress", "load"): slope}


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ({"input": []}, "map.json: expected only the keys inputs, outputs, derivatives, layout, got 'input'"),
        ({"inputs": "a"}, "map.json, inputs: expected"),
        ({"inputs": ["a", 1]}, "map.json, inputs: expected"),
        ({"inputs": []}, "map.json, inputs: expected at least one, got none"),
        ({"inputs": {"u": "a", "v": "a"}}, "map.json, inputs: expected each column once, got a, a"),
        ({"layout": "rows"}, "map.json, layout: expected 'samples first' or 'features first', got 'rows'"),
        ({"inputs": ["q"]}, "map.json, inputs: expected columns of data.csv, which has a, b, f; got 'q'"),
        ({"inputs": ["a"], "outputs": ["a"]}, "expected 'a' as an input or an output, got it as both"),
        ({"inputs": ["a"], "outputs": ["f"], "derivatives": {"g:a": "b"}}, "got 'g:a'"),
        ({"inputs": ["a"], "outputs": ["f"], "derivatives": {"f:a": "c"}}, "got 'c'"),
        (
            {"inputs": ["a"], "outputs": ["f"], "derivatives": {"f:a": "f"}},
            "expected others than the",
        ),
    ],
)
def test_wrong_mappings(content: dict[str, object], complaint: str, tmp_path: Path) -> None:
    path = mapping(tmp_path, **content)
    with pytest.raises(TableError) as caught:
        resolve(frame_table(a=[1], b=[2], f=[3]), mapping=read_mapping(path))
    assert complaint in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"inputs": ["a"], "inputs": ["b"]}', "[" * 100000])
def test_a_mapping_that_is_none(text: str, tmp_path: Path) -> None:
    path = tmp_path / "map.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TableError, match=r"map.json: expected (JSON|a JSON object)"):
        read_mapping(path)


def test_options_name_columns() -> None:
    read = frame_table(**{"x1": [1], "x2": [2], "f": [3], "df/dx1": [4], "f:x2": [5], "a,b": [6]})
    assert list(resolve(read, "x*", "f").inputs) == ["x1", "x2"]
    assert list(resolve(read, "x2, x1", "f").inputs) == ["x2", "x1"]
    assert list(resolve(read, "a,b", "f").inputs) == ["a,b"]
    assert list(resolve(read, "x*", "f", "none").derivatives) == []
    assert list(resolve(read, "x*", "f", "f:x2").derivatives) == [("f", "x2")]
    for x, dydx, complaint in (
        ("x1,q", None, "--x: expected columns of data.csv, which has x1, x2, f, df/dx1, f:x2, a,b; got 'q'"),
        ("x1,", None, "--x: expected names between commas, got 'x1,'"),
        ("x1,x*", None, "--x: expected each column once, got 'x1' twice"),
        ("x*", "a,b", "--dydx: expected names such as df_dx1"),
    ):
        with pytest.raises(TableError, match=re.escape(complaint)):
            resolve(read, x, "f", dydx)


def test_an_output_may_be_known_by_its_derivatives_alone() -> None:
    read = frame_table(**{"x": [1, 2], "f": [3, 4], "dg/dx": [NAN, 6]})
    samples = samples_of(read, resolve(read, "x", "f,g"))
    assert samples.Y is not None
    assert samples.dYdX is not None
    np.testing.assert_array_equal(samples.Y, [[3, NAN], [4, NAN]])
    np.testing.assert_array_equal(samples.dYdX[:, :, 0], [[NAN, NAN], [NAN, 6]])
    read = frame_table(x=[1, 2], f=[NAN, NAN])
    with pytest.raises(TableError, match=r"data.csv, column 'f': expected a number in at least one row"):
        samples_of(read, resolve(read))
