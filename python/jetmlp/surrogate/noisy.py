"""A surrogate of many samples with noise: small networks, fitted by evidence to all of them.

Where the noise is not small a network of few parameters says all that the data say, and its least squares are
exact at any number of samples. Candidates are fitted to a part of the samples with one variance for each kind
of number; the best go on with all of them and with the noise as it is found: of another size at other places,
and correlated within a sample.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._threads import Threads
from ..data.neighbours import nearest_neighbours
from ..data.samples import Samples
from ..data.standardise import learn, standardised
from ..models.mlp import MLP
from ..models.normalization import Normalization
from ..random import Generator
from .active_inputs import ActiveInputs, active_inputs
from .calibration import calibrate
from .candidates import Candidate
from .fit import CandidateFit
from .mixture import PART, Mixture
from .noisy_fit import LeftOutSamples, NoisyFit
from .outcome import NOISY, Outcome, n_equations
from .posterior import Member
from .progress import SearchProgress
from .rows import CandidateRow
from .sample_noise import SampleNoise
from .search import Clock, weights_of

Array = NDArray[np.float64]

#: Fewer numbers than this a search by evidence is better for.
LEAST_EQUATIONS = 1000
#: Candidates are fitted to so many numbers, taken at random.
PART_EQUATIONS = 2048
#: What they are: small ones, as the noise hides what larger ones could tell.
FIRST = (((4,), "softplus"), ((4, 4), "softplus"), ((4, 4), "silu"), ((6, 6), "tanh"))
#: Where the largest is the best, layers of so many times its width are tried, up to so many parameters.
WIDER, MOST_PARAMETERS = 2, 400
#: Steps of a candidate with the part, and after how many of these only the best go on, and one more.
PART_STEPS, FIRST_PART_STEPS = 20, 10
#: How many go on with all samples.
KEPT = 2
#: Steps of these with about so many samples, evenly taken, and then with all of them.
FIRST_STEPS, FIRST_SAMPLES, LAST_STEPS = 6, 2048, 4
#: More numbers than these in a sample are too many for a covariance of their noise.
MOST_KINDS = 16
#: Noise is what is left of a kind of number if that is at least this part of its size, …
LEAST_NOISE = 0.05
#: … and if neighbours have nothing in common in it, as they would if a larger network could fit it; so many
#: samples are compared.
MOST_IN_COMMON, COMPARED = 0.2, 500
#: The variance of what is left out is at least so many times the noise: the rest may be lost in rounding,
#: where a network gives the same everywhere.
MORE_THAN_NOISE = 1.0 + 1e-9


class _Errors(NamedTuple):
    """What is left out by a member, as `calibrate` takes it."""

    values: Array
    value_variances: Array
    value_noise: Array
    slopes: Array
    slope_variances: Array
    slope_noise: Array


class _Kept(NamedTuple):
    """A candidate that goes on with all samples."""

    candidate: Candidate
    fit: NoisyFit
    seconds: float

    @property
    def score(self) -> float:
        # Noise is not doubted here: it has been told from misfit.
        return self.fit.log_evidence


def fit_noisy(
    samples: Samples, counted: Samples, seed: int, n_threads: int, clock: Clock, shown: SearchProgress
) -> Outcome | None:
    """Fit small networks to all samples; None where what these leave is no noise, or not known to be."""
    if n_equations(counted) < LEAST_EQUATIONS or not _bearable(counted):
        return None
    normalization = learn(counted, least_effect=0.0)
    units = standardised(counted, normalization)
    active = active_inputs(units)
    units = active.samples(units)
    if _n_kinds(units) > MOST_KINDS:
        return None
    tried = _try(units, seed, n_threads, clock, shown)
    if not tried:
        return None
    some = units[:: max(1, len(units) // FIRST_SAMPLES)]
    begun = [_begin(fit, some) for fit in tried[:KEPT]]
    _advance(begun, some, FIRST_STEPS, n_threads, clock)
    begun = [one._replace(fit=one.fit.of(units)) for one in begun]
    if not _is_noise(begun[0].fit.errors(), units):
        return None
    noise = _advance(begun, units, LAST_STEPS, n_threads, clock)
    for one in begun:
        one.fit.finish(noise)
    begun = sorted(begun, key=lambda one: -one.score)
    shares = weights_of(begun, n_equations(counted))
    kept = [(one, float(share)) for one, share in zip(begun, shares, strict=True) if share > 0]
    left_out = [_errors(one.fit.left_out(noise), units, active) for one, _ in kept]
    calibration = calibrate([weight for _, weight in kept], left_out)
    members = tuple(_member(one, weight, active, normalization) for one, weight in kept)
    rows = [
        CandidateRow(
            str(one.candidate),
            member.model.n_parameters,
            one.fit.effective_parameters,
            one.score,
            float(np.sqrt(np.mean(part.values**2))),
            member.weight,
            one.fit.n_steps,
            one.seconds + one.fit.seconds,
        )
        for (one, _), member, part in zip(kept, members, left_out, strict=True)
    ]
    return Outcome(
        samples,
        Mixture(members, calibration.value_factor, calibration.slope_factor),
        calibration,
        tuple(one.candidate for one, _ in kept),
        (),
        (*rows, *(CandidateRow.of(fit, len(counted)) for fit in tried[KEPT:])),
        clock.elapsed,
    )


def _bearable(samples: Samples) -> bool:
    """Whether noise can be found in samples: values, with all slopes or none, and none of them absent."""
    if samples.Y is None or samples.d2YdX2 is not None or samples.directions is not None:
        return False
    return all(np.isfinite(array).all() for array in (samples.Y, samples.dYdX) if array is not None)


def _n_kinds(units: Samples) -> int:
    """How many numbers there are of each sample."""
    return units.n_outputs * (1 if units.dYdX is None else 1 + units.n_inputs)


def _try(
    units: Samples, seed: int, n_threads: int, clock: Clock, shown: SearchProgress
) -> list[CandidateFit]:
    """Fit candidates to a part of the samples, best first; none where ever larger ones are better."""
    d, m = units.n_inputs, units.n_outputs
    count = min(len(units), max(PART_EQUATIONS // _n_kinds(units), 1))
    part = units[np.sort(Generator(seed, PART, 0).permutation(len(units))[:count])]
    plain = Normalization(np.zeros(d), np.ones(d), np.zeros(m), np.ones(m))

    def run(fit: CandidateFit, n_steps: int) -> None:
        for _ in range(0, n_steps, 5):
            # Enough steps are owed to each that there is something to choose from.
            if fit.finished or (clock.over(0.5) and np.isfinite(fit.log_evidence)):
                break
            fit.run(5)
        shown.show(1, fit.log_evidence)

    fits = [
        CandidateFit(Candidate(hidden, activation, "noisy", seed), part, plain)
        for hidden, activation in FIRST
    ]
    with Threads(n_threads) as pool:
        list(pool.map(lambda fit: run(fit, FIRST_PART_STEPS), fits))
        fits.sort(key=lambda fit: -fit.log_evidence)
        list(pool.map(lambda fit: run(fit, PART_STEPS - FIRST_PART_STEPS), fits[: KEPT + 1]))
    while True:
        best = max(fits, key=lambda fit: fit.log_evidence)
        if not np.isfinite(best.log_evidence):
            return []
        if best.model.n_parameters < max(fit.model.n_parameters for fit in fits):
            return sorted(fits, key=lambda fit: -fit.log_evidence)
        layers = tuple(WIDER * width for width in best.candidate.hidden)
        wider = replace(best.candidate, hidden=layers)
        if wider.n_parameters(d, m) > MOST_PARAMETERS:
            return []
        fits.append(CandidateFit(wider, part, plain))
        run(fits[-1], PART_STEPS)


def _begin(fit: CandidateFit, units: Samples) -> _Kept:
    report = fit.report()
    model = MLP(fit.model.layer_sizes, fit.candidate.activation, normalize=False, seed=fit.candidate.seed)
    model.parameters = report["parameters"]
    candidate = replace(fit.candidate, start=NOISY)
    return _Kept(candidate, NoisyFit(model, units, report["prior_precisions"]), fit.seconds)


def _is_noise(errors: Array, units: Samples) -> bool:
    """Whether errors (k, n) are of some size, and those of a sample unknown to its neighbours."""
    assert units.Y is not None
    parts = [units.Y.reshape(len(units), -1)]
    if units.dYdX is not None:
        parts.append(units.dYdX.reshape(len(units), -1))
    sizes = np.mean(np.concatenate(parts, axis=1) ** 2, axis=0)
    # In the units of the spread a constant has no size, and its errors are rounding.
    least = LEAST_NOISE**2 * np.maximum(sizes, max(float(np.mean(sizes)), LEAST_NOISE**2))
    if not (np.mean(errors**2, axis=1) > least).any():
        return False
    chosen = slice(None, None, -(-len(units) // COMPARED))
    X, errors = units.X[chosen], errors[:, chosen]
    pairs = nearest_neighbours(X)
    if len(pairs) == 0:
        return True
    m, d = units.n_outputs, units.n_inputs
    one, other = pairs.T
    for o in range(m):
        values = errors[o]
        if units.dYdX is None:
            compared = values[one], values[other]
        else:
            # The error of a function goes up as its slope says: e(x') − e(x) ≈ ½ (∇e(x) + ∇e(x'))·(x' − x).
            slopes = errors[m + o * d : m + (o + 1) * d].T
            rise = 0.5 * np.sum((slopes[one] + slopes[other]) * (X[other] - X[one]), axis=1)
            compared = values[other] - values[one], rise
        sizes = [np.linalg.norm(part) for part in compared]
        if compared[0] @ compared[1] > MOST_IN_COMMON * sizes[0] * sizes[1]:
            return False
    return True


def _advance(begun: list[_Kept], units: Samples, n_steps: int, n_threads: int, clock: Clock) -> SampleNoise:
    """Let fits go on, all with the noise that the first one leaves."""
    noise = _noise_of(begun[0].fit, units)

    def advance(one: _Kept) -> None:
        for _ in range(n_steps):
            if not one.fit.step(noise) or clock.over():
                break

    with Threads(n_threads) as pool:
        list(pool.map(advance, begun))
    return noise


def _noise_of(fit: NoisyFit, units: Samples) -> SampleNoise:
    """Noise as a fit leaves it, by the only input or else by the values that the fit predicts."""
    errors = fit.errors()
    if units.n_inputs == 1:
        return SampleNoise(errors, units.X[:, 0])
    assert units.Y is not None
    return SampleNoise(errors, np.sum(units.Y + errors[: units.n_outputs].T, axis=1))


def _errors(left_out: LeftOutSamples, units: Samples, active: ActiveInputs) -> _Errors:
    """Take errors and covariances of the combinations of the inputs to variances by input."""
    n, m, k = len(units), units.n_outputs, units.n_inputs
    slopes = left_out.errors[m:].T.reshape(n, -1, k) @ active.to.T if units.dYdX is not None else None

    def of_slopes(covariances: Array) -> Array:
        if units.dYdX is None:
            return np.empty((n, m, 0))
        parts = [covariances[:, m + o * k : m + (o + 1) * k, m + o * k : m + (o + 1) * k] for o in range(m)]
        return np.stack([np.einsum("da,nab,db->nd", active.to, part, active.to) for part in parts], axis=1)

    variances, noise = (
        np.diagonal(part, axis1=1, axis2=2)[:, :m] for part in (left_out.covariances, left_out.noise)
    )
    slope_noise = of_slopes(left_out.noise)
    return _Errors(
        left_out.errors[:m].T,
        np.maximum(variances, MORE_THAN_NOISE * noise),
        noise,
        np.empty((n, m, 0)) if slopes is None else slopes,
        np.maximum(of_slopes(left_out.covariances), MORE_THAN_NOISE * slope_noise),
        slope_noise,
    )


def _member(one: _Kept, weight: float, active: ActiveInputs, normalization: Normalization) -> Member:
    """Make a network of all inputs of it."""
    sizes = one.fit.model.layer_sizes
    candidate = one.candidate
    model = MLP((len(active.to), *sizes[1:]), candidate.activation, seed=candidate.seed)
    model.parameters = active.parameters(one.fit.parameters, sizes)
    model.normalization = normalization
    return Member(model, active.covariance_factor(one.fit.covariance_factor, sizes), weight)
