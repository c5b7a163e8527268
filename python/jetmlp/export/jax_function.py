"""Models as functions of JAX."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .._network_sum import Term
from .models import Exportable, network_sum
from .packages import needed


def to_jax(model: Exportable) -> Callable[[Any], Any]:
    r"""Return a model as a function of JAX arrays, in the units of the data.

    It is made of JAX's operations alone, without a callback: `jax.jit`, `jax.grad`, `jax.vmap`, `jax.hessian`
    and the rest take it. Means and scales are within; a `StagedMLP`, a `Surrogate` (its mean) and a list of
    models (their mean) are summed up.

    Parameters
    ----------
    model : MLP, StagedMLP, Surrogate or list of them
        What to take over, as it is now: later fits do not change the function.

    Returns
    -------
    function
        From an array (…, d) to one (…, m): one point or many.

    Raises
    ------
    TypeError, ValueError, RuntimeError
        If the model is none, or not fitted.
    ImportError
        If ``jax`` is missing.

    Notes
    -----
    Networks are computed in their own type, and what the units add in float64, if JAX has it
    (``jax.config.update("jax_enable_x64", True)``). Without it everything is float32, also the points that
    the function is given: then it is the model at these points, to the digits of float32.
    """
    jax = needed("jetmlp.export.to_jax", "jax", "pip install jax")
    total = network_sum(model)
    jnp, d = jax.numpy, total.n_inputs
    activations = _activations(jax)

    def function(x: Any) -> Any:  # noqa: ANN401  arrays of JAX have no type that is ours
        real = jnp.result_type(float)  # float64 or float32, as JAX is set
        x = jnp.asarray(x, real)
        if x.ndim == 0 or x.shape[-1] != d:
            raise ValueError(
                f"x: expected an array (…, {d}), with the inputs along its last axis, got {x.shape}"
            )
        y = jnp.asarray(total.offset, real)
        for term in total.terms:
            y = y + jnp.asarray(term.factor, real) * network(x, term).astype(real)
        return y

    def network(x: Any, term: Term) -> Any:  # noqa: ANN401  as above
        # In two parts, of which float32 holds the first; in float64 the second is 0.
        mean = term.x_mean.astype(x.dtype)
        rest = term.x_mean - mean
        a = ((x - mean) - rest.astype(x.dtype)) / term.x_scale.astype(x.dtype)
        for W, b, activation in term.layers:
            kind = x.dtype if W.dtype == np.float64 else jnp.float32
            a = activations[activation](
                jnp.matmul(a.astype(kind), np.asarray(W.T, kind)) + np.asarray(b, kind)
            )
        return a

    return function


def _activations(jax: Any) -> dict[str, Callable[[Any], Any]]:  # noqa: ANN401  a module without types here
    return {
        "tanh": jax.numpy.tanh,
        "relu": jax.nn.relu,
        "sigmoid": jax.nn.sigmoid,
        "softplus": jax.nn.softplus,
        "silu": jax.nn.silu,
        "gelu": lambda z: jax.nn.gelu(z, approximate=False),
        "sin": jax.numpy.sin,
        "identity": lambda z: z,
    }
