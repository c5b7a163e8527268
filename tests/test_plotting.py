from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from figure_data import HISTORY, MONOMIAL_ERRORS, PREDICTED, RESULTS, TRUE, WIDTHS, X, details_of
from figure_models import INPUTS, SLOPES, VALUES, Sure
from jetmlp import plotting

Draw = Callable[..., "Axes | tuple[Axes, ...]"]


def draw_fit(axes: object = None) -> Axes | tuple[Axes, ...]:
    return plotting.plot_fit(X, TRUE, PREDICTED, x_train=X[::4], y_train=TRUE[::4], axes=axes)


def draw_loss(axes: object = None) -> Axes | tuple[Axes, ...]:
    return plotting.plot_loss(HISTORY, axes=axes)


def draw_ablation(axes: object = None) -> Axes | tuple[Axes, ...]:
    return plotting.plot_ablation(RESULTS, baseline="baseline", axes=axes)


def draw_monomials(axes: object = None) -> Axes | tuple[Axes, ...]:
    return plotting.plot_monomials(WIDTHS, {"fixed": MONOMIAL_ERRORS, "growing": MONOMIAL_ERRORS}, axes=axes)


def draw_gradient_check(axes: object = None) -> Axes | tuple[Axes, ...]:
    return plotting.plot_gradient_check(X, TRUE, TRUE * (1.0 + 1e-15), TRUE + 1e-9, axes=axes)


def draw_sample_errors(axes: object = None) -> Axes | tuple[Axes, ...]:
    errors = {"values only": [0.5, 0.1, 0.02], "values and slopes": [0.05, 0.01, 0.003]}
    return plotting.plot_sample_errors([9, 25, 100], errors, errors, axes=axes)


def draw_predictions(axes: object = None) -> Axes | tuple[Axes, ...]:
    predicted = {"values only": {"f": TRUE + 0.1}, "values and slopes": {"f": PREDICTED}}
    return plotting.plot_predictions({"f": TRUE}, predicted, axes=axes)


def draw_prices(axes: object = None) -> Axes | tuple[Axes, ...]:
    fits = {"values only": (TRUE + 0.1, TRUE), "values and slopes": (PREDICTED, PREDICTED)}
    return plotting.plot_prices(X, (TRUE, TRUE), fits, samples=(X, 9.0 * TRUE, 3.0 * TRUE), axes=axes)


def draw_left_out(axes: object = None) -> Axes | tuple[Axes, ...]:
    rng = np.random.default_rng(5)
    observed, deviations = rng.normal(size=(20, 2)), rng.uniform(0.01, 0.1, (20, 2))
    slopes = {
        "slope_errors": rng.normal(size=(20, 2, 3)),
        "slope_deviations": rng.uniform(1.0, 2.0, (20, 2, 3)),
    }
    shares = np.array([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]])
    return plotting.plot_left_out(observed, rng.normal(size=(20, 2)), deviations, shares, **slopes, axes=axes)


def draw_bands(axes: object = None) -> Axes | tuple[Axes, ...]:
    pair = TRUE, 0.01 + TRUE**2
    return plotting.plot_bands(X, pair, pair, x_train=X[::20], y_train=TRUE[::20], axes=axes)


def draw_goodness(axes: object = None) -> Axes | tuple[Axes, ...]:
    return plotting.plot_goodness_of_fit(Sure(), INPUTS, VALUES, SLOPES, outputs=0, axes=axes)


def draw_profiles(axes: object = None) -> Axes | tuple[Axes, ...]:
    return plotting.plot_profiles(Sure(), INPUTS, inputs=[0, 2], outputs=0, axes=axes)


def draw_contours(axes: object = None) -> Axes | tuple[Axes, ...]:
    return plotting.plot_contours(Sure(), INPUTS, axes=axes)


def draw_loss_terms(axes: object = None) -> Axes | tuple[Axes, ...]:
    return plotting.plot_loss_terms(HISTORY, weights={}, axes=axes)


DRAW = {
    "fit": draw_fit,
    "loss": draw_loss,
    "ablation": draw_ablation,
    "monomials": draw_monomials,
    "gradient_check": draw_gradient_check,
    "sample_errors": draw_sample_errors,
    "predictions": draw_predictions,
    "prices": draw_prices,
    "left_out": draw_left_out,
    "bands": draw_bands,
    "goodness": draw_goodness,
    "profiles": draw_profiles,
    "contours": draw_contours,
    "loss_terms": draw_loss_terms,
}
every_figure = pytest.mark.parametrize("draw", DRAW.values(), ids=DRAW.keys())


