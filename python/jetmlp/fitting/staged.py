"""Networks in stages, each fitted to what the ones before have left over."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _checks
from .._claims import already_fitted
from ..data.fingerprint import fingerprint
from ..data.samples import Samples, as_samples
from ..data.standardise import check_units, learn, standardised
from ..models.mlp import MLP
from ..models.staged import STAGE, Stages, as_stage_seed, as_stage_sizes
from ..optimizers.base import Optimizer
from ..optimizers.levenberg_marquardt import LevenbergMarquardt
from ..random import INITIALIZATION, Generator
from .history import History
from .plan import Ending
from .problem import LossWeights, as_loss_weights
from .resuming import as_checkpoint_path
from .staged_checkpoint import StagedCall, as_described, read_stages, write_stages
from .trainer import Trainer

Array = NDArray[np.float64]
#: The first weights of a later stage are drawn from ± this share c of the frequency that it has to fit: tanh
#: turns over a few units of its argument, and the units' spread makes up the rest.
FREQUENCY_SHARE = 0.25


class StagedMLP(Stages):
    r"""A sum of perceptrons :math:`f_1(x) + s_2 f_2(x) + \ldots`, each fitted to the rest of those before.

    One network stops where its parameters no longer feel the error; the next one sees that error enlarged
    to size one (multi-stage training: Wang and Lai 2024). So a smooth function is fitted to the last digits
    of float64.

    Parameters
    ----------
    layer_sizes : sequence of sequences of int
        Layer sizes of each stage, as for `MLP`: all with the same inputs and outputs; at most 64 stages with
        1000 layers in all. Later stages fit faster oscillations and want more units.
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

    _resumed: Done | None = None

    def __init__(self, layer_sizes: Iterable[Iterable[int]], activation: str = "tanh", seed: int = 0) -> None:
        sizes = as_stage_sizes(layer_sizes)
        seed = as_stage_seed(seed, len(sizes))
        super().__init__()
        self._seed = seed
        stages = [_network(stage, activation, seed + k) for k, stage in enumerate(sizes)]
        scales = np.zeros((len(stages), stages[0].n_outputs))
        scales[0] = 1.0
        self._set(tuple(stages), scales, None)

    def fit(
        self,
        X: Samples | ArrayLike,
        Y: ArrayLike | None = None,
        dYdX: ArrayLike | None = None,
        *,
        epochs: int | Iterable[int],
        optimizer: Optimizer | str | None = None,
        value_weight: float = 1.0,
        derivative_weight: float = 1.0,
        n_threads: int | None = None,
        progress: bool = False,
        checkpoint: str | os.PathLike[str] | None = None,
    ) -> list[History]:
        """Train stage after stage from new starting parameters.

        All stages see standardised samples, so the fit is the same in any units.

        Stage k > 0 fits the residual of the stages before, each output divided by its root mean square s,
        with the weight of the derivatives times (s / s')², s' the root mean square of the residual's
        derivatives. Its first layer starts at the residual's frequency s' / s along each input.

        Parameters
        ----------
        X : Samples or array_like, (n, d)
            Samples, or their inputs; of samples, the other arrays are part.
        Y, dYdX
            As for `Samples`; the derivatives tell the frequency of what is left.
        epochs : int or sequence of int
            Of each stage.
        optimizer : LevenbergMarquardt, LBFGS, Adam, Chain or "auto", optional
            Of each stage; default ``LevenbergMarquardt()``.
        value_weight, derivative_weight : float, default 1.0
            Weights of the first stage's loss, and what later ones start from.
        n_threads : int, optional
            As for `Trainer`.
        progress : bool, default False
            Whether to show a bar for each stage.
        checkpoint : path, optional
            Write the stages fitted so far to this file after each of them, from which `resume` goes on.

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
        RuntimeError
            If it is being fitted already, in another thread.
        """
        optimizer = LevenbergMarquardt() if optimizer is None else optimizer
        counts = _as_epochs(epochs, len(self._stages))
        weights = as_loss_weights(value_weight, derivative_weight, 0.0, 0.0)
        path = None if checkpoint is None else as_checkpoint_path(checkpoint)
        with self._claim.hold(already_fitted(self)):
            samples = as_samples(X, Y, dYdX, sizes=(self.n_inputs, self.n_outputs))
            _check_given(samples)
            return self._fit(
                samples, counts, optimizer, weights, path, n_threads=n_threads, progress=progress
            )

    def _fit(
        self,
        samples: Samples,
        counts: Sequence[int],
        optimizer: Optimizer | str,
        weights: LossWeights,
        path: Path | None,
        *,
        n_threads: int | None,
        progress: bool,
    ) -> list[History]:
        m = self.n_outputs
        done, call = self._resumed, None
        if path is not None or done is not None:
            described = as_described(optimizer)
            call = StagedCall(fingerprint(samples.arrays()), list(counts), described, *weights[:2])
        if done is not None:
            assert call is not None
            done.call.check(call, len(done.histories))
        self._resumed = None
        normalization = learn(samples)
        check_units(samples, normalization)
        samples = standardised(samples, normalization)
        inputs, values, derivatives = samples.X, samples.Y, samples.dYdX
        assert values is not None
        assert derivatives is not None
        histories: list[History] = []
        scales, kept = np.zeros_like(self._scales), self._scales
        stages = []
        for k, (stage, count) in enumerate(zip(self._stages, counts, strict=True)):
            if done is not None and k < len(done.histories):
                network, scale = stage, kept[k]
                values, derivatives = _left_over(network, scale, inputs, values, derivatives)
                histories.append(done.histories[k])
                stages.append(network)
                scales[k] = scale
                continue
            network = _network(stage.layer_sizes, stage.activation, self._seed + k)
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
            with trainer._claimed():
                rest = as_samples(inputs, *targets)
                histories.append(trainer._fit(rest, Ending(), count, progress=progress))
            values, derivatives = _left_over(network, scale, inputs, values, derivatives)
            stages.append(network)
            scales[k] = scale
            # Whatever interrupts a later stage, this one is whole.
            self._set((*stages, *self._stages[k + 1 :]), scales.copy(), normalization)
            if path is not None:
                assert call is not None
                write_stages(path, self, call, histories)
        return histories

    @classmethod
    def resume(cls, path: str | os.PathLike[str]) -> StagedMLP:
        """Take a model back from a checkpoint of ``fit(checkpoint=...)``, with the stages fitted by then.

        The next ``fit``, with the same samples and settings, goes on with the stages that are left and
        returns the histories of all: model and histories are those of a fit that was never interrupted. A
        stage that was interrupted in its midst begins anew.

        Parameters
        ----------
        path : path
            Of the file.

        Returns
        -------
        StagedMLP
            The sum of the stages fitted so far.

        Raises
        ------
        OSError
            If the file cannot be read.
        ModelFileError
            If it is not such a checkpoint, or is damaged; the message says in what.
        """
        model, call, histories = read_stages(Path(path), cls)
        model._resumed = Done(call, histories)
        return model


