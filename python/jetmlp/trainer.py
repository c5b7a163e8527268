"""Fitting a model to values and derivatives."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _core, _validation
from ._progress import ProgressBar
from .errors import DivergenceError
from .history import COLUMNS, SECOND_DERIVATIVES, History
from .model import MLP
from .objective import (
    SAMPLE_NAMES,
    Samples,
    as_loss_weights,
    as_model,
    compile_objective,
    compile_validation,
)
from .optimizers import Adam

Callback = Callable[[int, dict[str, float]], Any]
Hook = Callable[[NDArray[np.float64], NDArray[Any]], bool]


class PreparedFit(NamedTuple):
    """What the core needs to know of a fit, all of it checked."""

    training: Any  # _core.Objective32 or _core.Objective64
    validation: Any  # likewise, or None
    learning_rates: NDArray[np.float64]  # of every epoch

    def history(self, table: NDArray[np.float64]) -> History:
        """Name the columns of a table of epochs by what was given."""
        second_derivatives = [
            name
            for name, objective in zip(SECOND_DERIVATIVES, (self.training, self.validation), strict=True)
            if objective is not None and objective.has_second_derivatives
        ]
        validated = self.validation is not None
        return History.from_table(table, validated=validated, second_derivatives=second_derivatives)


class Trainer:
    r"""Fits a model to samples of values, derivatives, or both.

    Minimizes :math:`w_v\,\mathrm{mean}(\hat Y - Y)^2 + w_d\,\mathrm{mean}(\hat J - J)^2
    + w_s\,\mathrm{mean}(\hat H - H)^2` of what is given
    (Sobolev training: Czarnecki et al., NeurIPS 2017).

    Parameters
    ----------
    model : MLP
        Trained in place.
    optimizer : Adam, optional
        How to step; default ``Adam()``.
    value_weight, derivative_weight : float, default 1.0
        w_v and w_d: not negative, not both zero.
    second_derivative_weight : float, default 1.0
        w_s: not negative.
    batch_size : int, optional
        Samples per update; default all of them. The last batch of an epoch may be smaller and counts.
    shuffle : bool, default True
        Whether each epoch visits the samples in a new random order.
    n_threads : int, default 1
        Threads of a fit. The result is the same, to the last bit, for any number.
    seed : int, default 0
        Of the random orders.

    Attributes
    ----------
    history : History
        Of the last fit, also of one that ended with an error.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind or out of its range; the message names it.

    Examples
    --------
    >>> import numpy as np
    >>> import jetmlp
    >>> x = np.linspace(-1, 1, 50)
    >>> model = jetmlp.MLP([1, 16, 1], seed=0)
    >>> trainer = jetmlp.Trainer(model, jetmlp.Adam(learning_rate=1e-2))
    >>> history = trainer.fit(x, np.sin(x), np.cos(x), epochs=100)
    >>> bool(history["loss"][0] > history["loss"][-1])
    True
    """

    def __init__(
        self,
        model: MLP,
        optimizer: Adam | None = None,
        *,
        value_weight: float = 1.0,
        derivative_weight: float = 1.0,
        second_derivative_weight: float = 1.0,
        batch_size: int | None = None,
        shuffle: bool = True,
        n_threads: int = 1,
        seed: int = 0,
    ) -> None:
        model = as_model(model)
        optimizer = Adam() if optimizer is None else optimizer
        if not isinstance(optimizer, Adam):
            raise TypeError(f"optimizer: expected a jetmlp.Adam, got {optimizer!r}")
        with np.errstate(all="ignore"):
            epsilon = model.dtype.type(optimizer.epsilon)
        if not 0.0 < epsilon < np.inf:
            raise ValueError(
                f"optimizer: expected an epsilon above 0 that {model.dtype} can hold, got {optimizer}"
            )
        self._weights = as_loss_weights(value_weight, derivative_weight, second_derivative_weight)
        self._batch_size = (
            None if batch_size is None else _validation.as_integer("batch_size", batch_size, 1, 2**53)
        )
        self._n_threads = _validation.as_threads(n_threads)
        self._model = model
        self._optimizer = optimizer
        self._fitting = threading.Lock()
        compiled = _core.Trainer32 if model.dtype == np.float32 else _core.Trainer64
        self._core: Any = compiled(
            _core.AdamOptions(optimizer.beta1, optimizer.beta2, optimizer.epsilon),
            model.n_parameters,
            self._batch_size or 0,
            _validation.as_boolean("shuffle", shuffle),
            _validation.as_seed(seed),
        )
        self.history = History.from_table(np.empty((0, len(COLUMNS))), validated=False)

    @property
    def model(self) -> MLP:
        """The model that is trained."""
        return self._model

    @property
    def optimizer(self) -> Adam:
        """The optimizer's settings."""
        return self._optimizer

    @property
    def n_epochs(self) -> int:
        """Whole epochs done since the trainer was made."""
        return int(self._core.n_epochs)

    def fit(
        self,
        X: ArrayLike,
        Y: ArrayLike | None = None,
        dYdX: ArrayLike | None = None,
        *,
        d2YdX2: ArrayLike | None = None,
        epochs: int,
        validation_data: tuple[ArrayLike | None, ...] | None = None,
        progress: bool = False,
        callbacks: Iterable[Callback] | Callback = (),
    ) -> History:
        """Train for a number of epochs; a second call goes on where the first stopped.

        Parameters
        ----------
        X : array_like, (n, d)
            Inputs. With one input, (n,) will do.
        Y : array_like, (n, m), optional
            Values. With one output, (n,) will do.
        dYdX : array_like, (n, m, d), optional
            Derivatives [sample, output, input]; NaN, or masked, for one that was not measured. With one
            output, (n, d) will do. Without `Y`, an output bias under the identity has no gradient and stays
            as it is.
        d2YdX2 : array_like, (n, m, d, d), optional
            Second derivatives [sample, output, input, input]; NaN, or masked, for one that was not measured.
            The mean runs over all entries that are there, a mixed derivative counting twice where both of
            its places are filled. With one output, (n, d, d) will do, with one input besides, (n,). Every
            layer then costs (1 + d)(2 + d)/2 times what values alone do: 3, 6, 10 for d = 1, 2, 3.
        epochs : int
            Passes over the samples.
        validation_data : tuple (X, Y), (X, Y, dYdX) or (X, Y, dYdX, d2YdX2), optional
            Samples to measure after every epoch; all but X may be None.
        progress : bool, default False
            Whether to show a bar with loss and validation loss.
        callbacks : callable or iterable of callables
            Each is called after every epoch as ``callback(epoch, losses)``: the epoch counted from 0 in
            this call, and the entries of the history by name. The model has the epoch's parameters by
            then. A callback that returns True ends the fit.

        Returns
        -------
        History
            Losses and learning rate of every epoch of this call.

        Raises
        ------
        TypeError, ValueError
            If an argument is of the wrong kind, shape or range, before anything changes; the message
            names it, what came and what was expected.
        DivergenceError
            If a loss turns NaN or infinite. The model keeps the last parameters with a finite one.
        KeyboardInterrupt
            On Ctrl-C. The model keeps the parameters of the last step.
        RuntimeError
            If this trainer is fitting already, in another thread or above a callback.
        """
        epochs = _validation.as_integer("epochs", epochs, 0, 2**31)
        progress = _validation.as_boolean("progress", progress)
        listeners = _as_callbacks(callbacks)
        with self._claimed():
            prepared = self._prepare((X, Y, dYdX, d2YdX2), epochs, validation_data)
            with ProgressBar(epochs, shown=progress) as bar:
                hook = self._hook(listeners, bar, prepared.history)
                return self._run(prepared, hook)

    @contextmanager
    def _claimed(self) -> Iterator[None]:
        """Keep the trainer from fitting twice at a time."""
        if not self._fitting.acquire(blocking=False):
            raise RuntimeError("this trainer is already fitting")
        try:
            yield
        finally:
            self._fitting.release()

    def _prepare(
        self, samples: Samples, epochs: int, validation_data: tuple[ArrayLike | None, ...] | None
    ) -> PreparedFit:
        """Check everything and hand it to the core; nothing of trainer or model changes."""
        training = compile_objective(self._model, samples, self._weights, SAMPLE_NAMES)
        validation = compile_validation(self._model, validation_data, self._weights)
        return PreparedFit(training, validation, self._optimizer.learning_rates(self.n_epochs, epochs))

    def _run(
        self, prepared: PreparedFit, hook: Hook | None = None, stop: _core.StopFlag | None = None
    ) -> History:
        """Run a prepared fit and keep what it came to, however it ends."""
        parameters, table, end, error = self._core.fit(
            *prepared, self._model.parameters, self._n_threads, hook, stop
        )
        self._model.parameters = parameters
        self.history = prepared.history(table)
        if error is not None:
            raise error
        if end == "diverged":
            raise DivergenceError(self.history.n_epochs)
        return self.history

    def _hook(
        self,
        callbacks: tuple[Callback, ...],
        bar: ProgressBar,
        as_history: Callable[[NDArray[np.float64]], History],
    ) -> Hook | None:
        """Make what the core calls after every epoch: None, so no call at all, where nobody listens."""
        if not callbacks and not bar.shown:
            return None
        epoch = -1

        def after_epoch(row: NDArray[np.float64], parameters: NDArray[Any]) -> bool:
            nonlocal epoch
            epoch += 1
            losses = {name: float(column[0]) for name, column in as_history(row).items()}
            bar.advance(losses)
            if callbacks:
                self._model.parameters = parameters
            answers = [callback(epoch, losses) for callback in callbacks]  # all, also after a True
            return any(isinstance(answer, (bool, np.bool_)) and bool(answer) for answer in answers)

        return after_epoch


def _as_callbacks(callbacks: Iterable[Callback] | Callback) -> tuple[Callback, ...]:
    if callable(callbacks):
        return (callbacks,)
    if not isinstance(callbacks, Iterable):
        raise TypeError(f"callbacks: expected callables, got {callbacks!r}")
    callbacks = tuple(callbacks)
    for callback in callbacks:
        if not callable(callback):
            raise TypeError(f"callbacks: expected callables, got {callback!r}")
    return callbacks