@pytest.fixture(autouse=True)
def _no_figures_left() -> Iterator[None]:
    yield
    plt.close("all")


def as_tuple(axes: Axes | tuple[Axes, ...]) -> tuple[Axes, ...]:
    return (axes,) if isinstance(axes, Axes) else tuple(axes)


def parameters() -> dict[str, object]:
    # The backend is chosen by pyplot at its first figure, whoever makes it.
    return {name: value for name, value in mpl.rcParams.copy().items() if name != "backend"}


@every_figure
def test_returns_axes_of_one_new_figure_and_keeps_the_settings(draw: Draw) -> None:
    before = parameters()
    axes = as_tuple(draw())
    assert all(isinstance(one, Axes) for one in axes)
    assert len({one.figure for one in axes}) == 1
    assert axes[0].figure.dpi == 200
    assert plt.get_fignums() == [1]
    assert parameters() == before


@every_figure
def test_draws_only_on_given_axes(draw: Draw) -> None:
    n_axes = len(as_tuple(draw()))
    plt.close("all")
    figure, grid = plt.subplots(1, n_axes + 1)
    given = tuple(grid[:n_axes])
    returned = as_tuple(draw(given[0] if n_axes == 1 else given))
    assert returned == given
    assert plt.get_fignums() == [figure.number]
    assert figure.axes == list(grid)
    assert not grid[n_axes].has_data()


@every_figure
def test_wrong_number_of_axes_is_named(draw: Draw) -> None:
    _, grid = plt.subplots(1, 5)
    with pytest.raises(ValueError, match=r"^axes: expected"):
        draw(grid)


@every_figure
def test_axes_are_labelled_and_legend_covers_no_data(draw: Draw) -> None:
    axes = as_tuple(draw())
    figure = axes[0].figure
    figure.draw_without_rendering()
    assert any(one.get_xlabel() for one in axes)
    assert axes[0].get_ylabel() or axes[0].get_yticklabels()
    legends = [one.get_legend() for one in axes if one.get_legend() is not None]
    # The map of monomials has its numbers in its cells.
    assert legends or draw is draw_monomials
    for legend in legends:
        box = legend.get_window_extent()
        assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1
        assert figure.bbox.y0 <= box.y0 < box.y1 <= figure.bbox.y1
        assert not any(box.overlaps(one.get_window_extent()) for one in axes)


@every_figure
def test_words_above_the_panels_lie_in_the_figure_and_on_nothing(draw: Draw) -> None:
    axes = as_tuple(draw())
    figure = axes[0].figure
    figure.draw_without_rendering()
    for one in axes:
        above = [text for text in one.texts if details_of(one) and text.get_gid()]
        boxes = [text.get_window_extent() for text in above]
        if one.get_legend() is not None:
            boxes.append(one.get_legend().get_window_extent())
        for place, box in enumerate(boxes):
            assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1
            assert figure.bbox.y0 <= box.y0 < box.y1 <= figure.bbox.y1
            assert not any(box.overlaps(other.get_window_extent()) for other in axes)
            assert not any(box.overlaps(other) for other in boxes[:place])


@pytest.mark.parametrize("count", [1, 2, 6, 12, 40])
def test_a_legend_is_never_taller_than_a_quarter_of_the_figure(count: int) -> None:
    names = [f"a network of {10 * k} units" for k in range(count)]
    one = plotting.plot_loss(dict.fromkeys(names, HISTORY))
    several = plotting.plot_fit(X, TRUE, dict.fromkeys(names, PREDICTED))
    rows = plotting.plot_ablation({"baseline": RESULTS["baseline"]}, metrics=["rmse", "max_error"])
    truth = {"flow [m³/yr]": TRUE}
    dots = plotting.plot_predictions(truth, {name: {"flow [m³/yr]": PREDICTED} for name in names})
    errors = {name: [0.5, 0.1] for name in names}
    samples = plotting.plot_sample_errors([9, 25], errors, errors)
    for panels in map(as_tuple, (one, several, rows, dots, samples)):
        figure = panels[0].figure
        figure.draw_without_rendering()
        for legend in filter(None, (panel.get_legend() for panel in panels)):
            assert 0.0 < legend.get_window_extent().height <= 0.25 * figure.bbox.height


def test_a_legend_without_room_counts_the_rest() -> None:
    names = [f"a network of {10 * k} units" for k in range(40)]
    legend = plotting.plot_loss(dict.fromkeys(names, HISTORY)).get_legend()
    assert legend is not None
    *shown, last = [text.get_text() for text in legend.get_texts()]
    assert 2 < len(shown) < 80
    assert shown[:2] == ["a network of 0 units, training", "a network of 0 units, validation"]
    assert last == f"and {80 - len(shown)} more"


