"""The constant of an output of which no value was given: derivatives leave it open.

It is then such that the output is 0 on average over the samples, for every member alike, and the posterior
is that of the difference from this average. With j the gradient of a value by the parameters, j̄ its mean
over the samples and C Cᵀ the posterior, that difference has the variance ‖Cᵀ(j − j̄)‖². As j is 1 at the
output's bias and a slope's gradient 0, it is enough to take j̄C from the row of the bias in C.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..data.samples import Samples
from .posterior import Member


def hold_constant(member: Member, samples: Samples) -> Member:
    """Fix the constants that are open, if any are."""
    model = member.model
    m = model.n_outputs
    no_values = np.ones(m, dtype=bool) if samples.Y is None else np.isnan(samples.Y).all(axis=0)
    if not no_values.any():
        return member
    assert model.normalization is not None
    # The bias b of an output under the identity: y = s (… + b) + ȳ, where ȳ is 0 without values.
    means = model.predict(samples.X, n_threads=1).mean(axis=0) / model.normalization.y_scale
    parameters = model.parameters
    parameters[-m:] -= np.where(no_values, means, 0.0)
    model.parameters = parameters
    factor = member.covariance_factor.copy()
    inputs = model.normalization.inputs(samples.X)
    total = sum(block[:, 0].sum(axis=0) for _, block in member.projected(inputs, slopes=False))
    average = total / len(inputs)  # j̄C of each output, (m, columns)
    factor[len(factor) - m :][no_values] -= average[no_values]
    return replace(member, covariance_factor=factor)
