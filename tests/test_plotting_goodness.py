"""Figures of how good a model is: predicted over true, residuals and R²."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib.pyplot as plt
import numpy as np
import pytest
from numpy.typing import NDArray

import jetmlp
from figure_data import details_of, dots_of, labelled, texts_of
from figure_models import INPUTS, SLOPE_ERRORS, SLOPES, VALUE_ERRORS, VALUES, Closed, Formula
from jetmlp import plotting

X = np.linspace(-1.0, 1.0, 9)


@pytest.fixture(autouse=True)
def _no_figures_left() -> Iterator[None]:
    yield
    plt.close("all")


def r2(true: NDArray[np.float64], error: NDArray[np.float64]) -> float:
    return 1.0 - float(np.sum(error**2) / np.sum((true - true.mean()) ** 2))


def test_goodness_draws_predictions_residuals_and_says_r2_of_each_output() -> None:
    panels = plotting.plot_goodness_of_fit(Closed(), INPUTS, VALUES, SLOPES, output_names=["lift", "drag"])
    assert len(panels) == 8
    deviations = INPUTS.std(axis=0)
    for o, name in enumerate(["lift", "drag"]):
        values, slopes, value_residuals, slope_residuals = panels[4 * o : 4 * o + 4]
        (dots,) = dots_of(values)
        np.testing.assert_allclose(dots, [VALUES[:, o], VALUES[:, o] - VALUE_ERRORS[:, o]])
        np.testing.assert_allclose(dots_of(value_residuals)[0], [VALUES[:, o], -VALUE_ERRORS[:, o]])
        size, score = np.sqrt(np.mean(VALUE_ERRORS[:, o] ** 2)), r2(VALUES[:, o], VALUE_ERRORS[:, o])
        exponent = f"1 \N{MINUS SIGN} {float(f'{1 - score:.0e}'):g}" if score > 0.9995 else f"{score:.3f}"
        assert details_of(values) == [f"RMSE {size:.1e}, R² {exponent}"]
        for k, dots in enumerate(dots_of(slopes)):
            true, error = deviations[k] * SLOPES[:, o, k], deviations[k] * SLOPE_ERRORS[:, o, k]
            np.testing.assert_allclose(dots, [true, true - error])
            np.testing.assert_allclose(dots_of(slope_residuals)[k], [true, -error], atol=1e-13)
        assert value_residuals.get_xlabel() == f"true value of {name}"
        assert slope_residuals.get_xlabel() == f"true slope of {name} × deviation of input"


def test_r2_of_slopes_is_that_of_each_input_in_any_unit() -> None:
    units = np.array([1.0, 1e6, 1e-3])

    scaled = Formula(lambda X: Closed().predict(X * units), lambda X: Closed().jacobian(X * units) * units)
    names = ["a", "b", "c"]
    legends = [
        [
            list(labelled(axes))
            for axes in plotting.plot_goodness_of_fit(*one, outputs=1, input_names=names)[1:2]
        ]
        for one in (
            (Closed(), INPUTS, VALUES, SLOPES),
            (scaled, INPUTS / units, VALUES, SLOPES * units),
        )
    ]
    assert legends[0] == legends[1]
    score = r2(SLOPES[:, 1, 2], SLOPE_ERRORS[:, 1, 2])
    assert legends[0][0][3].startswith("c, R² ")
    assert f"{1 - score:.0e}".startswith(legends[0][0][3][-1]) or f"{score:.3f}" in legends[0][0][3]


def test_goodness_leaves_out_what_was_not_measured() -> None:
    values, slopes = VALUES.copy(), SLOPES.copy()
    values[::2, 0], values[:, 1], slopes[:, 0, 1], slopes[3, 0, 0] = np.nan, np.nan, np.nan, np.nan
    panels = plotting.plot_goodness_of_fit(Closed(), INPUTS, values, slopes)
    (dots,) = dots_of(panels[0])
    np.testing.assert_array_equal(dots[0], VALUES[1::2, 0])
    assert [dots.shape[1] for dots in dots_of(panels[1])] == [39, 40]
    assert [name.split(",")[0] for name in labelled(panels[1])] == ["exact", "$x_{1}$", "$x_{3}$"]
    assert texts_of(panels[4]) == ["nothing was measured"]


def test_samples_that_weigh_nothing_are_not_drawn() -> None:
    weights = np.arange(40) % 2
    samples = jetmlp.Samples(INPUTS, VALUES, sample_weight=weights)
    (dots,) = dots_of(plotting.plot_goodness_of_fit(Closed(), samples)[0])
    np.testing.assert_array_equal(dots[0], VALUES[1::2, 0])


def test_slopes_along_directions_are_compared_along_them() -> None:
    directions = np.tile([[1.0, 2.0, 0.5]], (40, 1))
    directions = directions[:, np.newaxis]
    along = np.einsum("imd,ikd->imk", SLOPES, directions)
    samples = jetmlp.Samples(INPUTS, directions=directions, dYdV=along)
    panels = plotting.plot_goodness_of_fit(Closed(), samples)
    exact = np.einsum("imd,ikd->imk", Closed().jacobian(INPUTS), directions)
    np.testing.assert_allclose(dots_of(panels[0])[0], [along[:, 0, 0], exact[:, 0, 0]])


def test_one_sample_and_a_constant_have_no_r2() -> None:
    one = plotting.plot_goodness_of_fit(Closed(), INPUTS[:1], VALUES[:1], SLOPES[:1])
    assert details_of(one[0])[0].endswith(", no R²: one sample")
    constant = plotting.plot_goodness_of_fit(Closed(), INPUTS, np.full_like(VALUES, 3.0))
    assert details_of(constant[0])[0].endswith(", no R²: what is true is constant")
    for panels in (one, constant):
        panels[0].figure.draw_without_rendering()
        low, high = panels[0].get_xlim()
        assert low < 3.0 < high or panels is one


@pytest.mark.parametrize(("offset", "said"), [(np.nan, "R² nan"), (1e3, "R² \N{MINUS SIGN}1.2e7")])
def test_a_model_that_fails_is_not_called_good(offset: float, said: str) -> None:
    model = Formula(lambda X: X[:, 0] + offset, lambda X: np.full((len(X), 1), offset))
    x = np.linspace(0.0, 1.0, 101)[:, np.newaxis]
    assert details_of(plotting.plot_goodness_of_fit(model, x, x)[0])[0].endswith(said)


def test_many_inputs_have_one_look_and_the_best_and_the_worst_are_said() -> None:
    wide = Formula(lambda X: np.sum(X**2, axis=1), lambda X: 2.0 * X)
    rng = np.random.default_rng(1)
    inputs = rng.normal(size=(600, 9))
    slopes = 2.0 * inputs + np.linspace(0.01, 1.0, 9) * rng.normal(size=(600, 9))
    values, shown = plotting.plot_goodness_of_fit(wide, inputs, np.sum(inputs**2, axis=1), slopes)[:2]
    assert details_of(values) == ["RMSE 0.0e+00, R² 1"]
    assert len({line.get_color() for line in shown.lines[1:]}) == 1
    assert sum(dots.shape[1] for dots in dots_of(shown)) <= 500
    (words,) = details_of(shown)
    assert words.endswith("($x_{1}$)")
    assert f"R² {r2(slopes[:, 8], slopes[:, 8] - 2.0 * inputs[:, 8]):.3f} ($x_{{9}}$) to" in words
