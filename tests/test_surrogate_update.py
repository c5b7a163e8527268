"""More samples for a surrogate, from where it stands."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import jetmlp
from surrogate_samples import pair, points, wave

PLACES = points(300, seed=9)
TRUTH, _ = wave(PLACES)


def error(surrogate: jetmlp.Surrogate) -> float:
    return float(np.sqrt(np.mean((surrogate.predict(PLACES) - TRUTH) ** 2)))


def test_with_more_samples_the_errors_are_smaller_and_near_those_of_a_new_fit() -> None:
    """Over five designs, 8 samples and 4 more."""
    before, after, anew = [], [], []
    for seed in range(5):
        X = points(12, seed=seed)
        Y, D = wave(X)
        surrogate = jetmlp.Surrogate(check=False).fit(X[:8], Y[:8], D[:8])
        before.append(np.log(error(surrogate)))
        after.append(np.log(error(surrogate.update(X[8:], Y[8:], D[8:]))))
        anew.append(np.log(error(jetmlp.Surrogate(check=False).fit(X, Y, D))))
    assert np.mean(after) < np.mean(before)
    assert np.mean(after) < np.mean(anew) + np.log(3.0)


def test_updated_it_knows_all_samples() -> None:
    X = points(9)
    Y, D = wave(X)
    surrogate = jetmlp.Surrogate(check=False).fit(X[:7], Y[:7], D[:7])
    assert surrogate.update(jetmlp.Samples(X[7:], Y[7:], D[7:])) is surrogate
    assert surrogate.left_out()[0].shape == (9, 1)
    assert repr(surrogate).endswith("9 samples)")
    assert np.isfinite(surrogate.left_out()[1]).all()


def test_updates_are_the_same_for_any_number_of_threads() -> None:
    X = points(9)
    Y, D = wave(X)
    both = [
        jetmlp.Surrogate(check=False, n_threads=n).fit(X[:7], Y[:7], D[:7]).update(X[7:], Y[7:], D[7:])
        for n in (1, 3)
    ]
    assert both[0].predict(PLACES).tobytes() == both[1].predict(PLACES).tobytes()


@pytest.mark.parametrize("weighted", ["before", "after", "both"])
def test_weights_of_the_one_are_1_for_the_other(weighted: str) -> None:
    X = points(9)
    Y, D = wave(X)
    halves: list[dict[str, Any]] = [{}, {}]
    weights = np.ones(9)
    for half, name, rows in zip(halves, ("before", "after"), (slice(0, 7), slice(7, 9)), strict=True):
        if weighted in (name, "both"):
            weights[rows] = 0.5
            half["sample_weight"] = weights[rows]
    surrogate = jetmlp.Surrogate(check=False).fit(X[:7], Y[:7], D[:7], **halves[0])
    surrogate.update(X[7:], Y[7:], D[7:], **halves[1])
    assert np.array_equal(surrogate._fitted().samples.sample_weight, weights)


def test_a_sample_without_news_changes_little() -> None:
    X = points(12)
    Y, D = wave(X)
    surrogate = jetmlp.Surrogate(check=False).fit(X, Y, D)
    mean, deviation = surrogate.predict(PLACES, return_std=True)
    surrogate.update(X[:1], Y[:1], D[:1])
    assert (np.abs(surrogate.predict(PLACES) - mean) < 4 * deviation + 1e-3).all()


@pytest.mark.parametrize(
    ("arguments", "named", "message"),
    [
        ((points(2),), {}, "Y, dYdX: expected at least one"),
        (
            (points(2), wave(points(2))[0]),
            {},
            "dYdX: expected the kinds of data of the fit, where it was given",
        ),
        ((points(2), *pair(points(2))), {}, "Y: expected"),
        ((points(2, d=3), np.zeros(2), np.zeros((2, 3))), {}, "X: expected"),
        ((jetmlp.Samples(points(2, d=3), np.zeros(2)),), {}, "X: expected samples of 2 inputs"),
        ((points(2), *wave(points(2))), {"seconds": 0}, "seconds: expected"),
        (
            (points(2), *wave(points(2))),
            {"d2YdX2": np.zeros((2, 2, 2))},
            "d2YdX2: expected the kinds .* not given",
        ),
    ],
)
def test_what_is_refused_changes_nothing(
    arguments: tuple[Any, ...], named: dict[str, Any], message: str
) -> None:
    X = points(6)
    surrogate = jetmlp.Surrogate(check=False).fit(X, *wave(X))
    before = surrogate.predict(PLACES)
    with pytest.raises(ValueError, match=message):
        surrogate.update(*arguments, **named)
    assert surrogate.predict(PLACES).tobytes() == before.tobytes()


def test_as_many_directions_as_in_the_fit() -> None:
    X = points(6)
    Y, D = wave(X)
    surrogate = jetmlp.Surrogate().fit(X, Y, directions=X[:, np.newaxis], dYdV=np.einsum("nod,nd->no", D, X))
    more = points(2, seed=3)
    along = np.stack([more, more + 1.0], axis=1)
    with pytest.raises(ValueError, match=r"directions: expected shape \(2, 1, 2\), got \(2, 2, 2\)"):
        surrogate.update(more, wave(more)[0], directions=along, dYdV=np.zeros((2, 1, 2)))
