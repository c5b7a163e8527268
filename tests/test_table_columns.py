"""Which columns of a table are inputs, outputs and derivatives."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from jetmlp.tables.columns import Columns, assign
from jetmlp.tables.errors import TableError
from jetmlp.tables.mapping import read_mapping
from jetmlp.tables.resolve import resolve
from jetmlp.tables.samples import samples_of
from jetmlp.tables.table import Table

NAN = np.nan


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


@pytest.mark.parametrize("inputs", [None, ["Force [N]", "Length [m]"]])
@pytest.mark.parametrize("outputs", [None, ["Bending [mm]"]])
@pytest.mark.parametrize(
    "slopes", ["dBending/dForce [mm/N]|dBending/dLength [mm/m]", "dBending_dForce|Bending:Length"]
)
def test_units_in_the_names_leave_no_doubt(
    slopes: str, inputs: list[str] | None, outputs: list[str] | None
) -> None:
    columns = slopes.split("|")
    found = assign(["Force [N]", "Length [m]", "Bending [mm]", *columns], "data.csv", inputs, outputs)
    assert list(found.inputs) == ["Force [N]", "Length [m]"]
    assert list(found.outputs) == ["Bending [mm]"]
    assert list(found.derivatives.values()) == columns


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
        (
            "run x2 x1 f:x1 f:x2",
            None,
            None,
            "undecided: run; to leave it alone: --x x2,x1 --y f; or say --map",
        ),
        ("a t[s] b f f:t[s]", None, None, "undecided: a, b; to leave them alone: --x 't[s]' --y f; or"),
        ("x1 x2", None, None, "undecided: x1, x2; say --x and --y, or --map"),
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
