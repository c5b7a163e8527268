from __future__ import annotations

from collections.abc import Iterator

import matplotlib.pyplot as plt
import numpy as np
import pytest

from figure_data import ERROR, PREDICTED, TRUE, X, details_of, labelled
from jetmlp import plotting


@pytest.fixture(autouse=True)
def _no_figures_left() -> Iterator[None]:
    yield
    plt.close("all")


def test_fit_draws_the_data_and_its_error_in_the_order_of_x(rng: np.random.Generator) -> None:
    shuffle = rng.permutation(X.size)
    fit_axes, error_axes = plotting.plot_fit(X[shuffle], TRUE[shuffle], PREDICTED[shuffle, None])
    lines = labelled(fit_axes)
    assert list(lines) == ["true", "predicted"]
    np.testing.assert_array_equal(lines["true"], [X, TRUE])
    np.testing.assert_array_equal(lines["predicted"], [X, PREDICTED])
    (error,) = error_axes.lines
    np.testing.assert_array_equal(error.get_data(), [X, np.abs(PREDICTED - TRUE)])
    assert error_axes.get_yscale() == "log"
    assert fit_axes.get_yscale() == "linear"
    assert fit_axes.get_shared_x_axes().joined(fit_axes, error_axes)


def test_fit_takes_the_shapes_of_the_library() -> None:
    fit_axes, _ = plotting.plot_fit(
        X[:, None], TRUE[:, None, None], PREDICTED[:, None, None].astype("float32")
    )
    np.testing.assert_array_equal(labelled(fit_axes)["predicted"], [X, PREDICTED.astype("float32")])


def test_fit_compares_several_predictions() -> None:
    fit_axes, error_axes = plotting.plot_fit(X, TRUE, {"ReLU": PREDICTED, "tanh": TRUE + 0.1 * ERROR})
    assert list(labelled(fit_axes)) == ["true", "ReLU", "tanh"]
    looks = [(line.get_color(), line.get_linestyle()) for line in fit_axes.lines[1:]]
    assert looks == [(line.get_color(), line.get_linestyle()) for line in error_axes.lines]
    assert len({color for color, _ in looks}) == len({dashes for _, dashes in looks}) == 2
    np.testing.assert_allclose(error_axes.lines[1].get_ydata(), np.abs(0.1 * ERROR), atol=1e-15)


def test_fit_says_how_large_the_errors_are() -> None:
    fit_axes, _ = plotting.plot_fit(X, TRUE, TRUE + np.where(X > 0.5, 0.25, 0.0), title="ten points")
    rmse = np.sqrt(np.mean(np.where(X > 0.5, 0.25, 0.0) ** 2))
    assert details_of(fit_axes) == [f"predicted: root mean square error {rmse:.1e}, largest 2.5e-01"]
    assert fit_axes.get_title(loc="left") == "ten points"


def test_fit_says_the_best_and_the_worst_of_many() -> None:
    fits = {name: TRUE + error for name, error in {"a": 0.02, "b": 0.01, "c": 0.04, "d": 0.03}.items()}
    fit_axes, _ = plotting.plot_fit(X, TRUE, fits)
    assert details_of(fit_axes) == ["root mean square errors from 1.0e-02 (b) to 4.0e-02 (c)"]


@pytest.mark.parametrize(
    ("symbol", "x_label", "y_label", "expected"),
    [
        ("f", "x", None, "$f(x)$"),
        ("f'", "x", None, "$f'(x)$"),
        ("$u$", r"\theta_1", None, r"$u(\theta_1)$"),
        (r"\partial_t u", "time [s]", None, r"$\partial_t u$"),
        ("f", "time [s]", "speed [m/s]", "speed [m/s]"),
    ],
)
def test_fit_labels(symbol: str, x_label: str, y_label: str | None, expected: str) -> None:
    fit_axes, error_axes = plotting.plot_fit(
        X, TRUE, PREDICTED, symbol=symbol, x_label=x_label, y_label=y_label, title="A title"
    )
    assert fit_axes.get_ylabel() == expected
    assert error_axes.get_xlabel() == (x_label if " " in x_label else f"${x_label}$")
    assert fit_axes.get_xlabel() == ""
    assert fit_axes.get_title(loc="left") == "A title"
    fit_axes.figure.draw_without_rendering()


