"""Numbers are taken in whatever form they come, and what is no number is named with its place."""

from __future__ import annotations

import re
from collections import UserList
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import jetmlp
from jetmlp import Samples
from jetmlp._forms import as_real_array

NAN = float("nan")

# What comes, and the numbers that it is.
TAKEN: dict[str, tuple[Any, Any]] = {
    "objects": (np.array([[1, 2.5], [True, np.float32(4)]], dtype=object), [[1, 2.5], [1, 4]]),
    "fractions": ([[1, Fraction(1, 2)]], [[1, 0.5]]),
    "decimals": ([Decimal("1.5"), Decimal("-0.1"), Decimal("NaN")], [1.5, -0.1, NAN]),
    "large integers": ([2**70, -(2**64)], [2.0**70, -(2.0**64)]),
    "NumPy's booleans among objects": (np.array([np.True_, 2], dtype=object), [1, 2]),
    "None": ([1.0, None, 3], [1, NAN, 3]),
    "pandas' NA": ([1.0, pd.NA], [1, NAN]),
    "masked objects": (np.ma.masked_array(np.array([1, "x"], object), [False, False])[:1], [1]),
    "masked": (np.ma.masked_array([1, 2], [True, False]), [NAN, 2]),
    "masked among objects": (np.array([1, np.ma.masked], object), [1, NAN]),
    "booleans": ([True, False], [1, 0]),
    "a frame": (pd.DataFrame({"a": [1, 2], "b": [0.5, 1.5]}), [[1, 0.5], [2, 1.5]]),
    "a frame with booleans": (pd.DataFrame({"a": [1.5, 2], "b": [True, False]}), [[1.5, 1], [2, 0]]),
    "a frame with nullable columns": (
        pd.DataFrame(
            {
                "a": pd.array([1, None], dtype="Int64"),
                "b": pd.array([None, 2.5], dtype="Float64"),
                "c": pd.array([True, None], dtype="boolean"),
            }
        ),
        [[1, NAN, 1], [NAN, 2.5, NAN]],
    ),
    "a frame with objects": (
        pd.DataFrame({"a": pd.Series([Decimal(1), None], dtype=object), "b": [1, 2]}),
        [[1, 1], [NAN, 2]],
    ),
    "a series": (pd.Series([1, 2], index=["x", "y"]), [1, 2]),
    "a nullable series": (pd.Series([1, None], dtype="Int64"), [1, NAN]),
    "a series of categories": (pd.Series([3, 1, 3], dtype="category"), [3, 1, 3]),
    "longdouble": (np.array([1, 2.5], np.longdouble), [1, 2.5]),
    "big-endian": (np.array([1, 2.5], ">f8"), [1, 2.5]),
    "big-endian integers": (np.array([1, -2], ">i2"), [1, -2]),
    "columns first": (np.asfortranarray([[1.0, 2], [3, 4]]), [[1, 2], [3, 4]]),
    "every second, backwards": (np.arange(6.0)[::-2], [5, 3, 1]),
    "broadcast": (np.broadcast_to(np.float64(2), (2, 2)), [[2, 2], [2, 2]]),
    "a memory view": (memoryview(np.arange(3.0)), [0, 1, 2]),
    "a sequence of another class": (UserList([1, 2]), [1, 2]),
    "a decimal without axes": (Decimal("2.5"), [2.5]),
    "a number": (np.array(2.5), [2.5]),
}


@pytest.mark.parametrize(("value", "expected"), TAKEN.values(), ids=TAKEN)
def test_forms_that_are_taken(value: Any, expected: Any) -> None:  # noqa: ANN401
    found = as_real_array("X", value)
    np.testing.assert_array_equal(found, np.array(expected, dtype=np.float64), strict=True)
    assert found.flags.c_contiguous
    assert found.dtype.isnative


@pytest.mark.parametrize("short", ["float16", "float32", ">f2", ">f4", "<f4"])
def test_short_floats_stay_short_in_any_byte_order(short: str) -> None:
    found = as_real_array("X", np.array([1, 0.1], short))
    np.testing.assert_array_equal(found, np.array([1, 0.1], short).astype(np.float32), strict=True)
    assert as_real_array("X", np.array([1, 0.1], short), np.dtype(np.float64)).dtype == np.float64


