"""A surrogate of more numbers than a fit by evidence can hold: a few larger networks, a tenth held out.

The samples held out end the fits, weigh the networks and calibrate the error bars. The variance of a
prediction is

    c² [Σ w (σ² + (μ − μ̄)²)] + f²,

σ² from the posterior of the last layer (`last_layer`), μ of each network, and f a floor where all networks
err alike (`floor`).
"""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..data.presence import present
from ..data.samples import Samples
from ..data.standardise import learn, standardised
from ..fitting.errors import DivergenceError
from ..fitting.trainer import Trainer
from ..models.mlp import MLP
from ..random import Generator
from .calibration import Calibration
from .candidates import Candidate
from .floor import with_floor
from .last_layer import last_layer_factor
from .mixture import HELD_OUT, Mixture
from .open_constant import hold_constant
from .outcome import BEYOND, Outcome, n_equations
from .posterior import Jets, Member, mixture, variances
from .progress import SearchProgress
from .rows import CandidateRow
from .search import Clock

Array = NDArray[np.float64]

#: Activations of the networks, each from a seed of its own.
ACTIVATIONS = ("silu", "tanh", "silu")
#: Hidden layers; their width gives about half as many parameters as there are numbers to fit.
DEPTH = 3
NARROWEST, WIDEST = 24, 128
#: Epochs at most, and how many without a lower loss of what is held out end a fit.
EPOCHS, PATIENCE = 200, 40
#: One of so many samples is held out.
ONE_OF = 10


class HeldOut(NamedTuple):
    """What the networks say of the samples held out, in the units of the network."""

    values: Array  # errors (n, m), NaN where there is nothing
    slopes: Array  # (n, m, t), over the length of the direction


def candidates(samples: Samples, seed: int) -> list[Candidate]:
    """Return the networks for so many numbers."""
    width = int(np.clip(8 * round(np.sqrt(n_equations(samples)) / 16), NARROWEST, WIDEST))
    return [
        Candidate((width,) * DEPTH, activation, BEYOND, seed + k) for k, activation in enumerate(ACTIVATIONS)
    ]


def fit_beyond(
    samples: Samples,
    counted: Samples,
    seed: int,
    n_threads: int | None,
    clock: Clock,
    shown: SearchProgress,
    before: Outcome | None = None,
) -> Outcome:
    """Fit a few networks, or go on with those of an outcome."""
    if before is None:
        tried = candidates(counted, seed)
        normalization = learn(counted)
        models = [_begin(candidate, counted) for candidate in tried]
        for model in models:
            model.normalization = normalization
    else:
        tried = list(before.candidates)
        models = [member.model.copy() for member in before.mixture.members]
    out = held_out(len(counted), seed)
    inside, outside = (counted, counted) if len(counted) == 1 else (counted[~out], counted[out])
    epochs, seconds = [], []
    for k, model in enumerate(models):
        start = clock.elapsed
        epochs.append(_fit(model, inside, outside, seed + k, n_threads, clock, (k + 1) / len(models)))
        seconds.append(clock.elapsed - start)
        shown.show(k + 1, np.nan)
    parts = [_errors(model, outside) for model in models]
    squares = np.array([_mean_square(part) for part in parts])
    if not np.isfinite(squares).all():
        raise RuntimeError("none of the networks could be fitted: their errors are not finite")
    # As if their errors were independent: each in proportion to the inverse of its variance.
    weights = 1.0 / np.maximum(squares, np.finfo(np.float64).tiny)
    weights /= weights.sum()
    members = tuple(
        hold_constant(Member(model, last_layer_factor(model, inside, part), float(weight)), counted)
        for model, part, weight in zip(models, parts, weights, strict=True)
    )
    calibration, floors = _calibrate(members, parts, outside, out, len(counted))
    rows = tuple(
        CandidateRow(
            _name(candidate),
            model.n_parameters,
            np.nan,
            np.nan,
            float(np.sqrt(square)),
            float(weight),
            count,
            time,
        )
        for candidate, model, square, weight, count, time in zip(
            tried, models, squares, weights, epochs, seconds, strict=True
        )
    )
    return Outcome(
        samples,
        Mixture(members, calibration.value_factor, calibration.slope_factor, floors),
        calibration,
        tuple(tried),
        (),
        rows,
        clock.elapsed,
    )


