"""The fit of one candidate by evidence, a few steps at a time."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import _core
from .._memory import require_memory
from ..data.presence import present, weights_of
from ..data.samples import Samples
from ..fitting.evidence import scattered
from ..fitting.problem import LossWeights, pose
from ..models.mlp import MLP
from ..models.normalization import Normalization
from .candidates import STARTS, Candidate, Start

Array = NDArray[np.float64]

#: A fit whose log evidence has not risen by 0.1 for a while has nothing left to do.
SETTINGS = {
    "by_input": True,
    "update_interval": 1,
    "geodesic_acceleration": True,
    "evidence_tolerance": 0.1,
    "gradient_tolerance": 0.0,
    "step_tolerance": 0.0,
    "loss_tolerance": 0.0,
    "target_loss": 0.0,
}
#: Samples come from computations more often than not, and with few of them noise explains anything. Noise of
#: more than a share of the size of the data is believed only where it explains these better by so many nats
#: for each equation and each e-fold beyond that share. Of true noise it costs a small part of what it gains.
LEAST_NOISE, DOUBT = 1e-3, 0.2
#: Of a fit that goes on from where it stands, whose precisions are given; the prior's are replaced.
AGAIN = Start(1.0, 1.0, 1)


class LeftOut:
    """Errors of every number that was given, had its sample been left out, in the units of the network.

    NaN where nothing was given.

    Attributes
    ----------
    values, value_variances : ndarray, (n, m)
        Errors of the values, prediction less observation, and the variances that the posterior expects, noise
        included.
    slopes, slope_variances : ndarray, (n, m, t)
        Likewise of the first derivatives; (n, m, 0) without any.
    """

    def __init__(self, samples: Samples, report: dict[str, Any]) -> None:
        n, m = len(samples), samples.n_outputs

        def of(name: str) -> tuple[Array, Array]:
            values, slopes, _ = scattered(samples, report, name)
            return (
                np.full((n, m), np.nan) if values is None else values,
                np.full((n, m, 0), np.nan) if slopes is None else slopes,
            )

        self.values, self.slopes = of("leave_one_out")
        self.value_variances, self.slope_variances = of("leave_one_out_variances")
        self.value_noise, self.slope_noise = of("noise_variances")


class Standing(NamedTuple):
    """Where a fit stands: enough to go on from there.

    Parameters
    ----------
    parameters : ndarray, (p,)
        Of the network.
    prior_precisions : ndarray
        α of each group of parameters.
    noise_precisions : ndarray
        β of each kind of data: of each output its values, then its derivatives one by one; in the units of
        the network.
    """

    parameters: Array
    prior_precisions: Array
    noise_precisions: Array

    def check(self, candidate: Candidate, samples: Samples) -> None:
        """Raise a ``ValueError`` unless a fit of `counting` samples can go on from here.

        That of the core takes the matrices of the fit, which are larger than all that is known of it.
        """
        d, m = samples.n_inputs, samples.n_outputs
        second = 0
        if samples.d2YdX2 is not None:
            there = present(samples.d2YdX2).any(axis=(0, 1))
            second = int(np.count_nonzero(there | there.T))
        derivatives = 0 if samples.derivatives is None else samples.derivatives.shape[2]
        counts = {
            # The first weights by input, then biases and weights by layer.
            "prior_precisions": d + 1 + 2 * len(candidate.hidden),
            "noise_precisions": m * (1 + derivatives + second),
        }
        for name, count in counts.items():
            precisions = getattr(self, name)
            if precisions.shape != (count,):
                raise ValueError(f"{name}: expected shape ({count},), got {precisions.shape}")
            if not (np.isfinite(precisions) & (precisions > 0)).all():
                raise ValueError(f"{name}: expected finite numbers above 0, got others")


class CandidateFit:
    """A candidate on its way.

    Parameters
    ----------
    candidate : Candidate
        What to fit.
    samples : Samples
        Of the data, in their own units; nothing in them weighs 0.
    normalization : Normalization
        The one that all candidates share.
    standing : Standing, optional
        Where to go on; default the candidate's start.
    """

    def __init__(
        self,
        candidate: Candidate,
        samples: Samples,
        normalization: Normalization,
        standing: Standing | None = None,
    ) -> None:
        self.candidate = candidate
        self.n_samples = len(samples)
        sizes = candidate.layer_sizes(samples.n_inputs, samples.n_outputs)
        self.model = MLP(sizes, candidate.activation, seed=candidate.seed)
        self.model.normalization = normalization
        if standing is not None:
            self.model.parameters = standing.parameters
        self.seconds = 0.0
        self.finished = False
        # Residuals of a weight of 1 are then errors in the units of the network, however many there are.
        problem = pose(self.model, samples, None, LossWeights(*totals(samples)))
        start = asdict(STARTS[candidate.start]) if standing is None else asdict(AGAIN)
        options = _core.optimizer_options("Evidence", {**start, **SETTINGS})
        count = self.model.n_parameters
        of_fit = _core.Trainer64(options, count, 0, False, 0).workspace_bytes(problem.training, 1)
        of_covariance = 3 * np.dtype(np.float64).itemsize * count**2  # its factor, on the way and as a result
        require_memory(
            f"X of {len(samples)} samples for a network of {count} parameters", of_fit + of_covariance
        )
        self._fit = _core.EvidenceFit(problem.training, self.model.parameters, options)
        if standing is not None:
            self._fit.set_precisions(standing.prior_precisions, standing.noise_precisions)

    @property
    def log_evidence(self) -> float:
        """The highest so far; −∞ before it was first found."""
        return float(self._fit.log_evidence)

    @property
    def score(self) -> float:
        """By which fits are compared: the highest log evidence, less the doubt in its noise."""
        return self.log_evidence - DOUBT * float(self._fit.noise_beyond(LEAST_NOISE))

    @property
    def n_steps(self) -> int:
        """Steps so far."""
        return int(self._fit.n_steps)

    def run(self, n_steps: int) -> None:
        """Go on for at most so many steps, on the thread of the caller."""
        start = time.thread_time()
        self.finished = not self._fit.run(n_steps, 1)
        self.seconds += time.thread_time() - start

    def state(self) -> dict[str, NDArray[Any]]:
        """Return all that the next step depends on, but for the samples."""
        return self._fit.state()

    def go_on_from(self, state: dict[str, NDArray[Any]], seconds: float) -> None:
        """Take a state back; a ``ValueError`` if it is none of this fit."""
        self._fit.restore(state)
        self.seconds = seconds
        self.finished = bool(state["done"].any())

    def standing(self) -> Standing:
        """Say where the evidence was highest."""
        report: dict[str, Any] = self._fit.report(False, 1)
        return Standing(report["parameters"], report["prior_precisions"], report["noise_precisions"])

    def report(self) -> dict[str, Any]:
        """Say what the evidence says where it was highest, and take the parameters there."""
        report: dict[str, Any] = self._fit.report(True, 1)
        self.model.parameters = report["parameters"]
        return report


def totals(samples: Samples) -> tuple[float, float, float]:
    """Σω of the values, of the first and of the second derivatives that are there."""

    def total(array: NDArray[Any] | None, weights: Array | None) -> float:
        return 0.0 if array is None else float(np.sum(present(array) * weights_of(weights, array)))

    return (
        total(samples.Y, samples.sample_weight),
        total(samples.derivatives, samples.derivative_sample_weight),
        total(samples.d2YdX2, samples.sample_weight),
    )
