"""A bad call of `fit` says what is wrong with which argument, and is as if it had never been made."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import jetmlp
from fit_state import bytes_of
from problems import make_problem, model_of
from reference import Network
from refusals import assert_refused

N = 12
PROBLEM = make_problem(Network((2, 4, 3)), N, dtype="float32")
X, Y, dYdX = PROBLEM.X, PROBLEM.Y, PROBLEM.dYdX  # noqa: N816


def with_entry(array: NDArray[Any], entry: float) -> NDArray[Any]:
    """The array with one entry replaced, in the middle."""
    array = array.copy()
    array[tuple(size // 2 for size in array.shape)] = entry
    return array


def trainer_of(**arguments: Any) -> jetmlp.Trainer:  # noqa: ANN401
    """In batches and shuffled, so that a random stream that moved would show."""
    return jetmlp.Trainer(model_of(PROBLEM), batch_size=5, seed=3, **arguments)


def good(**changes: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"X": X, "Y": Y, "dYdX": dYdX, "epochs": 2, **changes}


# What is wrong with X, with Y and with dYdX; the names are those of the arguments.
BAD_ARRAYS: dict[str, dict[str, tuple[object, str]]] = {
    "X": {
        "None": (None, "None"),
        "a number": (1.0, "(1,)"),
        "one axis": (X[:, 0], f"({N},)"),
        "another number of inputs": (np.ones((N, 3)), f"({N}, 3)"),
        "three axes": (X[..., None], f"({N}, 2, 1)"),
        "empty": (np.empty((0, 2)), "(0, 2)"),
        "empty list": ([], "(0,)"),
    },
    "Y": {
        "a number": (1.0, "(1,)"),
        "too short": (Y[1:], f"({N - 1}, 3)"),
        "too long": (np.ones((N + 1, 3)), f"({N + 1}, 3)"),
        "one axis": (Y[:, 0], f"({N},)"),
        "another number of outputs": (Y[:, :2], f"({N}, 2)"),
        "transposed": (Y.T, f"(3, {N})"),
        "three axes": (Y[..., None], f"({N}, 3, 1)"),
        "empty": (np.empty((0, 3)), "(0, 3)"),
        "NaN": (with_entry(Y, np.nan), "nan at [6, 1]"),
        "masked": (np.ma.masked_equal(Y, Y[4, 2]), "nan at [4, 2]"),
    },
    "dYdX": {
        "too short": (dYdX[1:], f"({N - 1}, 3, 2)"),
        "without outputs": (dYdX[:, 0], f"({N}, 2)"),
        "outputs and inputs swapped": (dYdX.transpose(0, 2, 1), f"({N}, 2, 3)"),
        "flat": (dYdX.reshape(N, 6), f"({N}, 6)"),
        "four axes": (dYdX[..., None], f"({N}, 3, 2, 1)"),
        "all missing": (np.full_like(dYdX, np.nan), "NaN throughout"),
        "all masked": (np.ma.masked_array(dYdX, mask=True), "NaN throughout"),
    },
}
for name, array in {"X": X, "Y": Y, "dYdX": dYdX}.items():
    BAD_ARRAYS[name] |= {
        "complex": (array + 0j, "complex128"),
        "text": (array.astype(str), "<U"),
        "text among objects": (np.where(array == array.max(), "?", array.astype(object)), "'?' at ["),
        "all objects missing": (np.full(array.shape, None), "nan" if name != "dYdX" else "NaN throughout"),
        "a fraction": ([[Fraction(1, 2)]], "(1, 1)"),
        "ragged": ([[1.0, 2.0], [3.0]], "unequal length"),
        "infinite": (with_entry(array, np.inf), "inf at [6, 1"),
        "minus infinity": (with_entry(array, -np.inf), "-inf at [6, 1"),
        "beyond float32": (with_entry(array, -1e39), "-inf at [6, 1"),
    }
BAD_ARRAYS["X"]["NaN"] = (with_entry(X, np.nan), "nan at [6, 1]")

OTHER: dict[str, tuple[dict[str, Any], str, str]] = {
    "neither Y nor dYdX": ({"Y": None, "dYdX": None}, "Y, dYdX", "neither"),
    "negative epochs": ({"epochs": -1}, "epochs", "-1"),
    "float epochs": ({"epochs": 10.0}, "epochs", "10.0"),
    "text epochs": ({"epochs": "10"}, "epochs", "'10'"),
    "bool epochs": ({"epochs": True}, "epochs", "True"),
    "no epochs": ({"epochs": None}, "epochs", "None"),
    "endless epochs": ({"epochs": 2**63}, "epochs", str(2**63)),
    "progress as text": ({"progress": "yes"}, "progress", "'yes'"),
    "progress as a number": ({"progress": 1}, "progress", "1"),
    "callbacks None": ({"callbacks": None}, "callbacks", "None"),
    "callbacks a number": ({"callbacks": 3}, "callbacks", "3"),
    "callbacks text": ({"callbacks": ["print"]}, "callbacks", "'print'"),
    "one callback None": ({"callbacks": [print, None]}, "callbacks", "None"),
    "validation an array": ({"validation_data": X}, "validation_data", "array"),
    "validation a dict": ({"validation_data": {"X": X, "Y": Y}}, "validation_data", "{'X'"),
    "validation True": ({"validation_data": True}, "validation_data", "True"),
    "validation empty": ({"validation_data": ()}, "validation_data", "0 entries"),
    "validation of one": ({"validation_data": (X,)}, "validation_data", "1 entries"),
    "validation of five": ({"validation_data": (X, Y, dYdX, None, X)}, "validation_data", "5 entries"),
    "validation without X": ({"validation_data": (None, Y)}, "validation_data", "None"),
    "validation without targets": (
        {"validation_data": (X, None, None)},
        "validation_data[1], validation_data[2]",
        "neither",
    ),
}


def bad_calls() -> dict[str, tuple[dict[str, Any], str, str]]:
    calls = dict(OTHER)
    for place, (argument, table) in enumerate(BAD_ARRAYS.items()):
        for what, (value, came) in table.items():
            calls[f"{argument} {what}"] = ({argument: value}, argument, came)
            if argument == "X" and value is None:
                continue
            data = tuple(value if i == place else array for i, array in enumerate((X, Y, dYdX)))
            calls[f"validation {argument} {what}"] = (
                {"validation_data": data},
                f"validation_data[{place}]",
                came,
            )
    return calls


BAD_CALLS = bad_calls()


@pytest.fixture(scope="module")
def undisturbed() -> list[dict[str, object]]:
    """What a trainer goes through that is only ever called well: at its start, after one fit, after two."""
    trainer = trainer_of()
    states = [bytes_of(trainer)]
    for _ in range(2):
        trainer.fit(**good())
        states.append(bytes_of(trainer))
    return states


@pytest.mark.parametrize(("changes", "named", "came"), BAD_CALLS.values(), ids=BAD_CALLS)
def test_a_bad_call_is_as_if_never_made(
    changes: dict[str, Any], named: str, came: str, undisturbed: list[dict[str, object]]
) -> None:
    trainer = trainer_of()
    for n_fits, state in enumerate(undisturbed):
        if n_fits > 0:
            trainer.fit(**good())
        assert bytes_of(trainer) == state
        assert_refused(lambda: trainer.fit(**good(**changes)), named, came)
        assert bytes_of(trainer) == state


@pytest.mark.parametrize("argument", BAD_ARRAYS)
@pytest.mark.parametrize("place", ["Objective", "evaluate"])
def test_objectives_and_metrics_refuse_the_same_arrays(place: str, argument: str) -> None:
    call: Callable[..., object] = jetmlp.Objective if place == "Objective" else jetmlp.metrics.evaluate
    for what, (value, came) in BAD_ARRAYS[argument].items():
        if place == "evaluate" and what == "beyond float32":
            continue  # measured in double
        data = {"X": X, "Y": Y, "dYdX": dYdX, argument: value}
        assert_refused(lambda data=data: call(model_of(PROBLEM), **data), argument, came)


def test_double_precision_takes_what_is_beyond_float32() -> None:
    model = jetmlp.MLP([2, 4, 3], dtype="float64", normalize=False)
    large = with_entry(Y, 1e39)
    value_loss = jetmlp.Objective(model, X, large, dYdX).losses(model.parameters)[1]
    assert value_loss == pytest.approx(np.mean((model.predict(X) - large) ** 2), rel=1e-13)


@pytest.mark.parametrize("entry", [np.nan, np.inf], ids=["NaN", "infinity"])
def test_messages_say_what_is_bad_and_how_much_of_it(entry: float) -> None:
    bad = X.copy()
    bad[3:, 1] = entry
    with pytest.raises(
        ValueError, match=rf"^X: expected finite numbers, got {entry} at \[3, 1\], 9 such of 24"
    ):
        trainer_of().fit(bad, Y, epochs=1)


def test_float64_is_recommended_only_for_numbers_that_are_too_large() -> None:
    with pytest.raises(ValueError, match="float64"):
        trainer_of().fit(with_entry(X, 1e39), Y, epochs=1)
    with pytest.raises(ValueError, match="expected finite numbers") as caught:
        trainer_of().fit(with_entry(X, np.nan), Y, epochs=1)
    assert "float64" not in str(caught.value)


@pytest.mark.parametrize(
    ("weight", "data", "only"),
    [("value_weight", (X, Y), "Y"), ("derivative_weight", (X, None, dYdX), "dYdX")],
    ids=["values", "derivatives"],
)
def test_a_weight_of_zero_on_the_only_data(weight: str, data: tuple[Any, ...], only: str) -> None:
    trainer = trainer_of(**{weight: 0.0})
    before = bytes_of(trainer)
    assert_refused(lambda: trainer.fit(*data, epochs=1), weight, "0")
    with pytest.raises(ValueError, match=f"only {only} to fit"):
        trainer.fit(*data, epochs=1)
    assert_refused(lambda: jetmlp.Objective(model_of(PROBLEM), *data, **{weight: 0.0}), weight, "0")
    assert bytes_of(trainer) == before
    with pytest.raises(ValueError, match=r"^validation_data: expected at least one kind of target"):
        trainer.fit(**good(validation_data=data))
    assert bytes_of(trainer) == before


BAD_RATES: dict[str, Callable[[int], Any]] = {
    "negative": lambda epoch: -0.1 if epoch == 3 else 0.1,
    "NaN": lambda epoch: np.nan if epoch == 3 else 0.1,
    "None": lambda epoch: None if epoch == 3 else 0.1,
    "text": lambda epoch: "0.1" if epoch == 3 else 0.1,
    "bool": lambda epoch: True if epoch == 3 else 0.1,
    "array": lambda epoch: [0.1] if epoch == 3 else 0.1,
    "overflow": lambda epoch: np.inf if epoch == 3 else 0.1,
}


@pytest.mark.parametrize("rate", BAD_RATES.values(), ids=BAD_RATES)
def test_a_bad_learning_rate_ends_the_fit_before_its_epoch(rate: Callable[[int], float]) -> None:
    """A rate is asked for when its epoch begins; the epochs before it are kept whole."""
    trainer = trainer_of(optimizer=jetmlp.Adam(rate))
    with pytest.raises((TypeError, ValueError), match=r"^learning_rate\(3\): expected .+, got .+"):
        trainer.fit(**good(epochs=4))
    shorter = trainer_of(optimizer=jetmlp.Adam(rate))
    shorter.fit(**good(epochs=3))
    assert bytes_of(trainer) == bytes_of(shorter)


def test_a_rate_of_0_moves_nothing() -> None:
    trainer = trainer_of(optimizer=jetmlp.Adam(lambda epoch: 0.0))
    before = trainer.model.parameters
    trainer.fit(**good(epochs=3))
    np.testing.assert_array_equal(trainer.model.parameters, before)


def test_epochs_without_end_need_no_memory_for_them() -> None:
    """A thousand million epochs, of which patience allows some: nothing is made for the others."""
    trainer = trainer_of(optimizer=jetmlp.Adam(0.0))
    history = trainer.fit(**good(epochs=10**9, validation_data=(X, Y), patience=3))
    assert (history.n_epochs, history.stopped_because) == (4, "patience")


def test_an_exception_of_a_schedule_is_passed_on() -> None:
    def rate(epoch: int) -> float:
        raise LookupError(epoch)

    trainer = trainer_of(optimizer=jetmlp.Adam(rate))
    before = bytes_of(trainer)
    with pytest.raises(LookupError):
        trainer.fit(**good())
    assert bytes_of(trainer) == before
