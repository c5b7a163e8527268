"""Surrogates: values only and values and slopes, of several inputs."""

from __future__ import annotations

from concurrent.futures import CancelledError
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import jetmlp
from jetmlp import Samples
from jetmlp._core import StopFlag
from jetmlp.experiments import (
    EXPERIMENTS,
    CosineAdam,
    SurrogateFit,
    SurrogateStudy,
    get,
    surrogate_errors,
)

EXACT = ["rosenbrock", "wing-weight", "robot-arm", "water-flow"]
NAMES = [*EXACT, "black-scholes", "bachelier-basket"]


def study_of(name: str) -> SurrogateStudy:
    study = get(name)
    assert isinstance(study, SurrogateStudy)
    return study


def small(name: str, n_train: int = 49, epochs: int = 60) -> SurrogateFit:
    return replace(study_of(name).fit, n_train=n_train, epochs=epochs)


def test_they_are_registered() -> None:
    assert [name for name, one in EXPERIMENTS.items() if isinstance(one, SurrogateStudy)] == NAMES
    counts = {name: study_of(name).counts for name in NAMES}
    assert (counts["rosenbrock"][0], counts["rosenbrock"][-1]) == (9, 100)
    assert counts["bachelier-basket"][-1] == counts["black-scholes"][-1] == 8192
    sizes = [study_of(name).fit.layer_sizes[0] for name in NAMES]
    assert sizes == [2, 10, 8, 8, 1, 7]


@pytest.mark.parametrize("name", NAMES)
def test_slopes_help(name: str) -> None:
    study = study_of(name)
    count = {"robot-arm": 250, "black-scholes": 2048, "bachelier-basket": 2048}.get(name, 25)
    epochs = {"black-scholes": 20, "bachelier-basket": 20}.get(name, 150 if name == "robot-arm" else 600)
    quick = replace(study, counts=(count,), fit=replace(study.fit, n_train=count, epochs=epochs))
    errors = quick.run(seed=1).errors
    for error in ("value_error", "derivative_error"):
        (values_only,), (with_slopes,) = errors[error]["values only"], errors[error]["values and slopes"]
        # Exact slopes at least halve the error; those of single paths are as noisy as the payoffs.
        assert with_slopes[0] < (0.5 if name in EXACT else 0.8) * values_only[0]
        assert with_slopes[0] < 0.5, "of the spread"


def test_errors_are_those_of_the_definition_and_do_not_depend_on_units(rng: np.random.Generator) -> None:
    generator = rng
    X, Y, dYdX = generator.normal(size=(30, 2)), generator.normal(size=30), generator.normal(size=(30, 2))
    y, dy = Y + 0.1 * generator.normal(size=30), dYdX + 0.2 * generator.normal(size=(30, 2))
    errors = surrogate_errors(Samples(X, Y, dYdX), y, dy)
    assert errors["value_rmse"] == pytest.approx(jetmlp.metrics.rmse(Y, y))
    assert errors["value_error"] == pytest.approx(np.sqrt(1.0 - jetmlp.metrics.r2(Y, y)))
    summed = sum(np.mean((X[:, k].std() * (dy - dYdX)[:, k] / Y.std()) ** 2) for k in range(2))
    assert errors["derivative_error"] == pytest.approx(np.sqrt(summed / 2))
    to = np.array([1e-3, 25.4])  # other units of the inputs, and another of the output
    other = surrogate_errors(Samples(X * to, 7.0 * Y, 7.0 * dYdX / to), 7.0 * y, 7.0 * dy / to)
    assert other["value_rmse"] == pytest.approx(7.0 * errors["value_rmse"])
    assert other["value_error"] == pytest.approx(errors["value_error"])
    assert other["derivative_error"] == pytest.approx(errors["derivative_error"])


