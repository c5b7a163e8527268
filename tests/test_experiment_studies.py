"""Experiments of several fits, and the gradient of a network step by step."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

import jetmlp
from jetmlp.experiments import (
    Ablation,
    Comparison,
    Effect,
    FitExperiment,
    InputGradient,
    Monomials,
    central_differences,
    get,
    input_gradient,
)

ACTIVATIONS = ["tanh", "relu", "sigmoid", "softplus", "silu", "sin", "identity"]


def network(sizes: list[int], activation: str = "tanh", output_activation: str | None = None) -> jetmlp.MLP:
    return jetmlp.MLP(
        sizes,
        activation,
        output_activation or activation,
        dtype="float64",
        init="fan_in_uniform",
        seed=1,
        normalize=False,
    )


@pytest.mark.parametrize("sizes", [[3, 8, 8, 1], [1, 64, 64, 1], [2, 1]], ids=str)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_input_gradient_is_the_jacobian(sizes: list[int], activation: str, rng: np.random.Generator) -> None:
    # A single output of relu may be off, and its gradient zero.
    output_activation = "identity" if activation == "relu" else activation
    model = network(sizes, activation, output_activation)
    X = rng.uniform(-1.0, 1.0, (20, sizes[0]))
    gradient = input_gradient(model.weights, model.biases, X, activation, output_activation)
    np.testing.assert_allclose(gradient, model.jacobian(X)[:, 0, :], rtol=1e-12, atol=1e-14)
    single = input_gradient(model.weights, model.biases, X[3], activation, output_activation)
    np.testing.assert_allclose(single, gradient[3], rtol=1e-13, atol=1e-16)
    assert np.abs(gradient).max() > 1e-4


@pytest.mark.parametrize("activation", [name for name in ACTIVATIONS if name != "relu"])
def test_input_gradient_is_that_of_a_complex_step(activation: str) -> None:
    model = network([3, 8, 8, 1], activation)
    x = np.array([0.3, -0.2, 0.7])
    forward = {
        "tanh": np.tanh,
        "sigmoid": lambda z: 1.0 / (1.0 + np.exp(-z)),
        "softplus": lambda z: np.log(1.0 + np.exp(z)),
        "silu": lambda z: z / (1.0 + np.exp(-z)),
        "sin": np.sin,
        "identity": lambda z: z,
    }[activation]
    by_complex_step = []
    for direction in np.eye(3):
        a = x + 1e-100j * direction
        for W, b in zip(model.weights, model.biases, strict=True):
            a = forward(W @ a + b)
        by_complex_step.append(a[0].imag / 1e-100)
    gradient = input_gradient(model.weights, model.biases, x, activation)
    np.testing.assert_allclose(gradient, by_complex_step, rtol=1e-12)


def test_input_gradient_and_central_differences(rng: np.random.Generator) -> None:
    model = network([3, 8, 8, 1], "tanh", "identity")
    X = rng.uniform(-1.0, 1.0, (20, 3))
    gradient = input_gradient(model.weights, model.biases, X, "tanh", "identity")
    np.testing.assert_allclose(central_differences(model.predict, X), gradient, atol=1e-10)
    coarse = central_differences(model.predict, X, step=1e-2) - gradient
    finer = central_differences(model.predict, X, step=5e-3) - gradient
    # The error of central differences is of second order in the step.
    assert np.linalg.norm(coarse) / np.linalg.norm(finer) == pytest.approx(4.0, rel=0.01)


def test_input_gradient_refuses_several_outputs_and_unknown_activations() -> None:
    model = network([2, 4, 2])
    with pytest.raises(
        ValueError, match="weights, biases: expected as many of each, the last with one output"
    ):
        input_gradient(model.weights, model.biases, [0.0, 0.0])
    model = network([2, 4, 1])
    with pytest.raises(ValueError, match=r"activation: expected one of tanh, relu, .* got 'gelu'"):
        input_gradient(model.weights, model.biases, [0.0, 0.0], "gelu")


def test_the_experiment_input_gradient() -> None:
    experiment = get("input-gradient")
    assert isinstance(experiment, InputGradient)
    checks = experiment.run(3)
    assert list(checks) == ["3-8-8-1", "1-64-64-1"]
    for check in checks.values():
        assert (check.model.activation, check.model.output_activation) == ("tanh", "tanh")
        assert check.model.dtype == np.float64
        assert check.differences["jacobian_max"] < 1e-14
        assert 1e-15 < check.differences["central_differences_max"] < 1e-9
        assert check.differences["gradient_max"] == np.abs(check.step_by_step).max() > 0.01
    assert checks["3-8-8-1"].step_by_step.shape == (401, 3)


def test_comparison_runs_all_networks_on_the_same_samples() -> None:
    experiment = get("relu-vs-tanh")
    assert isinstance(experiment, Comparison)
    short = replace(
        experiment, networks={label: replace(fit, epochs=2) for label, fit in experiment.networks.items()}
    )
    results = short.run(1)
    assert list(results) == ["ReLU", "tanh"]
    relu, tanh = (one.samples["train"].X for one in results.values())
    np.testing.assert_array_equal(relu, tanh)


def test_variants_of_the_ablation_differ_in_one_thing_each() -> None:
    experiment = get("ablation")
    assert isinstance(experiment, Ablation)
    baseline, *variants = experiment.variants.values()
    sobolev = get("weighted-sobolev")
    assert isinstance(sobolev, FitExperiment)
    its = {"name": sobolev.name, "published": sobolev.published, "possible": sobolev.possible}
    assert replace(baseline, **its) == sobolev  # type: ignore[arg-type]
    changed = [
        {one.name for one in fields(variant) if getattr(variant, one.name) != getattr(baseline, one.name)}
        for variant in variants
    ]
    assert changed == [
        {"name", "derivative_weight"},
        {"name", "derivative_weight"},
        {"name", "data"},
        {"name", "layer_sizes"},
        {"name", "layer_sizes"},
    ]


def test_ablation_compares_medians_and_seeds() -> None:
    experiment = get("ablation")
    assert isinstance(experiment, Ablation)
    variants = {label: replace(fit, epochs=4) for label, fit in list(experiment.variants.items())[:2]}
    result = replace(experiment, variants=variants, least_seeds=3).run(seed=2)
    assert [one.seed for one in result.runs["weighted-sobolev"]] == [2, 3, 4]
    for quantity in ("value", "derivative"):
        base, other = (
            [one.evaluations["2001 equispaced"][quantity]["rmse"] for one in runs]
            for runs in result.runs.values()
        )
        effect = result.effects["derivative weight 0.1"][quantity]
        assert (effect.minimum, effect.median, effect.maximum) == tuple(sorted(other))
        assert effect.ratio == np.median(other) / np.median(base)
        assert effect.n_better == sum(o < b for o, b in zip(other, base, strict=True))
        assert result.effects["weighted-sobolev"][quantity][3:] == (1.0, 0, 3)
    assert [len(one) for one in result.evaluations.values()] == [3, 3]


@pytest.mark.parametrize(
    ("ratio", "n_better", "verdict"),
    [
        (0.5, 5, "helps"),
        (0.5, 4, "helps"),
        (0.5, 3, "unclear"),
        (0.9, 5, "unclear"),
        (1.1, 0, "unclear"),
        (2.0, 1, "hurts"),
        (2.0, 2, "unclear"),
    ],
)
def test_verdicts(ratio: float, n_better: int, verdict: str) -> None:
    assert Effect(1.0, 1.0, 1.0, ratio, n_better, 5).verdict == verdict


def test_monomials_cover_all_powers_widths_and_points() -> None:
    experiment = get("monomials")
    assert isinstance(experiment, Monomials)
    assert (experiment.powers, experiment.widths) == (tuple(range(1, 13)), (2, 4, 8, 16, 32, 64))
    assert len(experiment.fits) == 12 * 6 * 2
    for fit in experiment.fits.values():
        assert (fit.activation, fit.value_weight, fit.derivative_weight) == ("tanh", 1.0, 1.0)
        assert len(fit.layer_sizes) == 3
    counts = {
        label: len(fit.samples()["train"].X)
        for label, fit in experiment.fits.items()
        if ", width 8," in label and label.startswith(("x^3,", "x^6,"))
    }
    assert counts == {
        "x^3, width 8, 48 points": 48,
        "x^6, width 8, 48 points": 48,
        "x^3, width 8, 4k points": 12,
        "x^6, width 8, 4k points": 24,
    }
    samples = experiment.fits["x^3, width 8, 4k points"].samples()["train"]
    np.testing.assert_allclose(samples.Y, samples.X**3)
    np.testing.assert_allclose(samples.dYdX[:, 0], 3.0 * samples.X**2)


def test_monomials_arrange_medians_by_power_and_width() -> None:
    small = Monomials("small", "", powers=(2, 3), widths=(2, 4, 8), epochs=5, least_seeds=3)
    result = small.run(seed=1)
    assert list(result.errors) == ["48 points", "4k points"]
    for points, errors in result.errors.items():
        for quantity in ("value", "derivative"):
            assert errors[quantity].shape == (2, 3)
            runs = result.runs[f"x^3, width 4, {points}"]
            assert errors[quantity][1, 1] == np.median(
                [one.evaluations["2001 equispaced"][quantity]["rmse"] for one in runs]
            )
