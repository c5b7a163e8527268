"""Models as models of Keras, and back."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from .._network_sum import NetworkSum
from ..models.mlp import MLP
from ..models.normalization import Normalization
from .models import Exportable, network_sum
from .packages import needed
from .plain_chain import Activation, Dense, Scaling, Step, network_of

_CURE = "pip install keras, and torch, jax or tensorflow for it"


def to_keras(model: Exportable) -> Any:  # noqa: ANN401  a model, whose type is not ours
    """Return a model as a model of Keras, in the units of the data.

    It is made of Keras' own layers (``Rescaling``, ``Dense``, ``Add``), so that a file of it is read without
    jetmlp.

    Parameters
    ----------
    model : MLP, StagedMLP, Surrogate or list of them
        What to take over, as a copy; of a `Surrogate` and a list the mean.

    Returns
    -------
    keras.Model
        From (N, d) to (N, m), of float64; its weights are of the model's type and can be trained on.

    Raises
    ------
    TypeError, ValueError, RuntimeError
        If the model is none, or not fitted; a ``RuntimeError`` also if Keras runs on JAX without float64.
    ImportError
        If ``keras`` is missing.

    Warns
    -----
    UserWarning
        If ``predict`` and ``fit`` of Keras would round the inputs to too few digits, or if Keras rounds a
        network of float64 to float32 in places, as Keras 3.15 does on PyTorch and JAX.

    Notes
    -----
    A call, ``made(X)``, takes arrays of float64 as they are; ``made.predict(X)``, ``fit`` and ``evaluate``
    round them to ``keras.config.floatx()`` first, float32 unless ``keras.config.set_floatx("float64")`` was
    called.
    """
    keras = needed("jetmlp.export.to_keras", "keras", _CURE)
    if (
        keras.backend.backend() == "jax"
        and not needed("Keras", "jax", "pip install jax").config.jax_enable_x64
    ):
        raise RuntimeError(
            "to_keras: expected JAX with float64, which means and scales are kept in, got JAX without; call "
            'jax.config.update("jax_enable_x64", True) before'
        )
    total, layers = network_sum(model), keras.layers
    _warn_of_float32(keras, total)
    inputs = keras.Input((total.n_inputs,), dtype="float64", name="x")
    parts, offset = [], total.offset
    for term in total.terms:
        # Arrays, as lists of numbers would be rounded to float32 on the way.
        a = layers.Rescaling(1.0, -term.x_mean, dtype="float64")(inputs)
        a = layers.Rescaling(1 / term.x_scale, dtype="float64")(a)
        for W, b, activation in term.layers:
            dense = layers.Dense(len(b), _NAMES.get(activation, activation), dtype=W.dtype.name)
            a = dense(a)
            dense.set_weights([W.T, b])
            if activation == "sin":
                a = keras.ops.sin(a)  # as a step of its own, since files have no function of that name
        parts.append(layers.Rescaling(term.factor, offset, dtype="float64")(a))
        offset = np.zeros_like(offset)  # the first has it
    return keras.Model(inputs, parts[0] if len(parts) == 1 else layers.Add(dtype="float64")(parts))


def from_keras(model: Any, *, normalization: Normalization | None = None) -> MLP:  # noqa: ANN401  as above
    """Return a chain of layers of Keras as a network that can be trained on.

    Parameters
    ----------
    model : keras.Model
        One chain: ``Dense`` and ``Activation`` (or ``ReLU``) of "tanh", "relu", "sigmoid", "softplus",
        "silu", "gelu", ``keras.ops.sin`` or "linear", the same behind every hidden ``Dense``. ``Rescaling``
        and ``Normalization`` before them, and ``Rescaling`` behind, become the network's normalization, as
        they do of what `to_keras` gave of one network. All weights of float32 or float64.
    normalization : Normalization, optional
        The means and scales by which inputs and outputs were standardised outside of the model. Without any
        the network takes and gives what the model does, and is not normalized.

    Returns
    -------
    MLP
        Of the type of the weights; an independent copy. A ``Dense`` without a bias has one of 0.

    Raises
    ------
    TypeError, ValueError
        If the model is something else; the message names the layer.
    ImportError
        If ``keras`` is missing.
    """
    keras = needed("jetmlp.export.from_keras", "keras", _CURE)
    if not isinstance(model, keras.Model):
        raise TypeError(f"model: expected a keras.Model, got {type(model).__name__}")
    steps: list[Step] = []
    types: set[str] = set()
    for layer in _chain(keras, model):
        steps += _steps(keras, layer)
        if isinstance(layer, keras.layers.Dense):
            types.add(str(layer.variable_dtype))
            if layer.variable_dtype != layer.compute_dtype:
                types.add(str(layer.compute_dtype))
    if len(types) != 1 or not types <= {"float32", "float64"}:
        raise ValueError(
            f"model: expected weights of float32 or of float64, got {', '.join(sorted(types)) or 'none'}"
        )
    return network_of("model", steps, normalization, np.dtype(types.pop()))


def _warn_of_float32(keras: Any, total: NetworkSum) -> None:  # noqa: ANN401  as above
    """Say where Keras rounds what is float64 to float32."""
    ratio = max(float(np.abs(term.x_mean / term.x_scale).max()) for term in total.terms)
    if keras.config.floatx() != "float64" and ratio > _MOST_DEVIATIONS:
        warnings.warn(
            f"to_keras: the inputs have a mean of up to {ratio:.0f} deviations, and predict, fit and "
            f"evaluate of Keras round them to {keras.config.floatx()}; "
            'call keras.config.set_floatx("float64") before these',
            UserWarning,
            stacklevel=3,
        )
    is_double = any(layer.weights.dtype == np.float64 for term in total.terms for layer in term.layers)
    if is_double and keras.backend.result_type("float64", "float64") != "float64":
        warnings.warn(
            f"to_keras: Keras on {keras.backend.backend()} takes float64 as float32 in places, so "
            "results have the digits of float32; to_torch and to_jax keep them, and Keras on TensorFlow, "
            "but for gelu",
            UserWarning,
            stacklevel=3,
        )


#: From here on float32 leaves fewer than five digits of an input.
_MOST_DEVIATIONS = 100
#: What Keras calls an activation where it is not what we do.
_NAMES = {"identity": "linear", "sin": "linear"}


def _chain(keras: Any, model: Any) -> list[Any]:  # noqa: ANN401  as above
    """Return the layers of a model, which have to follow each other."""
    if not model.built:
        raise ValueError(f"model: expected one that knows its inputs, got {model.name!r}, which is not built")
    every = model.layers if isinstance(model, keras.Sequential) else model.operations
    layers = [layer for layer in every if not isinstance(layer, keras.layers.InputLayer)]
    if not isinstance(model, keras.Sequential):
        before = model.inputs[0] if len(getattr(model, "inputs", None) or []) == 1 else None
        for layer in layers:
            if before is None or layer.input is not before:
                raise ValueError(
                    f"model: expected layers that follow each other, got {layer.name!r} elsewhere"
                )
            before = layer.output
        if len(model.outputs) != 1 or model.outputs[0] is not before:
            raise ValueError("model: expected the output of the last layer as the only one, got another")
    return layers


def _steps(keras: Any, layer: Any) -> list[Step]:  # noqa: ANN401  as above
    """Read a layer."""
    kinds, numpy = keras.layers, keras.ops.convert_to_numpy
    if isinstance(layer, kinds.Dense):
        W = np.asarray(numpy(layer.kernel), dtype=np.float64).T
        b = np.asarray(numpy(layer.bias), dtype=np.float64) if layer.use_bias else np.zeros(len(W))
        return [Dense(W, b), *_activation(keras, layer)]
    if isinstance(layer, kinds.Activation):
        return _activation(keras, layer)
    if isinstance(layer, kinds.ReLU) and (layer.max_value, layer.negative_slope, layer.threshold) == (
        None,
        0,
        0,
    ):
        return [Activation("relu")]
    if type(layer).__name__ == "Sin" and not isinstance(layer, kinds.Layer):  # what keras.ops.sin makes
        return [Activation("sin")]
    if isinstance(layer, kinds.Rescaling):
        return [Scaling(*(np.ravel(np.asarray(part, np.float64)) for part in (layer.scale, layer.offset)))]
    if isinstance(layer, kinds.Normalization) and not layer.invert:
        mean, variance = (np.ravel(numpy(part)).astype(np.float64) for part in (layer.mean, layer.variance))
        scale = 1 / np.maximum(np.sqrt(variance), keras.backend.epsilon())
        return [Scaling(scale, -mean * scale)]
    raise ValueError(
        f"layer {layer.name!r}: expected Dense, Activation, ReLU(), Rescaling or Normalization, "
        f"got {type(layer).__name__}"
    )


def _activation(keras: Any, layer: Any) -> list[Step]:  # noqa: ANN401  as above
    """Read the activation of a layer."""
    functions = {
        getattr(keras.activations, name): name
        for name in ("tanh", "relu", "sigmoid", "softplus", "silu", "gelu", "linear")
    }
    functions[keras.ops.sin] = "sin"
    name = functions.get(layer.activation)
    if name is None:
        raise ValueError(
            f"layer {layer.name!r}: expected an activation of {', '.join(functions.values())}, "
            f"got {getattr(layer.activation, '__name__', layer.activation)}"
        )
    return [] if name == "linear" else [Activation(name)]
