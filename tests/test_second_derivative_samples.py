"""Second derivatives beside weights of samples, missing values, a penalty, early stopping and an anchor."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import jetmlp
import reference_second
import reference_weighted
from problems import Problem, make_problem, model_of, problems, second_targets
from reference import STEP, Network
from refusals import assert_refused

W_V, W_D, W_S, L2 = 2.0, 0.3, 0.7, 0.05
WEIGHTS = {"value_weight": W_V, "derivative_weight": W_D, "second_derivative_weight": W_S}
PROBLEM = make_problem(Network((2, 9, 8, 3), "silu"), 23)
H = second_targets(PROBLEM)


def objective_of(problem: Problem, Y: Any, dYdX: Any, d2YdX2: Any, **arguments: Any) -> jetmlp.Objective:  # noqa: ANN401
    return jetmlp.Objective(model_of(problem), problem.X, Y, dYdX, d2YdX2=d2YdX2, **WEIGHTS, **arguments)


def trainer_of(rate: float = 1e-2, **arguments: Any) -> jetmlp.Trainer:  # noqa: ANN401
    return jetmlp.Trainer(model_of(PROBLEM), jetmlp.Adam(rate), seed=3, **WEIGHTS, **arguments)


# ---- Loss and gradient ----


@pytest.mark.parametrize("own", [False, True], ids=["samples alone", "derivatives of their own"])
@settings(max_examples=25)
@given(
    problem=problems(), seed=st.integers(0, 99), fraction=st.floats(0, 0.8), kinds=st.sampled_from(range(4))
)
def test_everything_at_once(own: bool, problem: Problem, seed: int, fraction: float, kinds: int) -> None:
    """All terms of the loss, each with its own entries absent, against complex steps.

    The weights of derivatives are not those of second derivatives.
    """
    random = np.random.default_rng(seed)

    def draw(*shape: int) -> NDArray[Any]:
        weights = random.uniform(0, 5e3, shape) * (random.random(shape) >= fraction)
        weights.flat[0] = 1.5
        return weights

    def thinned(array: NDArray[Any]) -> NDArray[Any]:
        missing = np.where(random.random(array.shape) < fraction, np.nan, array)
        missing.flat[0] = 0.4
        return missing

    Y = thinned(problem.Y) if kinds & 1 else None
    dYdX = thinned(problem.dYdX) if kinds & 2 else None
    d2YdX2 = thinned(second_targets(problem))
    mirrored = d2YdX2.swapaxes(2, 3)
    d2YdX2[0, 0] = np.where(np.isnan(mirrored[0, 0]), d2YdX2[0, 0], mirrored[0, 0])  # symmetric once more
    samples = {"sample_weight": draw(len(problem.X))}
    if own and dYdX is not None:
        samples["derivative_sample_weight"] = draw(*dYdX.shape)

    def parts(parameters: NDArray[Any]) -> list[NDArray[Any]]:
        """What each sample adds to the three means."""
        first = reference_weighted.weighted_sample_losses(
            problem.network, parameters, problem.X, Y, dYdX, **samples
        )
        second = reference_second.sample_second_losses(
            problem.network, parameters, problem.X, d2YdX2, samples["sample_weight"]
        )
        return [*first, second]

    def total(parameters: NDArray[Any]) -> NDArray[Any]:
        shared = L2 * reference_weighted.penalty(problem.network, parameters)[..., None] / len(problem.X)
        terms = zip((W_V, W_D, W_S), parts(parameters), strict=True)
        return np.asarray(sum(weight * part for weight, part in terms) + shared)

    objective = objective_of(problem, Y, dYdX, d2YdX2, l2=L2, allow_missing_values=True, **samples)
    expected_losses = [
        float(total(problem.parameters).sum()),
        *(
            np.nan if target is None else float(part.sum())
            for target, part in zip((Y, dYdX, d2YdX2), parts(problem.parameters), strict=True)
        ),
    ]
    found = objective.losses(problem.parameters)
    assert found == pytest.approx(expected_losses, rel=1e-12, abs=1e-15, nan_ok=True)

    stepped = problem.parameters + 1j * STEP * np.eye(problem.network.n_parameters)
    contributions = total(stepped).imag / STEP
    expected, scale = contributions.sum(axis=1), np.abs(contributions).sum(axis=1)
    loss, gradient = objective.loss_and_gradient(problem.parameters)
    assert loss == pytest.approx(expected_losses[0], rel=1e-12, abs=1e-15)
    assert (np.abs(gradient - expected) <= 1e-10 * (scale + 1e-3 * scale.max())).all()


@pytest.mark.parametrize("given_too", [True, False], ids=["beside values and slopes", "alone"])
def test_whole_weights_are_repetitions(given_too: bool, rng: np.random.Generator) -> None:
    """0 is absence, 2 is a duplicate, over a whole fit."""
    counts = rng.integers(0, 4, 23)
    rows = np.repeat(np.arange(23), counts)
    X, Y, dYdX = PROBLEM.X, PROBLEM.Y if given_too else None, PROBLEM.dYdX if given_too else None
    weighted, repeated = trainer_of(), trainer_of()
    one = weighted.fit(X, Y, dYdX, d2YdX2=H, epochs=30, sample_weight=7.0 * counts)
    other = repeated.fit(
        X[rows],
        None if Y is None else Y[rows],
        None if dYdX is None else dYdX[rows],
        d2YdX2=H[rows],
        epochs=30,
    )
    for name, column in other.items():
        assert one[name] == pytest.approx(column, rel=1e-10, nan_ok=True), name
    assert weighted.model.parameters == pytest.approx(repeated.model.parameters, abs=1e-10)


def test_zero_weight_keeps_a_sample_out_of_the_batches(rng: np.random.Generator) -> None:
    kept = rng.random(23) < 0.6
    trainers = [trainer_of(batch_size=5) for _ in range(2)]
    trainers[0].fit(PROBLEM.X, d2YdX2=H, epochs=5, sample_weight=kept)
    trainers[1].fit(PROBLEM.X[kept], d2YdX2=H[kept], epochs=5, sample_weight=np.ones(kept.sum()))
    assert trainers[0].model.parameters.tobytes() == trainers[1].model.parameters.tobytes()


def test_same_bytes_for_any_number_of_threads(rng: np.random.Generator) -> None:
    problem = make_problem(Network((3, 17, 9, 2)), 1500, dtype="float32")
    weights = rng.uniform(0, 2, 1500)
    results = set()
    for n_threads in (1, 2, 3, 8):
        objective = objective_of(
            problem,
            problem.Y,
            problem.dYdX,
            second_targets(problem),
            sample_weight=weights,
            n_threads=n_threads,
        )
        loss, gradient = objective.loss_and_gradient(problem.parameters)
        results.add((loss, gradient.tobytes()))
    assert len(results) == 1


# ---- Fits ----


def test_fit_many_is_fit() -> None:
    arguments: dict[str, Any] = {
        "epochs": 6,
        "sample_weight": np.arange(1.0, 24.0),
        "allow_missing_values": True,
        "restore_best": True,
        "validation_data": (PROBLEM.X[:9], None, None, H[:9]),
    }
    Y = np.where(PROBLEM.Y > 0.3, np.nan, PROBLEM.Y)
    single, fleet = trainer_of(batch_size=6), [trainer_of(batch_size=6), trainer_of(batch_size=6, l2=0.1)]
    history = single.fit(PROBLEM.X, Y, PROBLEM.dYdX, d2YdX2=H, **arguments)
    histories = jetmlp.fit_many(fleet, PROBLEM.X, Y, PROBLEM.dYdX, d2YdX2=H, **arguments)
    assert tuple(histories[0]) == tuple(history)
    assert "val_second_derivative_loss" in history
    for name in history:
        assert histories[0][name].tobytes() == history[name].tobytes(), name
    assert fleet[0].model.parameters.tobytes() == single.model.parameters.tobytes()
    assert fleet[1].model.parameters.tobytes() != single.model.parameters.tobytes()


def test_early_stopping_watches_second_derivatives_too() -> None:
    """Held out is nothing but second derivatives; at such a rate their loss goes up and down."""
    held_out = (PROBLEM.X[15:], None, None, H[15:])
    trainer, parameters = trainer_of(0.1), []
    data = (PROBLEM.X[:15], PROBLEM.Y[:15])
    whole = trainer.fit(
        *data,
        d2YdX2=H[:15],
        epochs=60,
        validation_data=held_out,
        callbacks=lambda epoch, losses: parameters.append(trainer.model.parameters),
    )
    losses = whole["val_second_derivative_loss"]
    assert whole["val_loss"] == pytest.approx(W_S * losses, rel=1e-14)
    best = int(np.argmin(losses))
    assert 0 < best < 55
    again = trainer_of(0.1)
    history = again.fit(
        *data, d2YdX2=H[:15], epochs=60, validation_data=held_out, patience=60, restore_best=True
    )
    assert history.best_epoch == best
    assert again.model.parameters.tobytes() == parameters[best].tobytes()


def test_an_anchor_fixes_the_value_alone() -> None:
    """To second derivatives, what a linear output layer adds as a constant does not matter."""
    anchor = (PROBLEM.X[4], [5.0, -6.0, 7.0])
    anchored, free = trainer_of(), trainer_of()
    one = anchored.fit(PROBLEM.X, d2YdX2=H, epochs=5, anchor=anchor)
    other = free.fit(PROBLEM.X, d2YdX2=H, epochs=5)
    assert one["loss"].tobytes() == other["loss"].tobytes()
    assert anchored.model.predict(anchor[0][None])[0] == pytest.approx(anchor[1], abs=1e-14)
    for method in ("jacobian", "hessian"):
        results = [getattr(trainer.model, method)(PROBLEM.X) for trainer in (anchored, free)]
        assert results[0].tobytes() == results[1].tobytes()


# ---- Refusals ----


@pytest.mark.parametrize(
    ("arguments", "named", "came"),
    [
        ({"directions": PROBLEM.X, "dYdV": PROBLEM.Y[:, :, None]}, "d2YdX2", "along directions"),
        ({"sample_weight": np.zeros(23)}, "sample_weight", "0 throughout"),
        ({"sample_weight": np.arange(23) == 0}, "sample_weight", "0 for all"),
        ({"derivative_sample_weight": np.ones(23)}, "derivative_sample_weight", "none"),
        ({"anchor": (PROBLEM.X[0], PROBLEM.Y[0]), "Y": PROBLEM.Y}, "anchor", "Y"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_combinations_are_refused(arguments: dict[str, Any], named: str, came: str) -> None:
    d2YdX2 = H.copy()
    d2YdX2[0] = np.nan
    trainer = trainer_of()
    before = trainer.model.parameters.tobytes()
    assert_refused(lambda: trainer.fit(PROBLEM.X, d2YdX2=d2YdX2, epochs=1, **arguments), named, came)
    assert trainer.model.parameters.tobytes() == before
