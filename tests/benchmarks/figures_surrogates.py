"""Errors and times on problems with many inputs, beside JENN with the same samples, network and epochs.

The figures "-tanh" compare the very same network; the others have the activation of the experiment, which
JENN does not offer; "-second-order" have a smaller network and `jetmlp.LevenbergMarquardt`, where samples are
few and without noise. All have to reach the same.

Times are those of the processor, the mean over the seeds: one thread each. The seeds stand for rounds, so
there is no warm-up and one round will do (``--repeats 1``).
"""

from __future__ import annotations

from functools import partial

import surrogates
from figures import Case, Entry, Figure

#: Experiment, training samples, and the learning rate that is best for JENN: the one of
#: `surrogates.LEARNING_RATES` with the smallest product of both errors, medians over the seeds. Its fits of
#: values only have the same, which is not tuned for them.
PROBLEMS = (
    ("rosenbrock", 25, 1e-3),
    ("rosenbrock", 100, 3e-3),
    ("wing-weight", 50, 3e-3),
    ("wing-weight", 200, 1e-3),
    ("robot-arm", 1000, 3e-3),
    ("water-flow", 50, 3e-3),
    ("water-flow", 200, 1e-3),
    ("black-scholes", 8192, 1e-3),
    ("bachelier-basket", 8192, 3e-3),
)

#: Few samples without noise: where least squares are at home.
SECOND_ORDER = ("rosenbrock", "wing-weight", "water-flow")

HALF_THE_ERROR, TENTH_OF_THE_TIME = 2.0, 10.0


def cases() -> list[Case]:
    """One case a problem and number of samples."""
    return [_case(*problem) for problem in PROBLEMS]


def _case(problem: str, n_train: int, learning_rate: float) -> Case:
    name = f"{problem}-{n_train}"
    make = partial(surrogates.of_study, problem, n_train)
    own, other = "surrogate_jetmlp", "surrogate_jenn"
    entries = {
        "jetmlp": Entry(own, make),
        "jetmlp, tanh": Entry(own, make, {"activation": "tanh"}),
        "jetmlp, values only": Entry(own, make, {"slopes": False}),
        "JENN": Entry(other, make, {"learning_rate": learning_rate}),
        "JENN, values only": Entry(other, make, {"learning_rate": learning_rate, "slopes": False}),
    }
    contenders = {"": "jetmlp", "-tanh": "jetmlp, tanh"}
    if problem in SECOND_ORDER:
        contenders["-second-order"] = "jetmlp, second order"
        entries["jetmlp, second order"] = Entry(own, make, {"second_order": True})
    bound = TENTH_OF_THE_TIME
    figures = [
        Figure(f"{name}-time{suffix}", "speedup", contender, "JENN", bound, bound)
        for suffix, contender in contenders.items()
        if suffix != "-tanh"
    ]
    for word in ("value", "derivative"):
        error = f"{word}_error"
        bounds = HALF_THE_ERROR, HALF_THE_ERROR
        figures += [
            Figure(f"{name}-{word}{suffix}", "accuracy", contender, "JENN", *bounds, error=error)
            for suffix, contender in contenders.items()
        ]
        figures.append(
            Figure(f"{name}-{word}-only", "accuracy", "jetmlp, values only", "JENN, values only", error=error)
        )
    fit = surrogates.fit_of(problem, n_train)
    sizes = "-".join(map(str, fit.layer_sizes))
    batch = "" if fit.batch_size is None else f" in batches of {fit.batch_size}"
    note = (
        f"{sizes}, {fit.epochs} epochs{batch}, {len(surrogates.SEEDS)} seeds; jetmlp {fit.activation} and "
        f"float32, JENN tanh and float64 at its best constant rate, {learning_rate:g}"
    )
    return Case(name, entries, tuple(figures), note, ("jenn",), warm_up=False)
