from __future__ import annotations

import threading
from concurrent.futures import CancelledError
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

import jetmlp
from jetmlp._core import StopFlag
from jetmlp.experiments import (
    ERRORS,
    EXPERIMENTS,
    PUBLISHED,
    Equispaced,
    FitExperiment,
    FitResult,
    MeasuredData,
    Published,
    UniformRandom,
    get,
    run_fits,
    seeds_of,
)

SINE = FitExperiment(
    name="sine",
    function=np.sin,
    derivative=np.cos,
    data=Equispaced(n_train=30, n_validation=20, low=-2.0, high=2.0),
    layer_sizes=(1, 16, 1),
    learning_rate=1e-2,
    epochs=400,
)
TWO = MeasuredData(jetmlp.Samples([0.0, 1.0], [0.0, 1.0]))


def fit_of(name: str) -> FitExperiment:
    experiment = get(name)
    assert isinstance(experiment, FitExperiment)
    return experiment


def same(one: FitResult, other: FitResult) -> bool:
    return one.model.parameters.tobytes() == other.model.parameters.tobytes() and all(
        one.history[name].tobytes() == other.history[name].tobytes() for name in one.history
    )


def test_all_experiments_are_there_and_say_what_they_are() -> None:
    assert list(EXPERIMENTS) == [
        "derivative-only",
        "value-and-derivative",
        "weighted-sobolev",
        "value-only",
        "mini-batch",
        "relu-vs-tanh",
        "input-gradient",
        "ablation",
        "monomials",
        "rosenbrock",
        "wing-weight",
        "robot-arm",
        "water-flow",
        "black-scholes",
        "bachelier-basket",
    ]
    assert all(experiment.description for experiment in EXPERIMENTS.values())
    with pytest.raises(
        ValueError, match=r"unknown experiment 'runge'; there are derivative-only, .*bachelier-basket"
    ):
        get("runge")


@pytest.mark.parametrize(
    ("name", "sizes", "training"),
    [
        ("derivative-only", (1, 50, 50, 1), (0.0, 1.0, 1e-2, 2000, None, "fan_in_uniform")),
        ("value-and-derivative", (1, 50, 50, 1), (1.0, 1.0, 1e-2, 2000, None, "fan_in_uniform")),
        ("weighted-sobolev", (1, 64, 64, 1), (1.0, 1.0, 1e-3, 1200, None, "fan_in_uniform")),
        ("value-only", (1, 64, 64, 1), (1.0, 0.0, 1e-2, 500, 32, "glorot_uniform")),
        ("mini-batch", (1, 64, 64, 1), (1.0, 1.0, 1e-3, 1000, 64, "glorot_uniform")),
    ],
)
def test_networks_and_trainings_are_the_published_ones(
    name: str, sizes: tuple[int, ...], training: tuple[object, ...]
) -> None:
    fit = fit_of(name)
    assert fit.layer_sizes == sizes
    assert training == (
        fit.value_weight,
        fit.derivative_weight,
        fit.learning_rate,
        fit.epochs,
        fit.batch_size,
        fit.init,
    )
    assert (fit.activation, fit.output_activation, fit.dtype) == ("tanh", "identity", "float32")
    assert fit.published is PUBLISHED[name]


def test_relu_and_tanh_differ_only_in_the_activation() -> None:
    relu, tanh = get("relu-vs-tanh").networks.values()  # type: ignore[union-attr]
    assert (relu.activation, tanh.activation) == ("relu", "tanh")
    assert replace(relu, name="", description="", activation="", published=None, possible=None) == replace(
        tanh, name="", description="", activation="", published=None, possible=None
    )
    assert (tanh.learning_rate, tanh.epochs, tanh.batch_size) == (1e-3, 1000, None)


def test_runge_and_its_derivative() -> None:
    fit = fit_of("value-and-derivative")
    assert fit.function is not None
    assert fit.derivative is not None
    x = np.array([-1.0, -0.2, 0.0, 0.2, 1.0])
    np.testing.assert_allclose(fit.function(x), [1 / 26, 0.5, 1.0, 0.5, 1 / 26], rtol=1e-15)
    step = 1e-100
    by_complex_step = np.imag(1.0 / (1.0 + 25.0 * (x + 1j * step) ** 2)) / step
    np.testing.assert_allclose(fit.derivative(x), by_complex_step, rtol=1e-14)


