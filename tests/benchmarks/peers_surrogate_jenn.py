"""JENN 2.1.1 on surrogates: its own standardisation, its own Adam at one rate; tanh, for it has no silu.

Its loss adds up the partial derivatives where that of jetmlp takes their mean, so its gamma is jetmlp's
weight divided by the number of inputs. Its beta2 is left at 0.99, its epsilon is its own.
"""

from __future__ import annotations

import time
from collections import defaultdict

import jenn
import numpy as np
from surrogates import SurrogateWorkload, Training
from workload import Outcome, Run, layers_of

from jetmlp import Samples
from jetmlp.experiments import surrogate_errors


def prepare(
    workload: SurrogateWorkload, processors: int, *, learning_rate: float, slopes: bool = True
) -> Run:
    """Fit for each seed; the threads of NumPy's BLAS are set by the environment."""
    # Adam goes on from batch to batch within one call. Full batches are iterations of a single epoch: an
    # epoch each would evaluate the cost once more.
    full = workload.batch_size is None

    def fit(training: Training) -> tuple[float, dict[str, float]]:
        X, Y, dYdX = (np.asarray(array, dtype=np.float64) for array in training.train)
        model = jenn.NeuralNet(list(workload.layer_sizes), hidden_activation="tanh")
        model.parameters.initialize(0)  # gives the arrays their shapes
        for layer, (W, b) in enumerate(layers_of(workload.layer_sizes, training.parameters), start=1):
            model.parameters.W[layer] = W.astype(np.float64)
            model.parameters.b[layer] = b.astype(np.float64).reshape(-1, 1)
        start = time.process_time()
        model.fit(
            np.ascontiguousarray(X.T),
            Y[np.newaxis],
            np.ascontiguousarray(dYdX.T)[np.newaxis] if slopes else None,
            is_normalize=True,
            alpha=learning_rate,
            beta=workload.value_weight,
            gamma=workload.derivative_weight / X.shape[1],
            epochs=1 if full else workload.epochs,
            max_iter=workload.epochs if full else 1,
            batch_size=workload.batch_size,
            shuffle=not full,
            random_state=None,  # a seed would give every epoch the same order
            is_warmstart=True,
        )
        seconds = time.process_time() - start
        held_out = Samples(*training.held_out)
        values, partials = model(np.ascontiguousarray(held_out.X.T))
        return seconds, surrogate_errors(held_out, values[0], partials[0].T)

    def run() -> Outcome:
        seconds, errors = 0.0, defaultdict[str, list[float]](list)
        for training in workload.trainings:
            of_one, found = fit(training)
            seconds += of_one
            for error in ("value_error", "derivative_error"):
                errors[error].append(found[error])
        return Outcome(seconds / len(workload.trainings), errors=dict(errors))

    return run
