"""The samples that a sweep fits, and those that it measures on: the same ones in every run."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .. import _checks
from ..data.samples import Samples
from ..fitting.problem import as_held_out
from ..models.mlp import MLP
from ..random import DATA, Generator

#: Of the samples, where no validation data are given.
HELD_OUT = 0.2


def split(
    samples: Samples,
    validation_data: Samples | tuple[ArrayLike | None, ...] | None,
    share: float | None,
    *,
    allow_missing_values: bool,
) -> tuple[Samples, Samples]:
    """Return the samples to fit and those to measure on."""
    if validation_data is not None:
        if share is not None:
            raise ValueError("held_out: expected none beside validation_data, got both")
        # What is checked here is the shapes alone; the activation does not matter.
        shapes = MLP([samples.n_inputs, samples.n_outputs], normalize=False)
        held_out = as_held_out(validation_data, shapes, allow_missing_values=allow_missing_values)
        assert held_out is not None
        return samples, held_out
    share = HELD_OUT if share is None else _checks.as_number("held_out", share, above=0.0, below=1.0)
    n_held_out = max(1, round(share * len(samples)))
    if n_held_out >= len(samples):
        raise ValueError(
            f"held_out: expected samples to fit besides the {n_held_out} that are held out, got "
            f"{len(samples)} in all; pass validation_data, or more samples"
        )
    order = np.argsort(Generator(0, DATA).uniform(len(samples)), kind="stable")
    return samples[np.sort(order[n_held_out:])], samples[np.sort(order[:n_held_out])]
