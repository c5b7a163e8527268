"""Models as objects: what they are made of, what they take, and that nothing reaches back into them."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import DTypeLike, NDArray

import jetmlp
from jetmlp import _core
from problems import make_problem, model_of, networks
from reference import Network

DTYPES = ("float32", "float64")
INITS = _core.INITIALIZATIONS


@pytest.fixture(params=DTYPES)
def model(request: pytest.FixtureRequest) -> jetmlp.MLP:
    """Three inputs, two outputs, no parameter zero."""
    return model_of(make_problem(Network((3, 6, 5, 2), "silu", "tanh"), 1, dtype=request.param))


@pytest.fixture
def curve() -> jetmlp.MLP:
    """One input, one output."""
    return model_of(make_problem(Network((1, 7, 1)), 1))


def inputs(n: int) -> NDArray[np.float64]:
    return np.random.default_rng(n).uniform(-2, 2, (n, 3))


# ---- Architecture ----


def test_defaults() -> None:
    model = jetmlp.MLP([1, 64, 64, 1], dtype="float32", normalize=False)
    assert model.layer_sizes == (1, 64, 64, 1)
    assert (model.n_inputs, model.n_outputs, model.n_parameters) == (1, 1, 4353)
    assert (model.activation, model.output_activation) == ("tanh", "identity")
    assert model.dtype == np.float32
    same = jetmlp.MLP([1, 64, 64, 1], "tanh", "identity", "float32", "glorot_uniform", 0, normalize=False)
    assert np.array_equal(model.parameters, same.parameters)


@given(network=networks())
def test_properties_say_what_was_asked_for(network: Network) -> None:
    model = jetmlp.MLP(
        network.layer_sizes, network.activation, network.output_activation, "float64", normalize=False
    )
    assert model.layer_sizes == network.layer_sizes
    assert (model.n_inputs, model.n_outputs) == (network.layer_sizes[0], network.layer_sizes[-1])
    assert (model.activation, model.output_activation) == (network.activation, network.output_activation)
    assert model.n_parameters == network.n_parameters == model.parameters.size


@pytest.mark.parametrize("kind", [list, tuple, np.array, iter], ids=lambda kind: kind.__name__)
def test_layer_sizes_from_any_iterable(kind: Callable[[list[int]], Iterable[int]]) -> None:
    model = jetmlp.MLP(kind([2, 3, 1]), dtype="float32", normalize=False)
    assert model.layer_sizes == (2, 3, 1)
    assert all(type(size) is int for size in model.layer_sizes)


@pytest.mark.parametrize("dtype", ["float32", np.float32, np.dtype("float32"), "f4"], ids=repr)
def test_dtype_by_any_of_its_names(dtype: DTypeLike) -> None:
    assert jetmlp.MLP([1, 2, 1], dtype=dtype, normalize=False).dtype == np.float32


def test_float_means_double() -> None:
    assert jetmlp.MLP([1, 2, 1], dtype=float, normalize=False).dtype == np.float64


@pytest.mark.parametrize("seed", [0, 1, np.int64(7), 2**64 - 1], ids=repr)
@pytest.mark.parametrize("init", INITS)
def test_a_seed_means_the_same_network_in_both_types(init: str, seed: int) -> None:
    single, double = (
        jetmlp.MLP([3, 8, 2], dtype=dtype, init=init, seed=seed, normalize=False) for dtype in DTYPES
    )
    assert single.parameters.dtype == np.float32
    assert np.array_equal(single.parameters, double.parameters.astype(np.float32))


def test_different_seeds_and_inits_start_elsewhere() -> None:
    starts = [
        jetmlp.MLP([3, 8, 2], init=init, seed=seed, dtype="float32", normalize=False).parameters
        for init in INITS
        for seed in (0, 1)
    ]
    assert len({start.tobytes() for start in starts}) == len(starts)


@pytest.mark.parametrize("name", ["layer_sizes", "n_parameters", "dtype", "activation", "weights"])
def test_what_makes_a_model_is_not_assignable(model: jetmlp.MLP, name: str) -> None:
    with pytest.raises(AttributeError):
        setattr(model, name, getattr(model, name))


def test_repr_says_sizes_activations_type_and_parameter_count() -> None:
    model = jetmlp.MLP([2, 30, 4, 3], "relu", "sigmoid", "float64", normalize=False)
    for part in ("2-30-4-3", "relu", "sigmoid", "float64", str(model.n_parameters)):
        assert part in repr(model)


def test_networks_without_hidden_layers_are_linear_maps() -> None:
    model = model_of(make_problem(Network((3, 2)), 1))
    (W,), (b,) = model.weights, model.biases
    X = inputs(9)
    assert np.allclose(model.predict(X), X @ W.T + b, rtol=1e-14, atol=1e-15)
    assert np.array_equal(model.jacobian(X), np.broadcast_to(W, (9, 2, 3)))


# ---- Parameters ----


def test_parameters_are_a_copy(model: jetmlp.MLP) -> None:
    before = model.parameters.tobytes()
    model.parameters[...] = 0
    taken = model.parameters
    taken += 1
    assert model.parameters.tobytes() == before


def test_assigned_parameters_are_copied_in(model: jetmlp.MLP) -> None:
    wanted = np.arange(model.n_parameters, dtype=model.dtype)
    model.parameters = wanted
    wanted[:] = -1
    assert np.array_equal(model.parameters, np.arange(model.n_parameters))
    assert model.parameters.flags.writeable


@pytest.mark.parametrize("kind", ["list", "float16", "int8", "uint64", "longdouble", ">f8"])
def test_parameters_from_any_kind_of_numbers(model: jetmlp.MLP, kind: str) -> None:
    numbers = [i % 7 for i in range(model.n_parameters)]
    model.parameters = numbers if kind == "list" else np.array(numbers, dtype=kind)
    assert model.parameters.dtype == model.dtype
    assert np.array_equal(model.parameters, numbers)


def test_parameters_from_every_other_entry_of_an_array(model: jetmlp.MLP) -> None:
    numbers = np.arange(2.0 * model.n_parameters)
    model.parameters = numbers[::2]
    assert np.array_equal(model.parameters, numbers[::2])


@given(network=networks(), dtype=st.sampled_from(DTYPES))
def test_weights_and_biases_are_the_flat_vector_cut_up(network: Network, dtype: str) -> None:
    """Layer by layer: W row by row, then b."""
    model = model_of(make_problem(network, 1, dtype=dtype))
    sizes = network.layer_sizes
    assert [W.shape for W in model.weights] == list(zip(sizes[1:], sizes[:-1], strict=True))
    assert [b.shape for b in model.biases] == [(size,) for size in sizes[1:]]
    parts = [part for W, b in zip(model.weights, model.biases, strict=True) for part in (W.ravel(), b)]
    assert {part.dtype for part in parts} == {model.dtype}
    assert np.array_equal(np.concatenate(parts), model.parameters)


def test_predictions_use_weights_and_biases_as_given_out(model: jetmlp.MLP) -> None:
    X = inputs(10).astype(model.dtype)
    (W1, W2, W3), (b1, b2, b3) = model.weights, model.biases
    z = X @ W1.T + b1
    z = z / (1 + np.exp(-z)) @ W2.T + b2
    expected = np.tanh(z / (1 + np.exp(-z)) @ W3.T + b3)
    assert np.allclose(model.predict(X), expected, rtol=0, atol=20 * np.finfo(model.dtype).eps)


def test_weights_and_biases_are_read_only(model: jetmlp.MLP) -> None:
    for part in (*model.weights, *model.biases):
        with pytest.raises(ValueError, match="read-only"):
            part[...] = 0


def test_weights_given_out_stay_when_the_model_moves_on(curve: jetmlp.MLP) -> None:
    given_out, before = curve.weights[0], curve.weights[0].copy()
    jetmlp.Trainer(curve, jetmlp.Adam()).fit([0.0, 1.0], [1.0, 0.0], epochs=2)
    assert np.array_equal(given_out, before)
    assert not np.array_equal(curve.weights[0], before)


# ---- Copies ----


def duplicates() -> list[Any]:
    ways: dict[str, Callable[[jetmlp.MLP], jetmlp.MLP]] = {
        "copy": jetmlp.MLP.copy,
        "copy.copy": copy.copy,
        "copy.deepcopy": copy.deepcopy,
        **{f"pickle {p}": lambda model, p=p: pickle.loads(pickle.dumps(model, p)) for p in (0, 2, 5)},
    }
    return [pytest.param(way, id=name) for name, way in ways.items()]


@pytest.mark.parametrize("duplicate", duplicates())
def test_copies_are_the_same_and_independent(
    model: jetmlp.MLP, duplicate: Callable[[jetmlp.MLP], jetmlp.MLP]
) -> None:
    twin, before, X = duplicate(model), model.parameters, inputs(5)
    assert repr(twin) == repr(model)
    assert twin.dtype == model.dtype
    assert twin.parameters.tobytes() == before.tobytes()
    assert twin.predict(X).tobytes() == model.predict(X).tobytes()
    twin.parameters = twin.parameters + 1
    assert np.array_equal(model.parameters, before)
    model.parameters = before * 2
    assert np.array_equal(twin.parameters, before + 1)
