"""The mixture of networks that a fitted surrogate is: predictions with error bars."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _checks
from ..models.normalization import Normalization
from ..random import Generator
from .posterior import Jets, Member, mixture, sample, variances

Array = NDArray[np.float64]

#: Streams of random numbers of a surrogate.
POSTERIOR, SUGGESTION, HELD_OUT, FLOOR, PART = 16, 17, 18, 19, 20


class Mixture:
    """Networks with one normalization, their weights, and the factors of their error bars.

    Parameters
    ----------
    members : tuple of Member
        At least one; weights sum to 1.
    value_factor, slope_factor : ndarray, (m,)
        What standard deviations of values and slopes are multiplied by.
    floors : Jets, optional
        Standard deviations (m,) and (m, d) that come in addition, in the units of the network; default none.
    """

    def __init__(
        self,
        members: tuple[Member, ...],
        value_factor: Array,
        slope_factor: Array,
        floors: Jets | None = None,
    ) -> None:
        self.members = members
        self.floors = floors
        self.value_factor = value_factor
        self.slope_factor = slope_factor

    @property
    def normalization(self) -> Normalization:
        """The one of all members."""
        normalization = self.members[0].model.normalization
        assert normalization is not None
        return normalization

    @property
    def n_inputs(self) -> int:
        """Number of inputs, d."""
        return self.members[0].model.n_inputs

    @property
    def n_outputs(self) -> int:
        """Number of outputs, m."""
        return self.members[0].model.n_outputs

    def inputs(self, X: ArrayLike) -> Array:
        """Check inputs, in the units of the data."""
        return _checks.as_inputs("X", X, self.n_inputs, np.dtype(np.float64))

    def mean(self, X: Array, threads: int | None, *, slopes: bool) -> Jets:
        """Weighted means, in the units of the data."""
        values: Any = 0.0
        derivatives: Any = 0.0
        for member in self.members:
            if slopes:
                of_values, of_slopes = member.model.predict_with_jacobian(X, n_threads=threads)
                derivatives = derivatives + member.weight * of_slopes
            else:
                of_values = member.model.predict(X, n_threads=threads)
            values = values + member.weight * of_values
        return Jets(np.asarray(values), np.asarray(derivatives) if slopes else None)

    def hessian(self, X: Array, threads: int | None) -> Array:
        """Weighted mean of the second derivatives, in the units of the data."""
        parts = [member.weight * member.model.hessian(X, n_threads=threads) for member in self.members]
        return np.asarray(np.sum(parts, axis=0))

    def deviations(self, X: Array, *, slopes: bool) -> Jets:
        """Return standard deviations, calibrated, in the units of the data."""
        normalization = self.normalization
        inputs = normalization.inputs(X)
        weights = [member.weight for member in self.members]
        spreads = [variances(member, inputs, slopes=slopes) for member in self.members]
        means = [self._network(member, inputs, slopes=slopes) for member in self.members]
        _, of_values = mixture(weights, [part.values for part in means], [part.values for part in spreads])
        scale = np.abs(normalization.y_scale)
        floor, along = (np.zeros(1), np.zeros(1)) if self.floors is None else self.floors
        assert along is not None
        values = np.hypot(np.sqrt(of_values) * self.value_factor, floor) * scale
        if not slopes:
            return Jets(values, None)
        _, of_slopes = mixture(weights, [_given(part) for part in means], [_given(part) for part in spreads])
        units = scale[:, np.newaxis] / np.abs(normalization.x_scale)
        return Jets(values, np.hypot(np.sqrt(of_slopes) * self.slope_factor[:, np.newaxis], along) * units)

    def features(self, X: Array, *, slopes: bool) -> Array:
        """Return F (n, 1 or 1 + d, m, c) of values and slopes in the units of the network, not calibrated.

        F Fᵀ are the covariances of the mixture, Σ w (g gᵀ + (μ − μ̄)(μ − μ̄)ᵀ), g the gradients of a member by
        its parameters in units of their posterior.
        """
        inputs = self.normalization.inputs(X)
        weights = [member.weight for member in self.members]
        means = [_rows(self._network(member, inputs, slopes=slopes)) for member in self.members]
        centre, _ = mixture(weights, means)
        parts = []
        for member, mean in zip(self.members, means, strict=True):
            blocks = [block for _, block in member.projected(inputs, slopes=slopes)]
            parts += [
                np.sqrt(member.weight) * part
                for part in (np.concatenate(blocks), (mean - centre)[..., np.newaxis])
            ]
        return np.concatenate(parts, axis=-1)

    def samples(self, X: Array, count: int, seed: int, *, slopes: bool) -> Jets:
        """Draw functions (count, n, m) and their slopes (count, n, m, d), in the units of the data."""
        normalization = self.normalization
        inputs = normalization.inputs(X)
        choices = Generator(seed, POSTERIOR, 0).uniform(count)

        def normals(index: int, columns: int) -> Array:
            c = self.members[index].covariance_factor.shape[1]
            return Generator(seed, POSTERIOR, 1 + index).normal(c * columns).reshape(columns, c).T

        deviations, which = sample(self.members, inputs, count, normals, choices, slopes=slopes)
        means = [self._network(member, inputs, slopes=slopes) for member in self.members]
        weights = [member.weight for member in self.members]
        centre, _ = mixture(weights, [part.values for part in means])
        # About the mean of the mixture everything is stretched by the factor of the error bars.
        apart = np.stack([part.values - centre for part in means])[which] + deviations[:, :, 0]
        drawn = centre + self.value_factor * apart
        shifts = self._shifts(count, seed)
        if shifts is not None:
            drawn = drawn + shifts.values[:, np.newaxis]
        values = normalization.values(drawn)
        if not slopes:
            return Jets(values, None)
        centre_slopes, _ = mixture(weights, [_given(part) for part in means])
        moved = np.moveaxis(deviations[:, :, 1:], 2, 3)
        bends = np.stack([_given(part) - centre_slopes for part in means])[which] + moved
        drawn = centre_slopes + self.slope_factor[:, np.newaxis] * bends
        if shifts is not None:
            drawn = drawn + _given(shifts)[:, np.newaxis]
        return Jets(values, drawn * (normalization.y_scale[:, np.newaxis] / normalization.x_scale))

    def _shifts(self, count: int, seed: int) -> Jets | None:
        """Draw how far each function as a whole is off, as the floors say."""
        if self.floors is None:
            return None
        m, d = self.n_outputs, self.n_inputs
        normals = Generator(seed, FLOOR, 0).normal(count * m * (1 + d)).reshape(count, m, 1 + d)
        return Jets(self.floors.values * normals[:, :, 0], _given(self.floors) * normals[:, :, 1:])

    @staticmethod
    def _network(member: Member, inputs: Array, *, slopes: bool) -> Jets:
        """Return what a member's network itself gives, between standardised quantities."""
        both = member.model._computation(jacobian=slopes)(np.ascontiguousarray(inputs), 1)
        return Jets(both[0], both[1] if slopes else None)


def _given(jets: Jets) -> Array:
    assert jets.slopes is not None
    return jets.slopes


def _rows(jets: Jets) -> Array:
    """Return values and slopes as (n, 1 or 1 + d, m)."""
    values = jets.values[:, np.newaxis]
    return values if jets.slopes is None else np.concatenate([values, jets.slopes.transpose(0, 2, 1)], axis=1)
