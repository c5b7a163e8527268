"""JAX as an expert writes it: the whole fit is one compiled function.

A scan over epochs holds a scan over batches; Adam is a few lines on the pytree of parameters; orders are
drawn, losses gathered and the validation done inside. The derivative is a Jacobian-vector product for one
input (as cheap as it gets), a reverse sweep per batch for several.

`jax.random.permutation` sorts random keys, which for small networks takes a third of the time. Orders that
NumPy draws beforehand, within the time measured, are the faster way: both are contenders.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from workload import Outcome, Run, Workload

Tree = Any
ACTIVATIONS: dict[str, Callable[[jax.Array], jax.Array]] = {"tanh": jnp.tanh, "relu": jax.nn.relu}
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


def prepare(
    workload: Workload, processors: int, *, compile_included: bool = False, orders_of_numpy: bool = False
) -> Run:
    """Compile beforehand, or anew in every run, as the first call in a notebook does."""
    fit = _fit_function(workload)
    n = len(workload.train[0])
    data = jax.tree.map(jnp.asarray, (workload.train, workload.validation))

    def start() -> Tree:
        # Donated to the fit, so new for every run.
        layers = [(jnp.array(W.T), jnp.array(b)) for W, b in workload.layers]
        jax.block_until_ready(layers)  # type: ignore[no-untyped-call]
        return layers

    def shuffling() -> jax.Array:
        """Draw the order of each epoch (epochs, n), or a key for each to draw it from."""
        if not orders_of_numpy:
            return jax.random.split(jax.random.key(workload.seed), workload.epochs)
        identity = np.tile(np.arange(n, dtype=np.int32), (workload.epochs, 1))
        return jnp.asarray(np.random.default_rng(workload.seed).permuted(identity, axis=1))

    def compile_fit(layers: Tree) -> jax.stages.Compiled:
        return jax.jit(fit, donate_argnums=0).lower(layers, shuffling(), *data).compile()

    compiled = None if compile_included else compile_fit(start())

    def run() -> Outcome:
        layers = start()
        if compile_included:
            jax.clear_caches()  # type: ignore[no-untyped-call]
        begin = time.perf_counter()
        function = compiled or compile_fit(layers)
        _, losses = function(layers, shuffling(), *data)
        jax.block_until_ready(losses)  # type: ignore[no-untyped-call]
        return Outcome(time.perf_counter() - begin, np.asarray(losses[0], dtype=float).tolist())

    return run


def _fit_function(workload: Workload) -> Callable[..., tuple[Tree, tuple[jax.Array, jax.Array]]]:
    losses_of = _loss_function(workload)
    n = len(workload.train[0])
    size = min(workload.batch_size or n, n)
    n_whole = n // size

    def step(state: Tree, batch: Tree) -> tuple[Tree, jax.Array]:
        theta, m, v, t = state
        loss, g = jax.value_and_grad(losses_of)(theta, batch)
        t = t + 1
        m = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, m, g)
        v = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, v, g)
        c1, c2 = 1 / (1 - BETA1**t), 1 / (1 - BETA2**t)
        theta = jax.tree.map(
            lambda p, m, v: p - workload.learning_rate * (m * c1) / (jnp.sqrt(v * c2) + EPSILON), theta, m, v
        )
        return (theta, m, v, t), loss

    def fit(
        theta: Tree, shuffling: jax.Array, train: Tree, validation: Tree
    ) -> tuple[Tree, tuple[jax.Array, jax.Array]]:
        def epoch(state: Tree, shuffle: jax.Array) -> tuple[Tree, tuple[jax.Array, jax.Array]]:
            if size == n:  # the order of a full batch means nothing
                state, loss = step(state, train)
            else:
                order = shuffle if shuffle.ndim == 1 else jax.random.permutation(shuffle, n)
                shuffled = jax.tree.map(lambda a: a[order], train)
                whole = jax.tree.map(
                    lambda a: a[: n_whole * size].reshape(n_whole, size, *a.shape[1:]), shuffled
                )
                state, losses = jax.lax.scan(step, state, whole)
                loss = jnp.sum(losses) * (size / n)
                if n_whole * size < n:
                    state, last = step(state, jax.tree.map(lambda a: a[n_whole * size :], shuffled))
                    loss = loss + last * ((n - n_whole * size) / n)
            validated = jnp.zeros(()) if validation is None else losses_of(state[0], validation)
            return state, (loss, validated)

        zeros = jax.tree.map(jnp.zeros_like, theta)
        state = (theta, zeros, jax.tree.map(jnp.zeros_like, theta), jnp.zeros((), jnp.float32))
        state, losses = jax.lax.scan(epoch, state, shuffling)
        return state[0], losses

    return fit


def _loss_function(workload: Workload) -> Callable[[Tree, Tree], jax.Array]:
    activation = ACTIVATIONS[workload.activation]

    def network(theta: Tree, X: jax.Array) -> jax.Array:
        for W, b in theta[:-1]:
            X = activation(X @ W + b)
        W, b = theta[-1]
        output: jax.Array = X @ W + b
        return output

    def predict(theta: Tree, X: jax.Array, *, derivative: bool) -> tuple[jax.Array, jax.Array | None]:
        def of_inputs(X: jax.Array) -> jax.Array:
            return network(theta, X)

        if not derivative:
            return of_inputs(X), None
        if X.shape[1] == 1:
            values, slopes = jax.jvp(of_inputs, (X,), (jnp.ones_like(X),))
            return values, slopes[:, :, jnp.newaxis]
        values, pull_back = jax.vjp(of_inputs, X)
        (gradients,) = pull_back(jnp.ones_like(values))  # of one output
        return values, gradients[:, jnp.newaxis, :]

    def loss(theta: Tree, samples: Tree) -> jax.Array:
        X, Y, dYdX = samples
        values, derivatives = predict(theta, X, derivative=dYdX is not None)
        total = jnp.zeros((), X.dtype)
        if Y is not None:
            total += workload.value_weight * jnp.mean((values - Y) ** 2)
        if derivatives is not None:
            total += workload.derivative_weight * jnp.mean((derivatives - dYdX) ** 2)
        return total

    return loss
