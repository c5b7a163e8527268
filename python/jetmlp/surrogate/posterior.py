"""What the members of a surrogate say together: means, and standard deviations from their posteriors.

About the parameters θ̂ of a member the posterior is taken as normal, with the covariance C Cᵀ = H⁻¹
(Laplace's approximation; H is the Gauss–Newton matrix of the regularised loss: MacKay, "A practical Bayesian
framework for backpropagation networks", 1992). A prediction's variance is then ‖Cᵀ j‖², j its gradient by the
parameters. Members differ besides, and the variance of a mixture is

    Σ w (σ² + (μ − μ̄)²).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import _core
from ..models.mlp import MLP
from .last_layer import last_gradients

Array = NDArray[np.float64]

#: Numbers of a block of gradients by the parameters that are held at a time.
BLOCK = 4_000_000


@dataclass(frozen=True)
class Member:
    """One network of a surrogate.

    Parameters
    ----------
    model : MLP
        With the normalization that all share.
    covariance_factor : ndarray, (q, c)
        C, with C Cᵀ the posterior covariance of the q parameters: of the network, or of its last layer.
    weight : float
        Of its predictions; all weights sum to 1.
    """

    model: MLP
    covariance_factor: Array
    weight: float

    @property
    def of_last_layer(self) -> bool:
        """Whether the posterior is that of the last layer alone."""
        return len(self.covariance_factor) < self.model.n_parameters

    def projected(
        self, inputs: Array, *, slopes: bool, onto: Array | None = None
    ) -> Iterator[tuple[slice, Array]]:
        """Give gradients as `gradients` does, times C or times steps (q, …) of the parameters."""
        matrix = self.covariance_factor if onto is None else onto
        for rows, block in gradients(self.model, inputs, slopes=slopes, last=self.of_last_layer):
            yield rows, block @ matrix


class Jets(NamedTuple):
    """Values (n, m) and, if they were asked for, slopes (n, m, d); or their variances."""

    values: Array
    slopes: Array | None


def gradients(
    model: MLP, inputs: Array, *, slopes: bool, last: bool = False
) -> Iterator[tuple[slice, Array]]:
    """Give gradients by the parameters, block by block: of values (n, 1, m, p) or of jets (n, 1 + d, m, p).

    In the units of the network; along the second axis comes the value, then the slope along each input. With
    `last`, by the parameters of the last layer alone.
    """
    d, m = model.n_inputs, model.n_outputs
    rows = m * (1 + d if slopes else 1)
    size = max(1, BLOCK // (rows * model.n_parameters))
    for first in range(0, len(inputs), size):
        block = np.ascontiguousarray(inputs[first : first + size])
        if last:
            yield slice(first, first + len(block)), last_gradients(model, block, slopes=slopes)
            continue
        n = len(block)
        # Targets of zero: only the Jacobian of the residuals is looked at, √(w / Σω) = 1 times the jets'.
        targets = [np.zeros((n, m)), np.zeros((n, m, d)) if slopes else None, None]
        weights = (float(n * m), float(n * m * d), 0.0)
        nothing = [None, None, None]
        objective = _core.Objective64(model._architecture, block, targets, weights, 0.0, nothing, None)
        jacobian = _core.Residuals(objective).residual_jacobian(model.parameters, 1)
        of_values = jacobian[: n * m].reshape(n, 1, m, -1)
        if slopes:
            of_slopes = jacobian[n * m :].reshape(n, m, d, -1).transpose(0, 2, 1, 3)
            yield slice(first, first + n), np.concatenate([of_values, of_slopes], axis=1)
        else:
            yield slice(first, first + n), of_values


def variances(member: Member, inputs: Array, *, slopes: bool) -> Jets:
    """Variances of values and slopes by the posterior of a member, in the units of the network."""
    model = member.model
    n, d, m = len(inputs), model.n_inputs, model.n_outputs
    result = np.empty((n, 1 + d if slopes else 1, m))
    # Farther away than a double's square reaches, a deviation is infinite.
    with np.errstate(over="ignore"):
        for rows, block in member.projected(inputs, slopes=slopes):
            result[rows] = np.sum(block**2, axis=-1)
    return Jets(result[:, 0], result[:, 1:].transpose(0, 2, 1) if slopes else None)


def mixture(
    weights: Sequence[float], means: Sequence[Array], spreads: Sequence[Array] | None = None
) -> tuple[Array, Array]:
    """Return mean and variance of a mixture, from means and variances of its parts; none of these are 0."""
    # NaN where nothing was given, in all parts alike.
    mean = np.sum([w * part for w, part in zip(weights, means, strict=True)], axis=0)
    within = 0.0
    with np.errstate(over="ignore"):
        if spreads is not None:
            within = np.sum([w * part for w, part in zip(weights, spreads, strict=True)], axis=0)
        between = np.sum([w * (part - mean) ** 2 for w, part in zip(weights, means, strict=True)], axis=0)
    return np.asarray(mean), np.asarray(within + between)


def sample(
    members: Sequence[Member],
    inputs: Array,
    count: int,
    normals: Callable[[int, int], Array],
    choices: Array,
    *,
    slopes: bool,
) -> tuple[Array, Array]:
    """Draw functions: a member for each by `choices`, then parameters from its posterior, linearised there.

    Returns deviations from the members' means (count, n, 1 or 1 + d, m), and which member each is of.
    """
    n, d, m = len(inputs), members[0].model.n_inputs, members[0].model.n_outputs
    which = np.searchsorted(np.cumsum([member.weight for member in members]), choices).clip(
        0, len(members) - 1
    )
    result = np.empty((count, n, 1 + d if slopes else 1, m))
    for index, member in enumerate(members):
        chosen = np.flatnonzero(which == index)
        if not len(chosen):
            continue
        steps = member.covariance_factor @ normals(index, len(chosen))  # (q, chosen)
        for rows, block in member.projected(inputs, slopes=slopes, onto=steps):
            result[chosen, rows] = np.moveaxis(block, -1, 0)
    return result, which
