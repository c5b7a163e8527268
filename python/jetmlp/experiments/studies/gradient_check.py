"""The gradient of a network by its input in three ways."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..._core import StopFlag
from ...fitting.callbacks import Callback
from ...models.mlp import MLP
from ..fits import n_products
from ..study import DEFAULT_SEEDS
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
class NetworkGradient:
    """The three gradients of one network.

    Parameters
    ----------
    layer_sizes : tuple of int
        With one output.
    activation : str
        On all layers, the output too.
    n_points : int
        Points along the diagonal.
    """

    layer_sizes: tuple[int, ...]
    activation: str
    n_points: int

    @property
    def work(self) -> float:
        """About how many products it takes: nothing is fitted."""
        return float(n_products(self.layer_sizes) * self.n_points)

    def run(
        self,
        seed: int = 0,
        *,
        n_threads: int = 1,
        callbacks: Iterable[Callback] | Callback = (),
        stop: StopFlag | None = None,
    ) -> GradientCheck:
        """Draw a network and compute its gradients: a moment's work, with nothing to call back or stop."""
        model = MLP(
            self.layer_sizes,
            self.activation,
            self.activation,
            dtype="float64",
            init="fan_in_uniform",
            seed=seed,
            normalize=False,
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
    least_seeds : int, default 1
        Seeds that `jetmlp reproduce` runs at least.
    default_seeds : int, default 5
        And those that it runs where nobody says how many.
    """

    name: str
    description: str
    networks: tuple[tuple[int, ...], ...] = ((3, 8, 8, 1), (1, 64, 64, 1))
    activation: str = "tanh"
    n_points: int = 401
    least_seeds: int = 1
    default_seeds: int = DEFAULT_SEEDS

    @property
    def fits(self) -> Mapping[str, NetworkGradient]:
        """What is computed, by layer sizes such as "3-8-8-1"."""
        return {
            "-".join(map(str, sizes)): NetworkGradient(sizes, self.activation, self.n_points)
            for sizes in self.networks
        }

    def run(self, seed: int = 0) -> dict[str, GradientCheck]:
        """Compute the gradients of freshly drawn networks; return them by layer sizes."""
        return {name: network.run(seed) for name, network in self.fits.items()}
