"""Who competes for the best surrogate from few samples, each as it comes: no setting is made for a problem.

A contender is a function of training data and a seed. It fits and returns its predictor: inputs (n, d) to a
`Prediction`. What a contender needs is imported when it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import NamedTuple

import numpy as np
from gradient_process import GradientProcess
from numpy.typing import NDArray
from surrogate_problems import Data

import jetmlp

Array = NDArray[np.float64]

#: Of the one network without a choice, and of JENN.
HIDDEN = [12, 12]
STEPS = 150
#: JENN has no schedule of its learning rate: the best of 3e-3, 1e-2 and 3e-2 on wing weight from 25 samples.
JENN_RATE, JENN_STEPS = 1e-2, 1500


class Prediction(NamedTuple):
    """What a surrogate says; deviations are None where it has none."""

    values: Array  # (n,)
    slopes: Array  # (n, d)
    value_std: Array | None = None
    slope_std: Array | None = None


Predictor = Callable[[Array], Prediction]
Contender = Callable[[Data, int], Predictor]


def surrogate(train: Data, seed: int) -> Predictor:
    """`jetmlp.Surrogate`, as it is by default."""
    model = jetmlp.Surrogate(seed=seed, n_threads=1)
    model.fit(*train)

    def predict(X: Array) -> Prediction:
        values, value_std = model.predict(X, return_std=True)
        slopes, slope_std = model.jacobian(X, return_std=True)
        shape = (len(X), X.shape[1])
        return Prediction(
            values.reshape(-1), slopes.reshape(shape), value_std.reshape(-1), slope_std.reshape(shape)
        )

    return predict


def network(train: Data, seed: int) -> Predictor:
    """One network of 12-12 silu by `jetmlp.LevenbergMarquardt`: what there is without a choice."""
    model = jetmlp.MLP([train.X.shape[1], *HIDDEN, 1], "silu", seed=seed, dtype="float64")
    trainer = jetmlp.Trainer(model, jetmlp.LevenbergMarquardt(), n_threads=1)
    trainer.fit(train.X, train.Y, train.dYdX, epochs=STEPS)

    def predict(X: Array) -> Prediction:
        values, slopes = model.predict_with_jacobian(X)
        return Prediction(values.reshape(-1), slopes.reshape(X.shape))

    return predict


def process(train: Data, seed: int) -> Predictor:
    """The exact gradient-enhanced Gaussian process, which has nothing random."""
    model = GradientProcess().fit(*train)
    return lambda X: Prediction(*model.predict(X), *model.predict_std(X))


def noisy_process(train: Data, seed: int) -> Predictor:
    """The same with nuggets of its own for values and slopes, as large as it takes, and three more starts."""
    model = GradientProcess(noisy=True).fit(*train)
    return lambda X: Prediction(*model.predict(X), *model.predict_std(X))


def jenn(train: Data, seed: int) -> Predictor:
    """JENN with the same network in tanh, full batches, its own normalization and its own Adam."""
    from jenn import NeuralNet

    model = NeuralNet([train.X.shape[1], *HIDDEN, 1], hidden_activation="tanh")
    model.fit(
        np.ascontiguousarray(train.X.T),
        train.Y[np.newaxis],
        np.ascontiguousarray(train.dYdX.T)[np.newaxis],
        is_normalize=True,
        alpha=JENN_RATE,
        max_iter=JENN_STEPS,
        random_state=seed,
    )

    def predict(X: Array) -> Prediction:
        values, slopes = model(np.ascontiguousarray(X.T))
        return Prediction(values[0], slopes[0].T)

    return predict


def gekpls(train: Data, seed: int) -> Predictor:
    """SMT's gradient-enhanced kriging by partial least squares: three components, two extra points a sample.

    Its own derivatives are computed point by point (a minute for 2000): here they are central differences.
    """
    from smt.surrogate_models import GEKPLS

    d = train.X.shape[1]
    limits = np.stack([train.X.min(axis=0), train.X.max(axis=0)], axis=1)
    n_components = min(d, 3)
    model = GEKPLS(
        theta0=[1e-2] * n_components,
        n_comp=n_components,
        extra_points=min(d, 2),
        design_space=limits,
        print_global=False,
        seed=seed,
    )
    model.set_training_values(train.X, train.Y[:, np.newaxis])
    for k in range(d):
        model.set_training_derivatives(train.X, train.dYdX[:, [k]], k)
    model.train()

    def predict(X: Array) -> Prediction:
        steps = 1e-5 * (limits[:, 1] - limits[:, 0])
        slopes = np.empty_like(X)
        for k in range(d):
            step = steps[k] * np.eye(d)[k]
            ahead, behind = model.predict_values(X + step), model.predict_values(X - step)
            slopes[:, k] = (ahead - behind)[:, 0] / (2.0 * steps[k])
        value_std = np.sqrt(np.maximum(model.predict_variances(X)[:, 0], 0.0))
        return Prediction(model.predict_values(X)[:, 0], slopes, value_std)

    return predict


CONTENDERS: dict[str, Contender] = {
    "surrogate": surrogate,
    "process": process,
    "noisy-process": noisy_process,
    "network": network,
    "jenn": jenn,
    "gekpls": gekpls,
}
_NEEDS = {"jenn": "jenn", "gekpls": "smt"}


def missing(name: str) -> str | None:
    """Say what a contender lacks here, or None."""
    if name == "surrogate" and not hasattr(jetmlp, "Surrogate"):
        return "this jetmlp has no Surrogate"
    package = _NEEDS.get(name)
    if package is not None and find_spec(package) is None:
        return f"{package} is not installed (extra 'benchmark')"
    return None
