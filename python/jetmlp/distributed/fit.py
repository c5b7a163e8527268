"""Fitting one model to samples that several machines hold."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import distributed
import numpy as np
from numpy.typing import NDArray

from .. import _checks
from ..data.fingerprint import kind_of
from ..data.samples import Samples
from ..fitting.callbacks import Callback, as_callbacks
from ..fitting.history import History
from ..fitting.parts import Objective, Parts, Recipe, expect_first_order, means_of
from ..fitting.plan import Ending
from ..fitting.resuming import as_keeper
from ..fitting.trainer import Trainer
from ..models.mlp import MLP
from ..optimizers.auto import Choice
from ..optimizers.base import Optimizer
from ..optimizers.lbfgs import LBFGS
from . import held
from .blocks import as_parts
from .workers import Workers

_NAMES = ("X", "Y", "dYdX", "d2YdX2", "sample_weight", "derivative_sample_weight", "directions", "dYdV")


def fit(
    model: MLP | Trainer,
    X: Any,  # noqa: ANN401  a dask.array.Array, as the others
    Y: Any = None,  # noqa: ANN401
    dYdX: Any = None,  # noqa: ANN401
    *,
    client: distributed.Client | None = None,
    epochs: int,
    d2YdX2: Any = None,  # noqa: ANN401
    sample_weight: Any = None,  # noqa: ANN401
    derivative_sample_weight: Any = None,  # noqa: ANN401
    directions: Any = None,  # noqa: ANN401
    dYdV: Any = None,  # noqa: ANN401
    allow_missing_values: bool = False,
    anchor: Any = None,  # noqa: ANN401
    validation_data: Any = None,  # noqa: ANN401
    patience: int | None = None,
    min_delta: float = 0.0,
    restore_best: bool = False,
    progress: bool = False,
    callbacks: Iterable[Callback] | Callback = (),
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_every: int | None = None,
) -> History:
    """Fit a model to Dask arrays; every worker of a cluster keeps its part of the samples.

    Each chunk of rows is a part: it is loaded once by a worker, handed to the compiled core there, and stays.
    An evaluation sends the parameters to the workers and gets back loss and gradient, which are added in a
    fixed order, so that the result is the same, to the last byte, for any number of workers and threads; it
    depends on how the samples are cut into chunks by rounding. When a worker is lost, others load its parts
    again, and the fit goes on as if nothing had been.

    Parameters
    ----------
    model : MLP or Trainer
        Fitted in place. A `Trainer` brings optimizer, weights of the loss and l2; one that `Trainer.resume`
        took back from a checkpoint goes on with its fit. "auto" is `LBFGS`. `Adam` takes all samples in every
        step here, and `SelfScaledBroyden` and a `Chain` of these go as well.
    X : dask.array.Array, (n, d)
        Inputs, in chunks along the samples.
    Y, dYdX, d2YdX2, sample_weight, derivative_sample_weight, directions, dYdV : dask.array.Array, optional
        As for `Samples`, in the chunks of `X`. A chunk may have nothing but NaN of a kind of derivatives.
    client : distributed.Client, optional
        Of the cluster; default the one at work. Its workers need jetmlp installed.
    epochs, anchor, patience, min_delta, restore_best, progress, callbacks, checkpoint, checkpoint_every
        As for `Trainer.fit`.
    allow_missing_values : bool, default False
        As for `Samples`.
    validation_data : tuple of Dask arrays, or Samples or tuple of arrays, optional
        (X, Y), (X, Y, dYdX) or (X, Y, dYdX, d2YdX2) to measure after every epoch, on the workers where they
        are Dask arrays, else here.

    Returns
    -------
    History
        Losses of every epoch.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind, or chunks do not match; the message names it, and of samples the
        partition.
    RuntimeError
        If there is no client, or no worker for two minutes.
    DivergenceError, KeyboardInterrupt, OSError
        As for `Trainer.fit`.

    Examples
    --------
    >>> import dask.array
    >>> import numpy as np
    >>> from distributed import Client
    >>> import jetmlp
    >>> import jetmlp.distributed
    >>> x = dask.array.linspace(-1, 1, 4000, chunks=1000)
    >>> model = jetmlp.MLP([1, 16, 1], seed=0)
    >>> with Client(processes=False, n_workers=1, dashboard_address=None) as client:
    ...     history = jetmlp.distributed.fit(model, x, np.sin(x), np.cos(x), client=client, epochs=20)
    >>> history.n_epochs
    20
    """
    trainer = model if isinstance(model, Trainer) else Trainer(model)
    epochs = _checks.as_integer("epochs", epochs, 0, 2**31)
    progress = _checks.as_boolean("progress", progress)
    missing = _checks.as_boolean("allow_missing_values", allow_missing_values)
    listeners = as_callbacks(callbacks)
    keeper = as_keeper(trainer, checkpoint, checkpoint_every, epochs)
    cluster = _as_client(client)
    arrays = (X, Y, dYdX, d2YdX2, sample_weight, derivative_sample_weight, directions, dYdV)
    with trainer._claimed():
        names = {name: name for name in _NAMES}
        given = dict(zip(_NAMES, arrays, strict=True))
        parts = DaskParts(cluster, given, names, trainer.model, missing=missing)
        held_out = _held_out(cluster, validation_data, trainer.model, missing=missing)
        local = None if held_out is not None else validation_data
        ending = Ending(local, patience, min_delta, restore_best, anchor, missing)
        return trainer._fit_parts(
            parts, held_out, ending, epochs, listeners, progress=progress, keeper=keeper
        )


class DaskParts(Parts):
    """Chunks of Dask arrays, which workers hold."""

    def __init__(
        self,
        client: distributed.Client,
        given: dict[str, Any],
        names: dict[str, str],
        model: MLP,
        *,
        missing: bool,
    ) -> None:
        sizes = (model.n_inputs, model.n_outputs)
        parts, self._lengths = as_parts(given, names, sizes=sizes, dtype=model.dtype.name, missing=missing)
        self.weighted = given["sample_weight"] is not None or given["derivative_sample_weight"] is not None
        self._workers = Workers(client, parts, self._lengths)
        self._hash: str | None = None
        self.example = _common(self._workers.call(held.example_of), names["X"])
        self.names = self.example._names

    def __len__(self) -> int:
        return sum(self._lengths)

    def __repr__(self) -> str:
        return f"<{len(self)} samples in {len(self._lengths)} chunks of Dask arrays>"

    def each(self, function: Callable[..., Any], *arguments: object) -> Sequence[Any]:
        """Call a function with each part, where it is."""
        return self._workers.call(function, *arguments)

    def objective(self, recipe: Recipe) -> Objective:
        """Have the workers hand their parts to the core."""
        self._workers.pose(recipe)
        return DaskObjective(self._workers, recipe, len(self))

    def fingerprint(self) -> str:
        """Return a hash of all parts in their order."""
        if self._hash is None:  # once: the samples are in the core later on
            self._hash = hashlib.sha256(" ".join(self.each(held.hash_of)).encode()).hexdigest()
        return self._hash

    def choice(self, model: MLP, batch_size: int | None, epochs: int) -> Choice:
        """Take all samples in every step."""
        return Choice(LBFGS(), batch_size)

    def expect_optimizer(self, optimizer: Optimizer, batch_size: int | None) -> None:
        """Raise a ``ValueError`` for one that wants residuals, or batches."""
        expect_first_order(optimizer, "on the workers of a cluster")
        if batch_size is not None:
            raise ValueError(
                f"batch_size: expected None for samples on the workers of a cluster, which take all in every "
                f"step, got {batch_size}"
            )


class DaskObjective(Objective):
    """Asks the workers."""

    def __init__(self, workers: Workers, recipe: Recipe, n_samples: int) -> None:
        self._workers, self._totals, self.n_samples = workers, recipe.totals, n_samples

    def evaluate(
        self,
        parameters: NDArray[Any],
        first: int,
        count: int,
        order: NDArray[np.uint32] | None,
        with_gradient: bool,
    ) -> tuple[Sequence[float], NDArray[Any] | None]:
        """Return mean squared errors and gradient over all samples."""
        total = self._workers.evaluate(parameters, with_gradient=with_gradient)
        return means_of(total, self._totals), total.gradient


def _as_client(client: distributed.Client | None) -> distributed.Client:
    if client is None:
        try:
            client = distributed.default_client()
        except ValueError:
            raise RuntimeError(
                "client: expected a distributed.Client at work, got none; make one, as in "
                "client = distributed.Client('tcp://scheduler:8786')"
            ) from None
    if not isinstance(client, distributed.Client):
        raise TypeError(f"client: expected a distributed.Client, got {_checks.brief(client)}")
    if client.asynchronous:
        raise ValueError("client: expected one that is not asynchronous, got asynchronous=True")
    return client


def _held_out(
    client: distributed.Client,
    validation_data: Any,  # noqa: ANN401
    model: MLP,
    *,
    missing: bool,
) -> DaskParts | None:
    """Take samples of validation in Dask arrays; None for any others."""
    if not isinstance(validation_data, (tuple, list)) or len(validation_data) not in (2, 3, 4):
        return None
    if not any(hasattr(array, "to_delayed") for array in validation_data):
        return None
    names = {name: f"validation_data[{place}]" for place, name in enumerate(_NAMES[:4])}
    given = dict.fromkeys(_NAMES) | dict(zip(_NAMES, validation_data, strict=False))
    if given["X"] is None:
        raise ValueError("validation_data: expected inputs first, got None")
    return DaskParts(client, given, names, model, missing=missing)


def _common(examples: Sequence[Samples], name: str) -> Samples:
    """Take the first of the parts' examples; a ``ValueError`` where one is of another kind."""
    first = kind_of(examples[0])
    for number, example in enumerate(examples):
        if kind_of(example) != first:
            raise ValueError(
                f"{name}: expected partitions of one kind, {first} as the first is, got "
                f"{kind_of(example)} in partition {number}"
            )
    return examples[0]