def held_out(n: int, seed: int) -> NDArray[np.bool_]:
    """Say which samples are held out: one of each ten, at random; later samples change nothing of it."""
    blocks = -(-n // ONE_OF)
    chosen = np.floor(Generator(seed, HELD_OUT, 0).uniform(blocks) * ONE_OF).astype(int)
    mask = np.zeros(blocks * ONE_OF, dtype=bool)
    mask[np.arange(blocks) * ONE_OF + chosen] = True
    mask = mask[:n]
    mask[-1] |= not mask.any()
    return mask


def _name(candidate: Candidate) -> str:
    return f"{'-'.join(map(str, candidate.hidden))} {candidate.activation}, seed {candidate.seed}"


def _begin(candidate: Candidate, samples: Samples) -> MLP:
    sizes = candidate.layer_sizes(samples.n_inputs, samples.n_outputs)
    return MLP(sizes, candidate.activation, seed=candidate.seed)


def _fit(
    model: MLP,
    inside: Samples,
    outside: Samples,
    seed: int,
    n_threads: int | None,
    clock: Clock,
    share: float,
) -> int:
    """Fit one network until what is held out gets no better; return the epochs."""
    trainer = Trainer(model, n_threads=n_threads, seed=seed)
    # One that diverges keeps its last finite parameters; its errors decide what these are worth.
    with suppress(DivergenceError):
        trainer.fit(
            inside,
            epochs=EPOCHS,
            validation_data=outside,
            patience=PATIENCE,
            restore_best=True,
            callbacks=lambda *_: clock.over(share),
        )
    return trainer.n_epochs


def _errors(model: MLP, samples: Samples) -> HeldOut:
    """Errors of samples, prediction less observation, in the units of the network."""
    assert model.normalization is not None
    values, slopes = model.predict_with_jacobian(samples.X)
    y_scale = model.normalization.y_scale
    n, m = values.shape
    of_values = np.full((n, m), np.nan) if samples.Y is None else (values - samples.Y) / y_scale
    if samples.derivatives is None:
        return HeldOut(of_values, np.full((n, m, 0), np.nan))
    units, lengths = standardised(samples, model.normalization), np.ones((n, samples.derivatives.shape[2]))
    in_units = slopes / y_scale[:, np.newaxis] * model.normalization.x_scale
    if units.directions is not None:
        in_units = np.einsum("nod,nkd->nok", in_units, units.directions)
        lengths = np.linalg.norm(units.directions, axis=-1)
    targets = units.derivatives
    assert targets is not None
    with np.errstate(divide="ignore", invalid="ignore"):
        errors = (in_units - targets) / lengths[:, np.newaxis]
    return HeldOut(of_values, np.where(lengths[:, np.newaxis] > 0, errors, np.nan))


def _mean_square(part: HeldOut) -> float:
    """Of values and slopes, each kind counting alike."""
    kinds = [array[present(array)] for array in part]
    kinds = [kind for kind in kinds if kind.size]
    return float(np.mean([np.mean(kind**2) for kind in kinds])) if kinds else 1.0


def _calibrate(
    members: tuple[Member, ...], parts: list[HeldOut], outside: Samples, out: NDArray[np.bool_], n: int
) -> tuple[Calibration, Jets]:
    """Compare what was held out with what the members say of it together."""
    model = members[0].model
    assert model.normalization is not None
    inputs = model.normalization.inputs(outside.X)
    d, m = model.n_inputs, model.n_outputs
    weights = [member.weight for member in members]
    spreads = [variances(member, inputs, slopes=True) for member in members]
    value_errors, value_variances = mixture(
        weights, [part.values for part in parts], [part.values for part in spreads]
    )
    own = [spread.slopes for spread in spreads if spread.slopes is not None]
    if outside.directions is not None and outside.derivatives is not None:
        # Of the derivative along a unit direction u the part Σ u_k² σ_k² is known without the covariances.
        units = standardised(outside, model.normalization).directions
        assert units is not None
        squares = units**2 / np.maximum(np.sum(units**2, axis=-1, keepdims=True), np.finfo(np.float64).tiny)
        own = [np.einsum("nod,nkd->nok", part, squares) for part in own]
    elif outside.derivatives is None:
        own = [part[:, :, :0] for part in own]
    slope_errors, slope_variances = mixture(weights, [part.slopes for part in parts], own)
    of_values = [with_floor(value_errors[:, o], value_variances[:, o]) for o in range(m)]
    of_slopes = [with_floor(slope_errors[:, o], slope_variances[:, o]) for o in range(m)]
    # What was not given has the calibration of the other, in the units of the network.
    of_values = [mine or its for mine, its in zip(of_values, of_slopes, strict=True)]
    of_slopes = [mine or its for mine, its in zip(of_slopes, of_values, strict=True)]
    factors = [
        np.array([1.0 if one is None else one.factor for one in kind]) for kind in (of_values, of_slopes)
    ]
    floors = np.array([0.0 if one is None else one.size for one in of_values])
    along = np.array([np.zeros(d) if one is None else np.broadcast_to(one.along(d), d) for one in of_slopes])

    def everywhere(part: Array) -> Array:
        full = np.full((n, *part.shape[1:]), np.nan)
        full[out if n > 1 else slice(None)] = part
        return full

    bent = along if outside.directions is None else along[:, :1]
    none = slope_errors.shape[2] == 0
    slope_floor = np.zeros((m, 0)) if none else np.broadcast_to(bent, (m, slope_errors.shape[2]))
    calibration = Calibration(
        factors[0],
        factors[1],
        everywhere(value_errors),
        everywhere(slope_errors),
        everywhere(np.sqrt(factors[0] ** 2 * value_variances + floors**2)),
        everywhere(np.sqrt(factors[1][:, np.newaxis] ** 2 * slope_variances + slope_floor**2)),
        np.full((n, m), np.nan),
        np.full((n, *slope_errors.shape[1:]), np.nan),
    )
    return calibration, Jets(floors, along)