def test_fit_marks_all_of_few_training_points(rng: np.random.Generator) -> None:
    shuffle = rng.permutation(40)
    x, y = X[:40][shuffle], TRUE[:40][shuffle]
    fit_axes, _ = plotting.plot_fit(X, TRUE, PREDICTED, x_train=x[:, None], y_train=y[:, None])
    np.testing.assert_array_equal(labelled(fit_axes)["training points"], [X[:40], TRUE[:40]])


def test_fit_thins_the_markers_of_many_training_points_but_shows_all_places(rng: np.random.Generator) -> None:
    x = np.sort(rng.uniform(-1.0, 1.0, 2048))
    fit_axes, _ = plotting.plot_fit(X, TRUE, PREDICTED, x_train=x[::-1], y_train=x[::-1] ** 2)
    shown = labelled(fit_axes)["training points (64 of 2048)"]
    assert shown.shape == (2, 64)
    assert set(shown[0]) <= set(x)
    assert (shown[0, 0], shown[0, -1]) == (x[0], x[-1])
    np.testing.assert_array_equal(shown[1], shown[0] ** 2)
    assert any(np.array_equal(line.get_xdata(), x) for line in fit_axes.lines)


def test_fit_leaves_out_what_was_not_measured() -> None:
    y = np.array([0.1, np.nan, 0.3])
    fit_axes, _ = plotting.plot_fit(X, TRUE, PREDICTED, x_train=[-0.5, 0.0, 0.5], y_train=y)
    np.testing.assert_array_equal(labelled(fit_axes)["training points"], [[-0.5, 0.5], [0.1, 0.3]])


def test_fit_without_training_values_marks_the_places() -> None:
    fit_axes, _ = plotting.plot_fit(X, TRUE, PREDICTED, x_train=[0.5, -0.5])
    np.testing.assert_array_equal(labelled(fit_axes)["training points"][0], [-0.5, 0.5])


def test_exact_zeros_do_not_widen_the_error_axis() -> None:
    error = np.where(X < 0.0, 0.0, 1e-3)
    _, error_axes = plotting.plot_fit(X, np.zeros_like(X), error)
    low, high = error_axes.get_ylim()
    assert 1e-5 < low < 1e-3 < high < 1e-1
    error_axes.figure.draw_without_rendering()


def test_no_error_at_all_is_said() -> None:
    _, error_axes = plotting.plot_fit(X, TRUE, TRUE)
    assert error_axes.get_yscale() == "log"
    assert ["exactly zero" in text.get_text() for text in error_axes.texts] == [True]
    error_axes.figure.draw_without_rendering()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": X[:, None] * [1.0, 2.0]}, r"^x: expected shape"),
        ({"x": [0.0]}, r"^x: expected at least two"),
        ({"x": []}, r"^x: expected at least one entry"),
        ({"x": np.where(X > 0.5, np.nan, X)}, r"^x: expected finite"),
        ({"true": TRUE[:-1]}, r"^true: expected as many entries as x, 201, got 200"),
        ({"true": "runge"}, r"^true: expected real numbers"),
        ({"predicted": PREDICTED + 0j}, r"^predicted: expected real numbers, got dtype complex128"),
        ({"predicted": PREDICTED * np.inf}, r"^predicted: expected finite"),
        ({"predicted": {}}, r"^predicted: expected at least one"),
        ({"predicted": {"tanh": TRUE, "ReLU": TRUE[1:]}}, r"^predicted\['ReLU'\]: expected as many"),
        ({"y_train": TRUE}, r"^x_train: expected the places of y_train"),
        ({"x_train": X, "y_train": TRUE[1:]}, r"^y_train: expected as many entries as x_train"),
        ({"x_train": X, "y_train": np.full(X.size, np.inf)}, r"^y_train: expected finite"),
        ({"x_train": np.full(3, np.nan)}, r"^x_train: expected finite"),
        ({"max_markers": 0}, r"^max_markers: expected at least 1"),
        ({"symbol": "f^{"}, r"^symbol: expected mathematics"),
    ],
)
def test_fit_names_what_is_wrong(change: dict[str, object], message: str) -> None:
    arguments: dict[str, object] = {"x": X, "true": TRUE, "predicted": PREDICTED}
    with pytest.raises(ValueError, match=message):
        plotting.plot_fit(**{**arguments, **change})
    assert plt.get_fignums() == []
