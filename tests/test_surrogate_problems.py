"""The functions that surrogates are fitted to, against complex steps, mpmath and simulation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
from numpy.typing import NDArray

from jetmlp.experiments import (
    BachelierBasket,
    BlackScholes,
    BoxProblem,
    Quantity,
    SurrogateStudy,
    get,
    robot_arm,
    rosenbrock,
    rosenbrock_derivative,
    water_flow,
    wing_weight,
)

BOXES = ["rosenbrock", "wing-weight", "robot-arm", "water-flow"]
Array = NDArray[Any]


def study_of(name: str) -> SurrogateStudy:
    study = get(name)
    assert isinstance(study, SurrogateStudy)
    return study


def box_of(name: str) -> BoxProblem:
    problem = study_of(name).problem
    assert isinstance(problem, BoxProblem)
    return problem


def complex_step(function: Callable[[Array], Any], X: Array) -> Array:
    """Derivatives (n, d) to the last digit: Im f(x + ih)/h with a tiny h."""
    columns = []
    for k in range(X.shape[1]):
        step = 1e-100 * np.abs(X[:, k]).max()
        shifted = X.astype(complex)
        shifted[:, k] += 1j * step
        columns.append(np.imag(function(shifted)) / step)
    return np.stack(columns, axis=1)


@pytest.mark.parametrize("name", BOXES)
def test_derivatives_are_those_of_a_complex_step(name: str) -> None:
    problem = box_of(name)
    samples = problem.held_out(seed=5)
    by_complex_step = complex_step(problem.function, samples.X)
    scale = np.abs(by_complex_step).max(axis=0)
    # The reach does not depend on the first angle: both are rounding, of the size of a slope by a length.
    scale[scale < 1e-12] = 1.0
    assert samples.dYdX is not None
    slopes = samples.dYdX[:, 0]
    # Looser for one: a complex step through the flow cancels in the upper transmissivity, see the next test.
    rtol = np.where([quantity.name == "upper transmissivity" for quantity in problem.inputs], 1e-8, 1e-12)
    assert (np.abs(slopes - by_complex_step) <= rtol * np.abs(by_complex_step) + 1e-14 * scale).all()


def test_the_flow_by_the_upper_transmissivity_does_not_cancel() -> None:
    samples = box_of("water-flow").held_out(seed=5)
    assert samples.dYdX is not None
    for x, slope in zip(samples.X[:40], samples.dYdX[:40, 0, 2], strict=True):
        r_w, r, T_u, H_u, T_l, H_l, L, K_w = map(mpmath.mpf, x.tolist())
        with mpmath.workdps(50):

            def flow(T: Any) -> Any:  # noqa: ANN401
                log = mpmath.log(r / r_w)  # noqa: B023  called at once
                return 2 * mpmath.pi * T * (H_u - H_l) / (log + 2 * L * T / (r_w**2 * K_w) + log * T / T_l)  # noqa: B023

            np.testing.assert_allclose(slope, float(mpmath.diff(flow, T_u)), rtol=1e-13)


def test_rosenbrock_in_five_dimensions(rng: np.random.Generator) -> None:
    X = rng.uniform(-2.0, 2.0, (20, 5))
    np.testing.assert_allclose(rosenbrock_derivative(X), complex_step(rosenbrock, X), rtol=1e-12, atol=1e-11)
    np.testing.assert_array_equal(rosenbrock(np.ones((1, 5))), 0.0)


def test_values_worked_out_with_other_means() -> None:
    np.testing.assert_allclose(rosenbrock([[-1.0, 2.0]]), 104.0)
    # Stretched out, the arm reaches the sum of its lengths; folded back, their difference.
    np.testing.assert_allclose(robot_arm([[0.3, 1.0, 0.5, 0.0]]), 0.8, rtol=1e-15)
    np.testing.assert_allclose(robot_arm([[0.3, 1.0, 0.5, np.pi]]), 0.2, rtol=1e-14)
    wing = [174.0, 252.0, 7.52, 0.0, 34.0, 0.672, 0.12, 3.8, 2000.0, 0.064]  # a Cessna C172
    weight = mpmath.mpf("0.036") * mpmath.mpf(174) ** mpmath.mpf("0.758") * mpmath.mpf(252) ** mpmath.mpf(
        "0.0035"
    ) * mpmath.mpf("7.52") ** mpmath.mpf("0.6") * mpmath.mpf(34) ** mpmath.mpf("0.006") * mpmath.mpf(
        "0.672"
    ) ** mpmath.mpf("0.04") * mpmath.mpf(12) ** mpmath.mpf("-0.3") * mpmath.mpf(7600) ** mpmath.mpf(
        "0.49"
    ) + mpmath.mpf(174) * mpmath.mpf("0.064")
    np.testing.assert_allclose(wing_weight([wing]), float(weight), rtol=1e-14)
    r_w, r, T_u, H_u, T_l, H_l, L, K_w = 0.1, 25050.0, 89335.0, 1050.0, 89.55, 760.0, 1400.0, 10950.0
    log = mpmath.log(mpmath.mpf(r) / r_w)
    denominator = log * (
        1 + 2 * mpmath.mpf(L) * T_u / (log * mpmath.mpf(r_w) ** 2 * K_w) + mpmath.mpf(T_u) / T_l
    )
    flow = 2 * mpmath.pi * T_u * (mpmath.mpf(H_u) - H_l) / denominator
    np.testing.assert_allclose(water_flow([[r_w, r, T_u, H_u, T_l, H_l, L, K_w]]), float(flow), rtol=1e-14)


@pytest.mark.parametrize("name", BOXES)
def test_samples_lie_in_the_box_and_training_is_apart_from_held_out(name: str) -> None:
    problem, n = box_of(name), 49
    train, held_out = problem.training(n, seed=3), problem.held_out(seed=3)
    low, high = np.array(problem.low), np.array(problem.high)
    for X in (train.X, held_out.X):
        assert ((low <= X) & (high >= X)).all()
    assert len(np.unique(np.concatenate([train.X, held_out.X]), axis=0)) == n + 2000
    np.testing.assert_array_equal(problem.training(n, seed=3).X, train.X)
    assert not np.array_equal(problem.held_out(seed=4).X, held_out.X)
    if problem.design == "latin_hypercube":
        # One sample in each of n slices of every input.
        slices = np.sort(np.floor(n * (train.X - low) / (high - low)), axis=0)
        np.testing.assert_array_equal(slices, np.repeat(np.arange(n)[:, np.newaxis], len(low), axis=1))
        assert not np.array_equal(problem.training(n, seed=4).X, train.X)
    else:
        assert sorted(set(train.X[:, 1])) == np.linspace(-2.0, 2.0, 7).tolist()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"low": (0.0,)}, r"low, high: expected 2 finite bounds with low < high, got \(0\.0,\)"),
        ({"high": (0.0, 1.0)}, "low, high: expected 2 finite bounds"),
        ({"high": (1.0, np.inf)}, "low, high: expected 2 finite bounds"),
        ({"design": "sobol"}, "design: expected one of 'latin_hypercube', 'grid', got 'sobol'"),
    ],
)
def test_a_box_names_what_is_wrong(changes: dict[str, Any], message: str) -> None:
    arguments: dict[str, Any] = {
        "function": rosenbrock,
        "derivative": rosenbrock,
        "inputs": (Quantity("a"), Quantity("b", "m")),
        "output": Quantity("f"),
        "low": (0.0, 0.0),
        "high": (1.0, 1.0),
    }
    with pytest.raises(ValueError, match=message):
        BoxProblem(**{**arguments, **changes})


def test_a_grid_has_powers_of_points() -> None:
    with pytest.raises(ValueError, match=r"n: expected k\^2 points of a grid with k of at least 2, got 10"):
        box_of("rosenbrock").training(10, seed=0)


@pytest.mark.parametrize("option", [BlackScholes(), BlackScholes(strike=0.9, volatility=0.35, expiry=1.5)])
def test_black_scholes_is_the_expected_payoff(option: BlackScholes) -> None:
    spots = np.array([0.3, 0.8, 1.0, 1.1, 2.5])

    def price(spot: Any) -> Any:  # noqa: ANN401
        deviation = option.volatility * mpmath.sqrt(option.expiry - option.state_date)
        # The mean of max(S e^(s z − s²/2) − K, 0) over the normal z, as an integral from where it is not 0.
        start = (mpmath.log(option.strike / spot) + deviation**2 / 2) / deviation

        def payoff(z: Any) -> Any:  # noqa: ANN401
            end = spot * mpmath.exp(deviation * z - deviation**2 / 2)
            return (end - option.strike) * mpmath.npdf(z)

        return mpmath.quad(payoff, [start, start + 4, start + 12, start + 40])

    prices = [float(price(mpmath.mpf(spot))) for spot in spots]
    deltas = [float(mpmath.diff(price, mpmath.mpf(spot))) for spot in spots]
    np.testing.assert_allclose(option.value(spots[:, np.newaxis]), prices, rtol=1e-11, atol=1e-16)
    np.testing.assert_allclose(option.derivative(spots[:, np.newaxis])[:, 0], deltas, rtol=1e-8)


@pytest.mark.parametrize(
    "option", [BachelierBasket(), BachelierBasket(n_assets=3, strike=0.7, market_seed=2)]
)
def test_bachelier_is_the_expected_payoff(option: BachelierBasket) -> None:
    d = option.n_assets
    X = option.held_out(seed=1).X[:4]
    s = mpmath.mpf(option.volatility) * mpmath.sqrt(option.expiry - option.state_date)

    def price(*state: Any) -> Any:  # noqa: ANN401
        basket = sum(a * S for a, S in zip(map(mpmath.mpf, option.weights), state, strict=True))
        start = (option.strike - basket) / s

        def payoff(z: Any) -> Any:  # noqa: ANN401
            return (basket + s * z - option.strike) * mpmath.npdf(z)

        return mpmath.quad(payoff, [start, start + 4, start + 12, start + 40])

    for row in X:
        state = tuple(map(mpmath.mpf, row))
        order = [tuple(int(j == k) for j in range(d)) for k in range(d)]
        np.testing.assert_allclose(option.value(row[np.newaxis])[0], float(price(*state)), rtol=1e-10)
        deltas = [float(mpmath.diff(price, state, n)) for n in order[:2]]
        np.testing.assert_allclose(option.derivative(row[np.newaxis])[0, :2], deltas, rtol=1e-7)


def test_the_basket_is_a_market() -> None:
    option = BachelierBasket()
    assert option.weights.sum() == pytest.approx(1.0, rel=1e-14)
    assert (option.weights > 0.0).all()
    np.testing.assert_array_equal(option.covariance, option.covariance.T)
    assert np.linalg.eigvalsh(option.covariance).min() > 0.0
    assert option.weights @ option.covariance @ option.weights == pytest.approx(0.2**2, rel=1e-12)
    assert not np.allclose(BachelierBasket(market_seed=1).weights, option.weights)
    # States: mean 1 and 1.5 times the deviations, within five standard errors of 40000 draws.
    X = option.training(40_000, seed=7).X
    deviations = 1.5 * np.sqrt(np.diag(option.covariance))
    scatter = np.outer(deviations, deviations)
    np.testing.assert_allclose((X.mean(axis=0) - 1.0) / deviations, 0.0, atol=5.0 / np.sqrt(40_000))
    np.testing.assert_allclose(
        np.cov(X.T) / scatter, 1.5**2 * option.covariance / scatter, atol=5.0 * np.sqrt(2.0 / 40_000)
    )


@pytest.mark.parametrize("option", [BlackScholes(), BachelierBasket()], ids=["Black-Scholes", "Bachelier"])
@pytest.mark.parametrize("shift", [-0.25, 0.0, 0.3])
def test_pathwise_samples_average_to_price_and_deltas(
    option: BlackScholes | BachelierBasket, shift: float
) -> None:
    n = 40_000
    state = np.full((1, len(option.inputs)), 1.1 + shift)
    paths = option.paths(np.repeat(state, n, axis=0), seed=11)
    assert paths.Y is not None
    assert paths.dYdX is not None
    for noisy, true in (
        (paths.Y, option.value(state)),
        (paths.dYdX[:, 0], option.derivative(state)[0]),
    ):
        error = noisy.std(axis=0) / np.sqrt(n)
        assert (error > 0.0).all()
        assert (np.abs(noisy.mean(axis=0) - true) < 4.0 * error).all()


@pytest.mark.parametrize("option", [BlackScholes(), BachelierBasket()], ids=["Black-Scholes", "Bachelier"])
def test_pathwise_slopes_are_those_of_the_payoff_of_the_same_path(
    option: BlackScholes | BachelierBasket,
) -> None:
    samples = option.training(500, seed=2)
    assert samples.Y is not None
    assert samples.dYdX is not None
    h = 1e-6
    for k in range(len(option.inputs)):
        step = h * np.eye(len(option.inputs))[k]
        ahead, behind = option.paths(samples.X + step, 2).Y, option.paths(samples.X - step, 2).Y
        assert ahead is not None
        assert behind is not None
        quotients = (ahead - behind) / (2 * h)
        # The kink of a payoff lies within the step for none of these paths.
        np.testing.assert_allclose(samples.dYdX[:, 0, k], quotients[:, 0], atol=1e-8)
    assert 0.2 < np.mean(samples.Y > 0.0) < 0.6


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"strike": 0.0}, "strike: expected a finite number above 0, got 0.0"),
        ({"volatility": -1.0}, "volatility: expected a finite number above 0"),
        ({"expiry": 1.0}, "expiry: expected a finite number above 1, got 1.0"),
    ],
)
@pytest.mark.parametrize("kind", [BlackScholes, BachelierBasket])
def test_an_option_names_what_is_wrong(kind: Any, changes: dict[str, float], message: str) -> None:  # noqa: ANN401
    with pytest.raises(ValueError, match=message):
        kind(**changes)