class Done(NamedTuple):
    """What of a fit is there already."""

    call: StagedCall
    histories: list[History]


def _left_over(
    network: MLP, scale: Array, inputs: Array, values: Array, derivatives: Array
) -> tuple[Array, Array]:
    """Return what a stage leaves of values and derivatives."""
    fitted, slopes = network.predict_with_jacobian(inputs)
    return values - scale * fitted, derivatives - scale[:, np.newaxis] * slopes


def _network(layer_sizes: Sequence[int], activation: str, seed: int) -> MLP:
    """Make the network of a stage: the stages together have one normalization."""
    return MLP(layer_sizes, activation, seed=seed, **STAGE)


def _check_given(samples: Samples) -> None:
    """Raise a ``ValueError`` unless there is just what a stage is fitted to."""
    for name in ("d2YdX2", "sample_weight", "derivative_sample_weight", "directions"):
        if getattr(samples, name) is not None:
            raise ValueError(f"{name}: expected none for jetmlp.StagedMLP, which fits values and derivatives")
    if samples.Y is None or samples.dYdX is None:
        raise ValueError("Y, dYdX: expected both; the derivatives tell the frequency of what a stage leaves")
    if np.isnan(samples.Y).any():
        raise ValueError("Y: expected every value, got NaN")


def _as_epochs(epochs: object, n_stages: int) -> tuple[int, ...]:
    """Take one number for all stages, or one for each."""
    if not isinstance(epochs, Iterable):
        return (_checks.as_integer("epochs", epochs, 0, 2**31),) * n_stages
    counts = tuple(_checks.as_integer("epochs", count, 0, 2**31) for count in epochs)
    if len(counts) != n_stages:
        raise ValueError(f"epochs: expected {n_stages} numbers, one for each stage, got {len(counts)}")
    return counts


def _root_mean_square(derivatives: Array) -> Array:
    """Root mean square along each input (d,), of what is present."""
    present = ~np.isnan(derivatives)
    squares = np.where(present, derivatives, 0.0) ** 2
    return np.asarray(np.sqrt(squares.sum(axis=(0, 1)) / np.maximum(present.sum(axis=(0, 1)), 1)))


def _start_at(network: MLP, frequencies: Array, inputs: Array, seed: int) -> None:
    r"""Draw the first layer anew, for a rest that oscillates with frequencies ω (d,) along the inputs.

    Weights uniform in ±cω_k, with c the share of the frequency. A unit's centre, where w·x + b = 0, is to
    lie among the data, whose box has the middle x_m and the widths h: so b = −w·x_m + u with u uniform in
    ±Σ_k cω_k h_k / 2, as far as w·(x − x_m) reaches there.
    """
    d, n_units = network.layer_sizes[:2]
    # The streams of INITIALIZATION below this belong to the layers of a new network.
    random = Generator(seed, INITIALIZATION, 2**32)
    limits = FREQUENCY_SHARE * frequencies
    low, high = inputs.min(axis=0), inputs.max(axis=0)
    W = (2.0 * random.uniform(n_units * d).reshape(n_units, d) - 1.0) * limits
    reach = limits @ (high - low) / 2
    b = (2.0 * random.uniform(n_units) - 1.0) * reach - W @ (low + high) / 2
    parameters = network.parameters
    parameters[: W.size] = W.ravel()
    parameters[W.size : W.size + n_units] = b
    network.parameters = parameters
