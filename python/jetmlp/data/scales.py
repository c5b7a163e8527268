"""Samples in units that a network without normalization is not made for: named before they cost a day."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from .presence import present
from .samples import Samples

#: The initialisations are made for numbers of mean 0 and deviation 1. Inputs so many times larger leave the
#: units saturated, so much smaller all alike; outputs are a factor of the last layer and may be further off.
FAR_INPUTS = 10.0
FAR_OUTPUTS = 100.0


def unsuitable_columns(samples: Samples) -> list[str]:
    """Name the columns of inputs and values whose mean or deviation is far from what a network starts for."""
    found = []
    for name, array, far in (("X", samples.X, FAR_INPUTS), ("Y", samples.Y, FAR_OUTPUTS)):
        if array is not None:
            found += [
                f"{name}[:, {k}] has {what}"
                for k, column in enumerate(array.T)
                if (what := _far_off(column[present(column)].astype(np.float64), far))
            ]
    return found


def _far_off(column: NDArray[np.float64], far: float) -> str:
    """Say what of a column is far off, if anything."""
    if len(column) == 0:
        return ""
    with np.errstate(over="ignore"):
        mean, deviation = float(np.mean(column)), float(np.std(column))
    found = []
    if not abs(mean) <= far:
        found.append(f"mean {mean:.3g}")
    if not deviation <= far or 0 < deviation < 1 / far**2:
        found.append(f"standard deviation {deviation:.3g}")
    return " and ".join(found)


def warn_of_scales(samples: Samples) -> None:
    """Warn whoever fits a model without normalization to such samples, at the line of the call of a fit."""
    columns = unsuitable_columns(samples)
    if not columns:
        return
    shown = ", ".join(columns[:4]) + (f" and {len(columns) - 4} more" if len(columns) > 4 else "")
    warnings.warn(
        f"{shown}: a network starts for numbers of mean 0 and standard deviation 1. "
        "jetmlp.MLP(..., normalize=True), the default, keeps the units out of the network.",
        stacklevel=4,  # this, the fit, what checks its arguments' names, the caller
    )
