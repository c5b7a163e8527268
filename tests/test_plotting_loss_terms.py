"""What a loss is made of, after a fit and while it runs."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib.pyplot as plt
import numpy as np
import pytest
from IPython.display import Image

import jetmlp
from figure_data import labelled
from jetmlp import plotting
from jetmlp.plotting import _live

EPOCHS = np.arange(1, 41)
VALUE, DERIVATIVE = 0.9**EPOCHS, 2.0 * 0.95**EPOCHS
HISTORY = {
    "loss": VALUE + 0.5 * DERIVATIVE + 0.03,
    "value_loss": VALUE,
    "derivative_loss": DERIVATIVE,
    "val_loss": 2.0 * VALUE,
    "val_value_loss": 2.0 * VALUE,
    "val_derivative_loss": np.full(40, np.nan),
    "learning_rate": np.full(40, 1e-3),
}


@pytest.fixture(autouse=True)
def _no_figures_left() -> Iterator[None]:
    yield
    plt.close("all")


def test_the_terms_are_the_columns_of_the_history() -> None:
    axes = plotting.plot_loss_terms(HISTORY, title="Adam")
    lines = labelled(axes)
    assert list(lines) == ["loss", "value", "value, validation", "derivative"]
    for name, column in (
        ("loss", "loss"),
        ("value", "value_loss"),
        ("value, validation", "val_value_loss"),
        ("derivative", "derivative_loss"),
    ):
        np.testing.assert_array_equal(lines[name], [EPOCHS, HISTORY[column]])
    assert (axes.get_yscale(), axes.get_xlabel()) == ("log", "epoch")
    colours = {str(line.get_label()): line.get_color() for line in axes.lines}
    assert colours["value"] == colours["value, validation"] != colours["derivative"]


def test_with_the_weights_of_a_fit_what_is_left_is_its_penalty() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(30, 1))
    model = jetmlp.MLP([1, 5, 1], seed=0, normalize=False)
    trainer = jetmlp.Trainer(model, jetmlp.Adam(), value_weight=2.0, derivative_weight=0.5, l2=0.01)
    squares: list[float] = []

    def before(epoch: int, losses: dict[str, float]) -> None:
        squares.append(0.01 * sum(float(np.sum(W**2)) for W in model.weights))

    history = trainer.fit(x, np.sin(x), np.cos(x), epochs=4, callbacks=before)
    axes = plotting.plot_loss_terms(history, weights={"value": 2.0, "derivative": 0.5})
    lines = labelled(axes)
    np.testing.assert_array_equal(lines["value"][1], 2.0 * history["value_loss"])
    np.testing.assert_array_equal(lines["derivative"][1], 0.5 * history["derivative_loss"])
    # Training losses are taken before the step: those of an epoch see the weights after the last one.
    ratio = lines["l2 penalty"][1][1:] / squares[:-1]
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-9)
    assert ratio[0] == pytest.approx(1.0) or ratio[0] == pytest.approx(0.5)


def test_without_a_penalty_rounding_is_not_drawn_as_one() -> None:
    history = {**HISTORY, "loss": VALUE + DERIVATIVE * (1.0 + 1e-8)}
    assert "l2 penalty" not in labelled(plotting.plot_loss_terms(history, weights={}))
    zero = plotting.plot_loss_terms(HISTORY, weights={"derivative": 0.0})
    assert "derivative" not in labelled(zero)


def test_a_second_derivative_one_epoch_and_nothing_at_all_are_drawn() -> None:
    one = plotting.plot_loss_terms({"loss": [2.0], "value_loss": [1.0], "second_derivative_loss": [0.5]})
    assert list(labelled(one)) == ["loss", "value", "second derivative"]
    assert all(line.get_marker() not in (None, "None", "") for line in one.lines)
    nothing = plotting.plot_loss_terms({"loss": [np.nan, np.inf]})
    assert [text.get_text() for text in nothing.texts] == ["no loss is finite"]
    for axes in (one, nothing):
        axes.figure.draw_without_rendering()


@pytest.mark.parametrize(
    ("history", "weights", "message"),
    [
        ([1.0], None, r"^history: expected a mapping with an entry 'loss'"),
        ({"value_loss": [1.0]}, None, r"^history: expected a mapping with an entry 'loss'"),
        ({"loss": [1.0], "value_loss": [1.0, 2.0]}, None, r"^history\['value_loss'\]: expected as many"),
        (HISTORY, {"values": 1.0}, r"^weights: expected names among value, derivative, second_derivative"),
        (HISTORY, {"value": -1.0}, r"^weights\['value'\]: expected a number >= 0, got -1.0"),
        (HISTORY, {"derivative": "balanced"}, r"^weights\['derivative'\]: expected real numbers"),
    ],
)
def test_loss_terms_name_what_is_wrong(history: object, weights: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plotting.plot_loss_terms(history, weights=weights)  # type: ignore[arg-type]
    assert plt.get_fignums() == []


# ---- live


class Clock:
    """A clock that goes on by one millisecond an epoch, and by as much as a picture is said to take."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(_live, "time", clock)
    return clock


