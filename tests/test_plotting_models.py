"""Figures of a model: how good it is, along its inputs and over two of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.quiver import Quiver

import jetmlp
from figure_data import details_of, dots_of, labelled, texts_of
from figure_models import INPUTS, SLOPES, VALUES, Closed, Formula, Sure
from jetmlp import plotting
from jetmlp.sklearn import SobolevRegressor

X = np.linspace(-1.0, 1.0, 9)


@pytest.fixture(autouse=True)
def _no_figures_left() -> Iterator[None]:
    yield
    plt.close("all")


def bands_of(axes: Axes) -> list[tuple[float, float]]:
    """The lowest and the highest point of each band."""
    boxes = [one.get_datalim(axes.transData) for one in axes.collections]
    return [(box.y0, box.y1) for box in boxes]


# ---- profiles


@pytest.mark.parametrize("model", [Closed(), Sure()], ids=["without bars", "with bars"])
def test_profiles_draw_the_model_along_each_input(model: Closed) -> None:
    at = np.array([0.5, 1.0, 12.0])
    panels = plotting.plot_profiles(model, INPUTS, at=at)
    assert len(panels) == 12
    for o in range(2):
        for k in range(3):
            values, slopes = panels[6 * o + k], panels[6 * o + 3 + k]
            x, heights = values.lines[0].get_data()
            np.testing.assert_allclose([x[0], x[-1]], [INPUTS[:, k].min(), INPUTS[:, k].max()])
            places = np.tile(at, (len(x), 1))
            places[:, k] = x
            np.testing.assert_allclose(heights, Closed().predict(places)[:, o])
            np.testing.assert_allclose(slopes.lines[0].get_ydata(), Closed().jacobian(places)[:, o, k])
            held = labelled(values)["where it is held"]
            np.testing.assert_allclose(held, [[at[k]], Closed().predict(at[np.newaxis])[:, o]], rtol=1e-3)
            if isinstance(model, Sure):
                slope = Closed().jacobian(places)[:, o, k]
                low, high = slope.min(), slope.max()
                expected = [(low - 0.5 * z, high + 0.5 * z) for z in (1.96, 1.0)]
                np.testing.assert_allclose(bands_of(slopes), expected)
            else:
                assert not values.collections
    assert panels[0].get_ylim() == panels[1].get_ylim() == panels[2].get_ylim()


def test_profiles_are_held_at_the_medians_and_go_as_far_as_is_said() -> None:
    bounds = [[-3.0, 3.0], [0.0, 1.0], [0.0, 1.0]]
    (axes,) = plotting.plot_profiles(Closed(), INPUTS, bounds=bounds, inputs=0, outputs=0, slopes=False)
    x, heights = axes.lines[0].get_data()
    assert (x[0], x[-1]) == (-3.0, 3.0)
    np.testing.assert_allclose(heights, np.asarray(x) ** 2 + 2.0 * np.median(INPUTS[:, 1]))


def test_of_many_inputs_those_that_matter_are_drawn() -> None:
    sizes = np.array([1.0, 9.0, 0.5, 8.0, 7.0, 0.1, 6.0, 5.0])

    linear = Formula(lambda X: X @ sizes, lambda X: np.tile(sizes, (len(X), 1)))
    panels = plotting.plot_profiles(linear, np.random.default_rng(0).uniform(size=(200, 8)))
    assert [panel.get_xlabel() for panel in panels[5:]] == [f"$x_{{{k}}}$" for k in (2, 4, 5, 7, 8)]
    assert details_of(panels[0]) == ["5 of 8 inputs"]


def test_an_input_that_is_constant_is_said_to_be() -> None:
    inputs = INPUTS.copy()
    inputs[:, 1] = 2.0
    panels = plotting.plot_profiles(Closed(), inputs, outputs=0)
    assert [texts_of(panels[place]) for place in (1, 4)] == [["constant in\nthe samples"]] * 2
    assert not panels[1].lines
    assert panels[0].lines
    single = plotting.plot_profiles(Closed(), INPUTS[:1], outputs=0)
    assert all(texts_of(panel) == ["constant in\nthe samples"] for panel in single)
    bounded = plotting.plot_profiles(Closed(), INPUTS[:1], bounds=[[0.0, 1.0]] * 3)
    assert all(panel.lines for panel in bounded)
    for panel in (panels[0], single[0], bounded[0]):
        panel.figure.draw_without_rendering()


def test_samples_of_one_input_are_drawn_with_its_profile() -> None:
    model = jetmlp.MLP([1, 4, 1], seed=0)
    slopes = np.where(X > 0.5, np.nan, np.cos(X))
    values, below = plotting.plot_profiles(model, jetmlp.Samples(X, np.sin(X), slopes))
    np.testing.assert_array_equal(labelled(values)["samples"], [X, np.sin(X)])
    np.testing.assert_array_equal(labelled(below)["samples"], [X[X <= 0.5], np.cos(X[X <= 0.5])])


@pytest.mark.parametrize("kind", ["mlp", "staged", "surrogate", "estimator"])
def test_every_kind_of_model_is_drawn(kind: str) -> None:
    x = np.random.default_rng(2).uniform(-1.0, 1.0, (12, 2))
    y, dydx = x[:, 0] * x[:, 1], x[:, ::-1]
    if kind == "estimator":
        model: Any = SobolevRegressor(solver="lbfgs", max_iter=5).fit(x, y, dydx)
        predict = model.predict(x)
    elif kind == "surrogate":
        model = jetmlp.Surrogate(n_threads=1, seconds=0.1).fit(x, y, dydx)
        predict = model.predict(x)[:, 0]
    elif kind == "staged":
        model = jetmlp.StagedMLP([[2, 6, 1], [2, 6, 1]])
        model.fit(x, y, dydx, epochs=3)
        predict = model.predict(x)[:, 0]
    else:
        model = jetmlp.MLP([2, 6, 1], seed=0)
        predict = model.predict(x)[:, 0]
    panels = plotting.plot_goodness_of_fit(model, x, y, dydx)
    np.testing.assert_allclose(dots_of(panels[0])[0], [y, predict])
    bands = len(plotting.plot_profiles(model, x)[0].collections)
    assert bands == (2 if kind == "surrogate" else 0)
    assert plotting.plot_contours(model, x).has_data()


def test_names_come_from_data_frames_and_models() -> None:
    table = pd.DataFrame(INPUTS, columns=["force", "width", "angle"])
    targets = pd.DataFrame(VALUES, columns=["lift", "drag"])
    panels = plotting.plot_goodness_of_fit(Closed(), table, targets, outputs="drag")
    assert panels[1].get_xlabel() == "true value of drag"
    profiles = plotting.plot_profiles(Closed(), table, inputs=["angle"], slopes=False)
    assert profiles[0].get_xlabel() == "angle"
    surrogate = jetmlp.Surrogate(n_threads=1).fit(X, np.sin(X))
    surrogate.input_names, surrogate.output_names = ["time"], ["way"]
    values, slopes = plotting.plot_profiles(surrogate, X)
    assert (values.get_ylabel(), slopes.get_xlabel()) == ("way", "time")


# ---- contours


def contours_of(axes: Axes) -> Any:  # noqa: ANN401
    return next(one for one in axes.collections if type(one).__name__ == "QuadContourSet" and not one.filled)


def test_contours_lie_where_the_model_has_their_values() -> None:
    at = [0.0, 1.0, 12.0]
    axes = plotting.plot_contours(Closed(), INPUTS, inputs=(1, 0), at=at, levels=[2.0, 6.0], gradient=False)
    lines = contours_of(axes)
    assert lines.levels.tolist() == [2.0, 6.0]
    for level, path in zip(lines.levels, lines.get_paths(), strict=True):
        b, a = path.vertices.T
        assert len(a) > 20
        np.testing.assert_allclose(a**2 + 2.0 * b, level, atol=2e-2)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("$x_{2}$", "$x_{1}$")
    assert details_of(axes) == ["contours: $y_{1}$"]


def test_arrows_are_the_gradient_in_units_of_the_square() -> None:
    bounds = np.array([[-1.0, 2.0], [0.0, 500.0], [10.0, 13.0]])
    axes = plotting.plot_contours(Closed(), INPUTS, bounds=bounds)
    (arrows,) = (one for one in axes.collections if isinstance(one, Quiver))
    np.testing.assert_allclose(arrows.U, 2.0 * arrows.X * 3.0, atol=1e-12)
    np.testing.assert_allclose(arrows.V, 2.0 * 500.0)
    axes.figure.draw_without_rendering()
    box = axes.get_window_extent()
    assert box.width == pytest.approx(box.height, rel=1e-6)


def test_contours_of_the_error_bar_need_a_model_that_has_one() -> None:
    axes = plotting.plot_contours(Sure(), INPUTS, quantity="deviation", levels=[0.6, 1.1])
    for level, path in zip((0.6, 1.1), contours_of(axes).get_paths(), strict=True):
        np.testing.assert_allclose(np.abs(path.vertices[:, 0]), level - 0.1, atol=1e-2)
    assert not any(isinstance(one, Quiver) for one in axes.collections)
    assert details_of(axes) == ["contours: standard deviation of $y_{1}$"]
    with pytest.raises(ValueError, match=r"^quantity: expected 'value' for a model without error bars"):
        plotting.plot_contours(Closed(), INPUTS, quantity="deviation")


@pytest.mark.parametrize(("number", "words"), [(3.0, "constant: 3"), (np.nan, "no number that is finite")])
def test_a_constant_and_nan_have_no_contours_but_a_word(number: float, words: str) -> None:
    same = Formula(lambda X: np.full(len(X), number), lambda X: np.zeros((len(X), 3)) * number)
    axes = plotting.plot_contours(same, INPUTS)
    assert words in texts_of(axes)
    axes.figure.draw_without_rendering()


def test_levels_that_lie_nowhere_are_said_and_a_single_one_is_a_line() -> None:
    nowhere = plotting.plot_contours(Closed(), INPUTS, levels=[100.0])
    assert any(text.startswith("no level lies within") for text in texts_of(nowhere))
    single = plotting.plot_contours(Closed(), INPUTS, levels=[4.0, 100.0])
    assert contours_of(single).levels.tolist() == [4.0]
    for axes in (nowhere, single):
        axes.figure.draw_without_rendering()


# ---- what is wrong

NOT_A_MODEL: Any = "model"
DRAW: dict[str, Callable[..., Any]] = {
    "goodness": lambda model, X, **more: plotting.plot_goodness_of_fit(model, X, VALUES, **more),
    "profiles": plotting.plot_profiles,
    "contours": plotting.plot_contours,
}


@pytest.mark.parametrize("draw", DRAW.values(), ids=DRAW.keys())
def test_all_name_a_wrong_model_and_wrong_inputs(draw: Callable[..., Any]) -> None:
    with pytest.raises(TypeError, match=r"^model: expected one with predict and jacobian"):
        draw(NOT_A_MODEL, INPUTS)
    with pytest.raises(ValueError, match=r"^X: expected"):
        draw(Closed(), INPUTS[:, :2])
    with pytest.raises(ValueError, match=r"^X: expected finite"):
        draw(Closed(), np.where(INPUTS > 12.0, np.nan, INPUTS))
    with pytest.raises(ValueError, match=r"^input_names: expected 3 names, got 2"):
        draw(Closed(), INPUTS, input_names=["a", "b"])
    with pytest.raises(ValueError, match=r"^output_names: expected 2 names, got 1"):
        draw(Closed(), INPUTS, output_names="lift")
    with pytest.raises(RuntimeError, match="has not been fitted"):
        draw(jetmlp.Surrogate(), INPUTS)
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    ("draw", "change", "message"),
    [
        ("goodness", {"outputs": 2}, r"^outputs: expected"),
        ("goodness", {"outputs": ["lift"]}, r"^outputs: expected names among \$y_\{1\}\$, \$y_\{2\}\$"),
        ("goodness", {"outputs": []}, r"^outputs: expected at least one, each once, got \[\]"),
        ("goodness", {"dYdX": SLOPES[:, :, :2]}, r"^dYdX: expected"),
        ("profiles", {"at": [0.0, 1.0]}, r"^at: expected 3 finite numbers"),
        ("profiles", {"bounds": [[0.0, 1.0]]}, r"^bounds: expected a lower and a higher end"),
        ("profiles", {"bounds": [[1.0, 0.0]] * 3}, r"^bounds: expected a lower and a higher end"),
        ("profiles", {"inputs": [1, 1]}, r"^inputs: expected at least one, each once"),
        ("contours", {"inputs": [0, 1, 2]}, r"^inputs: expected two of the inputs"),
        ("contours", {"output": "lift"}, r"^output: expected names among"),
        ("contours", {"levels": 0}, r"^levels: expected an integer of at least 1"),
        ("contours", {"levels": [3.0, 2.0]}, r"^levels: expected rising numbers, got \[3.0, 2.0\]"),
        ("contours", {"quantity": "slope"}, r"^quantity: expected"),
    ],
)
def test_wrong_arguments_are_named_before_a_figure_is_made(
    draw: str, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        DRAW[draw](Closed(), INPUTS, **change)
    assert plt.get_fignums() == []


def test_goodness_needs_something_to_compare_with_and_contours_two_inputs_that_vary() -> None:
    with pytest.raises(ValueError, match=r"^Y, dYdX: expected at least one"):
        plotting.plot_goodness_of_fit(Closed(), INPUTS)
    with pytest.raises(ValueError, match=r"^X: expected at least two inputs, got 1"):
        plotting.plot_contours(jetmlp.MLP([1, 4, 1]), X)
    with pytest.raises(ValueError, match=r"^bounds: expected ends of \$x_\{1\}\$, which is constant in X"):
        plotting.plot_contours(Closed(), INPUTS[:1])
    assert plt.get_fignums() == []