def test_the_same_seed_gives_the_same_bytes() -> None:
    fit = replace(fit_of("value-only"), epochs=30)
    first, again, threaded = fit.run(3), fit.run(3), fit.run(3, n_threads=2)
    assert same(first, again)
    assert same(first, threaded)
    assert first.errors == again.errors == threaded.errors
    assert not same(first, fit.run(4))


def test_a_fit_that_could_be_stopped_is_the_same_fit() -> None:
    fit = replace(fit_of("value-only"), epochs=35)
    assert same(fit.run(stop=StopFlag()), fit.run())


def test_a_fit_is_called_off_before_it_begins_and_from_another_thread() -> None:
    endless = replace(SINE, epochs=1_000_000)
    stop = StopFlag()
    timer = threading.Timer(0.2, stop.set)
    timer.start()
    with pytest.raises(CancelledError):
        endless.run(stop=stop)
    timer.join()
    with pytest.raises(CancelledError):
        endless.run(stop=stop)


def test_callbacks_are_called() -> None:
    epochs: list[int] = []
    SINE.run(callbacks=lambda epoch, losses: epochs.append(epoch))
    assert epochs == list(range(400))


def test_errors_are_those_of_the_definition() -> None:
    result = SINE.run()
    x = np.linspace(-2.0, 2.0, 2001)
    assert result.points == result.dense_points == "2001 equispaced"
    value = result.model.predict(x)[:, 0] - np.sin(x)
    slope = result.model.jacobian(x)[:, 0, 0] - np.cos(x)
    expected = [np.mean(value**2), np.abs(value).max(), np.mean(slope**2), np.abs(slope).max()]
    np.testing.assert_allclose(list(result.errors.values()), expected, rtol=1e-12)
    assert list(result.errors) == list(ERRORS)
    assert result.errors_on("validation") != result.errors
    assert set(result.ratios.values()) == {None}
    assert result.time_s > 0.0


def test_ratios_compare_on_the_published_points() -> None:
    published = Published("50 equispaced", value_mse=2.0, derivative_max=0.5)
    result = replace(SINE, epochs=5, published=published).run()
    assert len(result.samples["50 equispaced"].X) == 50
    assert result.errors == result.errors_on("50 equispaced")
    assert result.ratios["value_mse"] == result.errors["value_mse"] / 2.0  # type: ignore[operator]
    assert result.ratios["derivative_max"] == result.errors["derivative_max"] / 0.5  # type: ignore[operator]
    assert result.ratios["value_max"] is None


def test_what_is_not_trained_is_measured_and_changes_nothing() -> None:
    both = replace(SINE, epochs=20, derivative_weight=0.0).run()
    without = replace(SINE, epochs=20, derivative_weight=0.0, derivative=None).run()
    assert both.model.parameters.tobytes() == without.model.parameters.tobytes()
    assert np.isfinite(both.history["val_derivative_loss"]).all()
    assert np.isnan(without.history["val_derivative_loss"]).all()
    assert without.errors["derivative_mse"] is None
    assert both.errors["derivative_mse"] is not None


def test_the_constant_that_derivatives_leave_free_is_fixed_by_the_mean_residual() -> None:
    alone = replace(SINE, value_weight=0.0).run()
    train = alone.samples["train"]
    assert alone.value_shift is not None
    assert np.abs(alone.value_shift) > 1e-3
    assert abs(np.mean(alone.model.predict(train.X) - train.Y)) < 1e-6
    assert alone.errors["value_max"] < 0.05  # type: ignore[operator]
    # Nothing but the last bias has moved.
    blind = replace(SINE, value_weight=0.0, function=None).run()
    moved = alone.model.parameters - blind.model.parameters
    np.testing.assert_array_equal(moved[:-1], 0.0)
    np.testing.assert_allclose(moved[-1:], alone.value_shift, rtol=1e-5)
    assert blind.value_shift is None
    assert blind.errors["value_mse"] is None
    assert SINE.run().value_shift is None


