"""What one thread may look at while another works; for ThreadSanitizer, too."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import pytest

import jetmlp

X = np.random.default_rng(0).uniform(-1, 1, (600, 2))
Y, SLOPES = np.sin(X.sum(axis=1)), np.cos(X.sum(axis=1))[:, np.newaxis].repeat(2, axis=1)

OPTIMIZERS: dict[str, Callable[[], jetmlp.Adam | jetmlp.LBFGS | jetmlp.LevenbergMarquardt]] = {
    "Adam": jetmlp.Adam,
    "LBFGS": jetmlp.LBFGS,
    "LevenbergMarquardt": jetmlp.LevenbergMarquardt,
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_progress_race_of_a_fit_that_others_watch(name: str) -> None:
    """Epochs done, parameters, predictions, a copy: whole ones, while the fit goes on with a team."""
    model = jetmlp.MLP([2, 16, 16, 1], seed=3)
    trainer = jetmlp.Trainer(model, OPTIMIZERS[name](), n_threads=3)
    over, counts = threading.Event(), []

    def watch() -> None:
        while not over.is_set():
            counts.append(trainer.n_epochs)
            assert np.isfinite(model.predict(X[:5], n_threads=2)).all()
            assert np.isfinite(model.copy().parameters).all()

    watchers = [threading.Thread(target=watch) for _ in range(2)]
    for thread in watchers:
        thread.start()
    trainer.fit(X[:100], Y[:100], SLOPES[:100], epochs=12, callbacks=lambda epoch, losses: None)
    over.set()
    for thread in watchers:
        thread.join()
    assert set(counts) <= set(range(13))


def test_race_of_objectives_and_models_that_threads_share() -> None:
    model = jetmlp.MLP([2, 16, 16, 1], normalize=False, seed=3)
    objective = jetmlp.Objective(model, X, Y, SLOPES, n_threads=2)
    at = model.parameters
    expected = objective.loss(at), model.hessian(X, n_threads=1)

    def work() -> None:
        for _ in range(4):
            assert objective.loss(at) == expected[0]
            assert np.array_equal(model.hessian(X, n_threads=2), expected[1])

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_race_of_fits_side_by_side_that_are_stopped() -> None:
    trainers = [jetmlp.Trainer(jetmlp.MLP([2, 8, 1], seed=k), jetmlp.Adam(), n_threads=2) for k in range(4)]
    jetmlp.fit_many(trainers, X, Y, SLOPES, epochs=6, n_threads=3)
    assert [trainer.n_epochs for trainer in trainers] == [6] * 4
