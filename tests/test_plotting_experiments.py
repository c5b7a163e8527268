from __future__ import annotations

from collections.abc import Iterator

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes

from figure_data import MONOMIAL_ERRORS, RESULTS, TRUE, WIDTHS, X, details_of, evaluation, labelled
from jetmlp import plotting


@pytest.fixture(autouse=True)
def _no_figures_left() -> Iterator[None]:
    yield
    plt.close("all")


def test_ablation_marks_medians_and_extremes() -> None:
    value_axes, derivative_axes = plotting.plot_ablation(RESULTS, baseline="baseline")
    np.testing.assert_allclose(labelled(value_axes)["root mean square"][0], [2e-4, 0.5e-4])
    np.testing.assert_allclose(labelled(derivative_axes)["maximum"][0], [1.8e-2, 4.5e-3])
    ranges = [np.asarray(line.get_xdata()) for line in value_axes.lines]
    assert any(r.size == 6 and np.allclose(r[:2], [1e-4, 3e-4]) and np.isnan(r[2]) for r in ranges)
    # Baselines, upright through all rows.
    upright = [r[0] for r in ranges if r.size == 2 and r[0] == r[1]]
    np.testing.assert_allclose(upright, [2e-4, 8e-4])
    assert value_axes.get_xscale() == derivative_axes.get_xscale() == "log"
    assert [text.get_text() for text in value_axes.get_yticklabels()] == ["baseline", "wider"]
    assert value_axes.yaxis_inverted()
    for axes, smallest, largest in ((value_axes, 5e-5, 1.2e-3), (derivative_axes, 1e-3, 2.7e-2)):
        assert smallest / 10 < axes.get_xlim()[0] < smallest
        assert largest < axes.get_xlim()[1] < largest * 10


def test_ablation_without_values_or_with_zeros() -> None:
    rows = {"derivative only": {"derivative": evaluation(1.0)["derivative"]}, "exact": evaluation(0.0)}
    value_axes, derivative_axes = plotting.plot_ablation(rows, metrics=["rmse"])
    np.testing.assert_array_equal(labelled(value_axes)["root mean square"], [[0.0], [1.0]])
    np.testing.assert_array_equal(labelled(derivative_axes)["root mean square"][0], [2e-3, 0.0])
    value_axes.figure.draw_without_rendering()


