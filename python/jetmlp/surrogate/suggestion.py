"""Where to sample next."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _checks
from ..data.samples import Samples
from ..random import Generator
from .mixture import SUGGESTION, Mixture

Array = NDArray[np.float64]

#: What decides: the variance of the values; how far a value is expected to improve on the best one so far
#: (Jones, Schonlau and Welch 1998); the mean less two deviations.
CRITERIA = ("variance", "expected_improvement", "lower_bound")
#: Points of the box among which each next sample is chosen.
N_POINTS = 1024
#: Samples for the variance are at least this part of a grid's spacing apart. Where a network is too simple or
#: takes its own misfit for noise, it would see a corner sampled twice; what it does not see is elsewhere.
LEAST_SPACING = 0.4


def as_bounds(bounds: ArrayLike, d: int) -> tuple[Array, Array]:
    """Take bounds (d, 2), or one pair for a single input, as lower and upper ends."""
    array = np.asarray(_checks.as_real_array("bounds", bounds, np.dtype(np.float64)))
    if array.shape == (2,) and d == 1:
        array = array[np.newaxis]
    if array.shape != (d, 2):
        raise ValueError(
            f"bounds: expected ({d}, 2), the lower and the upper end for each input, got shape {array.shape}"
        )
    _checks.check_finite("bounds", array)
    if not (array[:, 0] < array[:, 1]).all():
        k = int(np.argmax(~(array[:, 0] < array[:, 1])))
        raise ValueError(
            f"bounds: expected lower ends below upper ones, got {array[k].tolist()} for input {k}"
        )
    return array[:, 0], array[:, 1]


def next_points(
    mixture: Mixture,
    samples: Samples,
    bounds: ArrayLike,
    n: int,
    criterion: str,
    *,
    maximize: bool,
    output: int | None,
    seed: int,
    noise: Array,
    n_threads: int | None,
) -> Array:
    """Check the arguments of `Surrogate.suggest` and choose points; `noise` are variances of observations."""
    d, m = mixture.n_inputs, mixture.n_outputs
    low, high = as_bounds(bounds, d)
    count = _checks.as_integer("n", n, 1, N_POINTS // 4)
    criterion = _checks.as_choice("criterion", criterion, CRITERIA)
    sign = -1.0 if _checks.as_boolean("maximize", maximize) else 1.0
    output = None if output is None else _checks.as_integer("output", output, 0, m - 1)
    seed = _checks.as_integer("seed", seed, 0, 2**32 - 1)
    if output is None and criterion != "variance" and m > 1:
        raise ValueError(f"output: expected which of the {m} outputs {criterion!r} is about, got None")
    random = Generator(seed, SUGGESTION, 0)
    places = latin_hypercube(N_POINTS, d, random.uniform, random.permutation)
    points = low + (high - low) * places
    column = 0 if output is None else output
    scale = np.abs(mixture.normalization.y_scale)
    mean = sign * mixture.mean(points, n_threads, slopes=False).values[:, column]
    observed = np.empty(0) if samples.Y is None else samples.Y[:, column]
    if np.isnan(observed).all():
        # With slopes alone the lowest value is that of the surrogate at the samples.
        observed = mixture.mean(samples.X, n_threads, slopes=False).values[:, column]
    best = float(np.nanmin(sign * observed))
    floor = 0.0 if mixture.floors is None else mixture.floors.values[column]

    def score(variances: Array) -> Array:
        if criterion == "variance":
            weighted = mixture.value_factor**2 * variances
            return np.asarray(weighted.sum(axis=1) if output is None else weighted[:, column])
        own = np.sqrt(variances[:, column]) * mixture.value_factor[column]
        deviation = np.hypot(own, floor) * scale[column]
        if criterion == "lower_bound":
            return np.asarray(2.0 * deviation - mean)
        return expected_improvement(mean, deviation, best)

    level = float(np.nanmedian(noise)) if np.isfinite(noise).any() else 1e-8
    radius = LEAST_SPACING * count ** (-1.0 / d) if criterion == "variance" else 0.0

    def near(index: int) -> NDArray[np.bool_]:
        return np.asarray(np.linalg.norm(places - places[index], axis=1) <= radius)

    slopes = samples.dYdX is not None
    return points[choose(mixture, points, count, score, near, level, slopes=slopes)]


def latin_hypercube(
    n: int, d: int, uniform: Callable[[int], Array], permutation: Callable[[int], NDArray[np.int64]]
) -> Array:
    """Draw n points in the unit box, one in each of n slices of every input."""
    columns = [(permutation(n) + uniform(n)) / n for _ in range(d)]
    return np.stack(columns, axis=1)


def choose(
    mixture: Mixture,
    points: Array,
    count: int,
    score: Callable[[Array], Array],
    near: Callable[[int], NDArray[np.bool_]],
    noise: float,
    *,
    slopes: bool,
) -> list[int]:
    """Choose points one after another, each as if the ones before had been sampled.

    With f the features of a value and G those of what the chosen samples give, see `Mixture.features`, the
    variance is ‖f‖² − fGᵀ(GGᵀ + νI)⁻¹Gfᵀ: it depends on no value, so nothing is assumed of one. `score` makes
    of the variances (points, m) of the values a number for each point; the highest wins, of those that are
    not `near` one that was chosen.
    """
    of_values = mixture.features(points, slopes=False)[:, 0]  # (points, m, c)
    prior = np.sum(of_values**2, axis=-1)
    variances = prior
    known = np.empty((0, of_values.shape[-1]))
    taken = np.zeros(len(points), dtype=bool)
    chosen: list[int] = []
    for _ in range(count):
        scores = score(variances)
        scores[taken] = -np.inf
        best = int(np.argmax(scores))
        chosen.append(best)
        taken |= near(best)
        given = mixture.features(points[best : best + 1], slopes=slopes)
        known = np.concatenate([known, given.reshape(-1, given.shape[-1])])
        gram = known @ known.T
        gram[np.diag_indices(len(gram))] += noise + 1e-10 * np.trace(gram) / len(gram)
        cross = (of_values @ known.T).reshape(-1, len(gram))
        explained = np.sum(cross * np.linalg.solve(gram, cross.T).T, axis=-1).reshape(prior.shape)
        variances = np.maximum(prior - explained, 0.0)
    return chosen


def expected_improvement(mean: Array, deviation: Array, best: float) -> Array:
    """(b − μ) Φ(z) + σ φ(z) with z = (b − μ) / σ: how much lower than b a normal number is expected to be."""
    gain = best - mean
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(deviation > 0, gain / deviation, np.where(gain > 0, np.inf, -np.inf))
    below = np.array([0.5 * math.erfc(-number / math.sqrt(2.0)) for number in z])
    density = np.exp(-0.5 * np.minimum(z**2, 1400.0)) / math.sqrt(2.0 * math.pi)
    return np.asarray(np.where(deviation > 0, gain * below + deviation * density, np.maximum(gain, 0.0)))
