"""JENN 2.1.1: its own `fit`, in float64 as it is, without validation, for it has none."""

from __future__ import annotations

import time

import jenn
import numpy as np
from workload import Outcome, Run, Workload


def prepare(workload: Workload, processors: int) -> Run:
    """Train for the epochs of the workload; the threads of NumPy's BLAS are set by the environment."""
    X, Y, dYdX = workload.train
    assert Y is not None
    assert dYdX is not None
    x, y = X.T.astype(np.float64), Y.T.astype(np.float64)  # (n_x, m) and (n_y, m)
    dydx = np.ascontiguousarray(dYdX.transpose(1, 2, 0), dtype=np.float64)  # (n_y, n_x, m)
    # Adam goes on from batch to batch within one call. Full batches are iterations of a single epoch: an
    # epoch each would evaluate the cost once more.
    full = workload.batch_size is None

    def run() -> Outcome:
        model = jenn.NeuralNet(list(workload.layer_sizes), hidden_activation=workload.activation)
        model.parameters.initialize(workload.seed)
        for layer, (W, b) in enumerate(workload.layers, start=1):
            model.parameters.W[layer] = W.astype(np.float64)
            model.parameters.b[layer] = b.astype(np.float64).reshape(-1, 1)
        start = time.perf_counter()
        model.fit(
            x,
            y,
            dydx,
            alpha=workload.learning_rate,
            beta=workload.value_weight,
            gamma=workload.derivative_weight,
            beta2=0.999,
            epochs=1 if full else workload.epochs,
            max_iter=workload.epochs if full else 1,
            batch_size=workload.batch_size,
            shuffle=not full,
            random_state=None,
            is_warmstart=True,
        )
        seconds = time.perf_counter() - start
        history = model.history
        assert history is not None
        # Its cost is half the sum of the mean squares, taken after the update.
        epochs = [
            [2.0 * float(np.squeeze(cost)) for costs in batches.values() for cost in costs]
            for batches in history.values()
        ]
        return Outcome(seconds, epochs[0] if full else [float(np.mean(costs)) for costs in epochs])

    return run
