"""Levenberg-Marquardt: that of jetmlp, and the one that is written with JAX and LAPACK.

The peer is given every help that keeps J explicit: a compiled Jacobian by reverse sweeps over single samples,
the system of the residuals where these are fewer than the parameters, BLAS for J Jᵀ, LAPACK's Cholesky, and
the same damping (Nielsen's), so that both take the same steps.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from workload import Array, Outcome, Run, Workload

import jetmlp

INITIAL_DAMPING = 1e-3
GRID = np.linspace(-1.0, 1.0, 2001)
MOST_EPOCHS = 2000
EPOCHS_BETWEEN_LOOKS = 5


def prepare(
    workload: Workload | None,
    processors: int,
    *,
    what: str,
    tolerance: float = 0.0,
    seeds: int = 10,
    least: int = 0,
) -> Run:
    """Steps of jetmlp ("jetmlp") or of JAX ("jax"), or fits to a tolerance ("accuracy", "staged")."""
    if what == "accuracy":
        return _accuracy(tolerance, seeds, least)
    if what == "staged":
        return _staged(seeds)
    assert workload is not None
    return _jax(workload) if what == "jax" else _steps(workload)


def _steps(workload: Workload) -> Run:
    def run() -> Outcome:
        model = jetmlp.MLP(workload.layer_sizes, workload.activation, dtype="float64", normalize=False)
        model.parameters = workload.parameters
        optimizer = jetmlp.LevenbergMarquardt(initial_damping=INITIAL_DAMPING, geodesic_acceleration=False)
        trainer = jetmlp.Trainer(model, optimizer)
        start = time.perf_counter()
        history = trainer.fit(*workload.train, epochs=workload.epochs)
        return Outcome(time.perf_counter() - start, history["loss"].tolist())

    return run


def _jax(workload: Workload) -> Run:
    import jax
    import jax.numpy as jnp
    from scipy.linalg import cho_factor, cho_solve

    jax.config.update("jax_enable_x64", True)
    x, y, dy = (np.asarray(array).ravel() for array in workload.train if array is not None)
    shapes = [(W.shape, b.shape) for W, b in workload.layers]

    def network(parameters: Any, point: Any) -> Any:  # noqa: ANN401
        a, start = point[jnp.newaxis], 0
        for layer, (shape, (width,)) in enumerate(shapes):
            size = shape[0] * shape[1]
            W = parameters[start : start + size].reshape(shape)
            a = W @ a + parameters[start + size : start + size + width]
            start += size + width
            a = a if layer == len(shapes) - 1 else jnp.tanh(a)
        return a[0]

    def residual_pair(parameters: Any, point: Any, target: Any) -> Any:  # noqa: ANN401
        value, slope = jax.jvp(lambda p: network(parameters, p), (point,), (jnp.ones_like(point),))
        return (jnp.stack([value, slope]) - target) / jnp.sqrt(len(x))

    targets = np.stack([y, dy], axis=1)
    pairs = jax.vmap(residual_pair, (None, 0, 0))
    jacobians = jax.vmap(jax.jacrev(residual_pair), (None, 0, 0))
    residuals = jax.jit(lambda p: pairs(p, x, targets).ravel())
    both = jax.jit(lambda p: (pairs(p, x, targets).ravel(), jacobians(p, x, targets).reshape(2 * len(x), -1)))

    def run() -> Outcome:
        parameters = np.array(workload.parameters)
        damping, raise_, losses = -1.0, 2.0, []
        start = time.perf_counter()
        for _ in range(workload.epochs):
            r, J = (np.asarray(array) for array in both(parameters))
            losses.append(float(r @ r))
            K = J @ J.T
            damping = damping if damping > 0 else INITIAL_DAMPING * float(np.trace(K))
            while True:
                shifted = K + damping * np.eye(len(K))
                alpha = cho_solve(cho_factor(shifted, overwrite_a=True, check_finite=False), r)
                step = -(alpha @ J)
                trial = np.asarray(residuals(parameters + step))
                reduction = float((r - trial) @ (r + trial))
                if reduction > 0:
                    break
                damping, raise_ = damping * raise_, 2 * raise_
            promised = damping * float(step @ step) - float((J @ step) @ r)
            damping *= max(1 / 3, 1 - (2 * reduction / promised - 1) ** 3)
            raise_ = 2.0
            parameters = parameters + step
        return Outcome(time.perf_counter() - start, losses)

    return run


def _runge(x: Array) -> tuple[Array, Array]:
    f = 1.0 / (1.0 + 25.0 * x**2)
    return f, -50.0 * x * f**2


def _errors(model: jetmlp.MLP | jetmlp.StagedMLP) -> tuple[float, float]:
    """Largest errors of the value and of the derivative on the dense grid."""
    values, jacobian = model.predict_with_jacobian(GRID)
    f, slope = _runge(GRID)
    return float(np.abs(values[:, 0] - f).max()), float(np.abs(jacobian[:, 0, 0] - slope).max())


def _median_time(fits: list[Callable[[], Any]]) -> Outcome:
    """Processor time: nobody is beside these fits who would be as late when others use the machine."""
    seconds = []
    for fit in fits:
        start = time.process_time()
        fit()
        seconds.append(time.process_time() - start)
    return Outcome(float(np.median(seconds)))


def _accuracy(tolerance: float, seeds: int, least: int) -> Run:
    """Find beforehand how many epochs each seed needs; then time fits of so many."""
    x = np.linspace(-1.0, 1.0, 100)
    samples = (x, *_runge(x))

    def trainer(seed: int) -> jetmlp.Trainer:
        model = jetmlp.MLP([1, 16, 16, 1], seed=seed)
        return jetmlp.Trainer(model, jetmlp.LevenbergMarquardt())

    needed = []
    for seed in range(seeds):
        one = trainer(seed)

        def there(epoch: int, losses: dict[str, float], model: jetmlp.MLP = one.model) -> bool:
            return (epoch + 1) % EPOCHS_BETWEEN_LOOKS == 0 and _errors(model)[1] <= tolerance

        history = one.fit(*samples, epochs=MOST_EPOCHS, callbacks=there)
        if history.stopped_because == "callback":
            needed.append((seed, history.n_epochs))
    assert len(needed) >= least, f"{len(needed)} of {seeds} seeds reach {tolerance:g}, expected {least}"

    def run() -> Outcome:
        fits = [lambda s=s, n=n: trainer(s).fit(*samples, epochs=n) for s, n in needed]  # type: ignore[misc]
        return _median_time(fits)

    return run


def _staged(seeds: int) -> Run:
    x = np.linspace(-1.0, 1.0, 80)

    def fit(seed: int) -> jetmlp.StagedMLP:
        model = jetmlp.StagedMLP([[1, 16, 16, 1], [1, 24, 24, 1]], seed=seed)
        model.fit(x, *_runge(x), epochs=(200, 500))
        return model

    for seed in range(seeds):
        value, derivative = _errors(fit(seed))
        assert value <= 1e-12, f"seed {seed}: value error {value:.1e}"
        assert derivative <= 1e-10, f"seed {seed}: derivative error {derivative:.1e}"
    return lambda: _median_time([lambda s=s: fit(s) for s in range(seeds)])  # type: ignore[misc]
