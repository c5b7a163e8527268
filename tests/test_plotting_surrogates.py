from __future__ import annotations

from collections.abc import Iterator

import matplotlib.pyplot as plt
import numpy as np
import pytest

from figure_data import details_of, labelled
from jetmlp import plotting

COUNTS = [9, 25, 100]
ERRORS = {"values only": [0.5, 0.1, 0.02], "values and slopes": [0.05, 0.01, 0.003]}
TRUE = {"flow [m³/yr]": np.linspace(0.0, 9.0, 1200), "slope": np.linspace(-1.0, 1.0, 1200)}
FITS = {
    "values only": {name: values + 0.3 for name, values in TRUE.items()},
    "values and slopes": {name: values + 0.1 for name, values in TRUE.items()},
}
SPOT = np.array([1.5, 0.5, 1.0])
PRICES = (np.array([0.5, 0.0, 0.1]), np.array([1.0, 0.0, 0.5]))


@pytest.fixture(autouse=True)
def _no_figures_left() -> Iterator[None]:
    yield
    plt.close("all")


def test_sample_errors_are_lines_on_logarithmic_axes() -> None:
    twice = {name: 2.0 * np.array(errors) for name, errors in ERRORS.items()}
    panels = plotting.plot_sample_errors(COUNTS, ERRORS, twice)
    for axes, errors in zip(panels, (ERRORS, twice), strict=True):
        lines = labelled(axes)
        assert list(lines) == list(ERRORS)
        for name, values in errors.items():
            np.testing.assert_allclose(lines[name], [COUNTS, values])
        assert axes.get_xscale() == axes.get_yscale() == "log"
        assert [text.get_text() for text in axes.get_xticklabels()] == ["9", "25", "100"]
        assert axes.get_ylim()[0] < 0.003 < 1.0 < axes.get_ylim()[1]
        assert "error of" in axes.get_ylabel()
        assert not axes.collections


def test_sample_errors_of_several_seeds_have_medians_in_bands() -> None:
    seeds = {"fit": [[1.0, 0.1], [3.0, 0.3], [9.0, 0.2]]}
    axes, _ = plotting.plot_sample_errors([10, 20], seeds, seeds)
    np.testing.assert_allclose(labelled(axes)["fit"], [[10, 20], [3.0, 0.2]])
    (band,) = axes.collections
    corners = band.get_paths()[0].vertices
    assert (corners[:, 1].min(), corners[:, 1].max()) == (0.1, 9.0)


