"""Beyond the exact step: every optimizer for the same processor time, on data from 1000 to 10 000 samples.

    python tests/benchmarks/beyond_exact.py [seeds] [rows containing this word]

One thread. A contender gets as many epochs as a trial shows to fit into the seconds of a row, so that its
schedule ends with them. Prints for each the median relative errors of values and of slopes on 2000 samples
held out, with inputs scaled to [-1, 1], the processor time it took and its epochs. "noise" is that of values
and of slopes, relative to their size. LevenbergMarquardt is left out where one step takes many seconds.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

import jetmlp
from jetmlp.experiments.problems import engineering
from jetmlp.optimizers.auto import MOST_EQUATIONS
from jetmlp.random import DATA, Generator

Array = NDArray[np.float64]
TURN = 2 * np.pi
#: Function, its gradient, and the ends of its inputs: those of SMT.
PROBLEMS: dict[str, tuple[Callable[..., Array], Callable[..., Array], list[float], list[float]]] = {
    "robot arm": (engineering.robot_arm, engineering.robot_arm_derivative, [0.0] * 8, [1.0, TURN] * 4),
    "rosenbrock": (engineering.rosenbrock, engineering.rosenbrock_derivative, [-2.0] * 6, [2.0] * 6),
    "wing weight": (
        engineering.wing_weight,
        engineering.wing_weight_derivative,
        [150, 220, 6, -10, 16, 0.5, 0.08, 2.5, 1700, 0.025],
        [200, 300, 10, 10, 45, 1.0, 0.18, 6.0, 2500, 0.08],
    ),
    "water flow": (
        engineering.water_flow,
        engineering.water_flow_derivative,
        [0.05, 100, 63070, 990, 63.1, 700, 1120, 9855],
        [0.15, 50000, 115600, 1110, 116, 820, 1680, 12045],
    ),
}


@dataclass(frozen=True)
class Row:
    """What is fitted, and for how long."""

    problem: str
    n: int
    hidden: tuple[int, ...]
    seconds: float
    activation: str = "tanh"
    noise: float = 0.0

    def __str__(self) -> str:
        noise = f", noise {self.noise:g}" if self.noise else ""
        return f"{self.problem} {self.n}, {'-'.join(map(str, self.hidden))} {self.activation}{noise}"


ROWS = (
    Row("robot arm", 1000, (64, 64, 64), 2.0),
    Row("robot arm", 1000, (64, 64, 64), 2.0, "silu"),
    Row("robot arm", 10_000, (64, 64, 64), 6.0),
    Row("robot arm", 10_000, (64, 64, 64), 6.0, "silu"),
    Row("robot arm", 1000, (24, 24, 24), 2.0),
    Row("robot arm", 5000, (24, 24, 24), 2.0),
    Row("robot arm", 1000, (64, 64, 64), 2.0, noise=0.2),
    Row("rosenbrock", 1000, (64, 64), 2.0),
    Row("rosenbrock", 5000, (64, 64), 2.0),
    Row("rosenbrock", 1000, (16, 16), 2.0),
    Row("rosenbrock", 1000, (64, 64), 2.0, noise=0.1),
    Row("wing weight", 1000, (24, 24), 2.0, "silu"),
    Row("wing weight", 5000, (64, 64), 2.0),
    Row("wing weight", 1000, (24, 24), 2.0, noise=0.1),
    Row("water flow", 1000, (32, 32), 2.0),
    Row("water flow", 5000, (12, 12), 2.0),
    Row("water flow", 5000, (64, 64), 2.0, noise=0.1),
)


def adam(epochs: int, rate: float = 3e-3) -> jetmlp.Adam:
    """Make an Adam whose rate falls over the epochs."""
    return jetmlp.Adam(jetmlp.schedules.Cosine(rate, max(epochs, 1)))


#: Of a number of epochs; samples per update; type.
CONTENDERS: dict[str, tuple[Callable[[int], jetmlp.Adam | jetmlp.LBFGS], int | None, str]] = {
    "StochasticGaussNewton": (lambda epochs: jetmlp.StochasticGaussNewton(), None, "float64"),
    "SelfScaledBroyden": (lambda epochs: jetmlp.SelfScaledBroyden(), None, "float64"),
    "LevenbergMarquardt": (lambda epochs: jetmlp.LevenbergMarquardt(), None, "float64"),
    "LBFGS": (lambda epochs: jetmlp.LBFGS(), None, "float64"),
    "Adam, 32": (adam, 32, "float64"),
    "Adam, 32, float32": (adam, 32, "float32"),
    "Adam 1e-2, 256, float32": (partial(adam, rate=1e-2), 256, "float32"),
}


def draw(row: Row, n: int, seed: int, stream: int, noise: float) -> tuple[Array, Array, Array]:
    """Draw uniform samples of a row's problem: X, Y (n, 1) and dYdX (n, 1, d)."""
    function, gradient, low, high = PROBLEMS[row.problem]
    unit = Generator(seed, DATA, stream).uniform(n * len(low)).reshape(n, -1)
    spread = np.subtract(high, low)
    X = low + spread * unit
    Y, dYdX = function(X)[:, None], (gradient(X) * spread / 2)[:, None]
    if noise > 0:
        normal = Generator(seed, DATA, 2).normal(Y.size + dYdX.size)
        Y = Y + noise * Y.std() * normal[: Y.size].reshape(Y.shape)
        dYdX = dYdX + noise * np.sqrt(np.mean(dYdX**2)) * normal[Y.size :].reshape(dYdX.shape)
    return 2 * unit - 1, Y, dYdX


