"""Surrogates of many inputs: the same samples, network and epochs for jetmlp and JENN.

    python tests/benchmarks/surrogates.py

scans the learning rate of JENN, which has no schedule: the best of each problem is the one that it is given.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import import_module
from statistics import median

from workload import Array, Outcome

import jetmlp
from jetmlp import Samples
from jetmlp.experiments import SurrogateFit, SurrogateStudy, get

#: Samples, starts and orders of the batches: errors are medians over them.
SEEDS = (0, 1, 2)

#: The best of these for each problem, by the script below; JENN's default is the last.
LEARNING_RATES = (3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 5e-2)


@dataclass(frozen=True)
class Training:
    """What one seed gives: samples in original units and the starting parameters."""

    train: tuple[Array, Array, Array]  # X (n, d), Y (n,), dYdX (n, d)
    held_out: tuple[Array, Array, Array]
    parameters: Array  # (P,), as `jetmlp.MLP.parameters`


@dataclass(frozen=True)
class SurrogateWorkload:
    """A fit of an experiment as arrays and numbers, for each of `SEEDS`."""

    name: str
    trainings: tuple[Training, ...]
    layer_sizes: tuple[int, ...]
    value_weight: float
    derivative_weight: float  # of the mean over all partial derivatives
    epochs: int
    batch_size: int | None


def of_study(name: str, n_train: int) -> SurrogateWorkload:
    """Take the fit of values and slopes with so many samples."""
    fit = fit_of(name, n_train)
    value_weight, derivative_weight = fit.loss_weights

    def training(seed: int) -> Training:
        model = jetmlp.MLP(
            fit.layer_sizes, fit.activation, init=fit.init, seed=seed, dtype="float32", normalize=False
        )
        train, held_out = fit.problem.training(n_train, seed), fit.problem.held_out(seed)
        return Training(_arrays(train), _arrays(held_out), model.parameters)

    return SurrogateWorkload(
        f"{name}-{n_train}",
        tuple(training(seed) for seed in SEEDS),
        fit.layer_sizes,
        value_weight,
        derivative_weight,
        fit.epochs,
        fit.batch_size,
    )


def fit_of(name: str, n_train: int) -> SurrogateFit:
    """Return the fit of values and slopes of a study with so many samples."""
    study = get(name)
    assert isinstance(study, SurrogateStudy)
    networks = (fit for fit in study.fits.values() if isinstance(fit, SurrogateFit))
    (fit,) = (fit for fit in networks if fit.slopes and fit.n_train == n_train)
    return replace(fit)


def _arrays(samples: Samples) -> tuple[Array, Array, Array]:
    assert samples.Y is not None
    assert samples.dYdX is not None
    return samples.X, samples.Y[:, 0], samples.dYdX[:, 0]


def _scan() -> None:
    """Print the errors of JENN for each problem and learning rate, medians over the seeds."""
    from figures_surrogates import PROBLEMS

    jenn = import_module("peers_surrogate_jenn")
    for name, n_train, chosen in PROBLEMS:
        workload = of_study(name, n_train)
        for learning_rate in LEARNING_RATES:
            outcome: Outcome = jenn.prepare(workload, 1, learning_rate=learning_rate)()
            errors = ", ".join(f"{error} {median(values):.2e}" for error, values in outcome.errors.items())
            mark = "  <- used" if learning_rate == chosen else ""
            print(
                f"{workload.name}, rate {learning_rate:g}: {errors}, {outcome.seconds:.2f} s{mark}",
                flush=True,
            )


if __name__ == "__main__":
    _scan()
