from __future__ import annotations

import numpy as np
import pytest

from jetmlp import Samples
from jetmlp.experiments import (
    Chebyshev,
    Equispaced,
    FitExperiment,
    MeasuredData,
    Points,
    Sampling,
    ShuffledGrid,
    UniformRandom,
    get,
)
from jetmlp.random import DATA, Generator


def points_of(name: str, seed: int = 0) -> Points:
    experiment = get(name)
    assert isinstance(experiment, FitExperiment)
    assert not isinstance(experiment.data, MeasuredData)
    return experiment.data.draw(seed)


@pytest.mark.parametrize(
    ("name", "n_train", "n_validation"),
    [("derivative-only", 200, 100), ("value-and-derivative", 200, 100), ("weighted-sobolev", 256, 128)],
)
def test_equispaced_experiments(name: str, n_train: int, n_validation: int) -> None:
    points = points_of(name)
    assert points.validation is not None
    for x, n in ((points.train, n_train), (points.validation, n_validation)):
        assert (x[0], x[-1], x.shape) == (-1.0, 1.0, (n,))
        np.testing.assert_allclose(np.diff(x), 2.0 / (n - 1), rtol=1e-12)
    assert points.test is None


def test_value_only_deals_out_a_grid_of_100() -> None:
    points = points_of("value-only", 5)
    assert [x.shape for x in points if x is not None] == [(70,), (15,), (15,)]
    together = np.concatenate([x for x in points if x is not None])
    np.testing.assert_array_equal(np.sort(together), np.linspace(-1.0, 1.0, 100))
    order = Generator(5, DATA, 0).permutation(100)
    np.testing.assert_array_equal(together, np.linspace(-1.0, 1.0, 100)[order])


@pytest.mark.parametrize(("name", "counts"), [("mini-batch", (2048, 512)), ("relu-vs-tanh", (800, 200))])
def test_random_experiments(name: str, counts: tuple[int, int]) -> None:
    for fit in get(name).fits.values():  # type: ignore[union-attr]
        train, validation, test = fit.data.draw(2)  # type: ignore[union-attr]
        assert validation is not None
        assert ((len(train), len(validation)), test) == (counts, None)
        together = np.concatenate([train, validation])
        np.testing.assert_array_equal(together, 2.0 * Generator(2, DATA, 0).uniform(sum(counts)) - 1.0)
        assert np.unique(together).size == sum(counts)
        assert not np.array_equal(train, fit.data.draw(3).train)  # type: ignore[union-attr]


def test_chebyshev_points_crowd_at_the_ends() -> None:
    train, validation, _ = Chebyshev(n_train=9, n_validation=5, low=0.0, high=4.0).draw(0)
    np.testing.assert_allclose(train, 2.0 - 2.0 * np.cos(np.pi * np.arange(9) / 8.0), atol=1e-15)
    assert (train[0], train[-1]) == (0.0, 4.0)
    gaps = np.diff(train)
    assert (np.diff(gaps[:4]) > 0.0).all()
    np.testing.assert_allclose(gaps, gaps[::-1], rtol=1e-12)
    np.testing.assert_array_equal(validation, [0.0, 1.0, 2.0, 3.0, 4.0])


def test_points_of_a_box() -> None:
    box = UniformRandom(n_train=300, n_validation=100, low=(-1.0, 5.0), high=(0.0, 6.0))
    train, validation, _ = box.draw(0)
    assert validation is not None
    name, dense = box.dense(0)
    assert (train.shape, validation.shape, dense.shape) == ((300, 2), (100, 2), (2001, 2))
    assert name == "2001 uniform random"
    for x in (train, validation, dense):
        assert (x >= [-1.0, 5.0]).all()
        assert (x < [0.0, 6.0]).all()
    np.testing.assert_allclose(train.mean(axis=0), [-0.5, 5.5], atol=0.1)
    assert np.unique(np.concatenate([train, validation, dense])[:, 0]).size == 2401
    with pytest.raises(ValueError, match="equispaced: expected an experiment of one input"):
        box.equispaced(10)


@pytest.mark.parametrize(
    "sampling",
    [
        Equispaced(n_train=4, n_validation=3, low=1.0, high=2.0),
        Chebyshev(n_train=4, n_validation=3, low=1.0, high=2.0),
        ShuffledGrid(n_train=4, n_validation=3, n_test=2, low=1.0, high=2.0),
        UniformRandom(n_train=4, n_validation=3, low=1.0, high=2.0),
    ],
    ids=lambda sampling: type(sampling).__name__,
)
def test_intervals_are_kept(sampling: Sampling) -> None:
    for x in sampling.draw(0):
        assert x is None or ((x >= 1.0) & (x <= 2.0)).all()
    name, dense = sampling.dense(0)
    assert (name, dense[0], dense[-1], dense.size) == ("2001 equispaced", 1.0, 2.0, 2001)
    np.testing.assert_array_equal(sampling.equispaced(3), [1.0, 1.5, 2.0])


@pytest.mark.parametrize(
    ("kind", "arguments", "message"),
    [
        (Equispaced, {"n_train": 1, "n_validation": 5}, "n_train: expected an integer of at least 2, got 1"),
        (Chebyshev, {"n_train": 5, "n_validation": 0}, "n_validation: expected an integer of at least 1"),
        (ShuffledGrid, {"n_train": 5, "n_validation": 1, "n_test": 0}, "n_test: expected an integer"),
        (Equispaced, {"n_train": 5, "n_validation": 5, "low": 1.0}, "low, high: expected bounds"),
        (UniformRandom, {"n_train": 5, "n_validation": 5, "low": (0.0, 0.0)}, "low, high: expected bounds"),
        (
            UniformRandom,
            {"n_train": 5, "n_validation": 5, "high": float("inf")},
            "low, high: expected finite bounds",
        ),
    ],
)
def test_wrong_samplings_are_refused(kind: type, arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        kind(**arguments)


ONE, TWO = Samples([1.0], [1.0]), Samples([1.0, 2.0], [1.0, 2.0])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((ONE,), ValueError, r"samples: expected at least two, got Samples\(1 sample,"),
        (([1.0, 2.0],), TypeError, r"samples: expected jetmlp.Samples, got \[1.0, 2.0\]"),
        ((TWO, ([1.0], [1.0])), TypeError, "validation: expected jetmlp.Samples, got"),
        (
            (TWO, Samples([[1.0, 2.0]], [1.0])),
            ValueError,
            "validation: expected inputs and outputs like samples",
        ),
        ((TWO, None, 1.0), ValueError, "validation_fraction: expected a finite number"),
    ],
)
def test_wrong_data_are_refused(arguments: tuple[object, ...], error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        MeasuredData(*arguments)  # type: ignore[arg-type]
