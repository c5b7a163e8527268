"""Fits to data of every size that floats have, and what is wrong with how one ended.

A fit may refuse its data or diverge, with an error that says so. One that ends must predict finite numbers
where it was trained, and every term of its loss must have counted. By hand, `python tests/extreme_fits.py`
runs all the cases and prints how many ended in which way.
"""

from __future__ import annotations

import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

import numpy as np

import jetmlp

#: In place of the size of dYdX: a fit to values alone.
NONE = 0.0
SCALES = (1e-320, 1e-300, 1e-154, 1e-40, 1.0, 1e19, 1e40, 1e154, 1e200, 1e300, 1e308)
OPTIMIZERS: dict[str, tuple[jetmlp.optimizers.base.Optimizer, ...]] = {
    "float64": (
        jetmlp.Adam(1e-2),
        jetmlp.LBFGS(),
        jetmlp.LevenbergMarquardt(),
        jetmlp.LevenbergMarquardt(regularization="evidence"),
        jetmlp.SelfScaledBroyden(),
        jetmlp.StochasticGaussNewton(),
    ),
    "float32": (jetmlp.Adam(1e-2), jetmlp.LBFGS()),
}
N_SAMPLES = 6
SCALINGS = ("learned", "kept", "none")


class Case(NamedTuple):
    """One fit."""

    scales: tuple[float, float, float]  # of X, Y and dYdX, the last relative to what X and Y come to
    offset: bool  # the mean of X and Y is their size, too
    optimizer: jetmlp.optimizers.base.Optimizer
    dtype: str
    scaling: str  # "learned", "kept" of samples of size 1, or "none"
    balanced: bool
    activation: str


def cases() -> Iterator[Case]:
    """Every combination that the library takes, in an order that is always the same."""
    slopes = (1e-200, 1.0, 1e200, NONE)
    for scales in product(SCALES, SCALES, slopes):
        for dtype, optimizers in OPTIMIZERS.items():
            for optimizer, scaling, balanced in product(optimizers, SCALINGS, (True, False)):
                if balanced and (scaling == "none" or scales[2] == NONE):
                    continue
                for offset, activation in ((False, "tanh"), (True, "silu"), (True, "relu")):
                    yield Case(scales, offset, optimizer, dtype, scaling, balanced, activation)


def samples_of(case: Case) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """X (n, 2), Y (n, 1) and dYdX (n, 1, 2) of a smooth function, scaled as far as float64 goes."""
    points = np.random.default_rng(0).uniform(-1.0, 1.0, (N_SAMPLES, 2))
    values = np.sin(points @ [1.0, 2.0])[:, np.newaxis]
    slopes = np.cos(points @ [1.0, 2.0])[:, np.newaxis, np.newaxis] * [1.0, 2.0]
    largest = np.finfo(np.float64).max
    of_X, of_Y, of_slopes = case.scales
    moved = 1.0 if case.offset else 0.0

    def times(numbers: np.ndarray, *factors: float) -> np.ndarray:
        with np.errstate(all="ignore"):
            for factor in factors:
                numbers = numbers * factor
        return np.clip(numbers, -largest, largest)

    with np.errstate(all="ignore"):
        ratio = float(np.clip(np.float64(of_Y) / of_X, 5e-324, largest))
    X, Y = times(points + moved, 0.5, of_X), times(values + moved, 0.5, of_Y)
    return X, Y, None if of_slopes == NONE else times(slopes, ratio, of_slopes)


def outcome(case: Case) -> str:
    """Return "ok", "refused" or "diverged", or what is wrong."""
    X, Y, dYdX = samples_of(case)
    model = jetmlp.MLP(
        [2, 3, 1], activation=case.activation, dtype=case.dtype, normalize=case.scaling != "none", seed=1
    )
    if case.scaling == "kept":
        model.normalization = jetmlp.Normalization([0.0, 0.0], [0.6, 0.6], [0.1], [0.7])
    weight = "balanced" if case.balanced else 1.0
    trainer = jetmlp.Trainer(model, case.optimizer, derivative_weight=weight, n_threads=1)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*a network starts for numbers of mean 0")
            history = trainer.fit(X, Y, dYdX, epochs=3)
    except ValueError as error:
        return "refused" if "expected" in str(error) else f"unclear: {error}"
    except RuntimeError as error:
        return "refused" if "expected an evidence" in str(error) else f"unclear: {error}"
    except jetmlp.DivergenceError:
        return "diverged" if np.isfinite(model.parameters).all() else "diverged to NaN"
    except RuntimeWarning as warning:
        return f"warned: {warning}"
    if not np.isfinite(model.parameters).all():
        return "parameters not finite"
    if not np.isfinite(model.predict(X, n_threads=1)).all():
        return "values not finite"
    if dYdX is None:
        return "ok" if np.isfinite(history["loss"]).all() else "the loss is not finite"
    if not np.isfinite(model.jacobian(X, n_threads=1)).all():
        return "slopes not finite"
    return _of_terms(case, history)


def _of_terms(case: Case, history: Any) -> str:  # noqa: ANN401
    """Say which term of the loss did not count, if one did not."""
    value, derivative = 1.0, 1.0
    if case.balanced:
        value, derivative = 1.0 / 3.0, 2.0 / 3.0
    for loss, of_values, of_slopes in zip(
        history["loss"], history["value_loss"], history["derivative_loss"], strict=True
    ):
        if not (np.isfinite(of_values) and np.isfinite(of_slopes)):
            return "a term is not finite"
        if of_slopes > 0 and case.balanced and not loss > value * of_values * (1 - 1e-6):
            return "derivatives do not count"
        if not case.balanced and not np.isclose(loss, value * of_values + derivative * of_slopes, rtol=1e-5):
            return "the loss is not the sum of its terms"
    return "ok"


def counts(every: int, first: int = 0) -> Counter[tuple[str, str]]:
    """How many of the cases, taking every so many, ended in which way; faults with an example."""
    found: Counter[tuple[str, str]] = Counter()
    examples: dict[str, Case] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for number, case in enumerate(cases()):
            if number % every == first:
                how = outcome(case)
                example = examples.setdefault(how, case)
                found[how, "" if how in ("ok", "refused", "diverged") else str(example)] += 1
    return found


if __name__ == "__main__":
    result = counts(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    for (how, example), count in sorted(result.items()):
        print(f"{count:6d}  {how}  {example}")
    print(f"{sum(result.values()):6d}  in all")