@every_figure
def test_offscreen_makes_the_same_picture_without_pyplot(draw: Draw, tmp_path: Path) -> None:
    plotting.save_figure(draw(), tmp_path / "pyplot.png")
    with plotting.offscreen():
        axes = draw()
        assert plt.get_fignums() == []
        plotting.save_figure(axes, tmp_path / "offscreen.png")
    assert (tmp_path / "pyplot.png").read_bytes() == (tmp_path / "offscreen.png").read_bytes()


@every_figure
def test_the_look_does_not_depend_on_the_session(draw: Draw) -> None:
    def picture() -> NDArray[np.uint8]:
        # A notebook draws the figure after the function has returned, under its own settings.
        figure = as_tuple(draw())[0].figure
        figure.canvas.draw()
        return np.array(figure.canvas.buffer_rgba())

    plain = picture()
    with plt.style.context("dark_background"), plt.rc_context({"font.size": 20, "xtick.direction": "in"}):
        np.testing.assert_array_equal(picture(), plain)


@pytest.mark.parametrize("suffix", [".png", ".pdf", ".svg"])
@every_figure
def test_the_same_figure_is_the_same_bytes(draw: Draw, suffix: str, tmp_path: Path) -> None:
    first = plotting.save_figure(draw(), tmp_path / f"first{suffix}")
    second = plotting.save_figure(draw(), tmp_path / f"second{suffix}")
    data = first.read_bytes()
    assert data == second.read_bytes()
    assert data.startswith({".png": b"\x89PNG\r\n\x1a\n", ".pdf": b"%PDF-", ".svg": b"<?xml"}[suffix])
    assert b"tEXt" not in data
    assert plt.get_fignums() == []


def test_works_without_display_and_backend_and_imports_matplotlib_late(tmp_path: Path) -> None:
    script = """
import sys
from jetmlp import plotting
assert not any(name.split(".")[0] == "matplotlib" for name in sys.modules), "matplotlib came with the import"
plotting.save_figure(plotting.plot_loss({"loss": [1.0, 0.5, 0.1]}), sys.argv[1])
with plotting.offscreen():
    plotting.save_figure(plotting.plot_loss({"loss": [1.0, 0.5, 0.1]}), sys.argv[2])
import matplotlib
assert matplotlib.get_backend().lower() == "agg"
"""
    hidden = {"MPLBACKEND", "DISPLAY", "WAYLAND_DISPLAY"}
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    files = [tmp_path / "pyplot.png", tmp_path / "offscreen.png"]
    subprocess.run(
        [sys.executable, "-W", "error", "-c", script, *map(str, files)], check=True, env=environment
    )
    assert files[0].read_bytes() == files[1].read_bytes()


def test_style_ends_with_its_block() -> None:
    before = parameters()
    with plotting.style():
        assert mpl.rcParams["savefig.dpi"] == 200
        assert mpl.rcParams["figure.constrained_layout.use"]
    assert parameters() == before


def test_save_figure_takes_a_figure_and_a_resolution(tmp_path: Path) -> None:
    figure = Figure(figsize=(2.0, 1.0))
    figure.subplots()
    path = plotting.save_figure(figure, str(tmp_path / "small.png"), dpi=50)
    assert path == tmp_path / "small.png"
    assert plt.imread(path).shape[:2] == (50, 100)


def test_save_figure_names_what_is_wrong(tmp_path: Path) -> None:
    axes = [plotting.plot_loss(HISTORY), plotting.plot_loss(HISTORY)]
    with pytest.raises(ValueError, match=r"^axes_or_figure: expected a Figure, or Axes of one figure"):
        plotting.save_figure(axes, tmp_path / "two.png")
    with pytest.raises(ValueError, match=r"^axes_or_figure: expected"):
        plotting.save_figure(None, tmp_path / "none.png")  # type: ignore[arg-type]
    with pytest.raises(
        ValueError, match=r"^path: expected a file that ends in \.png, \.pdf, \.svg, got .*loss\.gif"
    ):
        plotting.save_figure(axes[0], tmp_path / "loss.gif")
    with pytest.raises(ValueError, match=r"^dpi: expected a positive number, got 0"):
        plotting.save_figure(axes[0], tmp_path / "loss.png", dpi=0)
    with pytest.raises(FileNotFoundError):
        plotting.save_figure(axes[0], tmp_path / "missing" / "loss.png")
    assert list(tmp_path.iterdir()) == []
    assert len(plt.get_fignums()) == 2
