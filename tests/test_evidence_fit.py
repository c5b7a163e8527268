"""Levenberg-Marquardt regularized by evidence, or by numbers of one's own, as users meet it."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

import jetmlp
import reference_evidence
from pairs import covers_pairs
from reference import Array, Network
from reference_least_squares import Case, jacobian, make_case, residuals


def surface(X: Array) -> tuple[Array, Array]:
    """A smooth function of two inputs, values (n,) and slopes (n, 2), each of about unit size."""
    u, v = X.T
    values = np.sin(2 * u) + v * u
    return values, np.column_stack([2 * np.cos(2 * u) + v, u])


def fitted(
    X: Array,
    Y: Array,
    dYdX: Array | None = None,
    epochs: int = 150,
    **options: Any,  # noqa: ANN401
) -> jetmlp.Trainer:
    seed = options.pop("seed", 0)
    layers = options.pop("layer_sizes", [2, 8, 1])
    model = jetmlp.MLP(layers, seed=seed)
    optimizer = jetmlp.LevenbergMarquardt(regularization="evidence", **options)
    trainer = jetmlp.Trainer(model, optimizer, n_threads=1)
    trainer.fit(X, Y, dYdX, epochs=epochs)
    return trainer


# ---- What it finds ----


@pytest.mark.parametrize("noise", [0.01, 0.2])
def test_noise_is_found_and_not_fitted(noise: float) -> None:
    """Over twelve data sets: by the median to 15 %, each to a factor of 1.6, and nothing is memorized.

    Of 60 values the estimate of a standard deviation scatters by 1/√(2·60) = 9 %, more with the parameters
    that are determined besides; 1.6 is beyond five of these standard deviations.
    """
    found, errors = [], []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        X, X_new = rng.uniform(-1, 1, (60, 2)), rng.uniform(-1, 1, (400, 2))
        Y, _ = surface(X)
        trainer = fitted(X, Y + noise * rng.normal(size=60), seed=seed)
        assert trainer.evidence is not None
        found.append(trainer.evidence.noise["value of output 0"])
        errors.append(np.sqrt(np.mean((trainer.model.predict(X_new)[:, 0] - surface(X_new)[0]) ** 2)))
    ratios = np.array(found) / noise
    assert 1 / 1.15 < np.median(ratios) < 1.15
    assert ratios.min() > 1 / 1.6
    assert ratios.max() < 1.6
    assert np.median(errors) < noise  # a fit that goes through the data is off by more than the noise


def test_noise_of_each_kind_is_its_own() -> None:
    """1 % in the values, 20 % in the slopes along the first input, none along the second."""
    ratios = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        X = rng.uniform(-1, 1, (50, 2))
        Y, dYdX = surface(X)
        dYdX = dYdX + [0.2, 0.0] * rng.normal(size=(50, 2))
        trainer = fitted(X, Y + 0.01 * rng.normal(size=50), dYdX, seed=seed, layer_sizes=[2, 12, 1])
        assert trainer.evidence is not None
        noise = trainer.evidence.noise
        ratios.append(
            [
                noise["value of output 0"] / 0.01,
                noise["derivative of output 0 along input 0"] / 0.2,
                noise["derivative of output 0 along input 1"],
            ]
        )
    values, first, second = np.median(ratios, axis=0)
    assert 1 / 1.2 < values < 1.2
    assert 1 / 1.2 < first < 1.2
    assert second < 0.01


def test_an_input_without_effect_is_switched_off(rng: np.random.Generator) -> None:
    X = rng.uniform(-1, 1, (60, 3))
    Y, _ = surface(X[:, :2])
    trainer = fitted(X, Y + 0.02 * rng.normal(size=60), layer_sizes=[3, 8, 1])
    assert trainer.evidence is not None
    alphas = trainer.evidence.prior_precisions
    assert alphas["weights 1, input 2"] > 10 * max(alphas["weights 1, input 0"], alphas["weights 1, input 1"])
    assert trainer.evidence.effective_by_group["weights 1, input 2"] < 1.0


def test_it_says_where_the_model_stands_and_what_each_number_is_of(rng: np.random.Generator) -> None:
    X = rng.uniform(-1, 1, (30, 2))
    Y, dYdX = surface(X)
    Y = Y + 0.05 * rng.normal(size=30)
    Y[4] = np.nan
    model = jetmlp.MLP([2, 6, 5, 1])
    trainer = jetmlp.Trainer(model, jetmlp.LevenbergMarquardt(regularization="evidence"))
    assert trainer.evidence is None
    trainer.fit(X, Y, dYdX, epochs=200, allow_missing_values=True)
    evidence = trainer.evidence
    assert evidence is not None
    groups = ["weights 1, input 0", "weights 1, input 1", "biases 1", "weights 2", "biases 2", "weights 3"]
    assert list(evidence.prior_precisions) == list(evidence.effective_by_group) == [*groups, "biases 3"]
    kinds = ["value of output 0", *(f"derivative of output 0 along input {k}" for k in range(2))]
    assert list(evidence.noise) == kinds
    assert sum(evidence.effective_by_group.values()) == pytest.approx(evidence.effective_parameters)
    assert evidence.value_errors is not None
    assert evidence.derivative_errors is not None
    assert evidence.second_derivative_errors is None
    assert np.array_equal(np.isnan(evidence.value_errors[:, 0]), np.isnan(Y))
    assert evidence.derivative_errors.shape == (30, 1, 2)
    # Left out, a sample is missed by more than where it is fitted.
    misfit = np.nanmean((model.predict(X)[:, 0] - Y) ** 2)
    assert evidence.leave_one_out_error["values"] > np.sqrt(misfit)
    assert "log_evidence" in repr(evidence)
    for word in (*groups, *kinds, "leave-one-out"):
        assert word in evidence._repr_html_()


@pytest.mark.parametrize("exponents", [(12, -12), (-12, 12), (12, 12), (-12, -12)], ids=str)
def test_no_unit_changes_what_is_found(exponents: tuple[int, int], rng: np.random.Generator) -> None:
    """Units of 1e±12 round otherwise, and nothing else. (test_units.py: powers of two change no bit.)

    After 12 steps, seven of them with new α and β; in the flat valleys of the end rounding shows.
    """
    a, c = 10.0 ** np.array(exponents)
    X = rng.uniform(-1, 1, (30, 2))
    Y, dYdX = surface(X)
    Y = Y + 0.05 * rng.normal(size=30)
    one, other = fitted(X, Y, dYdX, epochs=12), fitted(a * X, c * Y, c / a * dYdX, epochs=12)
    assert one.evidence is not None
    assert other.evidence is not None
    assert other.evidence.log_evidence == pytest.approx(one.evidence.log_evidence, rel=1e-8)
    for kind, unit in zip(one.evidence.noise, (c, c / a, c / a), strict=True):
        assert other.evidence.noise[kind] == pytest.approx(unit * one.evidence.noise[kind], rel=1e-7)
    assert one.evidence.value_errors is not None
    assert other.evidence.value_errors == pytest.approx(c * one.evidence.value_errors, rel=1e-6, abs=1e-8 * c)
    assert other.model.predict(a * X) == pytest.approx(c * one.model.predict(X), rel=1e-6, abs=1e-8 * c)


def test_other_data_begin_anew_and_the_same_go_on(rng: np.random.Generator) -> None:
    """The highest evidence of other data says nothing of these."""
    X = rng.uniform(-1, 1, (30, 2))
    Y, _ = surface(X)
    optimizer = jetmlp.LevenbergMarquardt(regularization="evidence")
    trainer = jetmlp.Trainer(jetmlp.MLP([2, 6, 1]), optimizer)
    trainer.fit(X, 3 * Y, epochs=100)
    fresh = jetmlp.Trainer(jetmlp.MLP([2, 6, 1]), optimizer)
    fresh.model.parameters = trainer.model.parameters
    fresh.model.normalization = trainer.model.normalization
    noisy = Y + 0.3 * rng.normal(size=30)
    trainer.fit(X, noisy, epochs=60)
    fresh.fit(X, noisy, epochs=60)
    assert np.array_equal(trainer.model.parameters, fresh.model.parameters)


def test_a_chain_that_ends_with_it_has_its_evidence() -> None:
    X = np.linspace(-1, 1, 30)
    links = [jetmlp.LBFGS(), jetmlp.LevenbergMarquardt(regularization="evidence")]
    trainer = jetmlp.Trainer(jetmlp.MLP([1, 5, 1]), jetmlp.Chain(links, epochs=[5]))
    trainer.fit(X, np.sin(2 * X), epochs=40)
    assert trainer.evidence is not None
    for optimizer in (jetmlp.LBFGS(), jetmlp.LevenbergMarquardt(), jetmlp.Adam()):
        trainer = jetmlp.Trainer(jetmlp.MLP([1, 5, 1]), optimizer)
        trainer.fit(X, np.sin(2 * X), epochs=3)
        assert trainer.evidence is None


# ---- Numbers of one's own ----


def penalties(case: Case, alphas: Array) -> Array:
    return alphas[reference_evidence.groups(case.network, by_input=False)]


@covers_pairs(
    sizes_and_n=[((1, 8, 8, 1), 12), ((3, 6, 5, 2), 3), ((2, 4, 1), 30)],
    kind=["values", "all three", "values and directions"],
    damping=[1.0, 30.0],
    zeros=[False, True],
)
def test_the_step_is_that_of_a_dense_solve(
    sizes_and_n: tuple[tuple[int, ...], int], kind: str, damping: float, zeros: bool
) -> None:
    """With a large damping the first step is −(JᵀJ + A + λI)⁻¹(Jᵀr + Aθ), λ in units of tr(JᵀJ + A)."""
    sizes, n = sizes_and_n
    case = make_case(Network(sizes), kind, n, share=0.2)
    alphas = np.random.default_rng(n).uniform(0.01, 0.5, 2 * (len(sizes) - 1))
    alphas[1::2] *= 0.0 if zeros else 1.0
    A = penalties(case, alphas)
    J, r = jacobian(case), residuals(case, case.parameters)
    H = J.T @ J + np.diag(A)
    shift = damping * np.trace(H) * np.eye(len(H))
    expected = -np.linalg.solve(H + shift, J.T @ r + A * case.parameters)
    optimizer = jetmlp.LevenbergMarquardt(
        initial_damping=damping, geodesic_acceleration=False, regularization=alphas
    )
    model = case.model()
    jetmlp.Trainer(model, optimizer, **case.weights()).fit(**case.data(), epochs=1)
    step = model.parameters - case.parameters
    assert step == pytest.approx(expected, rel=1e-8, abs=1e-10 * np.abs(expected).max())


@pytest.mark.parametrize(("sizes", "n"), [((1, 8, 8, 1), 12), ((2, 4, 1), 30)], ids=str)
def test_it_goes_to_where_the_gradient_of_the_regularized_loss_vanishes(
    sizes: tuple[int, ...], n: int
) -> None:
    case = make_case(Network(sizes), "all three", n)
    alphas = np.linspace(1e-3, 1e-2, 2 * (len(sizes) - 1))
    trainer = jetmlp.Trainer(
        case.model(), jetmlp.LevenbergMarquardt(regularization=alphas.tolist()), **case.weights()
    )
    history = trainer.fit(**case.data(), epochs=400)
    theta = trainer.model.parameters
    objective = jetmlp.Objective(case.model(), **case.data(), **case.weights())
    loss, gradient = objective.loss_and_gradient(theta)
    penalty = penalties(case, alphas) * theta
    assert np.abs(gradient + 2 * penalty).max() < 1e-5 * np.abs(2 * penalty).max()
    # What is reported is the data's loss alone.
    assert history["loss"][-1] == pytest.approx(loss, rel=1e-6)
    assert trainer.evidence is None


def test_the_same_number_for_all_weights_is_l2() -> None:
    case = make_case(Network((2, 6, 5, 1)), "values", 15)
    by_group = jetmlp.Trainer(
        case.model(), jetmlp.LevenbergMarquardt(regularization=[0.01, 0.0] * 3), **case.weights()
    )
    by_l2 = jetmlp.Trainer(case.model(), jetmlp.LevenbergMarquardt(), **{**case.weights(), "l2": 0.01})
    by_group.fit(**case.data(), epochs=300)
    by_l2.fit(**case.data(), epochs=300)
    assert by_group.model.parameters == pytest.approx(by_l2.model.parameters, rel=1e-4, abs=1e-5)


def test_numbers_of_ones_own_give_the_same_bytes_for_any_number_of_threads_and_parts() -> None:
    found = []
    for n_threads, parts in ((1, [9]), (2, [3, 6]), (4, [9])):
        case = make_case(Network((2, 20, 15, 1)), "all three", 40)
        optimizer = jetmlp.LevenbergMarquardt(regularization=[1e-3, 0.0, 1e-2, 1e-4, 1e-3, 0.0])
        trainer = jetmlp.Trainer(case.model(), optimizer, n_threads=n_threads, **case.weights())
        for epochs in parts:
            trainer.fit(**case.data(), epochs=epochs)
        found.append(trainer.model.parameters.tobytes())
    assert found[0] == found[1] == found[2]


# ---- Settings ----


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"regularization": "l2"}, ValueError, "regularization: expected one of 'evidence', got 'l2'"),
        ({"regularization": [0.1, 0.1, 0.1]}, ValueError, "regularization: .* two numbers for each layer"),
        ({"regularization": []}, ValueError, "regularization: .* two numbers for each layer"),
        ({"regularization": 0.1}, ValueError, "regularization: .* two numbers for each layer"),
        ({"regularization": [0.1, -0.1]}, ValueError, "regularization: .* at least 0"),
        ({"regularization": [0.1, np.nan]}, ValueError, "regularization: .*nan"),
        ({"regularization": "evidence", "form": "dual"}, ValueError, "form: expected 'automatic' .* 'dual'"),
        ({"regularization": [0.1, 0.1], "form": "dual"}, ValueError, "form: expected 'automatic' .* 'dual'"),
        (
            {"regularization": "evidence", "initial_damping": 1.0},
            ValueError,
            "initial_damping: expected 0.001",
        ),
        ({"prior_precision": 1.0}, ValueError, "prior_precision: expected 0.01 without .*evidence"),
        ({"by_input": False}, ValueError, "by_input: expected True without"),
        ({"regularization": "evidence", "prior_precision": 0.0}, ValueError, "prior_precision: .* above 0"),
        ({"regularization": "evidence", "noise_precision": -1.0}, ValueError, "noise_precision: .* above 0"),
        ({"regularization": "evidence", "update_interval": 0}, ValueError, "update_interval: .* at least 1"),
        ({"regularization": "evidence", "first_update": 0.5}, TypeError, "first_update: expected an integer"),
        ({"regularization": "evidence", "by_input": 1}, TypeError, "by_input: expected True or False"),
        (
            {"regularization": "evidence", "evidence_tolerance": -1},
            ValueError,
            "evidence_tolerance: .* least 0",
        ),
    ],
    ids=str,
)
def test_bad_settings_are_named(options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        jetmlp.LevenbergMarquardt(**options)


def test_what_does_not_go_with_the_model_or_the_trainer_is_refused() -> None:
    evidence = jetmlp.LevenbergMarquardt(regularization="evidence")
    single = jetmlp.MLP([1, 4, 1], dtype="float32")
    with pytest.raises(
        ValueError, match=r"optimizer: expected .*float64.* for regularization='evidence', got float32"
    ):
        jetmlp.Trainer(single, evidence)
    x = np.linspace(-1, 1, 9)
    model = jetmlp.MLP([1, 4, 1])
    before = model.parameters
    numbers = jetmlp.LevenbergMarquardt(regularization=[0.1, 0.1])
    with pytest.raises(ValueError, match=r"regularization: expected 4 numbers, .* got 2"):
        jetmlp.Trainer(model, numbers).fit(x, x, epochs=1)
    for regularization in ("evidence", [0.1] * 4):
        optimizer = jetmlp.LevenbergMarquardt(regularization=regularization)
        with pytest.raises(ValueError, match=r"l2: expected 0 with regularization"):
            jetmlp.Trainer(model, optimizer, l2=0.1).fit(x, x, epochs=1)
    assert np.array_equal(model.parameters, before)


def test_settings_pickle_and_compare() -> None:
    for regularization in ("evidence", np.array([0.1, 0.0, 0.2, 0.0]), None):
        optimizer = jetmlp.LevenbergMarquardt(regularization=regularization)
        again = pickle.loads(pickle.dumps(optimizer))
        assert again == optimizer
        assert hash(again) == hash(optimizer)