def trainer_of(row: Row, contender: str, epochs: int, seed: int) -> jetmlp.Trainer:
    """Make the trainer of a contender, unless it does not take such a model."""
    make, batch_size, dtype = CONTENDERS[contender]
    sizes = [len(PROBLEMS[row.problem][2]), *row.hidden, 1]
    model = jetmlp.MLP(sizes, row.activation, seed=seed, dtype=dtype)
    return jetmlp.Trainer(model, make(epochs), batch_size=batch_size, n_threads=1, seed=seed)


def takes(contender: str, row: Row) -> bool:
    """Whether a contender is there for problems of this size."""
    if contender != "LevenbergMarquardt":
        return True
    d = len(PROBLEMS[row.problem][2])
    n_parameters = jetmlp.MLP([d, *row.hidden, 1]).n_parameters
    return min(n_parameters, row.n * (1 + d)) <= MOST_EQUATIONS


def fit(trainer: jetmlp.Trainer, samples: tuple[Array, Array, Array], epochs: int) -> float:
    """Fit and return the seconds of processor time."""
    begin = time.process_time()
    trainer.fit(*samples, epochs=epochs)
    return time.process_time() - begin


def measure(row: Row, contender: str, seed: int) -> tuple[float, float, float, float]:
    """Return the relative errors of values and slopes, seconds and epochs."""
    samples = draw(row, row.n, seed, 0, row.noise)
    epochs = 2
    for share in (0.1, 1.0):  # the first epochs of a fit are dearer than the others
        trial = trainer_of(row, contender, epochs, seed)
        seconds = fit(trial, samples, epochs)
        epochs = max(1, int(share * row.seconds / seconds * trial.history.n_epochs))
    trainer = trainer_of(row, contender, epochs, seed)
    seconds = fit(trainer, samples, epochs)
    X, Y, dYdX = draw(row, 2000, seed, 1, 0.0)
    values, slopes = trainer.model.predict_with_jacobian(X)
    of_values = np.sqrt(np.mean((values - Y) ** 2)) / Y.std()
    of_slopes = np.sqrt(np.mean((slopes - dYdX) ** 2) / np.mean(dYdX**2))
    return float(of_values), float(of_slopes), seconds, float(trainer.history.n_epochs)


def main(n_seeds: int, word: str) -> None:
    """Measure and print."""
    for row in ROWS:
        if word not in str(row):
            continue
        print(row)
        for contender in (name for name in CONTENDERS if takes(name, row)):
            try:
                found = [measure(row, contender, seed) for seed in range(n_seeds)]
            except ValueError as error:
                print(f"    {contender:26}{error}"[:110])
                continue
            values, slopes, seconds, epochs = np.median(found, axis=0)
            print(
                f"    {contender:26}{values:.2e} / {slopes:.2e}   {seconds:.1f} s, {epochs:.0f} epochs",
                flush=True,
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3, " ".join(sys.argv[2:]))
