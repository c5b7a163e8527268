"""What a surrogate says of what it does not know: drawn functions, and where to sample next."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

import jetmlp
from surrogate_samples import pair, points, wave

Array = NDArray[np.float64]
BOX = [[-1.0, 1.0], [-1.0, 1.0]]
X = points(7)
PLACES = points(30, seed=5)


@pytest.fixture(scope="module")
def surrogate() -> jetmlp.Surrogate:
    return jetmlp.Surrogate(check=False).fit(X, *pair(X))


@pytest.fixture(scope="module")
def unsure() -> jetmlp.Surrogate:
    """Of values alone, and few of them: error bars are wide."""
    return jetmlp.Surrogate(check=False).fit(X, wave(X)[0])


# ---- Drawn functions ----


def test_drawn_functions_have_the_mean_and_deviation_of_the_prediction(surrogate: jetmlp.Surrogate) -> None:
    """Tested at a rate of error of 1e-6 for all places together (Bonferroni)."""
    count = 4000
    mean, deviation = surrogate.predict(PLACES, return_std=True)
    slopes, of_slopes = surrogate.jacobian(PLACES, return_std=True)
    values, bends = surrogate.sample_posterior(PLACES, count, return_jacobian=True)
    assert values.shape == (count, 30, 2)
    assert bends.shape == (count, 30, 2, 2)
    for drawn, middle, spread in ((values, mean, deviation), (bends, slopes, of_slopes)):
        limit = stats.norm.isf(1e-6 / 2 / middle.size)
        errors = drawn - middle
        assert (np.abs(errors.mean(axis=0)) < limit * spread / np.sqrt(count)).all()
        # The variance of squares from the draws themselves, as a mixture is not normal.
        squares = errors**2
        uncertainty = squares.std(axis=0) / np.sqrt(count)
        assert (np.abs(squares.mean(axis=0) - spread**2) < limit * uncertainty).all()


def test_a_seed_means_the_same_functions_anywhere(surrogate: jetmlp.Surrogate) -> None:
    together = surrogate.sample_posterior(PLACES, 5, seed=3)
    apart = surrogate.sample_posterior(PLACES[10:12], 5, seed=3)
    assert np.allclose(together[:, 10:12], apart, rtol=1e-9, atol=1e-12)
    assert not np.allclose(together, surrogate.sample_posterior(PLACES, 5, seed=4))


def test_drawn_slopes_are_those_of_drawn_functions_up_to_the_factors(surrogate: jetmlp.Surrogate) -> None:
    """About the mean each is stretched by its own factor; without these, slopes are derivatives."""
    calibration = surrogate._fitted().calibration
    h = 1e-5
    for k in range(2):
        step = h * np.eye(2)[k]
        differences = (
            surrogate.sample_posterior(PLACES + step, 3) - surrogate.sample_posterior(PLACES - step, 3)
        ) / (2 * h)
        _, slopes = surrogate.sample_posterior(PLACES, 3, return_jacobian=True)
        mean = surrogate.jacobian(PLACES)[:, :, k]
        of_values = (differences - mean) / calibration.value_factor
        of_slopes = (slopes[..., k] - mean) / calibration.slope_factor
        assert np.allclose(of_values, of_slopes, rtol=1e-4, atol=1e-6)


def test_slopes_and_second_derivatives_are_those_of_the_prediction(surrogate: jetmlp.Surrogate) -> None:
    h = 1e-5
    assert surrogate.hessian(PLACES).shape == (30, 2, 2, 2)
    values, both = surrogate.predict_with_jacobian(PLACES)
    assert values.tobytes() == surrogate.predict(PLACES).tobytes()
    assert both.tobytes() == surrogate.jacobian(PLACES).tobytes()
    for k in range(2):
        step = h * np.eye(2)[k]
        for lower, higher in (("predict", surrogate.jacobian), ("jacobian", surrogate.hessian)):
            call = getattr(surrogate, lower)
            difference = (call(PLACES + step) - call(PLACES - step)) / (2 * h)
            assert np.allclose(difference, higher(PLACES)[..., k], rtol=1e-5, atol=1e-6)


def test_farther_away_less_is_known(unsure: jetmlp.Surrogate) -> None:
    near, far = (unsure.predict(size * PLACES, return_std=True)[1] for size in (0.5, 5.0))
    assert np.median(far) > 2 * np.median(near)


# ---- Where to sample next ----


def test_suggested_points_are_inside_and_apart(unsure: jetmlp.Surrogate) -> None:
    box = np.array([[-0.5, 0.25], [0.0, 2.0]])
    places = unsure.suggest(box, 6)
    assert places.shape == (6, 2)
    assert ((places >= box[:, 0]) & (places <= box[:, 1])).all()
    relative = (places - box[:, 0]) / np.ptp(box, axis=1)
    apart = np.linalg.norm(relative[:, np.newaxis] - relative, axis=-1) + 9 * np.eye(6)
    assert apart.min() > 0.15
    assert places.tobytes() == unsure.suggest(box, 6).tobytes()
    assert places[:1].tobytes() == unsure.suggest(box).tobytes()


def test_the_first_suggestion_is_where_the_deviation_is_largest(unsure: jetmlp.Surrogate) -> None:
    [place] = unsure.suggest(BOX)
    deviation = unsure.predict([place], return_std=True)[1]
    others = unsure.predict(points(300, seed=8), return_std=True)[1]
    assert deviation[0, 0] > np.quantile(others, 0.98)


def test_sampling_there_lowers_the_variance_most() -> None:
    """Against as many points at random, over several designs: smaller errors on the whole."""
    gains = []
    grid = points(300, seed=9)
    truth = wave(grid)[0]
    for seed in range(5):
        first = points(6, seed=seed)
        error = {}
        start = jetmlp.Surrogate(check=False).fit(first, *wave(first))
        for name, more in (
            ("suggested", start.suggest(BOX, 3)),
            ("crowded", 0.1 * points(3, seed=seed + 50)),
        ):
            both = np.concatenate([first, more])
            fitted = jetmlp.Surrogate(check=False).fit(both, *wave(both))
            error[name] = np.sqrt(np.mean((fitted.predict(grid) - truth) ** 2))
        gains.append(np.log(error["crowded"] / error["suggested"]))
    assert np.mean(gains) > 0


@pytest.mark.parametrize("maximize", [False, True])
@pytest.mark.parametrize("criterion", ["expected_improvement", "lower_bound"])
def test_the_least_value_is_found_in_a_few_rounds(criterion: str, maximize: bool) -> None:
    target = np.array([0.4, -0.3])

    def bowl(places: Array) -> tuple[Array, Array]:
        sign = -1.0 if maximize else 1.0
        apart = places - target
        squares = np.sum(apart**2, axis=1)
        value = 1.0 - np.exp(-2 * squares)
        return sign * value, sign * (4 * np.exp(-2 * squares))[:, np.newaxis] * apart

    surrogate = jetmlp.Surrogate(check=False)
    places = points(5)
    for _ in range(5):
        values, slopes = bowl(places)
        surrogate.fit(places, values, slopes)
        places = np.concatenate([places, surrogate.suggest(BOX, 1, criterion, maximize=maximize)])
    assert np.linalg.norm(places - target, axis=1).min() < 0.1


@pytest.mark.parametrize("output", [0, 1])
def test_of_several_outputs_one_counts(surrogate: jetmlp.Surrogate, output: int) -> None:
    [place] = surrogate.suggest(BOX, output=output)
    deviation = surrogate.predict([place], return_std=True)[1][0, output]
    others = surrogate.predict(points(300, seed=8), return_std=True)[1][:, output]
    assert deviation > np.quantile(others, 0.98)


@pytest.mark.parametrize(
    ("arguments", "named", "message"),
    [
        (([[0, 1]],), {}, r"bounds: expected \(2, 2\)"),
        (([[0, 1], [1, 1]],), {}, "bounds: expected lower ends below upper ones, .* for input 1"),
        (([[0, 1], [1, np.nan]],), {}, "bounds: "),
        ((BOX, 0), {}, "n: expected"),
        ((BOX, 10**6), {}, "n: expected"),
        ((BOX, 1, "entropy"), {}, "criterion: expected"),
        ((BOX, 1, "expected_improvement"), {}, "output: expected which of the 2 outputs"),
        ((BOX,), {"output": 2}, "output: expected"),
        ((BOX,), {"maximize": 1}, "maximize: expected"),
        ((BOX,), {"seed": -1}, "seed: expected"),
    ],
)
def test_suggestions_refused(
    surrogate: jetmlp.Surrogate, arguments: tuple[Any, ...], named: dict[str, Any], message: str
) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        surrogate.suggest(*arguments, **named)
