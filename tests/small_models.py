"""A small model of each kind that there are files of, made in milliseconds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

import jetmlp
from jetmlp.data.standardise import learn
from jetmlp.surrogate.candidates import Candidate
from jetmlp.surrogate.fit import CandidateFit
from jetmlp.surrogate.mixture import Mixture
from jetmlp.surrogate.outcome import BEYOND, NOISY, Outcome, outcome_of
from jetmlp.surrogate.posterior import Jets, Member
from jetmlp.surrogate.search import Clock

Model = jetmlp.MLP | jetmlp.StagedMLP | jetmlp.Surrogate


def mlp() -> jetmlp.MLP:
    model = jetmlp.MLP([2, 3, 1], "silu", seed=7)
    model.normalization = jetmlp.Normalization([1.0, 2.0], [0.5, -3.0], [4.0], [10.0])
    return model


def plain_mlp() -> jetmlp.MLP:
    return jetmlp.MLP([1, 2, 2], "sin", "softplus", dtype="float32", seed=8, normalize=False)


def staged() -> jetmlp.StagedMLP:
    model = jetmlp.StagedMLP([[1, 3, 1], [1, 2, 2, 1]], seed=9)
    x = np.linspace(-1.0, 1.0, 9)
    model.fit(x, np.sin(3.0 * x), 3.0 * np.cos(3.0 * x), epochs=2, n_threads=1)
    return model


def surrogate() -> jetmlp.Surrogate:
    """Fit two networks by evidence to four samples, of which one derivative is not known."""
    x = np.array([-1.0, -0.3, 0.2, 0.9])
    slopes = np.cos(x)
    slopes[1] = np.nan
    samples = jetmlp.Samples(x, np.sin(x), slopes, sample_weight=[1.0, 2.0, 1.0, 0.5])
    model = jetmlp.Surrogate(seed=10, seconds=2.5)
    normalization = learn(samples, least_effect=0.0)
    candidates = [Candidate((2,), "silu", "noisy", 0), Candidate((2, 2), "sin", "exact", 5)]
    fits = [CandidateFit(candidate, samples, normalization) for candidate in candidates]
    for fit in fits:
        fit.run(20)
    best_first = sorted(fits, key=lambda fit: -fit.score)
    model._outcome = outcome_of(samples, samples, best_first, fits, Clock(None))
    model.input_names, model.output_names = ["load [N]"], ["größe"]
    return model


def noisy_surrogate() -> jetmlp.Surrogate:
    """Make a surrogate as a fit to noisy samples leaves it: there is nothing to go on from."""
    return _of(surrogate(), lambda outcome: outcome._replace(candidates=_begun(outcome, NOISY), standings=()))


def surrogate_beyond() -> jetmlp.Surrogate:
    """Make a surrogate as one of many samples is: posteriors of the last layer, floors, unknown noise."""

    def beyond(outcome: Outcome) -> Outcome:
        mixture, calibration = outcome.mixture, outcome.calibration
        members = tuple(
            Member(member.model, 0.1 * np.eye(member.model.layer_sizes[-2] + 1), member.weight)
            for member in mixture.members
        )
        floors = Jets(np.array([0.01]), np.array([[0.02]]))
        return outcome._replace(
            mixture=Mixture(members, mixture.value_factor, mixture.slope_factor, floors),
            calibration=calibration._replace(value_noise=np.full((4, 1), np.nan)),
            candidates=_begun(outcome, BEYOND),
            standings=(),
        )

    return _of(surrogate(), beyond)


def _begun(outcome: Outcome, start: str) -> tuple[Candidate, ...]:
    return tuple(replace(candidate, start=start) for candidate in outcome.candidates)


def _of(model: jetmlp.Surrogate, change: Callable[[Outcome], Outcome]) -> jetmlp.Surrogate:
    assert model._outcome is not None
    model._outcome = change(model._outcome)
    return model


SMALL_MODELS: dict[str, Callable[[], Model]] = {
    "mlp": mlp,
    "plain_mlp": plain_mlp,
    "staged": staged,
    "surrogate": surrogate,
    "noisy_surrogate": noisy_surrogate,
    "surrogate_beyond": surrogate_beyond,
}


def predictions(model: Model, X: np.ndarray) -> dict[str, np.ndarray]:
    """Ask a model for all that it predicts."""
    if isinstance(model, jetmlp.Surrogate):
        values, deviations = model.predict(X, return_std=True)
        slopes, slope_deviations = model.jacobian(X, return_std=True)
        return {
            "values": values,
            "slopes": slopes,
            "deviations": deviations,
            "slope_deviations": slope_deviations,
        }
    values, slopes = model.predict_with_jacobian(X, n_threads=1)
    return {"values": values, "slopes": slopes}
