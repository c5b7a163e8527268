"""Models as ONNX files."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from .. import _checks
from .._core.info import info
from .._files import write_bytes
from .folded import Chain, folded, side_by_side
from .models import Exportable, network_sum
from .onnx_activations import slope, value
from .onnx_graph import Graph


def onnx(
    model: Exportable,
    path: str | os.PathLike[str],
    with_jacobian: bool = False,
    *,
    chain: bool = False,
    dtype: str = "float64",
) -> None:
    r"""Write a model to an ONNX file, which takes and gives numbers in the units of the data.

    Its input is ``x`` (N, d), its output ``y`` (N, m), what `predict` gives. One network is a plain chain:
    what is subtracted from the inputs, and then a product with a matrix (Gemm) and an activation for each
    layer. A sum of networks, such as a `StagedMLP`, a `Surrogate` (its mean) or a list of models (their
    mean), is a chain for each, and their sum. The standardisation is folded into the weights, in float64.

    Parameters
    ----------
    model : MLP, StagedMLP, Surrogate or list of them
        What to write.
    path : path
        Of the file; what stands there is replaced only once the new file is whole.
    with_jacobian : bool, default False
        Whether the file has a second output, ``jac`` (N, m, d), what `jacobian` gives.
    chain : bool, default False
        Whether to write nothing but one chain of Gemm and activations, as OMLT reads it: the networks of a
        sum stand side by side in each layer, and an activation is one operator, also Softplus, for which
        onnxruntime has no kernel of float64. The networks have to be of the same depth and activations, and
        "silu" and "gelu" are no operators of opset 17.
    dtype : {"float64", "float32"}, default "float64"
        Type of the file's numbers, whatever that of the model is. Inputs of float32 with a mean of a
        thousand deviations have four digits left, whatever is done with them.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind, the weights do not fit the type, or `chain` is not possible.
    RuntimeError
        If a `Surrogate` has not been fitted.
    ImportError
        If the package ``onnx`` is missing; the extra ``onnx`` has it.
    OSError
        If the file cannot be written.

    Notes
    -----
    Opset 17, IR version 8. Values and Jacobian differ from those of the model by rounding: relative to their
    spread by some 1e-15 with a model of float64, 1e-7 with one of float32.
    """
    total = network_sum(model)
    with_jacobian = _checks.as_boolean("with_jacobian", with_jacobian)
    if _checks.as_boolean("chain", chain) and with_jacobian:
        raise ValueError(
            "chain: expected False with with_jacobian=True, which is a graph of its own, got True"
        )
    kind = _checks.as_dtype(dtype)
    chains = folded(total, kind)
    if chain:
        chains = [side_by_side(chains)]
    graph = Graph(kind)
    d, m = total.n_inputs, total.n_outputs
    arguments = [_values(graph, part, out="y" if len(chains) == 1 else None, plain=chain) for part in chains]
    results = [argument.pop() for argument in arguments]
    _added(graph, results, out="y")
    outputs: dict[str, tuple[int, ...]] = {"y": (m,)}
    if with_jacobian:
        parts = [_jacobian(graph, part, zs, m < d) for part, zs in zip(chains, arguments, strict=True)]
        shape = graph.node(
            "Concat",
            graph.node("Shape", "x", start=0, end=1),
            graph.constant("shape", [m, d], np.int64),
            axis=0,
        )
        # A network without a bend has the same slopes everywhere: then no row of them has been made yet.
        graph.node("Expand", _added(graph, parts), shape, out="jac")
        outputs["jac"] = (m, d)
    write_bytes(path, graph.written(d, outputs, str(info()["version"])))


def _added(graph: Graph, parts: list[str], out: str | None = None) -> str:
    """Return the sum of results."""
    total = parts[0]
    for number, part in enumerate(parts[1:], start=2):
        total = graph.node("Add", total, part, out=out if number == len(parts) else None)
    return total


def _values(graph: Graph, chain: Chain, out: str | None, *, plain: bool) -> list[str]:
    """Add the nodes of a chain: what goes into each activation, and the chain's result at the end."""
    a, arguments = "x", []
    if chain.is_shifted:
        a = graph.affine(a, chain.expand, -chain.shift)
    for layer in chain.layers[:-1]:
        arguments.append(graph.affine(a, layer.weights, layer.bias))
        a = value(graph, layer.activation, arguments[-1], len(layer.bias), operators_alone=plain)
    return [*arguments, graph.affine(a, chain.layers[-1].weights, chain.layers[-1].bias, out)]


def _jacobian(graph: Graph, chain: Chain, arguments: list[str], from_the_outputs: bool) -> str:
    """Return the slopes (N, m, d) of a chain, or (m, d) where they are the same everywhere.

    From the inputs on a layer makes :math:`J^{l} = W (σ' ⊙ J^{l-1})`, from the outputs back
    :math:`G^{l-1} = (G^{l} ⊙ σ') W`: the fewer of the two are carried.
    """
    W: list[Any] = [graph.constant("weights", layer.weights) for layer in chain.layers]
    hidden = zip(chain.layers[:-1], arguments, strict=True)
    bends = [slope(graph, layer.activation, z, len(layer.bias)) for layer, z in hidden]
    axis = graph.constant("axis", [1 if from_the_outputs else 2], np.int64)
    steps = list(zip(bends, W[:-1] if from_the_outputs else W[1:], strict=True))
    carried = W[-1] if from_the_outputs else W[0]
    for bend, weights in reversed(steps) if from_the_outputs else steps:
        if bend is not None:
            carried = graph.node("Mul", carried, graph.node("Unsqueeze", bend, axis))
        factors = (carried, weights) if from_the_outputs else (weights, carried)
        carried = graph.node("MatMul", *factors)
    return str(carried)
