"""Which of the two is harder to fit, the value or the slope, and by what factor."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from .markup import DF, F, counted, factor, number, span, text
from .results import FitFacts, Results


class Hardness(NamedTuple):
    """Root mean square errors of a fit, medians over the seeds, and each over the spread of that."""

    value: float
    slope: float
    value_share: float
    slope_share: float

    @property
    def factor(self) -> float:
        """How much harder the slope is than the value."""
        return self.slope_share / self.value_share


def hardness(fit: FitFacts) -> Hardness | None:
    """Compare the errors of value and slope on the many points; None where one of them is not known."""
    if fit.curves is None:
        return None
    value, slope = (fit.dense_errors[f"{kind}_mse"]["median"] for kind in ("value", "derivative"))
    spreads = float(np.std(fit.curves["f"])), float(np.std(fit.curves["df"]))
    if not value or not slope or not all(spreads):
        return None
    value, slope = math.sqrt(value), math.sqrt(slope)
    return Hardness(value, slope, value / spreads[0], slope / spreads[1])


def _both_trained(results: Results) -> dict[str, Hardness]:
    found = {
        name: hardness(fit)
        for name, fit in results.fits.items()
        if fit.compared["value_trained"] and fit.compared["derivative_trained"]
    }
    return {name: one for name, one in found.items() if one is not None}


def harder(results: Results) -> Iterator[str]:
    """Say which is harder in the fits to both."""
    found = _both_trained(results)
    if not found:
        return
    factors = {name: one.factor for name, one in found.items()}
    slopes = sum(one > 1.0 for one in factors.values())
    low, high = min(factors.values()), max(factors.values())
    yield "*Which quantity is harder.*"
    where = f"in all {counted(len(found), 'fit')} to both" if len(found) > 1 else "in the one fit to both"
    if slopes == len(found):
        yield (
            f"The slope is the harder one {where}: in units of the standard deviation of what is fitted, its "
            f"root mean square error is {span(low, high)} times that of the value."
        )
    elif slopes == 0:
        yield (
            f"The value is the harder one {where}: in units of the standard deviation of what is fitted, its "
            f"root mean square error is {span(1 / high, 1 / low)} times that of the slope."
        )
    else:
        ends = [min(factors, key=factors.__getitem__), max(factors, key=factors.__getitem__)]
        yield (
            f"The slope, in {slopes} of {len(found)} fits to both, if root mean square errors are taken in "
            "units of the standard deviation of what is fitted: the error of the slope over that of the "
            f"value runs from {number(low)} in {text(ends[0])} to {number(high)} in {text(ends[1])}."
        )
    name = "weighted-sobolev" if "weighted-sobolev" in found else next(iter(found))
    one = found[name]
    yield (
        f"In {text(name)} the errors are {number(one.slope)} of {DF} and {number(one.value)} of {F}, a "
        f"factor of {number(one.slope / one.value)} as they stand and {number(one.factor)} in these units."
    )


def untrained(results: Results) -> Iterator[str]:
    """Say how well that is met which was not trained."""
    for name, fit in results.fits.items():
        one = hardness(fit)
        if one is None:
            continue
        if not fit.compared["derivative_trained"]:
            yield (
                f"Trained on values alone, {text(name)} has slopes all the same, with an error of "
                f"{number(one.slope)}, {factor(one.factor)} that of its values in the same units."
            )
        if not fit.compared["value_trained"]:
            yield (
                f"Trained on slopes alone, {text(name)} leaves the constant of {F} free; once it is fixed, "
                f"the values have an error of {number(one.value)} beside {number(one.slope)} of the slopes."
            )
