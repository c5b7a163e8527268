"""Data and small helpers of the tests of figures."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

X = np.linspace(-1.0, 1.0, 201)
TRUE = 1.0 / (1.0 + 25.0 * X**2)
ERROR = 1e-3 * np.sin(9.0 * X + 0.5)
PREDICTED = TRUE + ERROR

LOSS = 0.1 * 0.99 ** np.arange(50)
HISTORY = {
    "loss": LOSS,
    "val_loss": 1.5 * LOSS,
    "value_loss": 0.25 * LOSS,
    "derivative_loss": np.full(50, np.nan),
    "learning_rate": np.full(50, 1e-3),
}


def evaluation(scale: float) -> dict[str, dict[str, float]]:
    return {
        "value": {"rmse": 1e-4 * scale, "max_error": 4e-4 * scale},
        "derivative": {"rmse": 2e-3 * scale, "max_error": 9e-3 * scale},
    }


RESULTS = {"baseline": [evaluation(1.0), evaluation(3.0), evaluation(2.0)], "wider": evaluation(0.5)}
WIDTHS = [2, 4, 8, 16, 32, 64]
MONOMIAL_ERRORS = np.outer(np.arange(1.0, 13.0), 1.0 / np.array(WIDTHS))


def details_of(axes: Axes) -> list[str]:
    """Return the small lines above the panel."""
    return [
        line
        for text in axes.texts
        if text.get_gid() == "jetmlp details"
        for line in text.get_text().splitlines()
    ]


def labelled(axes: Axes) -> dict[str, NDArray[np.float64]]:
    """Lines by their names in the legend, as (2, n) arrays."""
    lines = {str(line.get_label()): line for line in axes.lines}
    return {name: np.asarray(line.get_data()) for name, line in lines.items() if not name.startswith("_")}


def dots_of(axes: Axes) -> list[NDArray[np.float64]]:
    """Return what is drawn without lines, each as a (2, n) array."""
    return [np.asarray(line.get_data()) for line in axes.lines if line.get_linestyle() == "None"]


def texts_of(axes: Axes) -> list[str]:
    """Return the words in and above the panel."""
    return [text.get_text() for text in axes.texts]
