"""A network fitted by evidence to many samples whose noise is known, where its parameters are few.

With r̃ = L⁻¹ r and J̃ = L⁻¹ J of every sample (`SampleNoise`) and the precisions α of the prior,

    H = J̃ᵀJ̃ + A,  γ_g = n_g − α_g tr(H⁻¹)_g,  α_g = γ_g / ‖θ_g‖²,
    log evidence = −½ [r̃ᵀr̃ + θᵀAθ + log det H − log det A + Σ log det Σ + N log 2π]

(MacKay 1992). A step costs N P², a thousandth of what the residuals' own system would.
"""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import _core
from ..data.samples import Samples
from ..fitting.problem import LossWeights, pose
from ..models.mlp import MLP
from .active_inputs import groups_of
from .fit import totals
from .sample_noise import SampleNoise

Array = NDArray[np.float64]

#: Damping of a step over the diagonal of H, by how much it is raised, and how often.
DAMPING, RAISED, TRIALS = 1e-3, 10.0, 8
#: Bounds of the precisions of the prior, of the size of a group, and of what is effective of it.
LEAST_PRECISION, GREATEST_PRECISION, LEAST_SQUARE, LEAST_EFFECTIVE = 1e-8, 1e8, 1e-12, 1e-3
#: A step that lowers what is minimized by less than this share of it is the last.
ENOUGH = 1e-6


class LeftOutSamples(NamedTuple):
    """Errors of every number had its sample been left out; k numbers a sample, values, then slopes.

    Parameters
    ----------
    errors : ndarray, (k, n)
        Prediction less observation.
    covariances, noise : ndarray, (n, k, k)
        What the posterior expects of the errors, noise included, and the noise.
    """

    errors: Array
    covariances: Array
    noise: Array


class NoisyFit:
    """A network on its way.

    Parameters
    ----------
    model : MLP
        Where it stands; of standardised samples, without a normalization.
    units : Samples
        Standardised; values or values and slopes, all there.
    prior_precisions : ndarray
        α of each group of parameters.
    """

    def __init__(self, model: MLP, units: Samples, prior_precisions: Array) -> None:
        self.model = model
        self.parameters = np.array(model.parameters)
        self.alphas = np.array(prior_precisions)
        self.n_steps = 0
        self.seconds = 0.0
        self.log_evidence = -np.inf
        self.effective_parameters = np.nan
        self._groups = groups_of(model.layer_sizes)
        self._n, self._m = len(units), units.n_outputs
        # Residuals of a weight of 1 are then errors, times the roots of the weights of the samples.
        problem = pose(model, units, None, LossWeights(*totals(units)))
        self._residuals = _core.Residuals(problem.training)
        self._factor: Array | None = None
        self._whitened: Array | None = None  # J̃ where the fit was finished

    def of(self, units: Samples) -> NoisyFit:
        """Return this fit with other samples."""
        self.model.parameters = self.parameters
        other = NoisyFit(self.model, units, self.alphas)
        other.n_steps, other.seconds = self.n_steps, self.seconds
        return other

    def errors(self, parameters: Array | None = None) -> Array:
        """Errors (k, n) of the values, then of the slopes."""
        at = self.parameters if parameters is None else parameters
        return np.stack(self._split(self._residuals.residuals(at, 1)))

    def step(self, noise: SampleNoise) -> bool:
        """Take a step, then find α anew; say whether another one may pay."""
        start = time.thread_time()
        alphas = self.alphas[self._groups]
        residuals = noise.whitened(self.errors()).ravel()
        before = residuals @ residuals + alphas @ self.parameters**2
        hessian, jacobian = self._hessian(noise)
        gradient = jacobian.T @ residuals + alphas * self.parameters
        damping, gain = DAMPING, 0.0
        for _ in range(TRIALS):
            damped = hessian + np.diag(damping * np.diag(hessian))
            trial = self.parameters - np.linalg.solve(damped, gradient)
            remaining = noise.whitened(self.errors(trial)).ravel()
            gain = before - (remaining @ remaining + alphas @ trial**2)
            if gain > 0.0:
                self.parameters = trial
                break
            damping *= RAISED
        self.n_steps += 1
        self._update(hessian)
        self.seconds += time.thread_time() - start
        return bool(gain > ENOUGH * before)

    def finish(self, noise: SampleNoise) -> None:
        """Find the evidence and the posterior where the fit stands."""
        alphas = self.alphas[self._groups]
        hessian, self._whitened = self._hessian(noise)
        lower = np.linalg.cholesky(hessian)
        residuals = noise.whitened(self.errors()).ravel()
        self.log_evidence = -0.5 * float(
            residuals @ residuals
            + alphas @ self.parameters**2
            + 2.0 * np.sum(np.log(np.diag(lower)))
            - np.sum(np.log(alphas))
            + noise.log_determinant
            + len(residuals) * np.log(2.0 * np.pi)
        )
        # H = U Uᵀ: C = U⁻ᵀ has C Cᵀ = H⁻¹.
        self._factor = np.linalg.inv(lower).T
        self.effective_parameters = float(len(alphas) - np.sum(alphas[:, np.newaxis] * self._factor**2))
        self.model.parameters = self.parameters

    @property
    def covariance_factor(self) -> Array:
        """C (p, p), with C Cᵀ the posterior covariance of the parameters."""
        assert self._factor is not None
        return self._factor

    def left_out(self, noise: SampleNoise) -> LeftOutSamples:
        """Leave out each sample in closed form: e = L (I − J̃ C Cᵀ J̃ᵀ)⁻¹ r̃, of the k rows of the sample."""
        assert self._whitened is not None
        whitened = noise.whitened(self.errors())  # (k, n)
        k, n = whitened.shape
        rows = (self._whitened @ self.covariance_factor).reshape(k, n, -1)
        known = np.empty((n, k, k))
        for i in range(k):
            for j in range(i + 1):
                known[:, i, j] = known[:, j, i] = np.einsum("np,np->n", rows[i], rows[j])
        unseen = np.linalg.inv(np.eye(k) - known)
        left_out = noise.factors @ unseen
        errors = (left_out @ whitened.T[:, :, np.newaxis])[:, :, 0]
        return LeftOutSamples(errors.T, left_out @ noise.factors.transpose(0, 2, 1), noise.covariances)

    def _hessian(self, noise: SampleNoise) -> tuple[Array, Array]:
        """H and J̃."""
        jacobian = noise.whitened(self._split(self._residuals.residual_jacobian(self.parameters, 1))).reshape(
            -1, len(self.parameters)
        )
        return jacobian.T @ jacobian + np.diag(self.alphas[self._groups]), jacobian

    def _update(self, hessian: Array) -> None:
        variances = np.diag(np.linalg.inv(hessian))
        effective = 1.0 - self.alphas[self._groups] * variances
        squares = np.bincount(self._groups, self.parameters**2) + LEAST_SQUARE
        wanted = np.maximum(np.bincount(self._groups, effective), LEAST_EFFECTIVE) / squares
        self.alphas = np.clip(wanted, LEAST_PRECISION, GREATEST_PRECISION)

    def _split(self, rows: Array) -> list[Array]:
        """Numbers by residual as k arrays by sample."""
        n, m = self._n, self._m
        values = rows[: n * m].reshape(n, m, *rows.shape[1:])
        slopes = rows[n * m :].reshape(n, -1, *rows.shape[1:])
        return [*np.moveaxis(values, 1, 0), *np.moveaxis(slopes, 1, 0)]
