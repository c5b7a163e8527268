"""The surrogates of jetmlp: as the experiments fit them, or as near to JENN as they go."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from surrogates import SEEDS, SurrogateWorkload, fit_of
from workload import Outcome, Run


def prepare(
    workload: SurrogateWorkload, processors: int, *, slopes: bool = True, activation: str | None = None
) -> Run:
    """Fit for each seed; `activation` replaces that of the experiment."""
    name, _, n_train = workload.name.rpartition("-")
    fit = replace(fit_of(name, int(n_train)), slopes=slopes)
    if activation is not None:
        fit = replace(fit, activation=activation)

    def run() -> Outcome:
        seconds, errors = 0.0, defaultdict[str, list[float]](list)
        for seed in SEEDS:
            result = fit.run(seed)
            seconds += result.cpu_time_s
            for error in ("value_error", "derivative_error"):
                errors[error].append(result.errors[error])
        return Outcome(seconds / len(SEEDS), errors=dict(errors))

    return run
