"""The directions of the inputs along which a function varies, where it varies along few.

The slopes g of a function f(Tᵀx) of fewer combinations of its inputs lie in the space of these, so that the
matrix mean(g gᵀ) has as many eigenvalues above rounding (differential principal components: Huge and Savine,
"Differential machine learning", 2020; active subspaces: Constantine 2015). A network of the combinations has
fewer weights and fewer slopes to fit, and is a network of the inputs all the same: W T instead of W.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..data.samples import Samples

Array = NDArray[np.float64]

#: An eigenvalue below this part of the largest is rounding: slopes of less than 1e-5 of the others'.
ROUNDING = 1e-10


class ActiveInputs(NamedTuple):
    """Combinations z = x T of standardised inputs x (n, d).

    Parameters
    ----------
    to : ndarray, (d, k)
        T.
    """

    to: Array

    def samples(self, units: Samples) -> Samples:
        """Express standardised samples by the combinations: the slopes along them are g (Tᵀ)⁺."""
        if units.dYdX is None:
            return units
        return units.replace(X=units.X @ self.to, dYdX=units.dYdX @ np.linalg.pinv(self.to.T))

    def parameters(self, parameters: Array, sizes: tuple[int, ...]) -> Array:
        """Take the parameters of a network of the combinations to one of the inputs."""
        h, k = sizes[1], sizes[0]
        first = parameters[: h * k].reshape(h, k) @ self.to.T
        return np.concatenate([first.ravel(), parameters[h * k :]])

    def covariance_factor(self, factor: Array, sizes: tuple[int, ...]) -> Array:
        """Do the same with C, C Cᵀ the covariance of the parameters; square, as all of them are."""
        h, k = sizes[1], sizes[0]
        first = np.einsum("dk,hkp->hdp", self.to, factor[: h * k].reshape(h, k, -1))
        rows = np.concatenate([first.reshape(h * len(self.to), -1), factor[h * k :]])
        return np.pad(rows, ((0, 0), (0, len(rows) - rows.shape[1])))


def active_inputs(units: Samples) -> ActiveInputs:
    """Find the combinations of standardised inputs that matter; all inputs, where that is not known."""
    d = units.n_inputs
    # Fewer slopes than inputs lie in a smaller space, whatever the function.
    if units.dYdX is None or d == 1 or len(units) * units.n_outputs <= d:
        return ActiveInputs(np.eye(d))
    slopes = units.dYdX.reshape(-1, d)
    eigenvalues, directions = np.linalg.eigh(slopes.T @ slopes)
    matter = eigenvalues > ROUNDING * eigenvalues[-1]
    if matter.all() or not matter.any():
        return ActiveInputs(np.eye(d))
    chosen = directions[:, matter][:, ::-1]
    spread = np.std(units.X @ chosen, axis=0)
    return ActiveInputs(chosen / np.where(spread > 0, spread, 1.0))


def groups_of(sizes: tuple[int, ...]) -> NDArray[np.intp]:
    """Group of each parameter: weights of each input of the first layer, then biases and weights by layer."""
    groups, n_groups = [], 0
    for layer, (n_in, n_out) in enumerate(pairwise(sizes)):
        weights = np.tile(np.arange(n_in), n_out) if layer == 0 else np.zeros(n_in * n_out, dtype=np.intp)
        groups.append(n_groups + weights)
        n_groups += int(weights.max()) + 1
        groups.append(np.full(n_out, n_groups))
        n_groups += 1
    return np.concatenate(groups).astype(np.intp)