def test_predictions_are_in_original_units_and_slopes_are_those_of_values() -> None:
    result = small("water-flow").run(seed=2)
    X = result.held_out.X[:5]
    Y, dYdX = result.predict(X)
    assert (Y.shape, dYdX.shape) == ((5,), (5, 8))
    double = jetmlp.MLP(result.model.layer_sizes, "silu", dtype="float64", normalize=True)
    double.normalization = result.model.normalization
    double.parameters = result.model.parameters.astype(np.float64)
    exact = replace(result, model=double)
    Y64, dYdX64 = exact.predict(X)
    np.testing.assert_allclose(Y, Y64, rtol=1e-4)
    for k in range(8):
        h = 1e-5 * X[:, k].mean() * np.eye(8)[k]
        quotients = (exact.predict(X + h)[0] - exact.predict(X - h)[0]) / (2.0 * h[k])
        np.testing.assert_allclose(dYdX64[:, k], quotients, rtol=1e-4, atol=1e-6 * np.abs(quotients).max())
    errors = surrogate_errors(result.held_out, *result.predict(result.held_out.X))
    assert result.errors == errors


def test_the_same_seed_gives_the_same_bytes() -> None:
    fit = small("robot-arm", 120, 20)
    first, again, threaded = fit.run(3), fit.run(3), fit.run(3, n_threads=2)
    assert first.model.parameters.tobytes() == again.model.parameters.tobytes()
    assert first.model.parameters.tobytes() == threaded.model.parameters.tobytes()
    assert first.errors == threaded.errors
    assert fit.run(4).errors != first.errors


def test_a_fit_that_could_be_stopped_is_the_same_fit_and_stops() -> None:
    fit, stop = small("wing-weight", 20, 30), StopFlag()
    assert fit.run(stop=stop).model.parameters.tobytes() == fit.run().model.parameters.tobytes()
    stop.set()
    with pytest.raises(CancelledError):
        replace(fit, epochs=50_000).run(stop=stop)


def test_each_partial_weighs_like_the_value_unless_said_otherwise() -> None:
    fit = small("wing-weight")
    assert fit.loss_weights == (1.0, 10.0)
    assert replace(fit, slopes=False).loss_weights == (1.0, 0.0)
    assert replace(fit, derivative_weight=0.5).loss_weights == (1.0, 0.5)
    history = replace(fit, epochs=2).run().history
    np.testing.assert_allclose(
        history["loss"], history["value_loss"] + 10.0 * history["derivative_loss"], rtol=1e-6
    )


def test_values_only_do_not_see_the_slopes() -> None:
    fit = small("rosenbrock")
    blind = replace(fit, slopes=False, epochs=5).run()
    assert np.isnan(blind.history["derivative_loss"]).all()
    assert blind.train.dYdX is not None
    assert set(blind.errors) == {"value_rmse", "value_error", "derivative_error"}


def test_the_optimizer_is_a_field() -> None:
    adam = CosineAdam(initial=0.03)(epochs=100)
    assert adam.beta2 == 0.99
    rates = [adam.rate(epoch) for epoch in range(100)]
    assert rates[0] == pytest.approx(0.03)
    assert rates[50] == pytest.approx(0.015, rel=1e-3)
    seen: list[int] = []

    def constant(epochs: int) -> jetmlp.Adam:
        seen.append(epochs)
        return jetmlp.Adam(1e-3)

    result = replace(small("rosenbrock"), epochs=7, optimizer=constant).run()
    assert seen == [7]
    np.testing.assert_array_equal(result.history["learning_rate"], 1e-3)


