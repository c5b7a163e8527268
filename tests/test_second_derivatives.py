"""Hessians, Laplacians and Hessian-vector products against complex steps, 100 digits and closed forms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray

import jetmlp
import reference_second
from pairs import covers_pairs
from problems import BLOCK_BOUNDARIES, Problem, float32_tolerance, make_problem, model_of, networks, problems
from reference import ACTIVATION_NAMES, Network
from refusals import assert_refused

TOLERANCE = 1e-11
METHODS: dict[str, Callable[..., NDArray[Any]]] = {
    "hessian": lambda model, X, **arguments: model.hessian(X, **arguments),
    "laplacian": lambda model, X, **arguments: model.laplacian(X, **arguments),
    "hvp": lambda model, X, **arguments: model.hvp(X, np.ones(model.n_inputs), **arguments),
    # The second and third of them.
    "directional_derivatives": lambda model, X, **arguments: model.directional_derivatives(
        X, np.ones(model.n_inputs), **arguments
    )[..., 1:],
}


def vectors_of(problem: Problem) -> NDArray[Any]:
    vectors = np.random.default_rng(7).normal(size=problem.X.shape)
    return vectors.astype(problem.dtype).astype(np.float64)


def assert_second_derivatives(problem: Problem) -> None:
    """Hold all three to the oracle, relative to the largest entry."""
    X, V = problem.X, vectors_of(problem)
    expected = reference_second.hessian(problem.network, problem.parameters, X)
    products = np.einsum("nokl,nl->nok", expected, V)
    # Second derivatives go through each layer twice, once as themselves and once as a square.
    tolerance = TOLERANCE if problem.dtype == "float64" else 3 * float32_tolerance(problem.network)
    scale = max(1e-2, np.abs(expected).max())

    model = model_of(problem)
    hessian, laplacian, hvp = model.hessian(X), model.laplacian(X), model.hvp(X, V)
    assert (hessian.shape, laplacian.shape, hvp.shape) == (
        expected.shape,
        expected.shape[:2],
        expected.shape[:3],
    )
    assert {array.dtype for array in (hessian, laplacian, hvp)} == {np.dtype(problem.dtype)}
    assert np.array_equal(hessian, hessian.swapaxes(2, 3))
    assert np.abs(hessian - expected).max() <= tolerance * scale
    d = X.shape[1]
    assert np.abs(laplacian - np.trace(expected, axis1=2, axis2=3)).max() <= d * tolerance * scale
    assert np.abs(hvp - products).max() <= d * tolerance * scale * max(1.0, np.abs(V).max())


# d of 7 and 8 are on either side of where sums over neurons turn into products of matrices; m of 1 and 6 of
# where jets of second order cost less.
@covers_pairs(
    activation=ACTIVATION_NAMES,
    place=["hidden", "everywhere"],
    d=[1, 2, 3, 7, 8, 20],
    m=[1, 2, 6],
    hidden=[(6, 5), (), (4,), (8, 8), (9, 1, 7)],
    dtype=["float64", "float32"],
)
def test_every_activation_and_dimension(
    activation: str, place: str, d: int, m: int, hidden: tuple[int, ...], dtype: str
) -> None:
    network = Network((d, *hidden, m), activation, activation if place == "everywhere" else "identity")
    problem = make_problem(network, 11, seed=10 * d + m, dtype=dtype)
    assert_second_derivatives(problem)


@settings(max_examples=60)
@given(problem=problems())
def test_any_shape(problem: Problem) -> None:
    assert_second_derivatives(problem)


@covers_pairs(
    n=BLOCK_BOUNDARIES, dtype=["float64", "float32"], layer_sizes=[(2, 9, 8, 1), (2, 9, 8, 5), (9, 9, 8, 2)]
)
def test_sample_counts_at_block_boundaries(layer_sizes: tuple[int, ...], dtype: str, n: int) -> None:
    assert_second_derivatives(make_problem(Network(layer_sizes, "silu", "softplus"), n, seed=n, dtype=dtype))


@pytest.mark.parametrize(
    "layer_sizes",
    [(1, 64, 64, 1), (3, 33, 70, 65, 2), (20, 5, 30), (70, 30, 30, 1), (2, *[7] * 12, 1)],
    ids=str,
)
def test_networks_of_working_size(layer_sizes: tuple[int, ...]) -> None:
    assert_second_derivatives(make_problem(Network(layer_sizes), 70))


@pytest.mark.parametrize("m", [1, 4])
@pytest.mark.parametrize("activation", ACTIVATION_NAMES)
def test_differences_at_100_digits(activation: str, m: int) -> None:
    problem = make_problem(Network((2, 4, 3, m), activation, activation), 3, seed=8)
    expected = reference_second.precise_hessian(problem.network, problem.parameters, problem.X)
    tolerance = 1e-13 * np.abs(expected).max()
    V = vectors_of(problem)
    model = model_of(problem)
    assert np.abs(model.hessian(problem.X) - expected).max() <= tolerance
    assert np.abs(model.laplacian(problem.X) - np.trace(expected, axis1=2, axis2=3)).max() <= tolerance
    assert np.abs(model.hvp(problem.X, V) - np.einsum("nokl,nl->nok", expected, V)).max() <= 4 * tolerance


def test_one_sine_in_closed_form(rng: np.random.Generator) -> None:
    """y = sin(w.x + b) has the Hessian -y w w^T."""
    w, b = np.array([0.7, -1.3, 2.1]), 0.4
    model = jetmlp.MLP([3, 1], output_activation="sin", dtype="float64", normalize=False)
    model.parameters = [*w, b]
    X = rng.normal(size=(9, 3))
    y = np.sin(X @ w + b)[:, None]
    V = rng.normal(size=3)
    assert np.allclose(model.hessian(X), -y[..., None, None] * np.outer(w, w), rtol=1e-13, atol=1e-14)
    assert np.allclose(model.laplacian(X), -y * (w @ w), rtol=1e-13, atol=1e-14)
    assert np.allclose(model.hvp(X, V), -y[..., None] * w * (w @ V), rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("m", [1, 5])
def test_a_network_of_straight_lines_has_no_curvature(m: int, rng: np.random.Generator) -> None:
    model = model_of(make_problem(Network((2, 9, 9, m), "relu"), 1))
    X = rng.normal(size=(40, 2))
    for compute in METHODS.values():
        assert not compute(model, X).any()


# ---- What the three say of each other ----


@settings(max_examples=40)
@given(problem=problems())
def test_hessian_laplacian_and_products_agree(problem: Problem) -> None:
    model, X, V = model_of(problem), problem.X, vectors_of(problem)
    hessian = model.hessian(X)
    assert np.array_equal(hessian, hessian.swapaxes(2, 3))
    assert np.allclose(model.laplacian(X), np.trace(hessian, axis1=2, axis2=3), rtol=1e-11, atol=1e-12)
    assert np.allclose(model.hvp(X, V), np.einsum("nokl,nl->nok", hessian, V), rtol=1e-11, atol=1e-12)


def test_the_hessian_is_the_slope_of_the_jacobian(rng: np.random.Generator) -> None:
    """The definition itself, free of any oracle."""
    model = model_of(make_problem(Network((3, 12, 12, 2), "softplus", "tanh"), 1))
    X, step = rng.normal(size=(8, 3)), 1e-5
    hessian = model.hessian(X)
    for k, direction in enumerate(np.eye(3)):
        slope = (model.jacobian(X + step * direction) - model.jacobian(X - step * direction)) / (2 * step)
        assert np.allclose(hessian[..., k], slope, rtol=1e-7, atol=1e-9)
        assert np.allclose(model.hvp(X, direction), slope, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("m", [1, 7])
def test_a_vector_for_all_is_that_vector_for_each(m: int, rng: np.random.Generator) -> None:
    model = model_of(make_problem(Network((3, 8, m)), 1))
    X, v = rng.normal(size=(20, 3)), np.array([0.3, -2.0, 1.1])
    assert model.hvp(X, v).tobytes() == model.hvp(X, np.tile(v, (20, 1))).tobytes()
    assert not model.hvp(X, [0, 0, 0]).any()


# ---- What they take and give ----


@given(network=networks(), n=st.integers(0, 20), dtype=st.sampled_from(["float32", "float64"]))
def test_shapes_and_types(network: Network, n: int, dtype: str) -> None:
    d, m = network.layer_sizes[0], network.layer_sizes[-1]
    model, X = model_of(make_problem(network, 1, dtype=dtype)), np.ones((n, d))
    for name, shape in {"hessian": (n, m, d, d), "laplacian": (n, m), "hvp": (n, m, d)}.items():
        result = METHODS[name](model, X)
        assert result.shape == shape
        assert result.dtype == dtype
        assert result.flags.writeable


@pytest.mark.parametrize("X", [np.linspace(-1, 1, 9), [-1, 0, 2], (0.5,)], ids=["array", "list", "tuple"])
def test_one_input_takes_one_dimension(X: ArrayLike) -> None:
    model = model_of(make_problem(Network((1, 7, 2)), 1))
    n, hessian = np.size(X), model.hessian(np.reshape(X, (-1, 1)))
    assert hessian.shape == (n, 2, 1, 1)
    assert np.array_equal(model.hessian(X), hessian)
    assert np.allclose(model.laplacian(X), hessian[..., 0, 0], rtol=1e-13)
    for V in (np.arange(n), np.arange(n)[:, None]):
        expected = hessian[..., 0] * np.arange(n)[:, None, None]
        assert np.allclose(model.hvp(X, V), expected, rtol=1e-13)
    assert np.allclose(model.hvp(X, [2.0]), 2 * hessian[..., 0], rtol=1e-13)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("X", [[], np.empty(0), np.empty((0, 1))], ids=["list", "1-D", "2-D"])
def test_no_rows_in_no_rows_out(X: ArrayLike, method: str) -> None:
    assert len(METHODS[method](jetmlp.MLP([1, 4, 2], dtype="float32", normalize=False), X)) == 0


@covers_pairs(
    dtype=["float32", "float64"],
    n=[1, 129, 1000],
    layer_sizes=[(2, 20, 20, 1), (2, 20, 20, 4), (10, 20, 20, 1)],
)
def test_any_number_of_threads_gives_the_same_bytes(
    layer_sizes: tuple[int, ...], n: int, dtype: str, rng: np.random.Generator
) -> None:
    model = model_of(make_problem(Network(layer_sizes), 1, dtype=dtype))
    X = rng.uniform(-1, 1, (n, layer_sizes[0]))
    for compute in METHODS.values():
        one, *others = (compute(model, X, n_threads=k).tobytes() for k in (1, 2, 3, 8))
        assert others == [one] * 3


@pytest.mark.parametrize("layer_sizes", [(2, 20, 20, 1), (2, 20, 20, 4), (10, 20, 20, 1)], ids=str)
def test_results_do_not_depend_on_their_neighbours(
    layer_sizes: tuple[int, ...], rng: np.random.Generator
) -> None:
    model = model_of(make_problem(Network(layer_sizes), 1))
    X = rng.uniform(-1, 1, (200, layer_sizes[0]))
    for compute in METHODS.values():
        whole = compute(model, X)
        for rows in ([0], [131, 7], slice(40, 170)):
            assert compute(model, X[rows]).tobytes() == whole[rows].tobytes()


@pytest.mark.parametrize("activation", ACTIVATION_NAMES)
def test_saturated_and_huge_inputs_have_their_curvature(activation: str) -> None:
    """Against 100 digits: in most activations none, to the last bit of a product of weights."""
    X = np.array([[-1e6, 1.0], [-1e3, 2.0], [1e3, 1e3], [1e6, -1e6]])
    for m in (1, 3):
        model = jetmlp.MLP([2, 4, 4, m], activation, dtype="float64", seed=3, normalize=False)
        network = Network((2, 4, 4, m), activation)
        expected = reference_second.precise_hessian(network, model.parameters, X)
        # z of 1e6 is rounded by up to 1e-10, which nothing dampens in sin.
        tolerance = (1e-8 if activation == "sin" else 1e-13) * max(1, np.abs(expected).max())
        assert np.abs(model.hessian(X) - expected).max() <= tolerance
        laplacian = np.trace(expected, axis1=2, axis2=3)
        assert np.abs(model.laplacian(X) - laplacian).max() <= 2 * tolerance
        assert np.abs(model.hvp(X, np.ones(2)) - expected.sum(axis=3)).max() <= 2 * tolerance
        along = model.directional_derivatives(X, np.ones(2))[..., 1]
        assert np.abs(along - expected.sum(axis=(2, 3))).max() <= 4 * tolerance


@pytest.mark.parametrize("layer_sizes", [(1, 7, 1), (1, 7, 3), (9, 7, 1)], ids=str)
def test_a_point_that_is_not_a_number_has_no_curvature(layer_sizes: tuple[int, ...]) -> None:
    model = model_of(make_problem(Network(layer_sizes), 1))
    X = np.full((3, layer_sizes[0]), 0.5)
    X[1, 0] = np.nan
    for compute in METHODS.values():
        missing = np.isnan(compute(model, X).reshape(3, -1))
        assert missing[1].all()
        assert not missing[[0, 2]].any()


# ---- Bad input ----

MODEL = jetmlp.MLP([2, 4, 3], dtype="float32", normalize=False)
NO_INPUTS: dict[str, tuple[object, str]] = {
    "one axis for two inputs": ([1.0, 2.0], "(2,)"),
    "three columns": (np.ones((4, 3)), "(4, 3)"),
    "a number": (1.0, "(1,)"),
    "None": (None, "None"),
    "text": ([["1", "2"]], "'1'"),
    "complex": ([[1, 2j]], "complex128"),
}
NO_VECTORS: dict[str, tuple[object, str]] = {
    "too few": (np.ones((4, 2)), "(4, 2)"),
    "a number for each sample": (np.ones(5), "(5,)"),
    "three entries": (np.ones(3), "(3,)"),
    "one row": (np.ones((1, 2)), "(1, 2)"),
    "a number": (1.0, "(1,)"),
    "several for each": (np.ones((5, 1, 2)), "(5, 1, 2)"),
    "None": (None, "None"),
    "complex": (np.ones((5, 2)) * 1j, "complex128"),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("X", "came"), NO_INPUTS.values(), ids=NO_INPUTS)
def test_bad_inputs_are_refused(X: object, came: str, method: str) -> None:
    assert_refused(lambda: METHODS[method](MODEL, X), "X", came)


@pytest.mark.parametrize("method", ["hvp", "directional_derivatives"])
@pytest.mark.parametrize(("V", "came"), NO_VECTORS.values(), ids=NO_VECTORS)
def test_bad_vectors_are_refused(V: object, came: str, method: str) -> None:
    assert_refused(lambda: getattr(MODEL, method)(np.ones((5, 2)), V), "V", came)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("value", [0, -1, 1.0, "2", True, 10**6])
def test_bad_thread_counts_are_refused(value: object, method: str) -> None:
    assert_refused(lambda: METHODS[method](MODEL, np.ones((5, 2)), n_threads=value), "n_threads", repr(value))
