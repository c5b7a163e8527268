"""Experiments that are over in a moment; as a script the command ``jetmlp`` with these alone."""

from __future__ import annotations

import sys
import threading
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

if __name__ == "__main__":
    sys.argv[0] = "jetmlp"  # from its first import on the library takes this for the command

from jetmlp.experiments import (
    EXPERIMENTS,
    Ablation,
    FitExperiment,
    Study,
    SurrogateStudy,
    get,
)


def short_experiments(epochs: int = 3) -> dict[str, Study[Any]]:
    """A free constant with a fit beside it, an ablation, surrogates, and what is no fit."""
    derivative_only, ablation, rosenbrock = get("derivative-only"), get("ablation"), get("rosenbrock")
    assert isinstance(derivative_only, FitExperiment)
    assert isinstance(ablation, Ablation)
    assert isinstance(rosenbrock, SurrogateStudy)
    variants = {label: replace(fit, epochs=epochs) for label, fit in list(ablation.variants.items())[:2]}
    fit = replace(rosenbrock.fit, n_train=9, epochs=epochs)
    short: tuple[Study[Any], ...] = (
        replace(derivative_only, epochs=epochs),
        get("input-gradient"),
        replace(ablation, variants=variants, least_seeds=2),
        replace(rosenbrock, fit=fit, counts=(9,), automatic=()),
    )
    return {study.name: study for study in short}


class _Steady(threading.local):
    now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


def steady_clock() -> SimpleNamespace:
    """Instead of the module `time`: everything takes a second, whatever else goes on."""
    clock = _Steady()
    return SimpleNamespace(perf_counter=clock, thread_time=clock)


if __name__ == "__main__":
    from jetmlp.cli import main
    from jetmlp.experiments import fits
    from jetmlp.report import _reproduce

    fits.time = _reproduce.time = steady_clock()  # type: ignore[assignment]
    found = short_experiments()
    EXPERIMENTS.clear()
    EXPERIMENTS.update(found)
    sys.exit(main())
