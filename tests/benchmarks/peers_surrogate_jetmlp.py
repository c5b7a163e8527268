"""The surrogates of jetmlp: as the experiments fit them, or as near to JENN as they go."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from surrogates import SEEDS, SurrogateWorkload, fit_of
from workload import Outcome, Run

import jetmlp

#: What `jetmlp.LevenbergMarquardt` needs on smooth problems without noise: a small network, a few steps.
SMALL_HIDDEN, STEPS = (12, 12), 60


def prepare(
    workload: SurrogateWorkload,
    processors: int,
    *,
    slopes: bool = True,
    activation: str | None = None,
    second_order: bool = False,
) -> Run:
    """Fit for each seed; `activation` replaces that of the experiment, `second_order` all but the samples."""
    name, _, n_train = workload.name.rpartition("-")
    fit = replace(fit_of(name, int(n_train)), slopes=slopes)
    if activation is not None:
        fit = replace(fit, activation=activation)
    if second_order:
        sizes = (fit.layer_sizes[0], *SMALL_HIDDEN, 1)
        fit = replace(
            fit, layer_sizes=sizes, dtype="float64", epochs=STEPS, batch_size=None, optimizer=_second_order
        )

    def run() -> Outcome:
        seconds, errors = 0.0, defaultdict[str, list[float]](list)
        for seed in SEEDS:
            result = fit.run(seed)
            seconds += result.cpu_time_s
            for error in ("value_error", "derivative_error"):
                errors[error].append(result.errors[error])
        return Outcome(seconds / len(SEEDS), errors=dict(errors))

    return run


def _second_order(epochs: int) -> jetmlp.LevenbergMarquardt:
    return jetmlp.LevenbergMarquardt()
