"""What notebooks show: well-formed, escaped, from no other place, in the colours of the page."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

import jetmlp
from jetmlp import _html

X = np.linspace(-1.0, 1.0, 30).reshape(15, 2)
Y = np.column_stack([X[:, 0] ** 2, X[:, 1]])
J = np.zeros((15, 2, 2))
J[:, 0, 0], J[:, 1, 1] = 2 * X[:, 0], 1.0
J[3, 0, 0] = np.nan


class Strict(HTMLParser):
    """Collects the rows of tables and the text; every tag must be closed where it belongs."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.rows: list[list[str]] = []
        self.texts: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] in (["td"], ["th"]):
            self.rows[-1][-1] += data
        self.texts.append(data)

    def of(self, tag: str, name: str) -> list[str]:
        return [value for its, attribute, value in self.attributes if (its, attribute) == (tag, name)]


def fitted() -> tuple[jetmlp.MLP, jetmlp.History]:
    model = jetmlp.MLP([2, 5, 4, 2], "silu", dtype="float64", normalize=True)
    history = jetmlp.Trainer(model, jetmlp.Adam(1e-2)).fit(X, Y, J, epochs=9, validation_data=(X, Y))
    return model, history


SHOWN: dict[str, Callable[[], Any]] = {
    "model": lambda: fitted()[0],
    "new model": lambda: jetmlp.MLP([1, 1]),
    "normalization": lambda: fitted()[0].normalization,
    "history": lambda: fitted()[1],
    "empty history": jetmlp.History,
    "samples": lambda: jetmlp.Samples(X, Y, J, sample_weight=np.arange(15.0)),
    "report": lambda: jetmlp.check_derivatives(X, Y, -J),
    "many columns": lambda: jetmlp.Normalization(*[np.ones(500)] * 4),
}


@pytest.mark.parametrize("make", SHOWN.values(), ids=SHOWN)
def test_well_formed_small_and_of_the_page(make: Callable[[], Any]) -> None:
    text = make()._repr_html_()
    page = Strict(text)
    assert len({len(row) for row in page.rows}) <= 1
    assert len(page.rows) <= 30
    assert not re.search(r"http|url\(|src=|href=|<script|class=", text)
    for style in page.of("table", "style") + page.of("td", "style") + page.of("th", "style"):
        for part in style.split(";"):
            name, _, value = part.partition(":")
            if "color" in name or "background" in name:
                assert value in ("inherit", "transparent")
            elif "rgb" in value:
                assert "rgba(128,128,128," in value
    assert set(page.of("polyline", "stroke")) <= {"currentColor"}


def test_a_model_shows_its_layers() -> None:
    page = Strict(fitted()[0]._repr_html_())
    assert page.rows == [
        ["layer", "from", "units", "activation", "parameters"],
        ["1", "2", "5", "silu", "15"],
        ["2", "5", "4", "silu", "24"],
        ["3", "4", "2", "identity", "10"],
    ]
    assert page.texts[0] == "MLP 2-5-4-2"
    assert page.texts[-1] == "49 parameters of float64, normalized, scales learned"
    for normalize, words in ((True, "normalized, scales not yet learned"), (False, "no normalization")):
        page = Strict(jetmlp.MLP([1, 1], normalize=normalize)._repr_html_())
        assert page.texts[-1].endswith(words)


def test_a_normalization_shows_every_column() -> None:
    page = Strict(jetmlp.Normalization([1.5, -2], [0.25, 1e-7], [3], [-4])._repr_html_())
    assert page.rows[1:] == [["x[0]", "1.5", "0.25"], ["x[1]", "-2", "1e-07"], ["y[0]", "3", "-4"]]


def test_a_history_shows_losses_and_a_line_on_a_logarithmic_axis() -> None:
    history = jetmlp.History(
        loss=np.array([1.0, 0.1, 0.01]),
        value_loss=np.array([1.0, 0.1, 0.01]),
        derivative_loss=np.full(3, np.nan),
        val_loss=np.array([10.0, np.nan, 0.1]),
        learning_rate=np.full(3, 1e-3),
    )
    history.stopped_because = "epochs"
    page = Strict(history._repr_html_())
    assert page.texts[0] == "History of 3 epochs, ended by 'epochs'"
    assert page.rows[1:] == [
        ["loss", "1", "0.01", "0.01"],
        ["value_loss", "1", "0.01", "0.01"],
        ["val_loss", "10", "0.1", "0.1"],
    ]
    solid, *dashed = [
        [tuple(map(float, point.split(","))) for point in points.split()]
        for points in page.of("polyline", "points")
    ]
    (x0, y0), (x1, y1), (x2, y2) = solid
    assert x1 - x0 == pytest.approx(x2 - x1)
    assert y1 - y0 == pytest.approx(y2 - y1, abs=0.11)  # decades are equally far, and down is less
    assert y2 > y0
    assert [len(points) for points in dashed] == [1, 1]  # with a gap where the loss is not known
    assert dashed[0][0][1] < y0


def test_a_line_of_many_points_stays_small_and_one_of_none_is_left_out() -> None:
    numbers = np.geomspace(1, 1e-9, 100_000)
    [points] = Strict(_html.sparkline([("loss", numbers.tolist())])).of("polyline", "points")
    first, *_, last = points.split()
    assert len(points.split()) == _html.MOST_POINTS
    assert first.split(",") == ["3.0", "3.0"]
    assert last.split(",") == [f"{_html.WIDTH - 3:.1f}", f"{_html.HEIGHT - 3:.1f}"]
    assert _html.sparkline([("loss", [0.0, np.nan, np.inf, -1.0])]) == ""
    assert "polyline" in _html.sparkline([("loss", [2.0, 2.0])])


def test_samples_show_their_arrays() -> None:
    page = Strict(jetmlp.Samples(X, Y, J)._repr_html_())
    assert page.texts[0] == "Samples: 15 samples, 2 inputs, 2 outputs"
    assert page.rows[1] == ["X", "(15, 2)", "float64", "30 of 30", "-1", "1"]
    assert page.rows[3][:4] == ["dYdX", "(15, 2, 2)", "float64", "59 of 60"]


def test_what_is_shown_is_escaped() -> None:
    for text in (_html.block("<b>&"), _html.line("<b>&"), _html.table(["<b>&"], [["<b>&"]])):
        page = Strict(text)
        assert set(page.texts) == {"<b>&"}
    assert "<x>" in Strict(_html.sparkline([("<x>", [1.0, 2.0])])).texts
