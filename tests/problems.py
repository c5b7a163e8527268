"""Random networks with random data for the tests of gradients and Jacobians."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

import jetmlp
from reference import ACTIVATION_NAMES, Network

# Sample counts around every width a kernel may work in.
BLOCK_BOUNDARIES = (1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129)


@dataclass(frozen=True)
class Problem:
    """A network with its parameters and data, all in float64 and exactly representable in `dtype`."""

    network: Network
    parameters: NDArray[Any]
    X: NDArray[Any]
    Y: NDArray[Any]
    dYdX: NDArray[Any]  # noqa: N815
    dtype: str = "float64"


def make_problem(network: Network, n: int, *, seed: int = 0, dtype: str = "float64") -> Problem:
    """Weights of Glorot's size and biases of both signs, inputs in [-1.5, 1.5], targets of order one."""
    random = np.random.default_rng(seed)
    d, m = network.layer_sizes[0], network.layer_sizes[-1]

    def draw(*shape: int, limit: float) -> NDArray[Any]:
        return random.uniform(-limit, limit, shape).astype(dtype).astype(np.float64)

    parameters = np.empty(network.n_parameters)
    for W, b in network.layers(parameters):
        W[...] = draw(*W.shape, limit=float(np.sqrt(6 / sum(W.shape))))
        b[...] = draw(*b.shape, limit=0.7)
    return Problem(
        network, parameters, draw(n, d, limit=1.5), draw(n, m, limit=1.0), draw(n, m, d, limit=2.0), dtype
    )


def second_targets(problem: Problem) -> NDArray[Any]:
    """Symmetric matrices of order one, exactly representable."""
    n, m, d = problem.dYdX.shape
    matrices = np.random.default_rng(n).uniform(-1, 1, (n, m, d, d)).astype(problem.dtype)
    return np.asarray(matrices + matrices.swapaxes(2, 3), dtype=np.float64)


def model_of(problem: Problem) -> jetmlp.MLP:
    network = problem.network
    model = jetmlp.MLP(
        list(network.layer_sizes),
        activation=network.activation,
        output_activation=network.output_activation,
        dtype=problem.dtype,
        normalize=False,
    )
    model.parameters = problem.parameters
    return model


def float32_tolerance(network: Network) -> float:
    """Values, slopes, and back through both: four sweeps over layers of sums as long as the widest one."""
    return float(4 * len(network.activations) * (max(network.layer_sizes) + 2) * np.finfo(np.float32).eps)


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """0 to 3 hidden layers of width 1 to 9, 1 to 4 inputs and outputs, any activations."""
    hidden = draw(st.lists(st.integers(1, 9), max_size=3))
    return Network(
        (draw(st.integers(1, 4)), *hidden, draw(st.integers(1, 4))),
        draw(st.sampled_from(ACTIVATION_NAMES)),
        draw(st.sampled_from(ACTIVATION_NAMES)),
    )


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """Such a network with 1 to 40 samples."""
    return make_problem(draw(networks()), draw(st.integers(1, 40)), seed=draw(st.integers(0, 2**16)))
