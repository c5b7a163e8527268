"""Networks in stages, each fitted to what the ones before have left over."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _validation
from ._problem import as_loss_weights
from .history import History
from .model import MLP
from .optimizers import Optimizer
from .second_order import LevenbergMarquardt
from .trainer import Trainer

Array = NDArray[np.float64]
#: The first weights of a later stage are drawn from ± this share of the frequency that it has to fit.
FREQUENCY_SHARE = 0.25


class StagedMLP:
    r"""A sum of perceptrons :math:`f_1(x) + s_2 f_2(x) + \ldots`, each fitted to the rest of those before.

    One network stops where its parameters no longer feel the error; the next one sees that error enlarged
    to size one (multi-stage training: Wang and Lai 2024). So a smooth function is fitted to the last digits
    of float64.

    Parameters
    ----------
    layer_sizes : sequence of sequences of int
        Layer sizes of each stage, as for `MLP`: all with the same inputs and outputs. Later stages fit faster
        oscillations and want more units.
    activation : str, default "tanh"
        Of the hidden layers of all stages.
    seed : int, default 0
        Of the starting parameters; stage k draws from seed + k.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind or out of its range; the message names it.

    Examples
    --------
    >>> import numpy as np
    >>> import jetmlp
    >>> x = np.linspace(-1, 1, 40)
    >>> model = jetmlp.StagedMLP([[1, 8, 8, 1], [1, 12, 12, 1]])
    >>> histories = model.fit(x, np.sin(3 * x), 3 * np.cos(3 * x), epochs=(60, 150))
    >>> bool(np.abs(model.predict([0.1]) - np.sin(0.3)).max() < 1e-7)
    True
    """

    def __init__(self, layer_sizes: Iterable[Iterable[int]], activation: str = "tanh", seed: int = 0) -> None:
        if not isinstance(layer_sizes, Iterable) or isinstance(layer_sizes, (str, bytes)):
            raise TypeError(f"layer_sizes: expected a sequence for each stage, got {layer_sizes!r}")
        sizes = [_validation.as_layer_sizes(stage) for stage in layer_sizes]
        if not sizes:
            raise ValueError("layer_sizes: expected at least one stage, got none")
        if len({(stage[0], stage[-1]) for stage in sizes}) > 1:
            raise ValueError(f"layer_sizes: expected the same inputs and outputs in every stage, got {sizes}")
        seed = _validation.as_integer("seed", seed, 0, 2**64 - 1 - len(sizes))
        self._seed = seed
        stages = [MLP(stage, activation, dtype="float64", seed=seed + k) for k, stage in enumerate(sizes)]
        scales = np.zeros((len(stages), stages[0].n_outputs))
        scales[0] = 1.0
        self._set(tuple(stages), scales)

    def _set(self, stages: tuple[MLP, ...], scales: Array) -> None:
        self._stages, self._scales = stages, scales

    @property
    def stages(self) -> tuple[MLP, ...]:
        """The network of each stage, of float64."""
        return self._stages

    @property
    def scales(self) -> Array:
        """What the outputs of each stage are multiplied by, (n_stages, m); 0 before it is fitted."""
        return self._scales.copy()

    @property
    def n_inputs(self) -> int:
        """Number of inputs, d."""
        return self._stages[0].n_inputs

    @property
    def n_outputs(self) -> int:
        """Number of outputs, m."""
        return self._stages[0].n_outputs

    @property
    def n_parameters(self) -> int:
        """Number of weights and biases of all stages."""
        return sum(stage.n_parameters for stage in self._stages)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the parameters and results: float64."""
        return self._stages[0].dtype

    def fit(
        self,
        X: ArrayLike,
        Y: ArrayLike,
        dYdX: ArrayLike,
        *,
        epochs: int | Iterable[int],
        optimizer: Optimizer | str | None = None,
        value_weight: float = 1.0,
        derivative_weight: float = 1.0,
        n_threads: int = 1,
        progress: bool = False,
    ) -> list[History]:
        """Train stage after stage from new starting parameters.

        Stage k > 0 fits the residual of the stages before, each output divided by its root mean square s,
        with the weight of the derivatives times (s / s')², s' the root mean square of the residual's
        derivatives. Its first layer starts at the residual's frequency s' / s along each input.

        Parameters
        ----------
        X : array_like, (n, d)
            Inputs. With one input, (n,) will do.
        Y : array_like, (n, m)
            Values. With one output, (n,) will do.
        dYdX : array_like, (n, m, d)
            Derivatives [sample, output, input], NaN where one was not measured; they tell the frequency of
            what is left. With one output, (n, d) will do.
        epochs : int or sequence of int
            Of each stage.
        optimizer : LevenbergMarquardt, LBFGS, Adam, Chain or "auto", optional
            Of each stage; default ``LevenbergMarquardt()``.
        value_weight, derivative_weight : float, default 1.0
            Weights of the first stage's loss, and what later ones start from.
        n_threads : int, default 1
            Threads of the fit. The result is the same for any number.
        progress : bool, default False
            Whether to show a bar for each stage.

        Returns
        -------
        list of History
            Of each stage, its losses in units of its own targets.

        Raises
        ------
        TypeError, ValueError
            If an argument is of the wrong kind, shape or range, before anything changes.
        DivergenceError, KeyboardInterrupt
            As from `Trainer.fit`; the stages fitted before stay.
        """
        optimizer = LevenbergMarquardt() if optimizer is None else optimizer
        counts = _as_epochs(epochs, len(self._stages))
        weights = as_loss_weights(value_weight, derivative_weight, 0.0, 0.0)
        d, m = self.n_inputs, self.n_outputs
        inputs = _validation.as_inputs("X", X, d, self.dtype)
        values = _validation.as_values("Y", Y, len(inputs), m, self.dtype)
        derivatives = _validation.as_derivatives("dYdX", dYdX, len(inputs), m, d, self.dtype)

        histories: list[History] = []
        scales = np.zeros_like(self._scales)
        stages = []
        for k, (stage, count) in enumerate(zip(self._stages, counts, strict=True)):
            network = MLP(stage.layer_sizes, stage.activation, dtype="float64", seed=self._seed + k)
            scale, balance = np.ones(m), 1.0
            if k > 0:
                size = np.sqrt(np.mean(values**2, axis=0))
                scale = np.where(size > 0.0, size, 1.0)
                frequencies = _root_mean_square(derivatives / scale[:, np.newaxis])
                total = float(np.sqrt(np.sum(frequencies**2)))
                if size.any() and total > 0.0:
                    balance = 1.0 / max(total, 1.0) ** 2
                    _start_at(network, frequencies, inputs, self._seed + k)
            trainer = Trainer(
                network,
                optimizer,
                value_weight=weights[0],
                derivative_weight=weights[1] * balance,
                n_threads=n_threads,
            )
            targets = (values / scale, derivatives / scale[:, np.newaxis])
            histories.append(trainer.fit(inputs, *targets, epochs=count, progress=progress))
            fitted, slopes = network.predict_with_jacobian(inputs)
            values = values - scale * fitted
            derivatives = derivatives - scale[:, np.newaxis] * slopes
            stages.append(network)
            scales[k] = scale
            # Whatever interrupts a later stage, this one is whole.
            self._set((*stages, *self._stages[k + 1 :]), scales.copy())
        return histories

    def predict(self, X: ArrayLike, *, n_threads: int = 1) -> Array:
        """Compute the values at `X` (n, d): (n, m), as `MLP.predict`."""
        terms = [stage.predict(X, n_threads=n_threads) for stage in self._stages]
        return np.asarray(sum(s * term for s, term in zip(self._scales, terms, strict=True)))

    __call__ = predict

    def jacobian(self, X: ArrayLike, *, n_threads: int = 1) -> Array:
        """Compute the derivatives by the inputs at `X` (n, d): (n, m, d), as `MLP.jacobian`."""
        return self.predict_with_jacobian(X, n_threads=n_threads)[1]

    def predict_with_jacobian(self, X: ArrayLike, *, n_threads: int = 1) -> tuple[Array, Array]:
        """Compute values and derivatives at `X` (n, d): (n, m) and (n, m, d)."""
        terms = [stage.predict_with_jacobian(X, n_threads=n_threads) for stage in self._stages]
        values = sum(s * value for s, (value, _) in zip(self._scales, terms, strict=True))
        slopes = sum(s[:, np.newaxis] * slope for s, (_, slope) in zip(self._scales, terms, strict=True))
        return np.asarray(values), np.asarray(slopes)

    def copy(self) -> StagedMLP:
        """Return an independent model with the same parameters."""
        return _restore([stage.copy() for stage in self._stages], self._scales, self._seed)

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (self._stages, self._scales, self._seed)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to one ``.safetensors`` file, which `jetmlp.load` reads back.

        Parameters
        ----------
        path : path
            Of the file; what stands there is replaced only once the new file is whole.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        from . import _storage

        _storage.save_stages(self._stages, self._scales, self._seed, path)

    def __repr__(self) -> str:
        sizes = " + ".join("-".join(map(str, stage.layer_sizes)) for stage in self._stages)
        activation = self._stages[0].activation
        return f"StagedMLP({sizes}, activation={activation!r}, {self.n_parameters} parameters)"


