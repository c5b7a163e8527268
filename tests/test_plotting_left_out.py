"""Figures of what a fit with error bars knows: samples left out, bands, and those of a surrogate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes

import jetmlp
from figure_data import PREDICTED, TRUE, X, details_of, labelled
from jetmlp import plotting

OBSERVED = np.array([[1.0, 10.0], [2.0, 20.0], [3.0, np.nan], [4.0, 40.0]])
ERRORS = np.array([[0.1, -1.0], [-0.1, 2.0], [0.1, np.nan], [-0.1, -3.0]])
DEVIATIONS = np.array([[0.2, 1.5], [0.2, 1.5], [0.06, np.nan], [0.01, 1.5]])
SHARES = np.array([[0.2, 0.795, 0.005], [1.0, 0.0, 0.0]])


@pytest.fixture(autouse=True)
def _no_figures_left() -> Iterator[None]:
    yield
    plt.close("all")


def bars_of(axes: Axes) -> list[tuple[float, float]]:
    """Where the error bars begin and end."""
    (container,) = axes.containers
    (lines,) = container[2]
    return [(float(segment[0, 1]), float(segment[1, 1])) for segment in lines.get_segments()]


def test_left_out_draws_errors_with_bars_that_hold_95_percent() -> None:
    panels = plotting.plot_left_out(OBSERVED, ERRORS, DEVIATIONS, SHARES)
    assert len(panels) == 6
    for o, rows in ((0, [0, 1, 2, 3]), (1, [0, 1, 3])):
        errors, deviations = ERRORS[rows, o], DEVIATIONS[rows, o]
        (dots,) = (line for line in panels[3 * o].lines if line.get_linestyle() == "None")
        np.testing.assert_array_equal(dots.get_data(), [OBSERVED[rows, o], errors])
        np.testing.assert_allclose(
            bars_of(panels[3 * o]), np.stack([errors - 1.96 * deviations, errors + 1.96 * deviations], axis=1)
        )
    spread = 100.0 * 0.1 / np.std(OBSERVED[:, 0])
    assert details_of(panels[0]) == [f"root mean square 1.0e-01, {spread:.2g} % of the spread"]
    assert [panels[k].get_xlabel() for k in (0, 3)] == [
        "observed value of $y_{1}$",
        "observed value of $y_{2}$",
    ]


def test_small_and_large_errors_are_written_with_their_power_of_ten() -> None:
    for scale, words in (
        (1e-6, "% of the spread"),
        (1.0, "% of the spread"),
        (1e9, "times that of the spread"),
    ):
        one = OBSERVED[:, :1], scale * ERRORS[:, :1], scale * DEVIATIONS[:, :1]
        errors, *_ = plotting.plot_left_out(*one, SHARES[:1])
        errors.figure.draw_without_rendering()
        assert errors.yaxis.get_offset_text().get_text() == ""
        labels = [text.get_text().replace("\N{MINUS SIGN}", "-") for text in errors.get_yticklabels()]
        np.testing.assert_allclose([float(label) for label in labels], errors.get_yticks(), rtol=1e-5)
        (details,) = details_of(errors)
        assert details.endswith(words)


def test_left_out_compares_errors_with_what_was_expected_of_them() -> None:
    slopes = np.full((4, 1, 2), 0.5), np.array([[[0.1, 0.3]], [[0.6, 1.0]], [[2.0, 2.0]], [[0.2, np.nan]]])
    one = (OBSERVED[:, :1], ERRORS[:, :1], DEVIATIONS[:, :1], SHARES[:1])
    _, calibration, _ = plotting.plot_left_out(
        *one, slope_errors=slopes[0], slope_deviations=slopes[1], units=[2.0]
    )
    lines = labelled(calibration)
    # Of four values two are within one deviation, one more within 1.96; of seven slopes four, and one more.
    assert list(lines) == ["values: 50 and 75 %", "slopes: 57 and 71 %"]
    np.testing.assert_allclose(lines["values: 50 and 75 %"], np.abs([DEVIATIONS[:, 0], ERRORS[:, 0]]) / 2.0)
    there = ~np.isnan(slopes[1])
    np.testing.assert_allclose(lines["slopes: 57 and 71 %"], [slopes[1][there], slopes[0][there]])
    assert calibration.get_xscale() == calibration.get_yscale() == "log"
    reference = [
        line.get_ydata() / line.get_xdata() for line in calibration.lines if line.get_linestyle() != "None"
    ]
    np.testing.assert_allclose(reference, [[1.0, 1.0], [1.96, 1.96]])


def test_sensitivities_are_bars_the_largest_on_top() -> None:
    panels = plotting.plot_left_out(
        OBSERVED, ERRORS, DEVIATIONS, SHARES, input_names=["a", "b", "c"], output_names=["lift", "drag"]
    )
    bars = panels[2]
    assert [text.get_text() for text in bars.get_yticklabels()] == ["b", "a", "c"]
    assert [patch.get_width() for patch in bars.patches] == [0.795, 0.2, 0.005]
    assert bars.yaxis_inverted()
    assert [text.get_text() for text in bars.texts] == ["80 %", "20 %", "< 1 %"]
    assert panels[3].get_xlabel() == "observed value of drag"


def test_many_inputs_have_one_bar_for_the_least_of_them() -> None:
    shares = np.arange(40.0)[np.newaxis] / 780.0
    one = (OBSERVED[:, :1], ERRORS[:, :1], DEVIATIONS[:, :1])
    *_, bars = plotting.plot_left_out(*one, shares)
    *first, last = [text.get_text() for text in bars.get_yticklabels()]
    assert (len(first), first[0], last) == (14, "$x_{40}$", "26 others")
    np.testing.assert_allclose(sum(patch.get_width() for patch in bars.patches), 1.0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"observed": OBSERVED[:, 0]}, r"^observed: expected shape \(n, m\), got \(4,\)"),
        ({"errors": ERRORS[1:]}, r"^errors: expected shape \(4, 2\), got \(3, 2\)"),
        ({"deviations": -DEVIATIONS}, r"^deviations: expected numbers >= 0, got -1.5"),
        (
            {"sensitivities": SHARES[0]},
            r"^sensitivities: expected finite numbers of shape \(2, d\), got \(3,\)",
        ),
        ({"slope_errors": np.ones((4, 2, 3))}, r"^slope_errors, slope_deviations: expected both"),
        (
            {"slope_errors": np.ones((4, 3)), "slope_deviations": np.ones((4, 3))},
            r"^slope_errors: expected shape \(4, 2, t\), got \(4, 3\)",
        ),
        (
            {"slope_errors": np.ones((4, 2, 3)), "slope_deviations": np.ones((4, 2, 2))},
            r"^slope_deviations: expected shape \(4, 2, 3\), got \(4, 2, 2\)",
        ),
        ({"units": [1.0, 0.0]}, r"^units: expected 2 numbers > 0, got \[1.0, 0.0\]"),
        ({"input_names": ["a", "b"]}, r"^input_names: expected 3 names, got 2: a, b"),
        ({"output_names": "lift"}, r"^output_names: expected 2 names, got 1: lift"),
    ],
)
def test_left_out_names_what_is_wrong(change: dict[str, object], message: str) -> None:
    arguments: dict[str, Any] = {
        "observed": OBSERVED,
        "errors": ERRORS,
        "deviations": DEVIATIONS,
        "sensitivities": SHARES,
    }
    with pytest.raises(ValueError, match=message):
        plotting.plot_left_out(**{**arguments, **change})
    assert plt.get_fignums() == []


def test_bands_hold_68_and_95_percent(rng: np.random.Generator) -> None:
    shuffle = rng.permutation(X.size)
    deviation = 0.1 + 0.05 * X
    values, slopes = (PREDICTED, deviation), (TRUE, 2.0 * deviation)
    panels = plotting.plot_bands(
        X[shuffle],
        (values[0][shuffle, None], values[1][shuffle, None]),
        (slopes[0][shuffle, None, None], slopes[1][shuffle, None, None]),
        x_train=[0.5, -0.5, 0.0],
        y_train=[1.0, np.nan, 2.0],
    )
    for axes, (mean, spread) in zip(panels[:2], (values, slopes), strict=True):
        np.testing.assert_array_equal(labelled(axes)["surrogate"], [X, mean])
        for band, width in zip(axes.collections, (1.96, 1.0), strict=True):
            low, high = band.get_paths()[0].get_extents().get_points()[:, 1]
            np.testing.assert_allclose(low, np.min(mean - width * spread))
            np.testing.assert_allclose(high, np.max(mean + width * spread))
    np.testing.assert_array_equal(labelled(panels[0])["samples"], [[0.5, 0.0], [1.0, 2.0]])
    # No slope was measured: where the samples lie is marked all the same.
    assert "samples" not in labelled(panels[1])
    assert any(np.array_equal(line.get_xdata(), [0.5, -0.5, 0.0]) for line in panels[1].lines)
    widths = labelled(panels[2])
    np.testing.assert_array_equal(widths["of the value"], [X, deviation])
    np.testing.assert_array_equal(widths["of the slope"], [X, 2.0 * deviation])
    assert panels[2].get_yscale() == "log"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": [0.0]}, r"^x: expected at least two points"),
        ({"values": PREDICTED}, r"^values: expected a pair of means and standard deviations"),
        ({"values": (PREDICTED[1:], TRUE)}, r"^values\[0\]: expected as many entries as x"),
        ({"slopes": (PREDICTED, -TRUE)}, r"^slopes\[1\]: expected numbers >= 0"),
        ({"y_train": [1.0]}, r"^x_train: expected the places of y_train, got None"),
        ({"x_train": [1.0], "slope_train": [1.0, 2.0]}, r"^slope_train: expected as many entries as x_train"),
        ({"x_train": [1.0], "y_train": [np.inf]}, r"^y_train: expected finite numbers, or NaN"),
    ],
)
def test_bands_name_what_is_wrong(change: dict[str, object], message: str) -> None:
    arguments: dict[str, Any] = {"x": X, "values": (PREDICTED, TRUE), "slopes": (PREDICTED, TRUE)}
    with pytest.raises(ValueError, match=message):
        plotting.plot_bands(**{**arguments, **change})
    assert plt.get_fignums() == []


@pytest.fixture(scope="module")
def data() -> dict[str, Any]:
    """Two outputs of two inputs in units of their own."""
    X = np.random.default_rng(3).uniform([0.0, 100.0], [1.0, 300.0], (12, 2))
    a, b = X[:, 0], X[:, 1] / 200.0
    Y = np.stack([1e3 * np.sin(2.0 * a) * b, a + b**2], axis=1)
    slopes = np.empty((12, 2, 2))
    slopes[:, 0, 0], slopes[:, 0, 1] = 2e3 * np.cos(2.0 * a) * b, 1e3 * np.sin(2.0 * a) / 200.0
    slopes[:, 1, 0], slopes[:, 1, 1] = 1.0, 2.0 * b / 200.0
    return {"X": X, "Y": Y, "dYdX": slopes}


@pytest.fixture(scope="module")
def surrogate(data: dict[str, Any]) -> jetmlp.Surrogate:
    return jetmlp.Surrogate(n_threads=1).fit(data["X"], data["Y"], data["dYdX"])


def test_a_surrogate_draws_what_it_says_of_itself(surrogate: jetmlp.Surrogate, data: dict[str, Any]) -> None:
    panels = surrogate.plot(output_names=["lift", "drag"], title="twelve samples")
    errors, slope_errors = surrogate.left_out()
    assert len(panels) == 6
    assert panels[0].get_title(loc="left") == "twelve samples"
    for o, name in enumerate(["lift", "drag"]):
        against, calibration, bars = panels[3 * o : 3 * o + 3]
        assert against.get_xlabel() == f"observed value of {name}"
        (dots,) = (line for line in against.lines if line.get_linestyle() == "None")
        np.testing.assert_allclose(dots.get_data(), [data["Y"][:, o], errors[:, o]])
        clouds = list(labelled(calibration).values())
        # Values and slopes each up to one factor, that of their units.
        for cloud, own in zip(clouds, (errors[:, o], slope_errors[:, o, 0]), strict=True):
            shown = cloud[1] if own is errors[:, o] or len(cloud[1]) == 12 else cloud[1][::2]
            ratio = shown / np.abs(own)
            np.testing.assert_allclose(ratio, ratio[0])
        widths = sorted(patch.get_width() for patch in bars.patches)
        np.testing.assert_allclose(widths, np.sort(surrogate.sensitivities()[o]))


def test_one_output_of_several_is_drawn(surrogate: jetmlp.Surrogate) -> None:
    panels = surrogate.plot(output=1)
    assert len(panels) == 3
    assert panels[0].get_xlabel() == "observed value of $y_{2}$"


def test_a_surrogate_of_slopes_alone_draws_these(data: dict[str, Any]) -> None:
    surrogate = jetmlp.Surrogate(n_threads=1).fit(data["X"], None, data["dYdX"])
    against, calibration, _ = surrogate.plot(output=0)
    _, errors = surrogate.left_out()
    (dots,) = (line for line in against.lines if line.get_linestyle() == "None")
    # Relative to the slopes themselves, units are no matter.
    observed, drawn = np.asarray(dots.get_data())
    np.testing.assert_allclose(drawn / observed, (errors[:, 0] / data["dYdX"][:, 0]).ravel())
    assert against.get_xlabel() == "observed slope of $y_{1}$"
    assert [name.split(":")[0] for name in labelled(calibration)] == ["slopes"]


def test_a_surrogate_of_one_input_draws_its_curve() -> None:
    x = np.linspace(0.0, 2.0, 7)
    surrogate = jetmlp.Surrogate(n_threads=1).fit(x, np.sin(x), np.cos(x))
    panels = surrogate.plot(input_names=["time"], output_names=["way"])
    places, mean = labelled(panels[0])["surrogate"]
    np.testing.assert_allclose([places[0], places[-1]], [-0.1, 2.1])
    np.testing.assert_array_equal(mean, surrogate.predict(places)[:, 0])
    np.testing.assert_array_equal(labelled(panels[1])["samples"], [x, np.cos(x)])
    _, deviation = surrogate.jacobian(places, return_std=True)
    np.testing.assert_array_equal(labelled(panels[2])["slope of way"][1], deviation[:, 0, 0])
    assert [panels[0].get_ylabel(), panels[2].get_xlabel()] == ["way", "time"]


def test_a_surrogate_says_what_is_wrong_before_it_draws(surrogate: jetmlp.Surrogate) -> None:
    with pytest.raises(RuntimeError, match="has not been fitted"):
        jetmlp.Surrogate().plot()
    with pytest.raises(ValueError, match=r"^output: expected"):
        surrogate.plot(output=2)
    with pytest.raises(ValueError, match=r"^output_names: expected 2 names"):
        surrogate.plot(output_names=["lift"])
    with pytest.raises(ValueError, match=r"^input_names: expected 2 names"):
        surrogate.plot(input_names=["speed", "angle", "load"])
    with pytest.raises(ValueError, match=r"^axes: expected 6"):
        surrogate.plot(axes=plt.subplots()[1])
