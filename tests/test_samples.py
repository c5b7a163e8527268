"""The one container of samples: what it takes, refuses, and says of itself."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import jetmlp
from jetmlp import Samples
from jetmlp.data.presence import counting

X = np.linspace(0.0, 1.0, 10).reshape(5, 2)
Y = np.arange(15.0).reshape(5, 3)
J = np.arange(30.0).reshape(5, 3, 2)
FLOAT64 = np.dtype(np.float64)


def full() -> Samples:
    return Samples(
        X,
        Y,
        J,
        d2YdX2=np.zeros((5, 3, 2, 2)),
        sample_weight=[1, 2, 3, 4, 5],
        derivative_sample_weight=np.arange(1.0, 31.0).reshape(5, 3, 2),
    )


def test_short_forms_become_full_shapes() -> None:
    samples = Samples([0, 1, 2], [3, 4, 5], [6, 7, 8], d2YdX2=[1, 2, 3], sample_weight=[1, 2, 3])
    shapes = {name: getattr(samples, name).shape for name in ("X", "Y", "dYdX", "d2YdX2")}
    assert shapes == {"X": (3, 1), "Y": (3, 1), "dYdX": (3, 1, 1), "d2YdX2": (3, 1, 1, 1)}
    assert samples.derivative_sample_weight is not None
    np.testing.assert_array_equal(samples.derivative_sample_weight.ravel(), [1, 2, 3])
    assert (samples.n_inputs, samples.n_outputs, len(samples)) == (1, 1, 3)


def test_outputs_are_counted_by_whatever_is_given() -> None:
    assert Samples(X, None, J).n_outputs == 3
    assert Samples(X, None, J[:, 0]).n_outputs == 1
    assert Samples(X, d2YdX2=np.zeros((5, 4, 2, 2))).n_outputs == 4
    assert Samples(X, directions=X, dYdV=np.zeros((5, 3, 1))).n_outputs == 3


@pytest.mark.parametrize(
    ("given", "kept"),
    [("float16", "float32"), ("float32", "float32"), ("float64", "float64"), ("int8", "float64")],
)
def test_no_digit_is_lost_and_none_made_up(given: str, kept: str) -> None:
    assert Samples(np.ones(3, given), np.ones(3, given)).X.dtype == kept


def test_nothing_outside_can_change_them() -> None:
    inputs = X.copy()
    samples = Samples(inputs, Y)
    inputs[:] = np.nan
    np.testing.assert_array_equal(samples.X, X)
    with pytest.raises(ValueError, match="read-only"):
        samples.X[0] = 1.0
    with pytest.raises(AttributeError, match="cannot be changed"):
        samples.X = inputs
    with pytest.raises(AttributeError, match="cannot be changed"):
        del samples.Y


@pytest.mark.parametrize(
    "rows",
    [slice(1, 4), slice(None, None, -2), [0, 2, 2], np.array([True, False, True, False, True])],
    ids=str,
)
def test_slices_take_the_same_rows_of_every_array(rows: slice | list[int] | np.ndarray[Any, Any]) -> None:
    samples = full()
    taken = samples[rows]
    for name, array in samples.arrays().items():
        part = getattr(taken, name)
        assert (part is None) == (array is None), name
        if array is not None:
            np.testing.assert_array_equal(part, array[rows], err_msg=name)


def test_an_index_takes_one_sample_and_they_can_be_iterated() -> None:
    samples = full()
    assert [one.Y.tolist() for one in samples] == [[row] for row in Y.tolist()]
    assert samples[-1] == samples[4:5]
    with pytest.raises(IndexError):
        samples[5]
    with pytest.raises(IndexError, match="rows: expected a slice"):
        samples[:, 0]  # type: ignore[index]


def test_pickles_and_compares() -> None:
    samples = full()
    copy = pickle.loads(pickle.dumps(samples))
    assert copy == samples
    assert copy[:4] != samples
    assert samples != "samples"
    with pytest.raises(ValueError, match="read-only"):
        copy.X[0] = 1.0


def test_says_what_it_holds() -> None:
    slopes = J.copy()
    slopes[0, 0, 0] = np.nan
    assert (
        repr(Samples(X, Y, slopes))
        == "Samples(5 samples, 2 inputs, 3 outputs: 15 values, 29 of 30 derivatives)"
    )
    weighted = Samples(X[:1], Y[:1, 0], sample_weight=[2.0])
    assert repr(weighted) == "Samples(1 sample, 2 inputs, 1 output: 1 value, weighted)"
    assert "10 directional derivatives" in repr(
        Samples(X, directions=np.ones((5, 2, 2)), dYdV=np.ones((5, 2)))
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"X": [], "Y": []}, r"^X: expected at least one sample, got shape \(0, 1\)"),
        ({"X": np.zeros((2, 0)), "Y": [1, 2]}, r"^X: expected shape \(n,\) or \(n, d\), got \(2, 0\)"),
        ({"X": 3.0, "Y": 1.0, "dYdX": [[1.0, 2.0]]}, r"^dYdX: expected shape"),
        ({"X": X}, r"^Y, dYdX: expected at least one of the two"),
        ({"X": X, "Y": Y[:4]}, r"^Y: expected shape \(5, 3\), got \(4, 3\)"),
        ({"X": X, "Y": np.zeros(4)}, r"^Y: expected shape \(5,\) or \(5, m\), got \(4,\)"),
        ({"X": X, "dYdX": J[..., 0]}, r"^dYdX: expected shape \(5, 2\) or \(5, m, 2\), got \(5, 3\)"),
        ({"X": X, "Y": Y, "dYdX": J[:, :2]}, r"^dYdX: expected shape \(5, 3, 2\), got \(5, 2, 2\)"),
        ({"X": X, "Y": Y * np.nan}, r"^Y: expected finite numbers, got nan at \[0, 0\]"),
        ({"X": X, "Y": Y * np.nan, "allow_missing_values": True}, "^Y: expected at least one value"),
        ({"X": X, "Y": Y, "sample_weight": -np.ones(5)}, "^sample_weight: expected weights of at least 0"),
        ({"X": X, "Y": Y, "allow_missing_values": 1}, "^allow_missing_values: expected True or False, got 1"),
    ],
)
def test_what_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        Samples(**arguments)


def test_taken_wherever_arrays_are() -> None:
    """Samples and the same arrays give the same bytes."""
    samples = Samples(X, Y, J, sample_weight=[1, 2, 0, 4, 5], derivative_sample_weight=np.arange(5) + 0.5)
    arrays: dict[str, Any] = {
        "X": X,
        "Y": Y,
        "dYdX": J,
        "sample_weight": [1, 2, 0, 4, 5],
        "derivative_sample_weight": np.arange(5) + 0.5,
    }

    def fitted(*given: object, **options: object) -> bytes:
        model = jetmlp.MLP([2, 4, 3], dtype="float64")
        jetmlp.Trainer(model, jetmlp.Adam(1e-2)).fit(*given, epochs=5, **options)  # type: ignore[arg-type]
        return model.parameters.tobytes()

    assert fitted(samples) == fitted(**arrays)
    model = jetmlp.MLP([2, 4, 3], dtype="float64")
    here = model.parameters
    assert jetmlp.Objective(model, samples).loss(here) == jetmlp.Objective(model, **arrays).loss(here)
    many = [jetmlp.Trainer(jetmlp.MLP([2, 4, 3], dtype="float64"), jetmlp.Adam(1e-2)) for _ in range(2)]
    jetmlp.fit_many(many, samples, epochs=5)
    assert many[1].model.parameters.tobytes() == fitted(samples)
    unweighted = Samples(X, Y, J)
    assert jetmlp.metrics.evaluate(model, unweighted) == jetmlp.metrics.evaluate(model, X, Y, J)
    assert str(jetmlp.check_derivatives(unweighted)) == str(jetmlp.check_derivatives(X, Y, J))
    history = jetmlp.Trainer(model).fit(samples, epochs=1, validation_data=unweighted)
    as_tuple = jetmlp.Trainer(jetmlp.MLP([2, 4, 3], dtype="float64")).fit(
        samples, epochs=1, validation_data=(X, Y, J)
    )
    assert history["val_loss"] == as_tuple["val_loss"]


def test_what_samples_hold_is_not_given_again() -> None:
    samples = Samples(X, Y)
    trainer = jetmlp.Trainer(jetmlp.MLP([2, 4, 3]))
    with pytest.raises(ValueError, match=r"^dYdX: expected none beside jetmlp\.Samples"):
        trainer.fit(samples, dYdX=J, epochs=1)
    with pytest.raises(
        ValueError, match=r"^X: expected samples of 2 inputs and 1 output, as the model has, got Samp"
    ):
        jetmlp.Trainer(jetmlp.MLP([2, 4, 1])).fit(samples, epochs=1)
    with pytest.raises(ValueError, match=r"^validation_data: expected samples of 2 inputs and 3 outputs"):
        trainer.fit(samples, epochs=1, validation_data=Samples(X, Y[:, :1]))


def test_derivatives_along_directions_are_measured_along_them() -> None:
    model = jetmlp.MLP([2, 6, 3], dtype="float64", seed=3)
    directions = np.array([[[1.0, -2.0]], [[0.5, 0.0]], [[0.0, 3.0]], [[1.0, 1.0]], [[-1.0, 4.0]]])
    along = np.einsum("imd,ikd->imk", model.jacobian(X), directions)
    errors = jetmlp.metrics.evaluate(model, Samples(X, directions=directions, dYdV=along + 0.25))[
        "derivative"
    ]
    assert errors["rmse"] == pytest.approx(0.25, rel=1e-12)


# ---- Absence: one rule ----


@given(
    st.lists(st.sampled_from([0.0, 1.0, 2.5]), min_size=5, max_size=5),
    st.lists(st.sampled_from([0.0, 0.5, 3.0]), min_size=30, max_size=30),
    st.lists(st.booleans(), min_size=15, max_size=15),
)
def test_weight_0_is_as_if_it_were_not_there(
    sample_weight: list[float], derivative_weight: list[float], missing: list[bool]
) -> None:
    """The loss is that of the sums over what is there, whichever way it is absent."""
    w, v = np.array(sample_weight), np.reshape(derivative_weight, (5, 3, 2))
    values = np.where(np.reshape(missing, (5, 3)), np.nan, Y)
    there = ~np.isnan(values) * w[:, None] > 0
    assume(there.any() and (v > 0).any())
    model = jetmlp.MLP([2, 4, 3], dtype="float64", seed=1, normalize=False)
    predicted, slopes = model.predict_with_jacobian(X)
    of_values = np.sum((w[:, None] * (predicted - values) ** 2)[there]) / np.sum(
        np.broadcast_to(w[:, None], (5, 3))[there]
    )
    of_slopes = np.sum(v * (slopes - J) ** 2) / np.sum(v)
    objective = jetmlp.Objective(
        model,
        X,
        values,
        J,
        derivative_weight=0.7,
        sample_weight=w if w.any() else None,
        derivative_sample_weight=v,
        allow_missing_values=True,
    )
    assert objective.loss(model.parameters) == pytest.approx(of_values + 0.7 * of_slopes, rel=1e-12)
    assert objective.n_residuals == there.sum() + (v > 0).sum()


def test_samples_of_which_nothing_counts_are_left_out() -> None:
    samples = counting(Samples(X, Y, J, sample_weight=[0, 1, 0, 2, 1]), FLOAT64)
    np.testing.assert_array_equal(samples.X, X[[1, 3, 4]])
    partly = counting(
        Samples(X, Y, J, sample_weight=[0, 1, 0, 2, 1], derivative_sample_weight=[1, 0, 0, 1, 1]), FLOAT64
    )
    np.testing.assert_array_equal(partly.X, X[[0, 1, 3, 4]])
    assert partly.Y is not None
    assert partly.dYdX is not None
    assert np.isnan(partly.Y[0]).all()
    assert np.isnan(partly.dYdX[1]).all()


def test_a_weight_too_small_for_the_type_is_0_in_it() -> None:
    """1e-46 is 0 in float32: the values that have it are absent, and if all are, that is said."""
    weights = [1.0, 1e-46, 1e-46, 1e-46, 1e-46]
    values = np.where(np.arange(5) == 0, np.nan, 1.0)
    given: dict[str, Any] = {
        "sample_weight": weights,
        "derivative_sample_weight": np.ones(5),
        "allow_missing_values": True,
    }
    wide = jetmlp.Objective(jetmlp.MLP([2, 3, 1], dtype="float64"), X, values, J[:, 0], **given)
    assert wide.n_residuals == 4 + 10
    with pytest.raises(ValueError, match=r"^sample_weight: expected a weight above 0 .* of Y"):
        jetmlp.Objective(jetmlp.MLP([2, 3, 1], dtype="float32"), X, values, J[:, 0], **given)


def test_messages_name_the_derivatives_that_were_given() -> None:
    """Those along directions are dYdV, whether samples or their arrays came."""
    given: dict[str, Any] = {"directions": np.ones((5, 1, 2)), "dYdV": np.full((5, 3, 1), 1e300)}
    model = jetmlp.MLP([2, 4, 3], dtype="float32", normalize=False)
    for arguments in ({"X": Samples(X, **given)}, {"X": X, **given}):
        with pytest.raises(ValueError, match=r"^dYdV: expected finite numbers"):
            jetmlp.Objective(model, **arguments)