@pytest.mark.parametrize(
    ("counts", "values", "derivatives", "message"),
    [
        ([9, 9, 100], ERRORS, ERRORS, r"^counts: expected positive and rising"),
        ([0, 9, 100], ERRORS, ERRORS, r"^counts: expected positive and rising"),
        (COUNTS, {}, ERRORS, r"^value_errors: expected a mapping"),
        (COUNTS, ERRORS, {"a": [1.0]}, r"^derivative_errors\['a'\]: expected shape \(3,\) or \(seeds, 3\)"),
        (COUNTS, ERRORS, {"a": [1.0, 1.0, 1.0]}, r"^derivative_errors: expected the names of value_errors"),
        (COUNTS, {"a": [1.0, 0.0, 1.0]}, ERRORS, r"^value_errors\['a'\]: expected finite errors > 0"),
    ],
)
def test_sample_errors_name_what_is_wrong(
    counts: object, values: object, derivatives: object, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        plotting.plot_sample_errors(counts, values, derivatives)
    assert plt.get_fignums() == []


def test_sample_errors_say_what_the_most_samples_give() -> None:
    seeds = {"fit": [[1.0, 0.1], [3.0, 0.3], [9.0, 0.2]]}
    for axes in plotting.plot_sample_errors([10, 20], seeds, seeds):
        assert details_of(axes) == ["fit, 20 samples: 2.0e-01"]


def test_predictions_are_dots_beside_the_diagonal_with_residuals_below() -> None:
    panels = plotting.plot_predictions(TRUE, FITS)
    assert len(panels) == 4
    for axes, below, (name, truth) in zip(panels[:2], panels[2:], TRUE.items(), strict=True):
        lines = labelled(axes)
        assert list(lines) == ["exact", "values only, RMSE 3.0e-01", "values and slopes, RMSE 1.0e-01"]
        np.testing.assert_array_equal(lines["exact"][0], lines["exact"][1])
        np.testing.assert_array_equal(lines["exact"][0], [truth.min(), truth.max()])
        x, y = lines["values only, RMSE 3.0e-01"]
        assert x.size == 500
        np.testing.assert_allclose(y, x + 0.3)
        exact, *residuals = below.lines
        np.testing.assert_array_equal(exact.get_ydata(), 0.0)
        for line, shift in zip(residuals, (0.3, 0.1), strict=True):
            np.testing.assert_array_equal(line.get_xdata(), x)
            np.testing.assert_allclose(line.get_ydata(), shift, rtol=1e-12)
        assert below.get_xlabel() == f"true {name}"
        assert axes.get_shared_x_axes().joined(axes, below)
    # Different quantities, different scales.
    assert panels[0].get_ylim()[1] > 3.0 * panels[1].get_ylim()[1]


@pytest.mark.parametrize("order", [1, -1])
def test_the_better_fit_lies_above_the_worse_one(order: int) -> None:
    fits = dict(list(FITS.items())[::order])
    for axes in plotting.plot_predictions(TRUE, fits):
        of_fit = dict(zip(fits, axes.lines[1:], strict=True))
        assert of_fit["values and slopes"].get_zorder() > of_fit["values only"].get_zorder()


@pytest.mark.parametrize(
    ("true", "predicted", "message"),
    [
        ({}, FITS, r"^true, predicted: expected mappings"),
        (TRUE, {}, r"^true, predicted: expected mappings"),
        (
            TRUE,
            {"a": {"slope": TRUE["slope"]}},
            r"^predicted\['a'\]: expected every quantity of true, lacks flow",
        ),
        (
            {"s": [1.0, 2.0]},
            {"a": {"s": [1.0]}},
            r"^predicted\['a'\]\['s'\]: expected as many entries as true",
        ),
    ],
)
def test_predictions_name_what_is_wrong(true: object, predicted: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plotting.plot_predictions(true, predicted)
    assert plt.get_fignums() == []


def test_prices_and_deltas_over_the_underlying() -> None:
    samples = (np.linspace(0.5, 1.5, 3000), np.linspace(0.0, 50.0, 3000), np.ones(3000))
    panels = plotting.plot_prices(
        SPOT, PRICES, {"fit": PRICES}, samples=samples, x_label="basket", labels=("price", "sum of deltas")
    )
    for axes, truth, label in zip(panels, PRICES, ("price", "sum of deltas"), strict=True):
        lines = labelled(axes)
        assert list(lines) == ["samples (1000 of 3000)", "fit", "true"]
        np.testing.assert_array_equal(lines["true"], [np.sort(SPOT), np.sort(truth)])
        np.testing.assert_array_equal(lines["fit"], [SPOT, truth])
        assert lines["samples (1000 of 3000)"].shape == (2, 1000)
        assert axes.get_ylabel() == label
    assert panels[-1].get_xlabel() == "basket"
    # A payoff of 50 does not press the prices together.
    assert panels[0].get_ylim()[1] < 1.0


def test_samples_outside_the_view_are_counted() -> None:
    samples = (SPOT, np.array([7.0, 0.1, 9.0]), np.array([0.1, 0.2, 0.3]))
    price_axes, delta_axes = plotting.plot_prices(SPOT, PRICES, {"fit": PRICES}, samples=samples)
    error = "fit: root mean square error 0.0e+00"
    assert details_of(price_axes) == ["2 of 3 samples lie outside the view", error]
    assert details_of(delta_axes) == [error]


def test_each_fit_has_panels_of_its_own_with_the_same_view() -> None:
    worse = tuple(part + 0.5 for part in PRICES)
    panels = plotting.plot_prices(SPOT, PRICES, {"good": PRICES, "worse": worse})
    assert len(panels) == 4
    for axes, name, cloud in zip(
        panels, ["good", "worse"] * 2, [PRICES[0], worse[0], PRICES[1], worse[1]], strict=True
    ):
        lines = labelled(axes)
        assert list(lines) == [name, "true"]
        np.testing.assert_array_equal(lines[name], [SPOT, cloud])
    assert panels[0].get_ylim() == panels[1].get_ylim()
    assert panels[2].get_ylim() == panels[3].get_ylim()
    assert (
        panels[0].get_legend_handles_labels()[0][0].get_color()
        != panels[1].get_legend_handles_labels()[0][0].get_color()
    )


@pytest.mark.parametrize(
    ("true", "predicted", "samples", "message"),
    [
        (PRICES[0], {"fit": PRICES}, None, r"^true: expected a pair of prices and deltas"),
        (PRICES, {}, None, r"^predicted: expected a mapping with at least one fit"),
        (
            PRICES,
            {"fit": ([1.0], [1.0])},
            None,
            r"^predicted\['fit'\]\[0\]: expected as many entries as underlying",
        ),
        (PRICES, {"fit": PRICES}, ([1.0], [1.0]), r"^samples: expected underlying, payoffs and slopes"),
        (PRICES, {"fit": PRICES}, ([1.0], [1.0, 2.0], [1.0]), r"^samples\[1\]: expected as many entries"),
    ],
)
def test_prices_name_what_is_wrong(true: object, predicted: object, samples: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plotting.plot_prices(SPOT, true, predicted, samples=samples)
    assert plt.get_fignums() == []


def test_a_number_of_samples_without_a_fit_has_no_mark() -> None:
    errors = {"all": [[0.3, 0.1]], "first": [[0.2, np.nan], [0.4, np.nan]]}
    axes, _ = plotting.plot_sample_errors([10, 20], errors, errors)
    heights = {str(line.get_label()): np.asarray(line.get_ydata(), dtype=float) for line in axes.lines}
    np.testing.assert_allclose(heights["first"], [0.3, np.nan])
    with pytest.raises(ValueError, match="expected finite errors > 0"):
        plotting.plot_sample_errors([10, 20], {"one": [[0.2, np.nan], [0.4, 0.1]]}, errors)
