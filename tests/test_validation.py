"""Bad input is refused before anything happens: which argument, what was expected, what came.

Bad calls of `fit` are the subject of test_validation_fit.py.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest

import jetmlp
from problems import make_problem, model_of
from reference import Network
from refusals import NO_COUNTS, NO_NUMBERS, NO_SEEDS, assert_refused

PROBLEM = make_problem(Network((2, 4, 3)), 6, dtype="float32")
SHARED = model_of(PROBLEM)


def cases(
    table: dict[str, tuple[Callable[[], object], str, str]],
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return pytest.mark.parametrize(("call", "named", "came"), table.values(), ids=table)


# ---- Models ----

NO_SIZES: dict[str, object] = {
    "None": None,
    "a number": 5,
    "an array without axes": np.array(5),
    "text": "1-64-1",
    "empty": [],
    "one": [3],
    "zero": [1, 0, 1],
    "negative": [1, -4, 1],
    "float": [1, 4.0, 1],
    "bool": [1, True],
    "text inside": [1, "4", 1],
    "nested": [[1, 4, 1]],
    "two axes": np.ones((2, 2), dtype=int),
    "too large": [1, 2**40, 1],
}
NO_NAMES: dict[str, object] = {
    "unknown": "cosine",
    "capital": "Tanh",
    "None": None,
    "list": ["tanh"],
    "class": np.tanh,
    "empty": "",
    "array": np.array("tanh"),
}
NO_DTYPES: dict[str, object] = {
    "half": "float16",
    "long double": np.longdouble,
    "complex": complex,
    "int": int,
    "None": None,
    "unknown": "double-double",
    "number": 32,
    "other byte order": ">f4" if np.little_endian else "<f4",
    "list": ["float32"],
    "dict": {},
}


@pytest.mark.parametrize("value", NO_SIZES.values(), ids=NO_SIZES)
def test_layer_sizes(value: object) -> None:
    with pytest.raises((TypeError, ValueError), match=r"^layer_sizes: expected .+, got .+"):
        jetmlp.MLP(value, dtype="float32", normalize=False)


@pytest.mark.parametrize("argument", ["activation", "output_activation", "init"])
@pytest.mark.parametrize("value", NO_NAMES.values(), ids=NO_NAMES)
def test_names(argument: str, value: object) -> None:
    known = "'he_normal'" if argument == "init" else "'tanh', 'relu', 'sigmoid'"
    assert_refused(lambda: jetmlp.MLP([1, 2, 1], **{argument: value}), argument, repr(value))
    with pytest.raises((TypeError, ValueError), match=known):
        jetmlp.MLP([1, 2, 1], **{argument: value})


@pytest.mark.parametrize("value", NO_DTYPES.values(), ids=NO_DTYPES)
def test_dtypes(value: object) -> None:
    assert_refused(lambda: jetmlp.MLP([1, 2, 1], dtype=value, normalize=False), "dtype", repr(value))


@pytest.mark.parametrize("value", NO_SEEDS.values(), ids=NO_SEEDS)
def test_seeds(value: object) -> None:
    assert_refused(
        lambda: jetmlp.MLP([1, 2, 1], seed=value, dtype="float32", normalize=False), "seed", repr(value)
    )
    assert_refused(lambda: jetmlp.Trainer(SHARED, jetmlp.Adam(), seed=value), "seed", repr(value))


NO_THREADS = {name: value for name, value in NO_COUNTS.items() if value is not None}  # None: all there are


@pytest.mark.parametrize("value", [*NO_THREADS.values(), 10**6], ids=[*NO_THREADS, "too large"])
def test_thread_counts(value: object) -> None:
    X, Y = PROBLEM.X, PROBLEM.Y
    for call in (
        lambda: SHARED.predict(X, n_threads=value),
        lambda: SHARED.jacobian(X, n_threads=value),
        lambda: SHARED.predict_with_jacobian(X, n_threads=value),
        lambda: jetmlp.Trainer(SHARED, jetmlp.Adam(), n_threads=value),
        lambda: jetmlp.Objective(SHARED, X, Y, n_threads=value),
    ):
        assert_refused(call, "n_threads", repr(value))


NO_INPUTS: dict[str, tuple[object, str]] = {
    "one axis for two inputs": ([1.0, 2.0], "(2,)"),
    "three columns": (np.ones((4, 3)), "(4, 3)"),
    "one column": (np.ones((4, 1)), "(4, 1)"),
    "transposed": (np.ones((2, 6)), "(2, 6)"),
    "three axes": (np.ones((4, 2, 1)), "(4, 2, 1)"),
    "a number": (1.0, "(1,)"),
    "ragged": ([[1, 2], [3]], "unequal length"),
    "None": (None, "None"),
    "text": ([["1", "2"]], "'1'"),
    "bytes": ([[b"1", b"2"]], "b'1'"),
    "complex": ([[1, 2j]], "complex128"),
    "objects": ([[1, object]], "<class 'object'> at [0, 1]"),
    "a set": ({1, 2}, "{1, 2}"),
    "huge integers": ([[1, 10**400]], "at [0, 1]"),
    "dates": (np.zeros((2, 2), "M8[D]"), "datetime64"),
    "durations": (np.zeros((2, 2), "m8[s]"), "timedelta64"),
    "records": (np.zeros(2, "f4,f4"), "'f0'"),
}


@pytest.mark.parametrize(("X", "came"), NO_INPUTS.values(), ids=NO_INPUTS)
@pytest.mark.parametrize("method", ["predict", "jacobian", "predict_with_jacobian", "__call__"])
def test_inputs_of_predictions(method: str, X: object, came: str) -> None:
    assert_refused(lambda: getattr(SHARED, method)(X), "X", came)


n = SHARED.n_parameters
NO_PARAMETERS: dict[str, tuple[object, str]] = {
    "too few": (np.zeros(n - 1), f"({n - 1},)"),
    "too many": (np.zeros(n + 1), f"({n + 1},)"),
    "empty": ([], "(0,)"),
    "one number": (0.0, "(1,)"),
    "two axes": (np.zeros((n, 1)), f"({n}, 1)"),
    "layers": (SHARED.weights, "unequal length"),
    "None": (None, "None"),
    "complex": (np.zeros(n, complex), "complex128"),
    "text": (["0"] * n, "'0'"),
}
NOT_FINITE: dict[str, tuple[object, str]] = {
    "NaN": (np.full(n, np.nan), "nan"),
    "one infinity": (np.where(np.arange(n) == 5, -np.inf, 0), "-inf at [5]"),
    "beyond float32": (np.where(np.arange(n) == 3, 1e39, 0), "inf at [3]"),
    "masked": (np.ma.masked_array(np.zeros(n), np.arange(n) == 1), "nan at [1]"),
}


@pytest.mark.parametrize(
    ("value", "came"),
    [*NO_PARAMETERS.values(), *NOT_FINITE.values()],
    ids=[*NO_PARAMETERS, *NOT_FINITE],
)
def test_parameters_of_a_model(value: object, came: str) -> None:
    model = SHARED.copy()
    assert_refused(lambda: setattr(model, "parameters", value), "parameters", came)
    assert model.parameters.tobytes() == SHARED.parameters.tobytes()


@pytest.mark.parametrize(("value", "came"), NO_PARAMETERS.values(), ids=NO_PARAMETERS)
@pytest.mark.parametrize("method", ["loss", "losses", "loss_and_gradient"])
def test_parameters_of_an_objective(method: str, value: object, came: str) -> None:
    objective = jetmlp.Objective(SHARED, PROBLEM.X, PROBLEM.Y)
    assert_refused(lambda: getattr(objective, method)(value), "parameters", came)


# ---- Optimizers and trainers ----


@pytest.mark.parametrize("argument", ["learning_rate", "beta1", "beta2", "epsilon"])
@pytest.mark.parametrize("value", NO_NUMBERS.values(), ids=NO_NUMBERS)
def test_numbers_of_adam(argument: str, value: object) -> None:
    assert_refused(lambda: jetmlp.Adam(**{argument: value}), argument, repr(value))


@pytest.mark.parametrize(
    ("argument", "value"),
    [("learning_rate", -1e-9), ("epsilon", 0.0), ("beta1", 1), ("beta2", 1.0), ("beta2", 7)],
)
def test_bounds_of_adam(argument: str, value: float) -> None:
    assert_refused(lambda: jetmlp.Adam(**{argument: value}), argument, repr(value))


@pytest.mark.parametrize(
    "value",
    [np.float32(0.5), np.array(0.5), Fraction(1, 2), np.longdouble(0.5)],
    ids=lambda value: str(type(value)),
)
def test_numbers_of_any_real_type_are_taken(value: float) -> None:
    assert jetmlp.Adam(value, value, value, value) == jetmlp.Adam(0.5, 0.5, 0.5, 0.5)
    assert type(jetmlp.Adam(value).learning_rate) is float


@pytest.mark.parametrize("epsilon", [1e-60, 1e60], ids=["too small", "too large"])
def test_epsilon_must_exist_in_the_type_of_the_model(epsilon: float) -> None:
    """As 0 it would turn a parameter without gradient into 0/0."""
    adam = jetmlp.Adam(epsilon=epsilon)
    assert_refused(
        lambda: jetmlp.Trainer(jetmlp.MLP([1, 1], dtype="float32", normalize=False), adam),
        "optimizer",
        repr(epsilon),
    )
    jetmlp.Trainer(jetmlp.MLP([1, 1], dtype="float64", normalize=False), adam)


@pytest.mark.parametrize("argument", ["value_weight", "derivative_weight"])
@pytest.mark.parametrize("value", NO_NUMBERS.values(), ids=NO_NUMBERS)
def test_loss_weights(argument: str, value: object) -> None:
    weight = {argument: value}
    assert_refused(lambda: jetmlp.Trainer(SHARED, **weight), argument, repr(value))
    assert_refused(
        lambda: jetmlp.Objective(SHARED, PROBLEM.X, PROBLEM.Y, PROBLEM.dYdX, **weight),
        argument,
        repr(value),
    )


def test_both_weights_zero() -> None:
    named = "value_weight, derivative_weight"
    weights = {"value_weight": 0, "derivative_weight": 0.0}
    assert_refused(lambda: jetmlp.Trainer(SHARED, **weights), named, "both 0")
    assert_refused(
        lambda: jetmlp.Objective(SHARED, PROBLEM.X, PROBLEM.Y, PROBLEM.dYdX, **weights), named, "both 0"
    )


@pytest.mark.parametrize(
    "value", [v for v in NO_COUNTS.values() if v is not None], ids=[k for k in NO_COUNTS if k != "None"]
)
def test_batch_sizes(value: object) -> None:
    assert_refused(lambda: jetmlp.Trainer(SHARED, jetmlp.Adam(), batch_size=value), "batch_size", repr(value))


@pytest.mark.parametrize("value", [1, 0, None, "no", []], ids=repr)
def test_shuffle(value: object) -> None:
    assert_refused(lambda: jetmlp.Trainer(SHARED, jetmlp.Adam(), shuffle=value), "shuffle", repr(value))


@cases(
    {
        "optimizer by name": (lambda: jetmlp.Trainer(SHARED, "adam"), "optimizer", "'adam'"),
        "optimizer's class": (lambda: jetmlp.Trainer(SHARED, jetmlp.Adam), "optimizer", "Adam"),
        "learning rate for optimizer": (lambda: jetmlp.Trainer(SHARED, 1e-3), "optimizer", "0.001"),
        "no model": (lambda: jetmlp.Trainer(None, jetmlp.Adam()), "model", "None"),
        "model's class": (lambda: jetmlp.Trainer(jetmlp.MLP, jetmlp.Adam()), "model", "MLP"),
        "sizes for model": (lambda: jetmlp.Trainer([1, 4, 1], jetmlp.Adam()), "model", "[1, 4, 1]"),
        "objective of nothing": (lambda: jetmlp.Objective(None, [1], [1]), "model", "None"),
    }
)
def test_objects_of_another_kind(call: Callable[[], object], named: str, came: str) -> None:
    assert_refused(call, named, came)
