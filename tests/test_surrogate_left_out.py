"""Samples that a surrogate is to have left out: their errors are to be of the size of the true ones."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

import jetmlp
from jetmlp.surrogate import again
from surrogate_samples import points

Array = NDArray[np.float64]


def steep(X: Array) -> tuple[Array, Array]:
    """Values and slopes of exp(1.5 a + b/2) sin 4a: few samples say what it does at its high end."""
    growth = np.exp(X @ [1.5, 0.5])
    wave, bend = np.sin(4 * X[:, 0]), 4 * np.cos(4 * X[:, 0])
    return growth * wave, growth[:, np.newaxis] * np.stack([1.5 * wave + bend, 0.5 * wave], axis=1)


def test_errors_left_out_are_of_the_size_of_true_ones() -> None:
    """The median over eight sets of samples is within a factor of four; in closed form alone it was 12."""
    ratios = []
    new = points(400, seed=99)
    for seed in range(8):
        X = points(14, seed=seed)
        surrogate = jetmlp.Surrogate(check=False).fit(X, *steep(X))
        errors, _ = surrogate.left_out()
        missed = surrogate.predict(new)[:, 0] - steep(new)[0]
        ratios.append(np.sqrt(np.mean(errors**2) / np.mean(missed**2)))
    assert 0.25 < np.median(ratios) < 4.0


def test_what_was_not_observed_has_no_error() -> None:
    X = points(10)
    values, slopes = steep(X)
    values[3], slopes[:5, 1] = np.nan, np.nan
    surrogate = jetmlp.Surrogate(check=False).fit(X, values, slopes, allow_missing_values=True)
    of_values, of_slopes = surrogate.left_out()
    assert np.array_equal(np.isnan(np.ravel(of_values)), np.isnan(values))
    assert np.array_equal(np.isnan(of_slopes[:, 0]), np.isnan(slopes))


def test_nothing_is_left_out_for_real_when_the_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    X = points(14, seed=4)
    replaced: list[int] = []
    monkeypatch.setattr(again, "_replace", lambda part, s, without, units: replaced.append(s))
    jetmlp.Surrogate(check=False).fit(X, *steep(X), seconds=1e-9)
    assert not replaced
    jetmlp.Surrogate(check=False).fit(X, *steep(X))
    assert replaced
