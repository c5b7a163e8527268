"""scikit-learn's MLPRegressor: values only, its own start (also Glorot's), no validation."""

from __future__ import annotations

import time
import warnings

from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor
from workload import Outcome, Run, Workload


def prepare(workload: Workload, processors: int) -> Run:
    """Train for exactly the epochs of the workload; BLAS's threads are set by the environment."""
    X, Y, dYdX = workload.train
    assert Y is not None
    assert dYdX is None
    y = Y.ravel()

    def run() -> Outcome:
        model = MLPRegressor(
            hidden_layer_sizes=workload.layer_sizes[1:-1],
            activation=workload.activation,
            alpha=0.0,
            batch_size=min(workload.batch_size or len(X), len(X)),
            learning_rate_init=workload.learning_rate,
            max_iter=workload.epochs,
            n_iter_no_change=workload.epochs,
            tol=0.0,
            random_state=workload.seed,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # all epochs are wanted
            start = time.perf_counter()
            model.fit(X, y)
            seconds = time.perf_counter() - start
        return Outcome(seconds, [2.0 * loss for loss in model.loss_curve_])  # its loss is half the square

    return run