def _restore(stages: Iterable[MLP], scales: Array, seed: int) -> StagedMLP:
    """Build a model from what it is made of."""
    model = StagedMLP.__new__(StagedMLP)
    model._seed = seed
    model._set(tuple(stages), np.array(scales, dtype=np.float64))
    return model


def _as_epochs(epochs: object, n_stages: int) -> tuple[int, ...]:
    """Take one number for all stages, or one for each."""
    if not isinstance(epochs, Iterable):
        return (_validation.as_integer("epochs", epochs, 0, 2**31),) * n_stages
    counts = tuple(_validation.as_integer("epochs", count, 0, 2**31) for count in epochs)
    if len(counts) != n_stages:
        raise ValueError(f"epochs: expected {n_stages} numbers, one for each stage, got {len(counts)}")
    return counts


def _root_mean_square(derivatives: Array) -> Array:
    """Root mean square along each input (d,), of what is present."""
    present = ~np.isnan(derivatives)
    squares = np.where(present, derivatives, 0.0) ** 2
    return np.asarray(np.sqrt(squares.sum(axis=(0, 1)) / np.maximum(present.sum(axis=(0, 1)), 1)))


def _start_at(network: MLP, frequencies: Array, inputs: Array, seed: int) -> None:
    """Draw the first layer anew: slopes in ± a share of the frequencies, biases to match over the data."""
    d, n_units = network.layer_sizes[:2]
    random = np.random.Generator(np.random.Philox(seed))
    limits = FREQUENCY_SHARE * frequencies
    low, high = inputs.min(axis=0), inputs.max(axis=0)
    W = random.uniform(-1.0, 1.0, (n_units, d)) * limits
    reach = limits @ (high - low) / 2
    b = random.uniform(-1.0, 1.0, n_units) * reach - W @ (low + high) / 2
    parameters = network.parameters
    parameters[: W.size] = W.ravel()
    parameters[W.size : W.size + n_units] = b
    network.parameters = parameters
