from __future__ import annotations

from collections.abc import Iterable, Iterator

import matplotlib.pyplot as plt
import numpy as np
import pytest
from numpy.typing import NDArray

from figure_data import HISTORY, LOSS, details_of, labelled
from jetmlp import plotting


@pytest.fixture(autouse=True)
def _no_figures_left() -> Iterator[None]:
    yield
    plt.close("all")


def test_loss_draws_training_and_validation() -> None:
    axes = plotting.plot_loss(HISTORY, title="Adam")
    lines = labelled(axes)
    assert list(lines) == ["training", "validation"]
    np.testing.assert_array_equal(lines["training"], [np.arange(1, 51), LOSS])
    np.testing.assert_array_equal(lines["validation"], [np.arange(1, 51), 1.5 * LOSS])
    assert axes.get_yscale() == "log"
    assert axes.get_xlabel() == "epoch"
    assert axes.get_ylabel() == "loss"
    assert axes.get_title(loc="left") == "Adam"


def test_validation_is_dashed_and_thin_over_training() -> None:
    for axes in (plotting.plot_loss(HISTORY), plotting.plot_loss({"tanh": HISTORY, "ReLU": HISTORY})):
        for training, validation in zip(axes.lines[::2], axes.lines[1::2], strict=True):
            assert "training" in str(training.get_label())
            assert (training.get_linestyle(), validation.get_linestyle()) == ("-", "--")
            assert validation.get_linewidth() < training.get_linewidth()
            assert validation.get_zorder() > training.get_zorder()


def test_loss_says_where_it_ended() -> None:
    axes = plotting.plot_loss({"loss": [1.0, 0.25, np.nan], "val_loss": [2.0, 0.5, np.nan]})
    assert details_of(axes) == ["last: training 2.5e-01, validation 5.0e-01"]
    axes = plotting.plot_loss({"a": {"loss": [0.5]}, "b": {"loss": [0.25]}})
    assert details_of(axes) == ["a, last: training 5.0e-01", "b, last: training 2.5e-01"]
    assert details_of(plotting.plot_loss({str(k): {"loss": [0.5]} for k in range(4)})) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, True),
        ({"learning_rate": np.geomspace(1e-2, 1e-5, 50)}, False),
        ({"learning_rate": np.full(50, np.nan)}, False),
        ({"loss": LOSS}, False),
        # The first epochs of any fit may rise.
        ({"loss": np.where(np.arange(50) == 5, 100.0, LOSS)}, False),
    ],
)
def test_the_sawtooth_of_a_constant_rate_is_explained_in_one_line(
    change: dict[str, NDArray[np.float64]], said: bool
) -> None:
    spiky = np.where(np.arange(50) % 7 == 0, 30.0 * LOSS, LOSS)
    axes = plotting.plot_loss({"loss": spiky, "learning_rate": np.full(50, 1e-3), **change})
    lines = [line for line in details_of(axes) if "sawtooth" in line]
    assert len(lines) == said
    assert all("0.001" in line for line in lines)


def test_loss_without_validation() -> None:
    axes = plotting.plot_loss(HISTORY, "value_loss")
    assert list(labelled(axes)) == ["training"]
    assert axes.get_ylabel() == "value loss"


def test_loss_that_was_not_measured_is_said() -> None:
    axes = plotting.plot_loss(HISTORY, "derivative_loss")
    assert [text.get_text() for text in axes.texts] == ["no derivative loss in this fit"]
    assert axes.get_legend() is None
    axes.figure.draw_without_rendering()


def test_loss_connects_over_missing_epochs_and_keeps_zeros() -> None:
    history = {"loss": [1.0, 0.1, 0.0, 0.01], "val_loss": [np.nan, 0.2, np.nan, 0.02]}
    axes = plotting.plot_loss(history)
    np.testing.assert_array_equal(labelled(axes)["training"], [[1, 2, 3, 4], history["loss"]])
    np.testing.assert_array_equal(labelled(axes)["validation"], [[2, 4], [0.2, 0.02]])
    low, high = axes.get_ylim()
    assert 1e-4 < low < 0.01 < 1.0 < high < 100.0
    axes.figure.draw_without_rendering()


def test_loss_of_one_epoch_is_visible() -> None:
    axes = plotting.plot_loss({"loss": [0.5], "val_loss": [0.4]})
    assert all(line.get_marker() not in (None, "None", "") for line in axes.lines)
    axes.figure.draw_without_rendering()


def test_loss_compares_histories_and_takes_what_is_like_a_dict() -> None:
    class History:
        def __init__(self, scale: float) -> None:
            self.losses = {"loss": LOSS * scale, "val_loss": LOSS * scale}

        def keys(self) -> Iterable[str]:
            return self.losses.keys()

        def __getitem__(self, name: str) -> NDArray[np.float64]:
            return self.losses[name]

    histories: object = {"ReLU": History(2.0), "tanh": History(1.0)}
    axes = plotting.plot_loss(histories)
    lines = labelled(axes)
    assert list(lines) == ["ReLU, training", "ReLU, validation", "tanh, training", "tanh, validation"]
    np.testing.assert_array_equal(lines["ReLU, training"][1], 2.0 * LOSS)
    relu, _, tanh, _ = (line.get_color() for line in axes.lines)
    assert relu != tanh


def test_loss_drawn_twice_on_the_same_axes_has_new_colours_and_fits_both() -> None:
    axes = plotting.plot_loss(HISTORY, label="first")
    plotting.plot_loss({"loss": 1e-6 * np.ones(80)}, label="second", axes=axes)
    assert list(labelled(axes)) == ["first, training", "first, validation", "second, training"]
    assert len({line.get_color() for line in axes.lines}) == 3
    assert axes.get_ylim()[0] < 1e-6 < 0.15 < axes.get_ylim()[1]
    assert axes.get_xlim()[1] >= 80
    assert [line.split(",")[0] for line in details_of(axes)] == ["first", "second"]


@pytest.mark.parametrize(
    ("history", "options", "message"),
    [
        ([1.0, 0.5], {}, r"^history: expected a mapping"),
        ({}, {}, r"^history: expected a mapping"),
        (HISTORY, {"name": "los"}, r"^name: expected an entry of history, got 'los'; it has loss, val_loss"),
        ({"loss": np.ones((3, 2))}, {}, r"^history\['loss'\]: expected shape"),
        ({"loss": np.ones(3), "val_loss": np.ones(2)}, {}, r"^history\['val_loss'\]: expected as many"),
        ({"loss": LOSS, "tanh": HISTORY}, {}, r"^history: expected either"),
        ({"tanh": HISTORY}, {"label": "x"}, r"^label: expected None"),
    ],
)
def test_loss_names_what_is_wrong(history: object, options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plotting.plot_loss(history, **options)
    assert plt.get_fignums() == []
