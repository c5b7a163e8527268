"""What every model is for other programs: a sum of networks."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Layer(NamedTuple):
    r"""One layer, :math:`a^{l} = \sigma(W a^{l-1} + b)`.

    Parameters
    ----------
    weights : ndarray, (n_out, n_in)
        W, of the network's type.
    bias : ndarray, (n_out,)
        b.
    activation : str
        The name of σ, one of ``jetmlp.info()["activations"]``.
    """

    weights: NDArray[Any]
    bias: NDArray[Any]
    activation: str


class Term(NamedTuple):
    r"""One network of a sum, with the units of its inputs and its share of each output.

    It adds :math:`f \odot N((x - \bar x) / s_x)`; what is in brackets, and what stands before N, is float64.

    Parameters
    ----------
    x_mean, x_scale : ndarray, (d,)
        x̄ and s_x.
    layers : tuple of Layer
        N, first to last, at least one.
    factor : ndarray, (m,)
        f.
    """

    x_mean: Array
    x_scale: Array
    layers: tuple[Layer, ...]
    factor: Array


class NetworkSum(NamedTuple):
    r"""A model as :math:`y = \bar y + \sum_t f_t \odot N_t((x - \bar x_t) / s_{x,t})`.

    A perceptron is one term, a `StagedMLP` one for each stage, a `Surrogate` one for each member, an ensemble
    one for each network: what is written for other programs has this form alone to know.

    Parameters
    ----------
    offset : ndarray, (m,)
        ȳ.
    terms : tuple of Term
        At least one.
    """

    offset: Array
    terms: tuple[Term, ...]

    @property
    def n_inputs(self) -> int:
        """Number of inputs, d."""
        return len(self.terms[0].x_mean)

    @property
    def n_outputs(self) -> int:
        """Number of outputs, m."""
        return len(self.offset)

    def times(self, weight: float) -> NetworkSum:
        """Return the sum times a number."""
        terms = tuple(term._replace(factor=weight * term.factor) for term in self.terms)
        return NetworkSum(weight * self.offset, terms)


def added(sums: list[NetworkSum]) -> NetworkSum:
    """Return the sum of models of the same inputs and outputs."""
    offset = np.sum([part.offset for part in sums], axis=0)
    return NetworkSum(offset, tuple(term for part in sums for term in part.terms))
