"""Tables from files as programs write them, and back."""

from __future__ import annotations

import csv
import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from jetmlp.tables.columns import Columns
from jetmlp.tables.errors import TableError
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
        FRAME.to_string(index=False),
        "#  x1 x2   f\n" + FRAME.to_string(index=False, header=False),
    ],
    ids=[
        "commas",
        "semicolons",
        "tabs",
        "comma",
        "windows",
        "mark",
        "quotes",
        "numpy",
        "remarks",
        "blanks",
        "columns",
        "savetxt",
    ],
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
        (
            "x f\n1 2\n1 2 3\n",
            "data.csv, line 3: expected 2 cells between blanks, as there are columns, got 3",
        ),
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