@pytest.mark.parametrize(
    ("results", "options", "message"),
    [
        ({}, {}, r"^results: expected a mapping"),
        ([evaluation(1.0)], {}, r"^results: expected a mapping"),
        ({"a": []}, {}, r"^results\['a'\]: expected an evaluation"),
        ({"a": 1.0}, {}, r"^results\['a'\]: expected an evaluation"),
        ({"a": [1.0]}, {}, r"^results\['a'\]: expected evaluations"),
        ({"a": evaluation(-1.0)}, {}, r"^results\['a'\]\['value'\]\['rmse'\]: expected finite numbers >= 0"),
        ({"a": evaluation(np.nan)}, {}, r"^results\['a'\]\['value'\]\['rmse'\]: expected finite"),
        (RESULTS, {"metrics": ["r3"]}, r"^metrics: expected names in every evaluation, .* no 'r3'"),
        (RESULTS, {"metrics": "rmse"}, r"^metrics: expected a sequence"),
        (RESULTS, {"baseline": "narrow"}, r"^baseline: expected one of baseline, wider, got 'narrow'"),
    ],
)
def test_ablation_names_what_is_wrong(results: object, options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plotting.plot_ablation(results, **options)
    assert plt.get_fignums() == []


def cells_of(axes: Axes) -> dict[tuple[str, str], str]:
    """Return what is written in each cell, by power and width."""
    # Panels beside each other have the names of their rows once.
    powers = [text.get_text() for text in axes.figure.axes[0].get_yticklabels()]
    widths = [text.get_text() for text in axes.get_xticklabels()]
    places = [(text.get_position(), text.get_text()) for text in axes.texts]
    return {(powers[int(row)], widths[int(column)]): text for (column, row), text in places}


def test_monomials_are_maps_with_a_number_for_each_power_and_width() -> None:
    shuffle = [3, 0, 5, 1, 2, 4]
    axes = plotting.plot_monomials(
        np.array(WIDTHS)[shuffle],
        {"fixed": MONOMIAL_ERRORS[:, shuffle], "k": 1e-3 * MONOMIAL_ERRORS[:, shuffle]},
    )
    assert len(axes) == 2
    for one, factor in zip(axes, (1.0, 1e-3), strict=True):
        (image,) = one.get_images()
        np.testing.assert_allclose(image.get_array(), np.log10(factor * MONOMIAL_ERRORS))
        cells = cells_of(one)
        assert len(cells) == 12 * 6
        for k in range(1, 13):
            for width in WIDTHS:
                assert float(cells[str(k), str(width)]) == pytest.approx(factor * k / width, rel=0.05)
    # One scale of shades: the same number is as dark in both.
    assert len({one.get_images()[0].get_clim() for one in axes}) == 1
    assert [one.get_title(loc="left").splitlines()[-1] for one in axes] == ["fixed", "k"]


def test_the_numbers_of_monomials_stay_in_their_cells() -> None:
    for one in plotting.plot_monomials(WIDTHS, {"fixed": MONOMIAL_ERRORS, "k": 1e-9 * MONOMIAL_ERRORS}):
        one.figure.draw_without_rendering()
        width = one.get_window_extent().width / len(WIDTHS)
        height = one.get_window_extent().height / len(MONOMIAL_ERRORS)
        for text in one.texts:
            box = text.get_window_extent()
            assert box.width < width
            assert box.height < height


def test_monomials_of_one_table_and_other_powers() -> None:
    (axes,) = plotting.plot_monomials(WIDTHS, MONOMIAL_ERRORS[:2], powers=[3, 20], y_label="maximum error")
    assert {power for power, _ in cells_of(axes)} == {"3", "20"}
    assert axes.get_title(loc="left") == "maximum error"


def test_monomials_without_an_error_and_without_a_number() -> None:
    (axes,) = plotting.plot_monomials([2, 4], [[0.0, np.nan], [0.1, 1.0]])
    assert cells_of(axes) == {("1", "2"): "0", ("2", "2"): "1.0e-1", ("2", "4"): "1.0e0"}
    axes.figure.draw_without_rendering()
    (axes,) = plotting.plot_monomials([2, 4], [[np.nan, np.nan]])
    axes.figure.draw_without_rendering()


@pytest.mark.parametrize(
    ("widths", "errors", "options", "message"),
    [
        ([0, 2], np.ones((3, 2)), {}, r"^widths: expected positive"),
        (WIDTHS, np.ones((3, 2)), {}, r"^errors: expected shape \(powers, 6\)"),
        (WIDTHS, {"fixed": np.ones(6)}, {}, r"^errors\['fixed'\]: expected shape"),
        (WIDTHS, {}, {}, r"^errors: expected at least one panel"),
        (
            WIDTHS,
            {"a": np.ones((3, 6)), "b": np.ones((2, 6))},
            {},
            r"^errors: expected one row for each of 3",
        ),
        (WIDTHS, -MONOMIAL_ERRORS, {}, r"^errors: expected finite errors >= 0"),
        (WIDTHS, MONOMIAL_ERRORS, {"powers": [1, 2]}, r"^errors: expected one row for each of 2 powers"),
    ],
)
def test_monomials_name_what_is_wrong(
    widths: object, errors: object, options: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        plotting.plot_monomials(widths, errors, **options)
    assert plt.get_fignums() == []


def test_gradient_check_draws_three_ways_and_two_differences() -> None:
    jacobian = TRUE.copy()
    jacobian[::2] += 1e-15
    central = TRUE + 1e-9
    reverse = slice(None, None, -1)
    gradient_axes, difference_axes = plotting.plot_gradient_check(
        X[reverse], TRUE[reverse], jacobian[reverse, None, None], central[reverse], max_markers=11
    )
    lines = labelled(gradient_axes)
    assert list(lines) == ["step by step", "Jacobian", "central differences"]
    np.testing.assert_array_equal(lines["step by step"], [X, TRUE])
    np.testing.assert_array_equal(lines["Jacobian"], [X, jacobian])
    np.testing.assert_array_equal(lines["central differences"], [X[::20], central[::20]])
    jacobian_difference, central_difference = difference_axes.lines
    np.testing.assert_array_equal(jacobian_difference.get_data(), [X, np.abs(jacobian - TRUE)])
    np.testing.assert_array_equal(central_difference.get_data(), [X, np.abs(central - TRUE)])
    share = round(100 * np.mean(jacobian == TRUE))
    assert f"zero at {share} %" in str(jacobian_difference.get_label())
    assert difference_axes.get_yscale() == "log"
    assert details_of(gradient_axes) == [
        f"largest difference: Jacobian {np.abs(jacobian - TRUE).max():.1e}, central differences 1.0e-09"
    ]
    low, high = difference_axes.get_ylim()
    assert low < 1e-15 < 1e-9 < high


def test_gradient_check_without_difference_is_said() -> None:
    _, difference_axes = plotting.plot_gradient_check(X, TRUE, TRUE, TRUE)
    assert ["exactly zero" in text.get_text() for text in difference_axes.texts] == [True]
    difference_axes.figure.draw_without_rendering()


@pytest.mark.parametrize("name", ["step_by_step", "jacobian", "central_differences"])
def test_gradient_check_names_what_is_wrong(name: str) -> None:
    arguments: dict[str, object] = {
        "x": X,
        "step_by_step": TRUE,
        "jacobian": TRUE,
        "central_differences": TRUE,
    }
    with pytest.raises(ValueError, match=rf"^{name}: expected as many entries as x"):
        plotting.plot_gradient_check(**{**arguments, name: TRUE[1:]})


def test_ratios_mark_middles_and_ends_beside_a_line_at_one() -> None:
    rows = {"one": {"a": [0.5, 1.0, 4.0]}, "two": {"b": [1e-3, 1e-2, 1e-1], "a": [2.0, 2.0, 3.0]}}
    axes = plotting.plot_ratios(rows, x_label="error", title="ratios")
    dots = labelled(axes)
    assert list(dots) == ["b", "a"]
    np.testing.assert_allclose(dots["a"][0], [1.0, 2.0])
    np.testing.assert_allclose(dots["b"][0], [1e-2])
    # A row's dots stand within half a row of its place, none behind another.
    np.testing.assert_allclose(dots["a"][1], [0.175, 1.175])
    np.testing.assert_allclose(dots["b"][1], [0.825])
    lines = [np.asarray(line.get_xdata()).tolist() for line in axes.lines]
    for ends in ([0.5, 4.0], [1e-3, 1e-1], [2.0, 3.0], [1.0, 1.0]):
        assert ends in lines
    assert axes.get_xscale() == "log"
    assert [text.get_text() for text in axes.get_yticklabels()] == ["one", "two"]
    assert axes.yaxis_inverted()
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["b", "a"]


@pytest.mark.parametrize("ratios", [[1.0, 2.0], [0.0, 1.0, 2.0], [2.0, 1.0, 3.0], [1.0, np.nan, 2.0]])
def test_ratios_refuse_what_is_none(ratios: list[float]) -> None:
    with pytest.raises(ValueError, match=r"rows\['one'\]\['a'\]: expected three numbers above 0 in rising"):
        plotting.plot_ratios({"one": {"a": ratios}})


def test_ratios_refuse_nothing() -> None:
    with pytest.raises(ValueError, match="rows: expected a mapping with at least one ratio"):
        plotting.plot_ratios({"one": {}})
