"""Other orders in which derivatives may have been meant: of their axes, of the inputs, of the outputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations, permutations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MOST_EXCHANGED = 12  # inputs or outputs of which every two are exchanged
MOST_PAIRS = 2000  # of samples that are looked at for it
LEAST_GAIN = 1.3  # how much less each exchange must leave unexplained


def axis_orders(slopes: Floats) -> Iterator[tuple[str, Floats]]:
    """Take what stands in memory for each other order of the axes, by what it then is.

    Where lengths are equal that is also what an array of the right shape with its axes exchanged holds.
    """
    names = ("samples", "outputs", "inputs")
    for axes in list(permutations(range(3)))[1:]:
        held = slopes.reshape([slopes.shape[axis] for axis in axes])
        candidate = held.transpose(np.argsort(axes))
        if not np.array_equal(candidate, slopes, equal_nan=True):
            yield f"the axes are those of {', '.join(names[axis] for axis in axes)}", candidate


def input_order(
    X: Floats, Y: Floats, slopes: Floats, pairs: NDArray[np.intp], places: list[int]
) -> list[int] | None:
    """Exchange two of these inputs after the other, as long as that leaves less; None where none does.

    With t_kl the trapezoidal rule for the slope by input k and the step along input l, an order o leaves
    y' − y − Σ_l t_{o(l) l}. All orders of a few inputs are in the products of these, so that none needs a
    look at the samples again; of an absent slope its mean is fitted to the step.
    """
    if not 2 <= len(places) <= MOST_EXCHANGED:
        return None
    q, others = len(places), [k for k in range(slopes.shape[2]) if k not in places]
    tables = []
    for o in range(slopes.shape[1]):
        parts = _differences(X, Y[:, o], slopes[:, o], pairs)
        if parts is None:
            continue
        rises, middle, steps, given = parts
        fixed = [k for k in others if given[k]]
        rises = rises - np.sum(middle[:, fixed] * steps[:, fixed], axis=1)
        crossed = middle[:, places, np.newaxis] * steps[:, np.newaxis, places]
        columns = np.hstack([rises[:, np.newaxis], crossed.reshape(len(rises), q * q), steps])
        tables.append((columns.T @ columns / len(columns), given))

    def rest(order: list[int]) -> float:
        return float(np.mean([_rest_of_order(*table, order, places, others) for table in tables]))

    return _exchange(rest, slopes.shape[2], places) if tables else None


def output_order(
    X: Floats, Y: Floats, slopes: Floats, pairs: NDArray[np.intp], places: list[int]
) -> list[int] | None:
    """Exchange two of these outputs after the other, as long as that leaves less; None where none does."""
    if not 2 <= len(places) <= MOST_EXCHANGED:
        return None
    left = {(a, b): _rest_of_output(X, Y[:, a], slopes[:, b], pairs) for a in places for b in places}

    def rest(order: list[int]) -> float:
        return float(np.mean([left[place, order[place]] for place in places]))

    return _exchange(rest, slopes.shape[1], places)


def exchanges(order: list[int], noun: str) -> tuple[str, ...]:
    """Say in words which places hold what belongs to others."""
    texts: list[str] = []
    seen: set[int] = set()
    for start in range(len(order)):
        cycle, place = [], start
        while place not in seen:
            seen.add(place)
            cycle.append(place)
            place = order[place]
        if len(cycle) == 2:
            texts.append(f"{noun}s {cycle[0]} and {cycle[1]}: in each other's place")
        elif len(cycle) > 2:
            places = ", ".join(str(order[place]) for place in cycle)
            texts.append(f"{noun}s {', '.join(map(str, cycle))}: stand in the places of {places}")
    return tuple(texts)


def _exchange(rest: Callable[[list[int]], float], size: int, places: list[int]) -> list[int] | None:
    """Exchange the two entries that leave least, again and again."""
    order = list(range(size))
    least = rest(order)
    for _ in places:
        tried = []
        for a, b in combinations(places, 2):
            other = order.copy()
            other[a], other[b] = other[b], other[a]
            tried.append((rest(other), other))
        left, other = min(tried)
        if not left * LEAST_GAIN < least:
            break
        least, order = left, other
    return None if order == list(range(size)) else order


def _differences(
    X: Floats, values: Floats, slopes: Floats, pairs: NDArray[np.intp]
) -> tuple[Floats, Floats, Floats, NDArray[np.bool_]] | None:
    """Slopes of the values (p,), mean derivatives (p, d), unit steps (p, d) and which inputs are given.

    Of the pairs where everything is that is somewhere; None if these are too few.
    """
    given = np.asarray(~np.isnan(slopes).all(axis=0))
    scale = np.std(X, axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    first, second = pairs[np.linspace(0, len(pairs) - 1, min(len(pairs), MOST_PAIRS)).astype(np.intp)].T
    steps = (X[second] - X[first]) / scale
    lengths = np.linalg.norm(steps, axis=1)
    rises, middle = (values[second] - values[first]) / lengths, (slopes[first] + slopes[second]) / 2
    known = ~np.isnan(rises) & ~np.isnan(middle[:, given]).any(axis=1)
    if not given.any() or known.sum() < 2 * X.shape[1]:
        return None
    size = float(np.max(np.abs(rises[known])))
    if size == 0:  # a constant output
        return None
    # Divided by the size of the rises, and steps in their own units, so that any two may be exchanged.
    units = (X[second] - X[first])[known] / lengths[known, np.newaxis]
    return rises[known] / size, np.where(given, middle[known], 0.0) / size, units, given


def _rest_of_order(
    products: Floats,
    given: NDArray[np.bool_],
    order: list[int],
    places: list[int],
    others: list[int],
) -> float:
    """Sum of squares that is left in one order, from the products of all columns."""
    q = len(places)
    at = {place: i for i, place in enumerate(places)}
    weights = np.zeros(len(products))
    weights[0] = 1.0
    free = [1 + q * q + k for k in others if not given[k]]
    for place in places:
        if given[order[place]]:
            weights[1 + at[order[place]] * q + at[place]] = -1.0
        else:
            free.append(1 + q * q + place)
    along = products[free] @ weights
    rest = weights @ products @ weights
    if free:
        sizes = np.sqrt(np.maximum(np.diag(products)[free], np.finfo(np.float64).tiny))
        inner = products[np.ix_(free, free)] / np.outer(sizes, sizes)
        rest -= (along / sizes) @ np.linalg.pinv(inner, hermitian=True) @ (along / sizes)
    return max(float(rest), 0.0)


def _rest_of_output(X: Floats, values: Floats, slopes: Floats, pairs: NDArray[np.intp]) -> float:
    """Mean square that the derivatives of an output leave of the values of one, as a part of these."""
    parts = _differences(X, values, slopes, pairs)
    if parts is None:
        return 1.0
    rises, middle, steps, given = parts
    rises = rises - np.sum(middle * steps, axis=1)
    if not given.all():
        free = steps[:, ~given] / np.linalg.norm(steps[:, ~given], axis=0).clip(min=1e-300)
        rises = rises - free @ np.linalg.lstsq(free, rises, rcond=None)[0]
    return float(np.mean(rises**2))
