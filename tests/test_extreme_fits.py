"""Fits to numbers of every size end with finite predictions and all their terms, or with a clear error."""

from __future__ import annotations

import numpy as np
import pytest

import jetmlp
from extreme_fits import counts
from jetmlp.data.standardise import learn

GOOD = {"ok", "refused", "diverged"}


def test_a_part_of_the_extreme_fits() -> None:
    found = counts(211)
    assert {how for how, _ in found} <= GOOD, found
    assert {how for how, _ in found} == GOOD
    assert sum(found.values()) > 150


@pytest.mark.long
@pytest.mark.parametrize("first", range(8))
def test_all_extreme_fits(first: int) -> None:
    found = counts(8, first)
    print(found)
    assert {how for how, _ in found} <= GOOD, found


@pytest.mark.parametrize("factor", [2.0**-1000, 2.0**-500, 2.0**500, 2.0**1000], ids=str)
def test_scales_are_the_same_in_units_at_the_ends_of_float64(factor: float) -> None:
    """Powers of two change no digit of mean or deviation."""
    x = np.linspace(-1.0, 2.0, 9)
    Y, dYdX = np.sin(x), np.cos(x)
    usual = learn(jetmlp.Samples(x, Y, dYdX))
    moved = learn(jetmlp.Samples(x * factor, Y * factor, dYdX))
    for name, array in usual.arrays().items():
        np.testing.assert_array_equal(getattr(moved, name), array * factor, err_msg=name)


@pytest.mark.parametrize("size", [1e-300, 1e-160, 1e150, 1e154, 1e300])
def test_balanced_derivatives_count_in_any_units(size: float) -> None:
    """The squares of these overflow or vanish; in normalized units all are the same fit."""
    x = np.linspace(-1.0, 1.0, 7)
    losses = []
    for of_y in (1.0, size):
        model = jetmlp.MLP([1, 4, 1], seed=1)
        trainer = jetmlp.Trainer(model, jetmlp.LBFGS(), derivative_weight="balanced", n_threads=1)
        losses.append(trainer.fit(x, np.sin(3 * x) * of_y, 3 * np.cos(3 * x) * of_y, epochs=3))
    for name in ("loss", "value_loss", "derivative_loss"):
        np.testing.assert_allclose(losses[1][name], losses[0][name], rtol=1e-6)


@pytest.mark.parametrize("size", [1e-200, 1e155, 1e200])
def test_a_balance_that_no_weight_can_hold_is_refused(size: float) -> None:
    """With a normalization that was kept, slopes may be of any size in its units."""
    x = np.linspace(-1.0, 1.0, 7)
    model = jetmlp.MLP([1, 4, 1], seed=1)
    model.normalization = jetmlp.Normalization([0.0], [1.0], [0.0], [1.0])
    before = model.parameters
    trainer = jetmlp.Trainer(model, jetmlp.LBFGS(), derivative_weight="balanced", n_threads=1)
    with pytest.raises(
        ValueError,
        match=r"^dYdX, normalized: expected derivatives to balance whose mean square float64 holds",
    ):
        trainer.fit(x, np.sin(x), np.cos(x) * size, epochs=3)
    np.testing.assert_array_equal(model.parameters, before)


@pytest.mark.parametrize(
    ("of_x", "of_y", "message"),
    [
        (1e-320, 1e10, r"^dYdX: expected (units that float64 holds|derivatives that are of a size)"),
        (1e200, 1e-200, r"^dYdX: expected units that float64 holds, got "),
        (1.0, 1.7e308, r"^Y: expected numbers far from the largest of float64"),
    ],
)
def test_units_that_cannot_be_undone_are_named(of_x: float, of_y: float, message: str) -> None:
    x = np.linspace(-1.0, 1.0, 7)
    model = jetmlp.MLP([1, 4, 1], seed=1)
    with np.errstate(all="ignore"):
        slopes = np.clip(np.cos(x) * np.float64(of_y) / of_x, -1e308, 1e308)
    with pytest.raises(ValueError, match=message):
        jetmlp.Trainer(model, jetmlp.LBFGS(), n_threads=1).fit(x * of_x, np.sin(x) * of_y, slopes, epochs=1)
    assert model.normalization is None


def test_values_alone_are_fitted_where_their_slopes_have_no_unit() -> None:
    x = np.linspace(-1.0, 1.0, 7)
    model = jetmlp.MLP([1, 4, 1], seed=1)
    jetmlp.Trainer(model, jetmlp.LBFGS(), n_threads=1).fit(x * 1e-300, np.sin(x) * 1e100, epochs=50)
    np.testing.assert_allclose(model.predict(x * 1e-300)[:, 0], np.sin(x) * 1e100, atol=1e98)
