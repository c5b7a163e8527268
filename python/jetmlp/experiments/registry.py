"""All experiments by name."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from .curves.fit import FitExperiment
from .curves.possible import Possible
from .curves.published import PUBLISHED
from .problems.functions import runge, runge_derivative
from .problems.sampling import Chebyshev, Equispaced, ShuffledGrid, UniformRandom
from .studies.ablation import Ablation
from .studies.comparison import Comparison
from .studies.gradient_check import InputGradient
from .studies.monomials import Monomials
from .study import Study
from .surrogates.registered import SURROGATES

# One rule for all: two hidden layers as published, so narrow that a hundred steps, whose cost grows with the
# square of the 141 parameters for each residual, end well before Adam with the fewest samples and the most.
# ReLU has none: its slope is a staircase, whatever the optimizer.
POSSIBLE = Possible(layer_sizes=(1, 10, 10, 1), epochs=100)

derivative_only = FitExperiment(
    name="derivative-only",
    description="f' alone; the constant of f is free and fixed afterwards",
    function=runge,
    derivative=runge_derivative,
    data=Equispaced(n_train=200, n_validation=100),
    layer_sizes=(1, 50, 50, 1),
    init="fan_in_uniform",
    value_weight=0.0,
    learning_rate=1e-2,
    epochs=2000,
    published=PUBLISHED["derivative-only"],
    possible=POSSIBLE,
)

value_and_derivative = replace(
    derivative_only,
    name="value-and-derivative",
    description="f and f' together on the same points",
    value_weight=1.0,
    published=PUBLISHED["value-and-derivative"],
)

weighted_sobolev = FitExperiment(
    name="weighted-sobolev",
    description="f and f' with weights, both 1, a wider network and a smaller rate",
    function=runge,
    derivative=runge_derivative,
    data=Equispaced(n_train=256, n_validation=128),
    layer_sizes=(1, 64, 64, 1),
    init="fan_in_uniform",
    learning_rate=1e-3,
    epochs=1200,
    published=PUBLISHED["weighted-sobolev"],
    possible=POSSIBLE,
)

value_only = FitExperiment(
    name="value-only",
    description="f alone on 70 of 100 points; f' is measured, not trained",
    function=runge,
    derivative=runge_derivative,
    data=ShuffledGrid(n_train=70, n_validation=15, n_test=15),
    layer_sizes=(1, 64, 64, 1),
    init="glorot_uniform",
    derivative_weight=0.0,
    learning_rate=1e-2,
    epochs=500,
    batch_size=32,
    published=PUBLISHED["value-only"],
    possible=POSSIBLE,
)

mini_batch = FitExperiment(
    name="mini-batch",
    description="f and f' on 2048 random points in batches of 64",
    function=runge,
    derivative=runge_derivative,
    data=UniformRandom(n_train=2048, n_validation=512),
    layer_sizes=(1, 64, 64, 1),
    init="glorot_uniform",
    learning_rate=1e-3,
    epochs=1000,
    batch_size=64,
    published=PUBLISHED["mini-batch"],
    possible=POSSIBLE,
)


def _relu_vs_tanh(activation: str) -> FitExperiment:
    name = f"relu-vs-tanh/{activation}"
    return FitExperiment(
        name=name,
        description=f"f and f' with {activation}",
        function=runge,
        derivative=runge_derivative,
        data=UniformRandom(n_train=800, n_validation=200),
        layer_sizes=(1, 64, 64, 1),
        activation=activation,
        init="fan_in_uniform",
        learning_rate=1e-3,
        epochs=1000,
        published=PUBLISHED[name],
        possible=None if activation == "relu" else POSSIBLE,
    )


relu_vs_tanh = Comparison(
    name="relu-vs-tanh",
    description="ReLU and tanh side by side on f and f'",
    networks={"ReLU": _relu_vs_tanh("relu"), "tanh": _relu_vs_tanh("tanh")},
)

input_gradient_check = InputGradient(
    name="input-gradient",
    description="the gradient of a network by its input, step by step and by central differences",
)

_unpublished = replace(weighted_sobolev, published=None, possible=None)

ablation = Ablation(
    name="ablation",
    description="weighted-sobolev with other weights, points, width and depth: which helps",
    variants={
        label: replace(_unpublished, name=f"ablation/{label}", **changes)  # type: ignore[arg-type]
        for label, changes in {
            "weighted-sobolev": {},
            "derivative weight 0.1": {"derivative_weight": 0.1},
            "derivative weight 10": {"derivative_weight": 10.0},
            "Chebyshev points": {"data": Chebyshev(n_train=256, n_validation=128)},
            "wider: 1-128-128-1": {"layer_sizes": (1, 128, 128, 1)},
            "deeper: 1-64-64-64-1": {"layer_sizes": (1, 64, 64, 64, 1)},
        }.items()
    },
)

monomials = Monomials(
    name="monomials",
    description="x^k, k = 1 ... 12, with one hidden layer of 2 ... 64 units",
)

#: The experiments in the order of their reports.
EXPERIMENTS: dict[str, Study[Any]] = {
    experiment.name: experiment
    for experiment in (
        derivative_only,
        value_and_derivative,
        weighted_sobolev,
        value_only,
        mini_batch,
        relu_vs_tanh,
        input_gradient_check,
        ablation,
        monomials,
        *SURROGATES,
    )
}


def get(name: str) -> Study[Any]:
    """Return an experiment by its name.

    Raises
    ------
    ValueError
        If there is none of this name; the message lists those there are.
    """
    if name not in EXPERIMENTS:
        close = get_close_matches(str(name).lower(), EXPERIMENTS, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise ValueError(f"unknown experiment {name!r}; there are {', '.join(EXPERIMENTS)}{hint}")
    return EXPERIMENTS[name]
