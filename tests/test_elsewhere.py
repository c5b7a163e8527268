"""Objectives whose numbers Python computes: the core's optimizers step as on samples at hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import jetmlp
from jetmlp import _core
from jetmlp.fitting.problem import as_loss_weights, pose

X = np.linspace(-1.0, 1.0, 10)
BATCH, EPOCHS, RATE = 4, 3, 1e-2


def small_model() -> jetmlp.MLP:
    return jetmlp.MLP([1, 4, 1], seed=2, normalize=False)


class Coming:
    """Batches in order, as they come."""

    def __init__(self, model: jetmlp.MLP) -> None:
        weights = as_loss_weights(1.0, 1.0, 1.0, 0.0)
        pieces = [X[first : first + BATCH] for first in range(0, len(X), BATCH)]
        self.sizes = [len(piece) for piece in pieces]
        samples = [jetmlp.Samples(piece, np.sin(piece), np.cos(piece)) for piece in pieces]
        self.objectives = [pose(model, piece, None, weights).training for piece in samples]
        self.at = -1

    def next_batch(self) -> int:
        self.at += 1
        if self.at < len(self.sizes):
            return self.sizes[self.at]
        self.at = -1
        return 0

    def evaluate(self, parameters: NDArray[Any], *_rows: object) -> tuple[list[float], NDArray[Any]]:
        means, gradient = self.objectives[self.at].terms_and_gradient(parameters, 1)
        return means, gradient


def fit(model: jetmlp.MLP, evaluate: Any, next_batch: Any) -> tuple[Any, ...]:  # noqa: ANN401
    objective = _core.Objective64.elsewhere(
        model._architecture, 0, [True, True, False], [1.0, 1.0, 1.0], 0.0, evaluate, next_batch
    )
    trainer = jetmlp.Trainer(model, jetmlp.Adam(RATE))
    arguments = (EPOCHS, RATE, model.parameters, 0, 0.0, False, 1, None, None)
    result: tuple[Any, ...] = trainer._core.fit(objective, None, *arguments)
    return result


def test_batches_that_come_are_those_of_samples_at_hand() -> None:
    model, coming = small_model(), Coming(small_model())
    parameters, table, end, error = fit(model, coming.evaluate, coming.next_batch)
    trainer = jetmlp.Trainer(small_model(), jetmlp.Adam(RATE), batch_size=BATCH, shuffle=False)
    history = trainer.fit(X, np.sin(X), np.cos(X), epochs=EPOCHS)

    assert (end, error) == ("epochs", None)
    assert parameters.tobytes() == trainer.model.parameters.tobytes()
    np.testing.assert_allclose(table[:, 0], history["loss"], rtol=1e-14)


def test_what_python_raises_ends_the_fit_with_its_epochs_kept() -> None:
    coming, calls = Coming(small_model()), []

    def evaluate(*arguments: Any) -> Any:  # noqa: ANN401
        calls.append(arguments)
        if len(calls) == 5:  # the second batch of the second epoch
            raise OSError("the disk is gone")
        return coming.evaluate(*arguments)

    _, table, end, error = fit(small_model(), evaluate, coming.next_batch)
    assert (end, len(table)) == ("interrupted", 1)
    with pytest.raises(OSError, match="the disk is gone"):
        raise error