@given(
    st.lists(
        st.one_of(
            st.integers(-(10**30), 10**30),
            st.floats(allow_infinity=False),
            st.booleans(),
            st.decimals(-(10**20), 10**20),
            st.fractions(-(10**9), 10**9),
            st.none(),
            st.just(pd.NA),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_objects_are_what_float_makes_of_them(entries: list[Any]) -> None:
    expected = [NAN if entry is None or entry is pd.NA else float(entry) for entry in entries]
    array = np.empty(len(entries), dtype=object)
    array[:] = entries
    np.testing.assert_array_equal(as_real_array("X", array), expected)
    np.testing.assert_array_equal(as_real_array("X", pd.Series(array, dtype=object)), expected)


class Foreign:
    """An array of another library that refuses, or makes, what it likes."""

    def __init__(self, outcome: object) -> None:
        self.outcome = outcome

    def __array__(self, dtype: object = None, copy: object = None) -> Any:  # noqa: ANN401
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


class Differentiable(Foreign):
    """As an array that keeps its graph."""

    def detach(self) -> Differentiable:
        return self


# What comes, and what the message says beside "X: expected ..., got ...".
REFUSED: dict[str, tuple[Any, str]] = {
    "text among numbers": ([[1.0, 2.0], [3.0, "n/a"]], "'n/a' at [1, 1]"),
    "an array of text": (np.array(["1", "2", "-"]), "'-' at [2]"),
    "text that says numbers": (["1", "2"], "'1' at [0]); np.asarray(X, dtype=float) reads numbers"),
    "text in a frame": (pd.DataFrame({"a": [1, 2], "b": ["1", "bad"]}), "'1' at [0, 1] (column 'b')"),
    "text among objects": (np.array([1, None, "x"], dtype=object), "'x' at [2]; a missing number is NaN or"),
    "bytes": ([b"1"], "b'1' at [0]"),
    "complex": ([1, 2 + 0j, 3 - 1j], "complex128 ((3-1j) at [2]); take X.real"),
    "complex without imaginary parts": (np.array([1j * 0]), "complex128 (0j at [0]); take X.real"),
    "complex among objects": (np.array([1, 1j], dtype=object), "1j at [1]; take X.real"),
    "dates": (np.array(["2020-01-01"], "M8[D]"), "datetime64[D]"),
    "durations": (np.zeros(2, "m8[s]"), "timedelta64[s] (np.timedelta64(0,'s') at [0]); X / np.timedelta64"),
    "durations among objects": (np.array([1, np.timedelta64(1, "s")], dtype=object), "at [1]"),
    "dates in a frame": (
        pd.DataFrame({"a": [1], "when": [pd.Timestamp("2020-01-01")]}),
        "Timestamp('2020-01-01 00:00:00') at [0, 1] (column 'when')",
    ),
    "no date": ([1.0, pd.NaT], "NaT at [1]"),
    "fields": (np.zeros(2, "f4,f4"), "structured_to_unstructured"),
    "columns by name": ({"a": [1], "b": [2]}, "np.column_stack(list(X.values()))"),
    "a set": ({1, 2}, "{1, 2}; list(X) makes"),
    "a generator": ((i for i in range(3)), "<generator"),
    "None": (None, "None"),
    "NA": (pd.NA, "<NA>"),
    "rows of objects": (pd.Series([[1, 2], [3, 4]]), "[1, 2] at [0]; np.stack(X)"),
    "ragged": ([[1, 2], [3]], "nested lists of unequal length"),
    "an integer beyond floats": ([[1, 10**400]], "at [0, 1]"),
    "a signalling NaN": ([Decimal("sNaN")], "Decimal('sNaN') at [0]"),
    "one that needs its graph": (
        Differentiable(RuntimeError("Can't call numpy() on Tensor that requires grad.")),
        "(Can't call numpy() on Tensor that requires grad.); pass X.detach().cpu().double().numpy()",
    ),
    "of a type that NumPy lacks": (
        Foreign(TypeError("Got unsupported\nScalarType BFloat16")),
        "(Got unsupported ScalarType BFloat16)",
    ),
    "one that fails": (Foreign(ValueError()), "ValueError"),
    "one that fails in a list": ([Foreign(RuntimeError("on the device"))], "an object of list that"),
    "one that makes text": (Foreign(np.array(["x"])), "<U1"),
    "one that makes no array": (Foreign("x"), "Foreign"),
}


@pytest.mark.parametrize(("value", "came"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_number_is_named(value: Any, came: str) -> None:  # noqa: ANN401
    with pytest.raises((TypeError, ValueError), match=rf"^X: expected .+, got .*{re.escape(came)}"):
        as_real_array("X", value)


# ---- Through the public functions ----

X = np.linspace(-1.0, 1.0, 20).reshape(10, 2)
Y = X[:, 0] ** 2 + X[:, 1]
J = np.column_stack([2 * X[:, 0], np.ones(10)])


def test_blanks_are_missing_where_that_is_allowed_and_else_the_usual_error() -> None:
    slopes = pd.DataFrame(J, columns=["da", "db"]).astype("Float64")
    slopes.iloc[3, 1] = pd.NA
    values = Y.astype(object)
    values[4] = None
    samples = Samples(pd.DataFrame(X), values, slopes, allow_missing_values=True)
    expected = J.copy()
    expected[3, 1] = np.nan
    assert samples == Samples(X, np.where(np.arange(10) == 4, np.nan, Y), expected, allow_missing_values=True)
    with pytest.raises(ValueError, match=r"^Y: expected finite numbers, got nan at \[4, 0\].*allow_missing"):
        Samples(X, values)
    with pytest.raises(ValueError, match=r"^X: expected finite numbers, got nan at \[1, 0\].*; leave out"):
        Samples([[1, 2], [None, 3]], [1, 2])


FORMS: dict[str, Callable[[np.ndarray[Any, Any]], Any]] = {
    "objects": lambda a: a.astype(object),
    "lists": lambda a: a.tolist(),
    "decimals": lambda a: np.vectorize(Decimal, otypes=[object])(a),
    "fractions": lambda a: np.vectorize(Fraction, otypes=[object])(a),
    "big-endian": lambda a: a.astype(">f8"),
    "columns first": np.asfortranarray,
    "every second": lambda a: np.repeat(a, 2, axis=0)[::2],
    "backwards": lambda a: a[::-1].copy()[::-1],
    "longdouble": lambda a: a.astype(np.longdouble),
    "a frame": lambda a: pd.DataFrame(a) if a.ndim == 2 else pd.Series(a),
    "a nullable frame": lambda a: (pd.DataFrame(a) if a.ndim == 2 else pd.Series(a)).astype("Float64"),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_form_gives_the_same_bytes(form: Callable[[np.ndarray[Any, Any]], Any]) -> None:
    """Of samples, a fit, predictions and metrics; nothing of what came is written to."""

    def run(X: Any, Y: Any, J: Any) -> tuple[bytes, ...]:  # noqa: ANN401
        model = jetmlp.MLP([2, 4, 1], dtype="float64")
        jetmlp.Trainer(model, jetmlp.Adam(1e-2)).fit(X, Y, J, epochs=3)
        errors = jetmlp.metrics.evaluate(model, X, Y, J)
        return (
            model.parameters.tobytes(),
            model.predict(X).tobytes(),
            model.hvp(X, [1, 0]).tobytes(),
            repr(errors).encode(),
        )

    assert run(form(X), form(Y), form(J)) == run(X, Y, J)


def test_read_only_arrays_are_taken_and_left_as_they_are() -> None:
    arrays = [X.copy(), Y.copy(), J.copy()]
    for array in arrays:
        array.flags.writeable = False
    model = jetmlp.MLP([2, 4, 1], dtype="float64")
    jetmlp.Trainer(model, jetmlp.Adam(1e-2)).fit(*arrays, epochs=2)
    assert model.jacobian(arrays[0]).shape == (10, 1, 2)
    for array, original in zip(arrays, (X, Y, J), strict=True):
        np.testing.assert_array_equal(array, original)


def test_one_number_is_one_sample_of_one_input() -> None:
    model = jetmlp.MLP([1, 4, 1])
    assert model.predict(0.5).tobytes() == model.predict([0.5]).tobytes()
    assert len(Samples(np.float64(0.5), np.array(1.0), 2)) == 1


# ---- Shapes: the cure is in the message ----

Y2, J2 = np.column_stack([Y, Y]), np.stack([J, J], axis=1)  # two outputs
X3, J3 = np.column_stack([X, Y]), np.zeros((10, 2, 3))

SHAPES: dict[str, tuple[Callable[[], object], str]] = {
    "one row": (lambda: jetmlp.MLP([2, 3, 1]).predict(X[0]), "X: (n, 2), got (2,); X[None, :] is one sample"),
    "inputs first": (
        lambda: jetmlp.MLP([2, 3, 1]).predict(X.T),
        "X: (n, 2), got (2, 10); X.T has that shape",
    ),
    "inputs first in samples": (
        lambda: Samples(X.T, Y),
        "Y: (2,) or (2, m), got (10,); samples go along the first axis, X.T has 10 of them",
    ),
    "all first in samples": (
        lambda: Samples(X3.T, Y2.T),
        "Y: (3, 10), got (2, 10); samples go along the first axis, X.T has 10 of them",
    ),
    "outputs first": (lambda: Samples(X, Y2.T), "Y: (10,) or (10, m), got (2, 10); Y.T has that shape"),
    "one output first": (lambda: Samples(X, Y[None]), "Y: (10,) or (10, m), got (1, 10); Y.T has that shape"),
    "an axis too many": (lambda: Samples(X, Y[:, None, None]), "(10, 1, 1); Y.reshape(10,) has that shape"),
    "slopes by input, output": (
        lambda: Samples(X3, Y2, J3.transpose(0, 2, 1)),
        "dYdX: (10, 2, 3), got (10, 3, 2); dYdX.transpose(0, 2, 1) has that shape",
    ),
    "slopes with samples last": (
        lambda: Samples(X3, Y2, np.moveaxis(J3, 0, 2)),
        "dYdX: (10, 2, 3), got (2, 3, 10); dYdX.transpose(2, 0, 1) has that shape",
    ),
    "slopes of one output with samples last": (lambda: Samples(X, Y, J.T), "(2, 10); dYdX.T has that shape"),
    "slopes of one output as a column": (
        lambda: Samples(X, Y, J[:, :, None]),
        "dYdX: (10, 2) or (10, 1, 2), got (10, 2, 1); dYdX.transpose(0, 2, 1) has that shape",
    ),
    "vectors": (lambda: jetmlp.MLP([2, 3, 1]).hvp(X, X.T), "V: (10, 2) or (2,), got (2, 10); V.T has that"),
    "weights as a column": (
        lambda: Samples(X, Y, sample_weight=np.ones((10, 1))),
        "sample_weight: (10,), got (10, 1); sample_weight.reshape(10,) has that shape",
    ),
    "an outer axis": (lambda: jetmlp.MLP([2, 3, 1]).predict(X[None]), "(1, 10, 2); X[0] has that shape"),
}


@pytest.mark.parametrize(("call", "message"), SHAPES.values(), ids=SHAPES)
def test_a_shape_that_a_simple_step_mends(call: Callable[[], object], message: str) -> None:
    pattern = re.escape(message).replace(":\\ ", ":\\ expected\\ shape\\ ", 1)
    with pytest.raises(ValueError, match=pattern):
        call()


def test_the_cures_work(rng: np.random.Generator) -> None:
    """What a message proposes is taken, whatever axes were exchanged."""
    for axes in [(0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]:
        slopes = rng.normal(size=(10, 2, 3)).transpose(axes)
        with pytest.raises(ValueError, match=r"; dYdX\.transpose\(\d, \d, \d\) has that shape$") as caught:
            Samples(X3, Y2, slopes)
        proposed = str(caught.value).rpartition("; ")[2].removesuffix(" has that shape")
        found = Samples(X3, Y2, eval(proposed, {"dYdX": slopes})).dYdX
        np.testing.assert_array_equal(found, slopes.transpose(np.argsort(axes)))


def test_no_cure_where_none_is_known() -> None:
    with pytest.raises(ValueError, match=r"^Y: expected shape \(10,\) or \(10, m\), got \(7,\)$"):
        Samples(X, np.ones(7))


# ---- Names ----


@pytest.mark.parametrize(
    ("given", "meant"), [("Tanh", "tanh"), ("tahn", "tanh"), ("ReLU", "relu"), ("Sigmoid", "sigmoid")]
)
def test_a_misspelt_name_gets_a_suggestion(given: str, meant: str) -> None:
    with pytest.raises(ValueError, match=rf"^activation: .* got {given!r}; did you mean {meant!r}\?$"):
        jetmlp.MLP([1, 2, 1], given)
    with pytest.raises(ValueError, match=r"got 'zzz'$"):
        jetmlp.MLP([1, 2, 1], "zzz")


def test_one_network_is_no_list_of_stages() -> None:
    with pytest.raises(
        TypeError, match=r"^layer_sizes: expected a sequence for each stage, got numbers \[3, 8, 2\]; two .*"
    ) as caught:
        jetmlp.StagedMLP([3, 8, 2])
    proposed = str(caught.value).rpartition("two stages of these are ")[2]
    assert len(jetmlp.StagedMLP(eval(proposed)).stages) == 2


def test_the_package_shows_its_public_list_and_nothing_else() -> None:
    shown = {name for name in dir(jetmlp) if not (name.startswith("__") and name.endswith("__"))}
    assert shown == set(jetmlp.__all__)
    assert "__version__" in dir(jetmlp)
    for name in shown:
        assert getattr(jetmlp, name) is not None
