"""The oracle of regularisation by evidence: explicit, dense linear algebra on the oracle's residuals.

The loss is Σ_i β_i r_i² + Σ_p α_p θ_p², linearised as r(θ + δ) = r + J δ. Nothing is whitened here and no
system stands in for another: H = JᵀBJ + A is inverted among the parameters, M = B⁻¹ + J A⁻¹ Jᵀ among the
residuals.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from reference import Array, Network
from reference_least_squares import Case, jacobian, residuals

#: In an update log α and log β move by no more.
LARGEST_MOVE = 3.0
#: Parameters of 0 count as if their squares summed to this.
LEAST_SQUARE = 1e-12


@dataclass(frozen=True)
class Entries:
    """Of each residual of the oracle, in its order: place in the data, sample, and what it is one of.

    A kind is (output, term, place among those of the term for one output): two residuals share a β if all
    three are the same.
    """

    places: Array
    samples: Array
    kinds: list[tuple[int, int, int]]


def entries(case: Case) -> Entries:
    """Places are counted among the samples that have anything: with weights, the others are left out."""
    places, samples, kinds = [], [], []
    first = 0
    derivatives = case.dYdX if case.dYdV is None else case.dYdV
    targets = [case.Y, derivatives, case.d2YdX2]
    kept = np.zeros(len(case.X), dtype=bool)
    for target in targets:
        if target is not None:
            kept |= (~np.isnan(target)).any(axis=tuple(range(1, target.ndim)))
    if case.sample_weight is None and case.derivative_sample_weight is None:
        kept[:] = True
    for term, target in enumerate(targets):
        if target is None:
            continue
        target = target[kept]
        there = np.argwhere(~np.isnan(target))
        places.append(first + np.ravel_multi_index(tuple(there.T), target.shape))
        samples.append(there[:, 0])
        kinds += [
            (
                int(at[1]),
                term,
                int(np.ravel_multi_index(tuple(at[2:]), target.shape[2:])) if len(at) > 2 else 0,
            )
            for at in there
        ]
        first += target.size
    return Entries(np.concatenate(places), np.concatenate(samples), kinds)


def groups(network: Network, *, by_input: bool) -> Array:
    """The group of each parameter: weights and biases of each layer, or those of the first by input."""
    found: list[int] = []
    group = 0
    for layer, (n_in, n_out) in enumerate(pairwise(network.layer_sizes)):
        apart = by_input and layer == 0
        found += [group + (i if apart else 0) for _ in range(n_out) for i in range(n_in)]
        group += n_in if apart else 1
        found += [group] * n_out
        group += 1
    return np.array(found)


@dataclass(frozen=True)
class Dense:
    """The evidence and what follows from it, at parameters θ (P,), for residuals r (N,) with Jacobian J."""

    theta: Array
    r: Array
    J: Array
    alpha: Array  # by parameter
    beta: Array  # by residual

    @cached_property
    def H(self) -> Array:  # noqa: N802
        return (self.J.T * self.beta) @ self.J + np.diag(self.alpha)

    @cached_property
    def covariance(self) -> Array:
        return np.asarray(np.linalg.inv(self.H))

    @cached_property
    def M(self) -> Array:  # noqa: N802
        return np.diag(1 / self.beta) + (self.J / self.alpha) @ self.J.T

    @property
    def log_evidence(self) -> float:
        fit = self.r @ (self.beta * self.r) + self.theta @ (self.alpha * self.theta)
        return float(-0.5 * (fit + np.linalg.slogdet(self.M)[1] + len(self.r) * np.log(2 * np.pi)))

    @property
    def effective_by_parameter(self) -> Array:
        """1 − α_p (H⁻¹)_pp as (H⁻¹ JᵀBJ)_pp, which takes nothing from 1."""
        return np.asarray(np.sum(self.covariance * ((self.J.T * self.beta) @ self.J), axis=1))

    @property
    def effective_by_residual(self) -> Array:
        """1 − (M⁻¹)_ii / β_i as (M⁻¹ J A⁻¹ Jᵀ)_ii."""
        return np.asarray(np.sum(np.linalg.inv(self.M) * ((self.J / self.alpha) @ self.J.T), axis=1))

    def without(self, rows: Array) -> tuple[Array, Array]:
        """Errors of these residuals and their covariance, had the fit not seen them.

        The linearised problem is solved anew. Where the gradient g of the whole loss does not vanish, all
        samples together are to stay where they are: gᵀδ is taken off.
        """
        rest = np.setdiff1d(np.arange(len(self.r)), rows)
        J, r, beta = self.J[rest], self.r[rest], self.beta[rest]
        H = (J.T * beta) @ J + np.diag(self.alpha)
        gradient = self.J.T @ (self.beta * self.r) + self.alpha * self.theta
        step = -np.linalg.solve(H, J.T @ (beta * r) + self.alpha * self.theta - gradient)
        covariance = self.J[rows] @ np.linalg.solve(H, self.J[rows].T) + np.diag(1 / self.beta[rows])
        return self.r[rows] + self.J[rows] @ step, covariance


def dense(case: Case, alpha: Array, beta: Array) -> Dense:
    return Dense(case.parameters, residuals(case, case.parameters), jacobian(case), alpha, beta)


def moved(precision: Array, wanted: Array) -> Array:
    """An update, damped: its logarithm moves by no more than `LARGEST_MOVE`."""
    return np.asarray(precision * np.exp(np.clip(np.log(wanted / precision), -LARGEST_MOVE, LARGEST_MOVE)))