def test_configuration_says_what_determines_the_fit() -> None:
    configuration = small("rosenbrock").configuration()
    assert configuration["problem"]["kind"] == "BoxProblem"
    assert configuration["problem"]["function"] == "rosenbrock"
    assert configuration["problem"]["design"] == "grid"
    assert configuration["optimizer"] == {"kind": "CosineAdam", "initial": 0.02, "beta2": 0.99}
    assert (configuration["n_train"], configuration["epochs"], configuration["derivative_weight"]) == (
        49,
        60,
        2.0,
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"layer_sizes": (3, 8, 1)}, r"layer_sizes: expected 2 inputs and 1 output, got \(3, 8, 1\)"),
        ({"layer_sizes": (2, 8, 2)}, "layer_sizes: expected 2 inputs and 1 output"),
        ({"n_train": 1}, "n_train: expected an integer of at least 2, got 1"),
    ],
)
def test_a_fit_names_what_is_wrong(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(small("rosenbrock"), **changes)


@pytest.mark.parametrize("counts", [(), (9, 25), (49, 9), (9, 9, 49)])
def test_counts_rise_to_those_of_the_fit(counts: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="counts: expected rising numbers up to the fit's 49, got"):
        SurrogateStudy("valley", "", small("rosenbrock"), counts)


def test_batches_have_as_many_updates_for_any_number_of_samples() -> None:
    fits = study_of("bachelier-basket").fits
    with_settings = {label: fit for label, fit in fits.items() if isinstance(fit, SurrogateFit)}
    updates = {label: fit.epochs * -(-fit.n_train // 256) for label, fit in with_settings.items()}
    assert set(updates.values()) == {30 * 32}
    epochs = {fit.epochs for fit in study_of("rosenbrock").fits.values() if isinstance(fit, SurrogateFit)}
    assert epochs == {2000}


def test_a_study_arranges_errors_by_loss_seed_and_count() -> None:
    study = replace(study_of("rosenbrock"), fit=small("rosenbrock", 16, 20), counts=(9, 16))
    result = study.run(seed=5, n_seeds=3)
    assert list(result.runs) == [
        *(f"{count} samples, {loss}" for count in (9, 16) for loss in ("values only", "values and slopes")),
        *(f"{count} samples, Surrogate()" for count in (9, 16)),
    ]
    beside = jetmlp.Surrogate(seed=6).fit(result.of("values only", 16)[1].train)
    places = result.last["values only"].held_out.X
    np.testing.assert_array_equal(result.automatic(16)[1].predict(places)[0], beside.predict(places)[:, 0])
    assert result.automatic_errors["value_error"].shape == (3, 2)
    for name, by_loss in result.errors.items():
        assert by_loss["values only"].shape == (3, 2)
        one = replace(study.fit, n_train=9, slopes=True).run(6)
        assert by_loss["values and slopes"][1, 0] == one.errors[name]
    assert result.last["values only"].fit.n_train == 16


def test_predictions_show_the_input_that_matters_most() -> None:
    study = replace(study_of("water-flow"), fit=small("water-flow", 10, 5), counts=(10,))
    result = study.run()
    true, predicted = result.predictions()
    assert list(true) == ["flow [m³/yr]", "slope by borehole radius [m³/yr/m]"]
    assert list(predicted) == ["values only", "values and slopes"]
    last = result.last["values only"]
    np.testing.assert_array_equal(true["flow [m³/yr]"], last.held_out.Y[:, 0])
    np.testing.assert_array_equal(
        predicted["values only"]["slope by borehole radius [m³/yr/m]"], last.predict(last.held_out.X)[1][:, 0]
    )
    with pytest.raises(TypeError, match="prices: expected a study of an option, got BoxProblem"):
        result.prices()


def test_prices_of_a_basket_are_over_the_basket() -> None:
    study = study_of("bachelier-basket")
    quick = replace(study, fit=replace(study.fit, n_train=64, epochs=3), counts=(64,))
    underlying, true, predicted, samples = quick.run().prices()
    assert list(predicted) == ["values only", "values and slopes"]
    # Of Bachelier's call on the basket itself: δ = (B − K)/s, delta Φ(δ), for the weights add to 1.
    assert np.corrcoef(underlying, true[0])[0, 1] > 0.8
    order = np.argsort(underlying)
    assert (np.diff(true[1][order]) >= 0.0).all()
    assert (true[1] >= 0.0).all()
    assert (true[1] <= 1.0 + 1e-12).all()
    assert [len(one) for one in samples] == [64] * 3
    np.testing.assert_allclose(np.sort(np.unique(samples[2].round(12))), [0.0, 1.0])
