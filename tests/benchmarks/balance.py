"""Balanced slopes beside derivative_weight=1, where some inputs have almost no effect.

    python tests/benchmarks/balance.py [designs]

Wing weight, water flow and torsion vibration from SMT (extra ``benchmark``), 50, 50 and 60 samples, 12-12
silu, every optimizer. Prints for each the median relative error of values and of slopes with either weight,
and the ratio of the medians: above 1 where the balance is worse. Errors scatter by factors of two to three.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from smt.problems import TorsionVibration, WaterFlow, WingWeight

import jetmlp

PROBLEMS = ((WingWeight, 50), (WaterFlow, 50), (TorsionVibration, 60))
OPTIMIZERS: dict[str, tuple[Callable[[], Any], int]] = {
    "LevenbergMarquardt": (jetmlp.LevenbergMarquardt, 80),
    "LBFGS": (jetmlp.LBFGS, 500),
    "Adam": (lambda: jetmlp.Adam(jetmlp.schedules.Cosine(1e-2, 1000)), 1000),
}


def draw(problem: Any, n: int, seed: int) -> jetmlp.Samples:  # noqa: ANN401  of SMT
    """Draw uniform points of the problem's box, with values and slopes."""
    low, high = problem.xlimits.T
    X = low + jetmlp.random.Generator(seed).uniform(n * len(low)).reshape(n, -1) * (high - low)
    slopes = np.concatenate([problem(X, kx=k) for k in range(len(low))], axis=1)
    return jetmlp.Samples(X, problem(X), slopes)


def errors(model: jetmlp.MLP, samples: jetmlp.Samples) -> NDArray[np.float64]:
    """Root mean squares of the errors of values and of slopes in deviations of the inputs, relative."""
    values, slopes = model.predict_with_jacobian(samples.X)
    assert samples.Y is not None
    assert samples.dYdX is not None
    spread = samples.X.std(axis=0)
    of_values = np.sqrt(np.mean((values - samples.Y) ** 2)) / samples.Y.std()
    off = np.sqrt(np.mean(((slopes - samples.dYdX) * spread) ** 2))
    return np.array([of_values, off / np.sqrt(np.mean((samples.dYdX * spread) ** 2))])


def main(n_designs: int) -> None:
    """Fit and print."""
    for kind, n in PROBLEMS:
        problem = kind()
        designs = [(draw(problem, n, seed), draw(problem, 500, 1000 + seed)) for seed in range(n_designs)]
        for name, (make, epochs) in OPTIMIZERS.items():
            medians = []
            for weight in (1.0, "balanced"):
                found = []
                for seed, (train, held_out) in enumerate(designs):
                    model = jetmlp.MLP([train.n_inputs, 12, 12, 1], "silu", seed=seed)
                    trainer = jetmlp.Trainer(model, make(), derivative_weight=weight, n_threads=1)
                    trainer.fit(train, epochs=epochs)
                    found.append(errors(model, held_out))
                medians.append(np.median(found, axis=0))
            shown = "   ".join(f"{one[0]:.2e} / {one[1]:.2e}" for one in medians)
            print(
                f"{kind.__name__:18}{name:20}{shown}   ratio {np.round(medians[1] / medians[0], 2)}",
                flush=True,
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
