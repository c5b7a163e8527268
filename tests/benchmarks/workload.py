"""What every contender of a figure is given: the same data, network, starting parameters and steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

import jetmlp
from jetmlp.experiments import EXPERIMENTS, Comparison, FitExperiment

#: Read by the libraries when they are imported, so they have to be in a worker's environment before.
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

Array = NDArray[Any]
#: Inputs (n, d), values (n, m) and derivatives (n, m, d); None for what the loss does not contain.
Samples = tuple[Array, Array | None, Array | None]


@dataclass(frozen=True)
class Workload:
    """A training, as arrays and numbers only, so that it can be sent to another process."""

    name: str
    train: Samples
    validation: Samples | None
    layer_sizes: tuple[int, ...]
    activation: str
    parameters: Array  # (P,): of each layer W row by row, then b
    value_weight: float
    derivative_weight: float
    learning_rate: float
    epochs: int
    batch_size: int | None = None
    dtype: str = "float32"
    seed: int = 0

    @property
    def layers(self) -> list[tuple[Array, Array]]:
        """Starting W (n_out, n_in) and b (n_out,) of each layer."""
        return layers_of(self.layer_sizes, self.parameters)


def layers_of(layer_sizes: tuple[int, ...], parameters: Array) -> list[tuple[Array, Array]]:
    """Cut parameters (P,) into W (n_out, n_in) and b (n_out,) of each layer."""
    layers, start = [], 0
    for n_in, n_out in pairwise(layer_sizes):
        middle, end = start + n_in * n_out, start + (n_in + 1) * n_out
        layers.append((parameters[start:middle].reshape(n_out, n_in), parameters[middle:end]))
        start = end
    return layers


@dataclass(frozen=True)
class Outcome:
    """One timed run of a contender."""

    seconds: float
    losses: list[float] = field(default_factory=list)  # of each epoch, taken before each batch's update
    rate: float | None = None  # flop/s, of the peak alone
    errors: dict[str, list[float]] = field(default_factory=dict)  # by name, one a seed, of surrogates alone


#: What a contender's `prepare` returns: does the whole training from its start and times it.
Run = Callable[[], Outcome]


def of_experiment(name: str, *, epochs: int | None = None) -> Workload:
    """Take an experiment of the library; a part of a comparison is "comparison/part"."""
    whole, _, part = name.partition("/")
    experiment = EXPERIMENTS[whole]
    assert isinstance(experiment, (FitExperiment, Comparison))
    fit = experiment.fits[part or whole]
    samples = fit.samples(seed=0)
    assert isinstance(fit.learning_rate, float)

    def arrays(which: str) -> Samples:
        Y, dYdX = samples[which].Y, samples[which].dYdX
        return (
            _float32(samples[which].X),
            _float32(Y) if Y is not None and fit.value_trained else None,
            _float32(dYdX) if dYdX is not None and fit.derivative_trained else None,
        )

    return Workload(
        name=name,
        train=arrays("train"),
        validation=arrays("validation"),
        layer_sizes=fit.layer_sizes,
        activation=fit.activation,
        parameters=_start(fit.layer_sizes, fit.activation, fit.init, fit.dtype),
        value_weight=fit.value_weight if fit.value_trained else 0.0,
        derivative_weight=fit.derivative_weight if fit.derivative_trained else 0.0,
        learning_rate=fit.learning_rate,
        epochs=epochs or fit.epochs,
        batch_size=fit.batch_size,
        dtype=fit.dtype,
    )


def of_steps(batch_size: int, dtype: str, *, n_batches: int, epochs: int) -> Workload:
    """Mini-batches of Runge's function and its derivative for 1-64-64-1, without validation."""
    x = np.linspace(-1.0, 1.0, n_batches * batch_size).reshape(-1, 1)
    f = 1.0 / (1.0 + 25.0 * x**2)
    df = -50.0 * x * f**2
    sizes = (1, 64, 64, 1)
    return Workload(
        name=f"steps-{dtype}-{batch_size}",
        train=(x.astype(dtype), f.astype(dtype), df.reshape(-1, 1, 1).astype(dtype)),
        validation=None,
        layer_sizes=sizes,
        activation="tanh",
        parameters=_start(sizes, "tanh", "glorot_uniform", dtype),
        value_weight=1.0,
        derivative_weight=1.0,
        learning_rate=1e-3,
        epochs=epochs,
        batch_size=batch_size,
        dtype=dtype,
    )


def of_gradients(*, epochs: int) -> Workload:
    """Values and gradients of a function of ten variables for 10-128-128-128-1, batch 512."""
    d, n, n_validation = 10, 4096, 512
    generator = np.random.default_rng(0)
    X = generator.uniform(-1.0, 1.0, (n + n_validation, d))
    w = generator.normal(size=d)
    # f(x) = sin(w·x) + |x|²/d, so ∇f(x) = w cos(w·x) + 2x/d.
    s = X @ w
    Y = np.sin(s) + np.mean(X**2, axis=1)
    dYdX = w * np.cos(s)[:, np.newaxis] + 2.0 * X / d
    samples = _float32(X), _float32(Y.reshape(-1, 1)), _float32(dYdX.reshape(-1, 1, d))
    sizes = (d, 128, 128, 128, 1)
    return Workload(
        name="gradient-10d",
        train=(samples[0][:n], samples[1][:n], samples[2][:n]),
        validation=(samples[0][n:], samples[1][n:], samples[2][n:]),
        layer_sizes=sizes,
        activation="tanh",
        parameters=_start(sizes, "tanh", "glorot_uniform", "float32"),
        value_weight=1.0,
        derivative_weight=1.0,
        learning_rate=1e-3,
        epochs=epochs,
        batch_size=512,
    )


def _float32(array: Array) -> Array:
    return np.ascontiguousarray(array, dtype=np.float32)


def _start(sizes: tuple[int, ...], activation: str, init: str, dtype: str) -> Array:
    return jetmlp.MLP(sizes, activation, dtype=dtype, init=init, seed=0, normalize=False).parameters
