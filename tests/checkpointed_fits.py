"""Fits of every kind, to be interrupted and gone on with; and a program that does one until it is killed.

``python tests/checkpointed_fits.py NAME PATH RESULT`` goes on from the checkpoint at PATH, if there is one,
says "begun" once it fits, and writes to RESULT what the fit came to.
"""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import jetmlp
from jetmlp import schedules
from jetmlp.optimizers.base import Optimizer

N = 41
X = np.linspace(-1.0, 1.0, N)
Y = np.sin(3 * X) + 0.1 * np.sin(40 * X)  # more than the networks can fit
DYDX = 3 * np.cos(3 * X) + 4.0 * np.cos(40 * X)
HELD_OUT = (X[1::3] + 0.01, np.sin(3 * X[1::3] + 0.03))
PLANE = jetmlp.random.Generator(7).uniform(2 * N).reshape(N, 2)
DIRECTIONS = jetmlp.random.Generator(8).uniform(2 * N).reshape(N, 2)


def in_plane() -> tuple[np.ndarray, np.ndarray]:
    """Return values and slopes of a function of two inputs."""
    s = PLANE @ [2.0, 1.0]
    return np.sin(s), np.cos(s)[:, np.newaxis] * [2.0, 1.0]


def missing() -> dict[str, Any]:
    """Return samples of which some numbers are not there."""
    values, slopes = in_plane()
    values[::7] = np.nan
    slopes[1::5, 1] = np.nan
    return {"X": PLANE, "Y": values, "dYdX": slopes, "allow_missing_values": True}


def directional() -> dict[str, Any]:
    """Return samples with derivatives along directions."""
    values, slopes = in_plane()
    along = np.sum(slopes * DIRECTIONS, axis=1)[:, np.newaxis]
    return {"X": PLANE, "Y": values, "directions": DIRECTIONS[:, np.newaxis], "dYdV": along}


@dataclass(frozen=True)
class Fit:
    """A trainer and what it is to fit."""

    optimizer: Callable[[], Optimizer | str]
    dtype: str = "float64"
    trainer: dict[str, Any] = field(default_factory=dict)
    model: dict[str, Any] = field(default_factory=dict)
    samples: dict[str, Any] = field(default_factory=lambda: {"X": X, "Y": Y, "dYdX": DYDX})
    fit: dict[str, Any] = field(default_factory=dict)

    def new(self, n_threads: int | None = None) -> jetmlp.Trainer:
        """Make the trainer."""
        n_inputs = 1 if np.ndim(self.samples["X"]) == 1 else 2
        model = jetmlp.MLP([n_inputs, 6, 1], dtype=self.dtype, seed=3, **self.model)
        return jetmlp.Trainer(model, self.optimizer(), n_threads=n_threads, seed=5, **self.trainer)

    def run(self, trainer: jetmlp.Trainer, epochs: int = 50, **more: Any) -> jetmlp.History:  # noqa: ANN401
        """Fit it."""
        return trainer.fit(**self.samples, epochs=epochs, **self.fit, **more)


def evidence() -> jetmlp.LevenbergMarquardt:
    return jetmlp.LevenbergMarquardt(regularization="evidence", evidence_tolerance=1e-9)


def chain() -> jetmlp.Chain:
    links = [jetmlp.Adam(1e-2), jetmlp.LBFGS(), jetmlp.LevenbergMarquardt()]
    return jetmlp.Chain(links, epochs=[20, 15])


def chain_of_evidence() -> jetmlp.Chain:
    links = [jetmlp.StochasticGaussNewton(), jetmlp.LBFGS(loss_tolerance=0.5), evidence()]
    return jetmlp.Chain(links, epochs=[12, 30])


def plateau() -> jetmlp.Adam:
    return jetmlp.Adam(schedules.ReduceOnPlateau(0.05, patience=3))


WATCHED: dict[str, Any] = {"validation_data": HELD_OUT, "restore_best": True}
FITS = {
    "Adam float32": Fit(lambda: jetmlp.Adam(1e-2), "float32"),
    "AdamW": Fit(lambda: jetmlp.Adam(1e-2, weight_decay=0.1)),
    "Adam in batches, one cycle": Fit(
        lambda: jetmlp.Adam(schedules.OneCycle(0.05, 50)), trainer={"batch_size": 7}
    ),
    "Adam in batches, in order, float32": Fit(
        lambda: jetmlp.Adam(schedules.Step(0.05, 10)), "float32", {"batch_size": 16, "shuffle": False}
    ),
    "Adam on a plateau": Fit(plateau, trainer={"batch_size": 10, "l2": 1e-4}, fit=WATCHED),
    "Adam out of patience": Fit(
        lambda: jetmlp.Adam(0.1), trainer={"batch_size": 5}, fit={**WATCHED, "patience": 9, "min_delta": 1e-3}
    ),
    "LBFGS float32": Fit(jetmlp.LBFGS, "float32"),
    "LBFGS": Fit(lambda: jetmlp.LBFGS(memory=6), fit=WATCHED),
    "LevenbergMarquardt": Fit(jetmlp.LevenbergMarquardt, samples=missing()),
    "LevenbergMarquardt primal, balanced": Fit(
        lambda: jetmlp.LevenbergMarquardt(form="primal"), trainer={"derivative_weight": "balanced"}
    ),
    "LevenbergMarquardt regularized": Fit(
        lambda: jetmlp.LevenbergMarquardt(regularization=[1e-3, 0.0, 1e-3, 0.0])
    ),
    "evidence": Fit(evidence),
    "evidence, directional": Fit(evidence, samples=directional(), model={"activation": "sin"}),
    "SelfScaledBroyden": Fit(jetmlp.SelfScaledBroyden, fit=WATCHED),
    "self-scaled BFGS, not normalized": Fit(
        lambda: jetmlp.SelfScaledBroyden("bfgs"), model={"normalize": False}
    ),
    "StochasticGaussNewton": Fit(jetmlp.StochasticGaussNewton, trainer={"batch_size": 8}, fit=WATCHED),
    "derivatives alone, anchored": Fit(
        jetmlp.LBFGS, samples={"X": X, "dYdX": DYDX}, fit={"anchor": (0.0, 2.0)}
    ),
    "chain": Fit(chain),
    "chain with batches and evidence": Fit(chain_of_evidence, trainer={"batch_size": 8}),
    "auto": Fit(lambda: "auto"),
    "auto in batches": Fit(lambda: "auto", "float32", {"batch_size": 8}),
}


def outcome(trainer: jetmlp.Trainer) -> str:
    """Hash all that a fit came to."""
    sha = hashlib.sha256(trainer.model.parameters.tobytes())
    for name, column in trainer.history.items():
        sha.update(name.encode() + column.tobytes())
    sha.update(f"{trainer.history.stopped_because} {trainer.n_epochs} {trainer.evidence!r}".encode())
    normalization = trainer.model.normalization
    for array in () if normalization is None else normalization.arrays().values():
        sha.update(array.tobytes())
    return sha.hexdigest()


def main(name: str, path: Path, result: Path, epochs: int, seconds: float) -> None:
    """Do a fit to its end, slowly."""
    fit = FITS[name]
    trainer = jetmlp.Trainer.resume(path) if path.exists() else fit.new()
    print("begun", trainer.n_epochs, flush=True)

    def wait(epoch: int, losses: dict[str, float]) -> None:
        time.sleep(seconds)

    fit.run(trainer, epochs, callbacks=wait, checkpoint=path, checkpoint_every=1)
    result.write_text(outcome(trainer))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]))
