"""What predictions take and give; test_jacobian.py holds their numbers to the oracle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray

import jetmlp
from problems import make_problem, model_of, networks
from reference import ACTIVATION_NAMES, Network

DTYPES = ("float32", "float64")


@pytest.fixture(params=DTYPES)
def model(request: pytest.FixtureRequest) -> jetmlp.MLP:
    """Three inputs, two outputs."""
    return model_of(make_problem(Network((3, 6, 5, 2), "silu", "tanh"), 1, dtype=request.param))


@pytest.fixture
def curve() -> jetmlp.MLP:
    """One input, one output."""
    return model_of(make_problem(Network((1, 7, 1)), 1))


def inputs(n: int, d: int = 3) -> NDArray[np.float64]:
    return np.random.default_rng(n).uniform(-2, 2, (n, d))


def test_calling_a_model_predicts(model: jetmlp.MLP) -> None:
    X = inputs(11)
    assert model(X).tobytes() == model.predict(X).tobytes()


@given(network=networks(), n=st.integers(0, 40), dtype=st.sampled_from(DTYPES))
def test_shapes_types_and_one_pass_for_both(network: Network, n: int, dtype: str) -> None:
    problem = make_problem(network, n, dtype=dtype)
    model = model_of(problem)
    Y, J = model.predict_with_jacobian(problem.X)
    assert (Y.shape, J.shape) == (problem.Y.shape, problem.dYdX.shape)
    assert Y.dtype == J.dtype == dtype
    assert Y.tobytes() == model.predict(problem.X).tobytes()
    assert J.tobytes() == model.jacobian(problem.X).tobytes()


@pytest.mark.parametrize(
    "X", [np.linspace(-1, 1, 9), [-1, 0, 2], (0.5,), range(4)], ids=["array", "list", "tuple", "range"]
)
def test_one_input_takes_one_dimension(curve: jetmlp.MLP, X: ArrayLike) -> None:
    n = np.size(X)
    Y, J = curve.predict_with_jacobian(X)
    assert (Y.shape, J.shape) == ((n, 1), (n, 1, 1))
    assert np.array_equal(Y, curve.predict(np.reshape(X, (-1, 1))))


@pytest.mark.parametrize("X", [[], np.empty(0), np.empty((0, 1))], ids=["list", "1-D", "2-D"])
def test_no_rows_in_no_rows_out(curve: jetmlp.MLP, X: ArrayLike) -> None:
    assert curve.predict(X).shape == (0, 1)
    assert curve.jacobian(X).shape == (0, 1, 1)


class Wrapped:
    """Anything that NumPy can make an array of, as data frames and tensors are."""

    def __init__(self, array: NDArray[Any]) -> None:
        self.array = array

    def __array__(self, dtype: None = None, copy: bool | None = None) -> NDArray[Any]:
        return self.array


ARRAY_LIKES: dict[str, Callable[[NDArray[Any]], Any]] = {
    "nested lists": lambda X: X.tolist(),
    "tuple of lists": lambda X: tuple(X.tolist()),
    "list of arrays": list,
    "int64": lambda X: X.astype(np.int64),
    "uint8": lambda X: np.abs(X).astype(np.uint8),
    "bool": lambda X: X > 0,
    "float16": lambda X: X.astype(np.float16),
    "float32": lambda X: X.astype(np.float32),
    "longdouble": lambda X: X.astype(np.longdouble),
    "big-endian": lambda X: X.astype(">f8"),
    "Fortran order": np.asfortranarray,
    "transposed": lambda X: np.ascontiguousarray(X.T).T,
    "every other row and column": lambda X: np.repeat(np.repeat(X, 2, 0), 2, 1)[::2, ::2],
    "reversed": lambda X: np.ascontiguousarray(X[::-1, ::-1])[::-1, ::-1],
    "read-only": lambda X: np.broadcast_to(X[:1], X.shape),
    "memoryview": lambda X: memoryview(X),
    "buffer": lambda X: memoryview(X.tobytes()).cast("B").cast("d", X.shape),
    "masked array with nothing masked": np.ma.asarray,
    "object with __array__": Wrapped,
}


@pytest.mark.parametrize("make", ARRAY_LIKES.values(), ids=ARRAY_LIKES)
def test_anything_array_like_is_taken(model: jetmlp.MLP, make: Callable[[NDArray[Any]], Any]) -> None:
    X = make(np.round(inputs(6) * 4) / 4)  # quarters are the same in every type but the integers
    expected = np.array(X, dtype=np.float64)
    before = expected.copy()
    assert model.predict(X).tobytes() == model.predict(expected).tobytes()
    assert model.jacobian(X).tobytes() == model.jacobian(expected).tobytes()
    assert np.array_equal(np.array(X, dtype=np.float64), before)


def test_a_double_given_to_a_single_is_rounded(model: jetmlp.MLP) -> None:
    X = inputs(7)
    Y = model.predict(X)
    assert Y.dtype == model.dtype
    assert Y.tobytes() == model.predict(X.astype(model.dtype)).tobytes()


def test_numbers_below_single_precision_are_zero_even_for_the_strict() -> None:
    """`numpy.seterr` is the caller's: converting must not trip over it."""
    model = jetmlp.MLP([1, 3, 1], dtype="float32", normalize=False)
    with np.errstate(all="raise"):
        assert np.array_equal(model.predict([1e-300]), model.predict([0.0]))


@pytest.mark.parametrize(
    "X", [[0.5, np.nan, 0.5], np.ma.masked_array([0.5, 1.0, 0.5], [0, 1, 0])], ids=["NaN", "masked"]
)
def test_a_point_that_is_not_a_number_has_no_value(curve: jetmlp.MLP, X: ArrayLike) -> None:
    Y, J = curve.predict_with_jacobian(X)
    assert np.array_equal(np.isnan(Y.ravel()), [False, True, False])
    assert np.array_equal(np.isnan(J.ravel()), [False, True, False])
    assert Y[0] == Y[2] == curve.predict([0.5])[0]


@pytest.mark.parametrize("activation", ACTIVATION_NAMES)
@pytest.mark.parametrize("n", [1, 127, 1000])
def test_any_number_of_threads_gives_the_same_bytes(n: int, activation: str) -> None:
    model = jetmlp.MLP([2, 20, 3], activation, dtype="float32", normalize=False)
    one, *others = (model.predict_with_jacobian(inputs(n, 2), n_threads=k) for k in (1, 2, 3, 8))
    for Y, J in others:
        assert Y.tobytes() == one[0].tobytes()
        assert J.tobytes() == one[1].tobytes()


def test_a_prediction_does_not_depend_on_its_neighbours(model: jetmlp.MLP) -> None:
    X = inputs(300)
    Y, J = model.predict_with_jacobian(X)
    for rows in ([0], [131, 7], slice(40, 170)):
        assert model.predict(X[rows]).tobytes() == Y[rows].tobytes()
        assert model.jacobian(X[rows]).tobytes() == J[rows].tobytes()