def test_any_function_of_several_inputs() -> None:
    def function(X: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.sin(X[:, 0]) * X[:, 1]

    def derivative(X: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.stack([np.cos(X[:, 0]) * X[:, 1], np.sin(X[:, 0])], axis=1)

    plane = FitExperiment(
        name="plane",
        function=function,
        derivative=derivative,
        data=UniformRandom(n_train=200, n_validation=50, low=(-1.0, 0.0), high=(1.0, 2.0)),
        layer_sizes=(2, 16, 1),
        learning_rate=1e-2,
        epochs=300,
    )
    result = plane.run()
    assert result.points == "2001 uniform random"
    assert result.errors["value_mse"] < 1e-3  # type: ignore[operator]
    assert result.errors["derivative_mse"] < 1e-2  # type: ignore[operator]


def test_measured_data() -> None:
    x = np.linspace(0.0, 3.0, 60)
    slopes = np.cos(x)
    slopes[::3] = np.nan  # not measured
    data = MeasuredData(jetmlp.Samples(x, np.sin(x), slopes), validation_fraction=0.25)
    fit = replace(SINE, function=None, derivative=None, data=data)
    result = fit.run(1)
    train, validation = result.samples["train"], result.samples["validation"]
    assert (len(train.X), len(validation.X)) == (45, 15)
    np.testing.assert_array_equal(np.sort(np.concatenate([train.X, validation.X]).ravel()), x)
    np.testing.assert_array_equal(train.Y, np.sin(train.X))
    assert result.points == "validation"
    assert result.errors["value_max"] < 0.05  # type: ignore[operator]
    assert not np.array_equal(train.X, fit.samples(2)["train"].X)

    apart = jetmlp.Samples([0.5, 1.5], np.sin([0.5, 1.5]))
    given = replace(fit, data=MeasuredData(jetmlp.Samples(x, np.sin(x)), apart))
    assert given.samples() == {"train": jetmlp.Samples(x, np.sin(x)), "validation": apart}
    assert (given.value_trained, given.derivative_trained) == (True, False)
    assert given.run().errors["derivative_mse"] is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"function": None, "derivative": None}, "function, derivative: expected at least one"),
        ({"data": TWO}, "function, derivative: expected None with measured data"),
    ],
)
def test_an_experiment_needs_a_function_or_samples(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(SINE, **changes)


@pytest.mark.parametrize("points", ["test", "many equispaced"])
def test_published_points_must_be_known(points: str) -> None:
    with pytest.raises(ValueError, match="published: expected points"):
        replace(SINE, published=Published(points)).run()
    with pytest.raises(ValueError, match="published: expected points"):
        replace(SINE, function=None, derivative=None, data=TWO, published=Published(points)).run()


def test_several_seeds() -> None:
    tiny = replace(SINE, epochs=3)
    assert list(seeds_of(tiny, 7)) == [7]
    assert list(seeds_of(get("ablation"), 7)) == [7, 8, 9, 10, 11]  # type: ignore[arg-type]
    runs = run_fits(tiny, 7, 3)
    assert [one.seed for one in runs["sine"]] == [7, 8, 9]
    assert same(runs["sine"][1], tiny.run(8))


def test_configuration_says_what_determines_the_fit() -> None:
    schedule = jetmlp.schedules.Cosine(initial=1e-2, epochs=400)
    configuration = replace(SINE, learning_rate=schedule).configuration()
    assert configuration["function"] == "sin"
    assert configuration["layer_sizes"] == [1, 16, 1]
    assert configuration["learning_rate"] == {"kind": "Cosine", "initial": 1e-2, "epochs": 400, "final": 1e-6}
    assert configuration["data"] == {
        "kind": "Equispaced",
        "low": -2.0,
        "high": 2.0,
        "n_train": 30,
        "n_validation": 20,
    }


@pytest.mark.parametrize(
    ("misspelt", "meant"),
    [("wing-wieght", "wing-weight"), ("mini_batch", "mini-batch"), ("Ablation", "ablation")],
)
def test_a_misspelt_experiment_is_told_the_one_that_was_meant(misspelt: str, meant: str) -> None:
    with pytest.raises(ValueError, match=rf"did you mean '{meant}'\?$"):
        get(misspelt)
