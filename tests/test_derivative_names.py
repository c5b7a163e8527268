from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetmlp.data.derivative_names import (
    FORMS,
    match_derivatives,
    outputs_of,
    readings,
    readings_among,
    spelled,
)


@pytest.mark.parametrize(
    "column",
    [
        *FORMS,
        "d(f)_d(x1)",
        "d(f)/dx1",
        "df/d(x1)",
        "∂f/∂x1",
        "∂f_∂x1",
        " df / dx1 ",
        "d( f ) / d( x1 )",
        "f : x1",
        "f !x1",
    ],
)
def test_forms(column: str) -> None:
    assert ("f", "x1") in readings(column)
    assert match_derivatives([column], ["x1"], ["f"]) == {("f", "x1"): column}
    assert match_derivatives([column], ["x1"]) == {("f", "x1"): column}


@pytest.mark.parametrize(
    "column", ["f", "x1", "", "df", "d_d", "d/d", ":", "f:", "!x1", "_dx1", "f_x1", "fx1", "dfdx1"]
)
def test_what_is_no_derivative(column: str) -> None:
    assert match_derivatives([column], ["x1"], ["f"]) == {}


def test_names_decide() -> None:
    column = "da_db_dc"
    assert match_derivatives([column], ["c"], ["a_db"]) == {("a_db", "c"): column}
    assert match_derivatives([column], ["b_dc"], ["a"]) == {("a", "b_dc"): column}


def test_two_readings_are_refused_with_both() -> None:
    message = (
        "column 'da_db_dc': expected the name of one derivative, "
        "got one that can be read as d(a)/d(b_dc) and as d(a_db)/d(c)"
    )
    for outputs in (["a", "a_db"], None):
        with pytest.raises(ValueError, match=re.escape(message)):
            match_derivatives(["da_db_dc"], ["b_dc", "c"], outputs)


def test_two_columns_of_one_derivative_are_refused() -> None:
    with pytest.raises(
        ValueError, match=re.escape("columns 'f:x' and 'df/dx': expected one column of df/dx, got two")
    ):
        match_derivatives(["f:x", "df/dx"], ["x"], ["f"])


def test_capitals_count() -> None:
    columns = ["dT/dt", "dt/dT"]
    assert match_derivatives(columns, ["t"], ["T"]) == {("T", "t"): "dT/dt"}
    assert match_derivatives(columns, ["T"], ["t"]) == {("t", "T"): "dt/dT"}


def test_order_is_that_of_the_names() -> None:
    columns = ["g!y", "f!y", "g!x", "f!x"]
    found = match_derivatives(columns, ["x", "y"], ["f", "g"])
    assert list(found) == [("f", "x"), ("f", "y"), ("g", "x"), ("g", "y")]
    assert list(found.values()) == ["f!x", "f!y", "g!x", "g!y"]
    assert outputs_of(match_derivatives(columns, ["x", "y"])) == ("g", "f")


def test_an_input_or_output_is_no_derivative_whatever_its_name() -> None:
    assert match_derivatives(["df_dx", "d(df_dx)/dx"], ["x"], ["f", "df_dx"]) == {
        ("df_dx", "x"): "d(df_dx)/dx"
    }
    assert match_derivatives(["u:v", "f:x"], ["x", "v", "u:v"], ["u", "f"]) == {("f", "x"): "f:x"}


def test_names_in_parentheses() -> None:
    assert match_derivatives(["d(f)/dx"], ["x"], ["(f)"]) == {("(f)", "x"): "d(f)/dx"}
    with pytest.raises(ValueError, match="can be read as"):
        match_derivatives(["d(f)/dx"], ["x"], ["f", "(f)"])
    assert match_derivatives(["(a)b(c):x"], ["x"]) == {("(a)b(c)", "x"): "(a)b(c):x"}


@pytest.mark.parametrize(
    "column",
    [
        "d(Stress [Pa])/d(Load [N])",
        "dStress/dLoad [Pa/N]",
        "dStress/dLoad",
        "dStress_dLoad (Pa/N)",
        "d(Stress)/d(Load)[Pa/N]",
        "Stress:Load [Pa/N]",
        "dStress [Pa]/dLoad [N]",
    ],
)
def test_units_stand_behind_names_or_not(column: str) -> None:
    found = {("Stress [Pa]", "Load [N]"): column}
    assert match_derivatives([column], ["Load [N]", "Length [m]"], ["Stress [Pa]", "Strain"]) == found


def test_a_unit_that_is_repeated_is_the_same() -> None:
    for column in ("d(Stress [Pa])/d(Load [kN])", "dStress [Pa]/dLoad [kN]", "dStress [MPa]/dLoad [N]"):
        assert match_derivatives([column], ["Load [N]"], ["Stress [Pa]"]) == {}


def test_names_as_they_stand_come_before_units() -> None:
    columns = ["df/dx", "df/dx [m]"]
    found = {("f", "x"): columns[0], ("f", "x [m]"): columns[1]}
    assert match_derivatives(columns, ["x", "x [m]"], ["f"]) == found
    assert readings_among("df/dx", ["x [m]", "x [s]"], ["f"]) == [("f", "x [m]"), ("f", "x [s]")]
    with pytest.raises(ValueError, match="can be read as"):
        match_derivatives(["df/dx"], ["x [m]", "x [s]"], ["f"])


def test_an_input_alone() -> None:
    columns = ["x2", "x1", "df/dx3"]
    found = match_derivatives(columns, ["x1", "x2", "x3"], ["f"], input_alone=True)
    assert found == {("f", "x1"): "x1", ("f", "x2"): "x2", ("f", "x3"): "df/dx3"}
    with pytest.raises(ValueError, match="columns 'x1' and 'f!x1'"):
        match_derivatives(["x1", "f!x1"], ["x1"], ["f"], input_alone=True)
    with pytest.raises(ValueError, match="outputs: expected one name"):
        match_derivatives(["x1"], ["x1"], ["f", "g"], input_alone=True)


NAMES = st.text("dfx12_ /:!()[]∂é", min_size=1, max_size=7).map(str.strip).filter(bool)


@given(
    output=NAMES, input_=NAMES, form=st.sampled_from(["d{}_d{}", "d{}/d{}", "d({})/d({})", "{}:{}", "{}!{}"])
)
def test_every_name_is_found_or_read_in_two_ways(output: str, input_: str, form: str) -> None:
    column = form.format(output, input_)
    if column in (output, input_):
        return
    assert (output, input_) in readings(column)
    assert match_derivatives([column], [input_], [output]) == {(output, input_): column}
    assert match_derivatives([spelled(output, input_)], [input_], [output]) in (
        {(output, input_): spelled(output, input_)},
        {},
    )
    assert (output, input_) in readings(spelled(output, input_))
