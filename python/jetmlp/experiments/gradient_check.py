"""The gradient of a network by its input in three ways."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..models.mlp import MLP
from .gradient_steps import central_differences, input_gradient

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class GradientCheck:
    """Gradients of one network along the diagonal of the cube [−1, 1]^d.

    Attributes
    ----------
    seed : int
        Of the network.
    model : MLP
        The network.
    t : ndarray, (n,)
        Positions along the diagonal: all inputs have this value.
    step_by_step, jacobian, central : ndarray, (n, d)
        The gradient from `input_gradient`, from ``model.jacobian`` and from central differences.
    """

    seed: int
    model: MLP
    t: FloatArray
    step_by_step: FloatArray
    jacobian: FloatArray
    central: FloatArray

    @property
    def differences(self) -> dict[str, float]:
        """Largest absolute differences between the first and the two others, over all points and inputs."""
        return {
            "jacobian_max": float(np.max(np.abs(self.jacobian - self.step_by_step))),
            "central_differences_max": float(np.max(np.abs(self.central - self.step_by_step))),
            "gradient_max": float(np.max(np.abs(self.step_by_step))),
        }


@dataclass(frozen=True)
class InputGradient:
    """The algorithm of `input_gradient` against ``model.jacobian`` and central differences, in float64.

    Parameters
    ----------
    name, description : str
        Of the experiment.
    networks : tuple of tuples of int, default 3-8-8-1 and 1-64-64-1
        Layer sizes, with one output each.
    activation : str, default "tanh"
        On all layers, the output too.
    n_points : int, default 401
        Points along the diagonal.
    """

    name: str
    description: str
    networks: tuple[tuple[int, ...], ...] = ((3, 8, 8, 1), (1, 64, 64, 1))
    activation: str = "tanh"
    n_points: int = 401

    def run(self, seed: int = 0) -> dict[str, GradientCheck]:
        """Compute the gradients of freshly drawn networks; return them by layer sizes such as "3-8-8-1"."""
        return {"-".join(map(str, sizes)): self._check(sizes, seed) for sizes in self.networks}

    def _check(self, sizes: tuple[int, ...], seed: int) -> GradientCheck:
        model = MLP(
            sizes, self.activation, self.activation, dtype="float64", init="fan_in_uniform", seed=seed
        )
        t = np.linspace(-1.0, 1.0, self.n_points)
        X = np.repeat(t[:, np.newaxis], model.n_inputs, axis=1)
        return GradientCheck(
            seed,
            model,
            t,
            input_gradient(model.weights, model.biases, X, self.activation),
            model.jacobian(X)[:, 0, :],
            central_differences(model.predict, X),
        )
