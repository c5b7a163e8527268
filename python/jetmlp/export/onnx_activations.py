"""Activations and their slopes by the operators of ONNX for which onnxruntime has a kernel of the type.

It has none of float64 for Softplus, Erf and Cos. What is put together in their place has no bend where the
activation has none, so that programs that differentiate the graph get its first and second derivatives right
everywhere. It is exact to the rounding of numbers of size one.
"""

from __future__ import annotations

import math

import numpy as np

from .onnx_graph import Graph

#: The operator of an activation that is one node, where the type has a kernel for it.
OPERATORS = {"tanh": "Tanh", "relu": "Relu", "sigmoid": "Sigmoid", "softplus": "Softplus", "sin": "Sin"}

#: From here on log(1 + eᶻ) = z to the last digit.
_STRAIGHT = 38.0
#: From here on Φ = 1 and Φ(−z) = 0 to the last digit.
_FLAT = 8.5
#: Points of Gauss' rule on [−1, 1] that give Φ up to there to the last digit: half of them, by symmetry.
_POINTS = 56


def value(graph: Graph, activation: str, z: str, width: int, *, operators_alone: bool) -> str:
    """Return σ(z), (N, width) as z; with `operators_alone` as one node, whatever onnxruntime has for it.

    Raises
    ------
    ValueError
        If no operator is the activation.
    """
    if activation == "identity":
        return z
    if operators_alone and activation not in OPERATORS:
        raise ValueError(
            f"chain: expected activations that are one operator of ONNX, {', '.join(OPERATORS)}, "
            f"got {activation}"
        )
    if activation == "softplus" and not operators_alone and graph.dtype == np.float64:
        return _softplus(graph, z)
    if activation in OPERATORS:
        return graph.node(OPERATORS[activation], z)
    if activation == "silu":
        return graph.node("Mul", z, graph.node("Sigmoid", z))
    assert activation == "gelu", activation
    # z Φ(z), of the z held where Φ is flat, and what z is beyond
    held = _held(graph, z)
    beyond = graph.node("Relu", graph.node("Sub", z, _number(graph, _FLAT)))
    return graph.node("Add", graph.node("Mul", held, _normal(graph, held, width)), beyond)


def slope(graph: Graph, activation: str, z: str, width: int) -> str | None:
    """Return σ'(z), (N, width) as z; None where it is 1 everywhere. The slope of "relu" at 0 is 0."""
    if activation == "identity":
        return None
    if activation == "relu":
        kind = graph.onnx.helper.np_dtype_to_tensor_dtype(graph.dtype)
        return graph.node("Cast", graph.node("Greater", z, _number(graph, 0)), to=int(kind))
    if activation == "tanh":
        return graph.node("Mul", _number(graph, 4), _bell(graph, z, 2))
    if activation == "sigmoid":
        return _bell(graph, z, 1)
    if activation == "softplus":
        return graph.node("Sigmoid", z)
    if activation == "silu":  # g + z g'
        return graph.node("Add", graph.node("Sigmoid", z), graph.node("Mul", z, _bell(graph, z, 1)))
    if activation == "sin":  # cos z
        return graph.node("Sin", graph.node("Add", z, _number(graph, math.pi / 2)))
    assert activation == "gelu", activation
    # Φ + z φ
    held = _held(graph, z)
    half_square = graph.node("Mul", graph.node("Mul", held, held), _number(graph, -0.5))
    density = graph.node("Mul", graph.node("Exp", half_square), _number(graph, 1 / math.sqrt(2 * math.pi)))
    return graph.node("Add", _normal(graph, held, width), graph.node("Mul", held, density))


def _number(graph: Graph, number: float) -> str:
    return graph.constant("number", number)


def _softplus(graph: Graph, z: str) -> str:
    """Return log(1 + eᶻ) up to where it is straight, and what z is beyond."""
    held = graph.node("Min", z, _number(graph, _STRAIGHT))
    log = graph.node("Log", graph.node("Add", graph.node("Exp", held), _number(graph, 1)))
    return graph.node("Add", graph.node("Sub", z, held), log)


def _bell(graph: Graph, z: str, power: int) -> str:
    """Return e / (1 + e)² with e = exp(−power |z|), which cancels nowhere."""
    e = graph.node("Exp", graph.node("Mul", graph.node("Abs", z), _number(graph, -power)))
    one_more = graph.node("Add", e, _number(graph, 1))
    return graph.node("Div", e, graph.node("Mul", one_more, one_more))


def _held(graph: Graph, z: str) -> str:
    return graph.node("Max", graph.node("Min", z, _number(graph, _FLAT)), _number(graph, -_FLAT))


def _normal(graph: Graph, z: str, width: int) -> str:
    """Return the normal distribution Φ(z) of numbers (N, width) up to where it is flat."""
    if graph.dtype == np.float32:
        error = graph.node("Erf", graph.node("Mul", z, _number(graph, math.sqrt(0.5))))
        return graph.node("Mul", graph.node("Add", error, _number(graph, 1)), _number(graph, 0.5))
    # Φ(z) = ½ + z ∫₀¹ φ(z u) du, by Gauss' rule: two products of matrices, for all numbers in one column
    points, weights = np.polynomial.legendre.leggauss(_POINTS)
    points, weights = points[_POINTS // 2 :], weights[_POINTS // 2 :] / math.sqrt(2 * math.pi)
    column = graph.node("Reshape", z, graph.constant("column", [-1, 1], np.int64))
    squares = graph.node("Mul", column, column)
    exponents = graph.node("MatMul", squares, graph.constant("points", [-(points**2) / 2]))
    integral = graph.node("MatMul", graph.node("Exp", exponents), graph.constant("weights", weights[:, None]))
    share = graph.node("Mul", column, integral)
    back = graph.node("Reshape", share, graph.constant("rows", [-1, width], np.int64))
    return graph.node("Add", back, _number(graph, 0.5))
