"""The tensors of a model in a file: their names and shapes, in the order of its parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._files.fields import of
from .normalization import Normalization

NORMALIZATION = "normalization."  # stands before the names of means and scales

Shapes = dict[str, tuple[int, ...]]
Tensors = Mapping[str, NDArray[Any]]


def parameter_shapes(layer_sizes: Sequence[int]) -> Shapes:
    """Names and shapes of weights and biases."""
    shapes: Shapes = {}
    for layer, (n_in, n_out) in enumerate(pairwise(layer_sizes)):
        shapes[f"weights.{layer}"] = (n_out, n_in)
        shapes[f"bias.{layer}"] = (n_out,)
    return shapes


def scale_shapes(n_inputs: int, n_outputs: int) -> Shapes:
    """Names and shapes of means and scales."""
    sizes = {"x_mean": n_inputs, "x_scale": n_inputs, "y_mean": n_outputs, "y_scale": n_outputs}
    return {f"{NORMALIZATION}{name}": (size,) for name, size in sizes.items()}


def normalization_tensors(normalization: Normalization | None) -> dict[str, NDArray[np.float64]]:
    """Means and scales by the names that they have in a file."""
    if normalization is None:
        return {}
    return {f"{NORMALIZATION}{name}": array for name, array in normalization.arrays().items()}


def normalization_of(tensors: Tensors) -> Normalization | None:
    """Take means and scales back, if there are any."""
    arrays = {
        name.removeprefix(NORMALIZATION): tensor
        for name, tensor in tensors.items()
        if name.startswith(NORMALIZATION)
    }
    if not arrays:
        return None
    with of(NORMALIZATION[:-1]):
        return Normalization(**arrays)


def has_scales(tensors: Tensors) -> bool:
    """Whether there are means and scales among the tensors."""
    return any(name.startswith(NORMALIZATION) for name in tensors)


def check_tensors(tensors: Tensors, shapes: Shapes, types: Mapping[str, np.dtype[Any]]) -> None:
    """Raise a ``ValueError`` unless there are just these tensors."""
    for name in tensors:
        if name not in shapes:
            raise ValueError(f"{name}: expected no such tensor, got {len(tensors)} of {len(shapes)}")
    for name, shape in shapes.items():
        if name not in tensors:
            raise ValueError(f"{name}: expected {types[name]} {shape}, got no such tensor")
        tensor, dtype = tensors[name], types[name]
        if tensor.shape != shape or tensor.dtype != dtype:
            raise ValueError(f"{name}: expected {dtype} {shape}, got {tensor.dtype} {tensor.shape}")
