"""What is possible on the samples of the published experiments: the second fit that stands beside each."""

from __future__ import annotations

import numpy as np
import pytest

import jetmlp
from jetmlp.experiments import EXPERIMENTS, Comparison, FitExperiment, FitResult, Possible

PUBLISHED = {
    fit.name: fit
    for experiment in EXPERIMENTS.values()
    if isinstance(experiment, (FitExperiment, Comparison))
    for fit in experiment.fits.values()
    if fit.optimizer is None
}
SMOOTH = [name for name, fit in PUBLISHED.items() if fit.activation != "relu"]
SEEDS = range(5)


def possible(name: str) -> FitExperiment:
    fit = PUBLISHED[name].possible_fit
    assert fit is not None
    return fit


def test_every_smooth_experiment_has_one_and_relu_has_none() -> None:
    assert len(SMOOTH) == 6
    assert [name for name, fit in PUBLISHED.items() if fit.possible_fit is None] == ["relu-vs-tanh/relu"]


def test_one_rule_holds_for_all() -> None:
    """Nothing is chosen for a single experiment; all but size and steps are the library's defaults."""
    (rule,) = {PUBLISHED[name].possible for name in SMOOTH}
    assert rule == Possible(layer_sizes=(1, 10, 10, 1), epochs=100, optimizer=jetmlp.LevenbergMarquardt())
    model, default = possible("value-only").run().model, jetmlp.MLP([1, 10, 10, 1])
    for name in ("layer_sizes", "activation", "output_activation", "dtype"):
        assert getattr(model, name) == getattr(default, name)
    fresh = jetmlp.MLP(rule.layer_sizes, init=rule.init, dtype=rule.dtype, normalize=rule.normalize, seed=3)
    again = jetmlp.MLP(rule.layer_sizes, seed=3)
    np.testing.assert_array_equal(fresh.parameters, again.parameters)


@pytest.mark.parametrize("name", SMOOTH)
def test_the_task_is_that_of_the_experiment(name: str) -> None:
    fit, beside = PUBLISHED[name], possible(name)
    for sample, other in zip(fit.samples(3).values(), beside.samples(3).values(), strict=True):
        for one, its in ((sample.X, other.X), (sample.Y, other.Y), (sample.dYdX, other.dYdX)):
            np.testing.assert_array_equal(one, its)
    assert beside.published is fit.published
    assert (beside.value_weight, beside.derivative_weight) == (fit.value_weight, fit.derivative_weight)


@pytest.mark.parametrize("name", SMOOTH)
def test_mean_squares_are_a_million_times_below_the_published_ones_at_every_seed(name: str) -> None:
    published = PUBLISHED[name].published
    assert published is not None
    results: list[FitResult] = [possible(name).run(seed) for seed in SEEDS]
    n_published = 0
    for error in ("value_mse", "derivative_mse"):
        target = published.errors[error]
        if target is None:
            continue
        n_published += 1
        for one in results:
            measured = one.errors[error]
            assert measured is not None
            assert measured * 1e6 < target, f"{error} at seed {one.seed}"
    assert n_published >= 1


def test_the_free_constant_is_fixed_in_the_units_of_the_function() -> None:
    """The mean residual over the training samples is 0 afterwards, whatever scale the network learned."""
    result = possible("derivative-only").run()
    assert result.value_shift is not None
    assert abs(result.value_shift[0]) > 1e-2
    train = result.samples["train"]
    assert train.Y is not None
    assert abs(np.mean(train.Y - result.model.predict(train.X))) < 1e-12
    value_max = result.errors["value_max"]
    assert value_max is not None
    assert value_max < 1e-6
