"""Networks with the units of the data folded into their weights."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._network_sum import Array, Layer, NetworkSum, Term


class Chain(NamedTuple):
    r"""A share of the outputs, :math:`N(E x - c)`, in the units of the data.

    Parameters
    ----------
    expand, shift : ndarray, (k d, d) and (k d,)
        E, k unit matrices below each other, and c. What is subtracted stays apart from the weights: with a
        mean of a million deviations :math:`W x - W c` would lose six digits, :math:`W (x - c)` none.
    layers : tuple of Layer
        N. The activation of the last one is the identity.
    """

    expand: Array
    shift: Array
    layers: tuple[Layer, ...]

    @property
    def is_shifted(self) -> bool:
        """Whether there is anything to do before the first layer."""
        return len(self.expand) > self.expand.shape[1] or bool(self.shift.any())


def folded(model: NetworkSum, dtype: np.dtype[Any]) -> list[Chain]:
    """Fold means, scales and factors into weights, in float64, and then round to a type.

    What the rounding leaves of a mean goes into the first bias, so that it is not lost in float32.

    Raises
    ------
    ValueError
        If a weight is then beyond the type.
    """
    offset, chains = model.offset, []
    for term in model.terms:
        chains.append(_folded(term, offset, dtype))
        offset = np.zeros_like(offset)  # the first chain has it
    return chains


def _folded(term: Term, offset: Array, dtype: np.dtype[Any]) -> Chain:
    layers = [
        Layer(W.astype(np.float64), b.astype(np.float64), activation) for W, b, activation in term.layers
    ]
    with np.errstate(over="ignore", under="ignore"):  # what is not finite is refused below
        shift = term.x_mean.astype(dtype)
        rest = (term.x_mean - shift) / term.x_scale
        W, b, activation = layers[0]
        layers[0] = Layer(W / term.x_scale, b - W @ rest, activation)
        W, b, activation = layers[-1]
        if activation == "identity":
            layers[-1] = Layer(term.factor[:, np.newaxis] * W, offset + term.factor * b, activation)
        else:
            layers.append(Layer(np.diag(term.factor), offset, "identity"))
        layers = [Layer(W.astype(dtype), b.astype(dtype), activation) for W, b, activation in layers]
    if not all(np.isfinite(array).all() for array in (shift, *(a for W, b, _ in layers for a in (W, b)))):
        raise ValueError(
            "dtype: expected one that holds the weights in the units of the data, "
            f"got {dtype.name}, in which they are too large"
        )
    return Chain(np.eye(len(shift), dtype=dtype), shift, tuple(layers))


def side_by_side(chains: list[Chain]) -> Chain:
    """Join chains of the same activations into one, with blocks in the weights.

    Raises
    ------
    ValueError
        If their depths or activations differ.
    """
    if len(chains) == 1:
        return chains[0]
    kinds = [tuple(layer.activation for layer in chain.layers) for chain in chains]
    for number, kind in enumerate(kinds):
        if kind != kinds[0]:
            raise ValueError(
                "chain: expected networks of the same depth and activations, which fit side by side, "
                f"got {', '.join(kinds[0])} in the first and {', '.join(kind)} in network {number + 1} "
                f"of {len(kinds)}"
            )
    shifts_differ = any((chain.shift != chains[0].shift).any() for chain in chains)
    stacked = chains if shifts_differ else chains[:1]
    layers = []
    for place, activation in enumerate(kinds[0]):
        of_place = [chain.layers[place] for chain in chains]
        weights, biases = [layer.weights for layer in of_place], [layer.bias for layer in of_place]
        is_last = place == len(kinds[0]) - 1
        if place > 0 or shifts_differ:
            W = np.hstack(weights) if is_last else _blocks(weights)
        else:
            W = np.sum(weights, axis=0) if is_last else np.vstack(weights)
        b = np.sum(biases, axis=0) if is_last else np.concatenate(biases)
        layers.append(Layer(W, b, activation))
    return Chain(
        np.vstack([chain.expand for chain in stacked]),
        np.concatenate([chain.shift for chain in stacked]),
        tuple(layers),
    )


def _blocks(matrices: list[NDArray[Any]]) -> NDArray[Any]:
    """Return a matrix with these along its diagonal."""
    total = np.zeros(np.sum([matrix.shape for matrix in matrices], axis=0), matrices[0].dtype)
    row, column = 0, 0
    for matrix in matrices:
        total[row : row + len(matrix), column : column + matrix.shape[1]] = matrix
        row, column = row + len(matrix), column + matrix.shape[1]
    return total