def run(live: plotting.LiveLoss, clock: Clock, n_epochs: int) -> None:
    for epoch in range(n_epochs):
        clock.now += 1e-3
        live(epoch, {"loss": 1.0 / (epoch + 1), "value_loss": 0.5 / (epoch + 1)})


@pytest.mark.parametrize(
    ("cost", "options", "expected"), [(0.0, {}, 6), (0.1, {}, 2), (0.1, {"share": 0.5}, 9)]
)
def test_pictures_take_no_more_than_their_share(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, cost: float, options: dict[str, float], expected: int
) -> None:
    def draw(live: plotting.LiveLoss) -> None:
        clock.now += cost
        live.n_pictures += 1

    monkeypatch.setattr(plotting.LiveLoss, "_draw", draw)
    live = plotting.LiveLoss(**options)
    run(live, clock, 4800)
    assert live.n_pictures == expected
    assert live.n_pictures * cost <= options.get("share", 0.05) * clock.now


def test_the_last_picture_has_every_epoch_and_pyplot_knows_of_none(clock: Clock) -> None:
    with plotting.LiveLoss(title="fit") as live:
        run(live, clock, 1950)
        assert live.n_pictures == 1
    assert live.axes is not None
    lines = labelled(live.axes)
    np.testing.assert_array_equal(lines["loss"], [np.arange(1, 1951), 1.0 / np.arange(1, 1951)])
    np.testing.assert_array_equal(lines["value"][1], 0.5 / np.arange(1, 1951))
    assert live.axes.get_title(loc="left") == "fit"
    assert live.n_pictures == 2
    assert plt.get_fignums() == []


def test_it_draws_on_given_axes_and_goes_on_with_a_second_fit() -> None:
    figure, axes = plt.subplots()
    x = np.linspace(-1.0, 1.0, 20)
    trainer = jetmlp.Trainer(jetmlp.MLP([1, 4, 1], seed=0), jetmlp.Adam())
    with plotting.LiveLoss(axes=axes) as live:
        first = trainer.fit(x, x**2, 2.0 * x, epochs=5, callbacks=live)
        second = trainer.fit(x, x**2, 2.0 * x, epochs=3, callbacks=[live])
    np.testing.assert_array_equal(labelled(axes)["loss"][1], [*first["loss"], *second["loss"]])
    assert live.axes is axes
    assert plt.get_fignums() == [figure.number]


def test_of_many_epochs_the_extremes_of_each_stretch_are_drawn() -> None:
    losses = 1.0 + np.random.default_rng(0).uniform(size=100_003)
    losses[50_000], losses[70_001], losses[3], losses[-1] = 1e-9, 1e9, np.inf, 1.5
    axes = plotting.plot_loss_terms({"loss": _live._thinned(losses)})
    epochs, drawn = labelled(axes)["loss"]
    assert len(epochs) <= 2001
    np.testing.assert_array_equal(drawn, losses[epochs.astype(int) - 1])
    assert {50_001, 70_002, 100_003} <= {*epochs.astype(int).tolist()}
    assert np.diff(epochs).max() <= 2 * 101


def test_a_picture_that_fails_is_warned_of_and_the_fit_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("the window was closed")

    monkeypatch.setattr(_live, "plot_loss_terms", fail)
    x = np.linspace(-1.0, 1.0, 20)
    trainer = jetmlp.Trainer(jetmlp.MLP([1, 4, 1], seed=0), jetmlp.Adam())
    live = plotting.LiveLoss(seconds=0.0, share=0.999)
    with pytest.warns(RuntimeWarning, match="the window was closed") as warned, live:
        history = trainer.fit(x, x**2, epochs=300, callbacks=live)
    assert history.n_epochs == 300
    assert len(warned) == 1
    assert live.n_pictures == 0


def test_in_a_notebook_one_picture_takes_the_place_of_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[bytes] = []

    class Handle:
        def update(self, picture: Image) -> None:
            shown.append(picture.data)

    def show(picture: Image, *, display_id: bool) -> Handle:
        assert display_id
        assert not shown
        shown.append(picture.data)
        return Handle()

    class Shell:
        kernel = object()

    monkeypatch.setattr("IPython.get_ipython", Shell)
    monkeypatch.setattr("IPython.display.display", show)
    live = plotting.LiveLoss()
    for loss in (1.0, 0.1):
        live(0, {"loss": loss})
        live.draw()
    assert [picture[:4] for picture in shown] == [b"\x89PNG"] * 2
    assert shown[0] != shown[1]


def test_live_loss_names_what_is_wrong() -> None:
    with pytest.raises(ValueError, match=r"^share: expected"):
        plotting.LiveLoss(share=1.0)
    with pytest.raises(ValueError, match=r"^seconds: expected"):
        plotting.LiveLoss(seconds=-1.0)
    with pytest.raises(ValueError, match=r"^axes: expected 1 matplotlib Axes"):
        plotting.LiveLoss(axes="here")  # type: ignore[arg-type]
