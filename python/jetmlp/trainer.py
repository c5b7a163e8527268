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
from .chain import choose_optimizer
from .errors import DivergenceError
from .history import COLUMNS, History
from .model import MLP
from .objective import Samples, as_loss_weights, as_model, compile_objective, compile_validation
from .optimizers import Adam, Optimizer

Callback = Callable[[int, dict[str, float]], Any]
Hook = Callable[[NDArray[np.float64], NDArray[Any]], bool]


class PreparedFit(NamedTuple):
    """What the core needs to know of a fit, all of it checked."""

    training: Any  # _core.Objective32 or _core.Objective64
    validation: Any  # likewise, or None
    learning_rates: NDArray[np.float64]  # of every epoch


class Trainer:
    r"""Fits a model to samples of values, derivatives, or both.

    Minimizes :math:`w_v\,\mathrm{mean}(\hat Y - Y)^2 + w_d\,\mathrm{mean}(\hat J - J)^2`
    (Sobolev training: Czarnecki et al., NeurIPS 2017).

    Parameters
    ----------
    model : MLP
        Trained in place.
    optimizer : Adam, LBFGS, LevenbergMarquardt, Chain or "auto", optional
        How to step; default ``Adam()``. "auto" chooses when the first fit shows how much data there is:
        `Adam` with a `batch_size`; else `LevenbergMarquardt` for a model of float64 with at most 4000
        residuals (values and derivatives present) or parameters, whichever are fewer; else `LBFGS`.
    value_weight, derivative_weight : float, default 1.0
        w_v and w_d: not negative, not both zero.
    batch_size : int, optional
        Samples per update of `Adam`; default all of them. The last batch of an epoch may be smaller and
        counts.
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
        optimizer: Optimizer | str | None = None,
        *,
        value_weight: float = 1.0,
        derivative_weight: float = 1.0,
        batch_size: int | None = None,
        shuffle: bool = True,
        n_threads: int = 1,
        seed: int = 0,
    ) -> None:
        model = as_model(model)
        optimizer = Adam() if optimizer is None else optimizer
        if isinstance(optimizer, str):
            optimizer = _validation.as_choice("optimizer", optimizer, ("auto",))
        elif not isinstance(optimizer, Optimizer):
            raise TypeError(f"optimizer: expected an optimizer of jetmlp or 'auto', got {optimizer!r}")
        self._weights = as_loss_weights(value_weight, derivative_weight)
        self._batch_size = (
            None if batch_size is None else _validation.as_integer("batch_size", batch_size, 1, 2**53)
        )
        self._n_threads = _validation.as_threads(n_threads)
        if self._batch_size is not None and isinstance(optimizer, Optimizer) and optimizer.full_batch:
            raise ValueError(
                f"batch_size: expected None for {type(optimizer).__name__}, which takes all samples in every "
                f"step, got {batch_size}"
            )
        self._order = (_validation.as_boolean("shuffle", shuffle), _validation.as_seed(seed))
        self._model = model
        self._optimizer: Optimizer | str = optimizer
        self._fitting = threading.Lock()
        self._core: Any = None
        if isinstance(optimizer, Optimizer):
            self._compile(optimizer)
        self.history = History.from_table(np.empty((0, len(COLUMNS))), validated=False)

    @property
    def model(self) -> MLP:
        """The model that is trained."""
        return self._model

    @property
    def optimizer(self) -> Optimizer | str:
        """The optimizer's settings; "auto" until the first fit has chosen one."""
        return self._optimizer

    @property
    def n_epochs(self) -> int:
        """Whole epochs done since the trainer was made."""
        return 0 if self._core is None else int(self._core.n_epochs)

    def _compile(self, optimizer: Optimizer) -> None:
        compiled = _core.Trainer32 if self._model.dtype == np.float32 else _core.Trainer64
        options = optimizer.compiled(self._model.dtype)
        self._core = compiled(options, self._model.n_parameters, self._batch_size or 0, *self._order)
        self._optimizer = optimizer

    def fit(
        self,
        X: ArrayLike,
        Y: ArrayLike | None = None,
        dYdX: ArrayLike | None = None,
        *,
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
        epochs : int
            Passes over the samples; with `LBFGS` and `LevenbergMarquardt` steps, which may end before with
            nothing left to do: ``history.stopped_because`` says why.
        validation_data : tuple (X, Y) or (X, Y, dYdX), optional
            Samples to measure after every epoch; Y or dYdX may be None.
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
            prepared = self._prepare((X, Y, dYdX), epochs, validation_data)
            with ProgressBar(epochs, shown=progress) as bar:
                hook = self._hook(listeners, bar, validated=prepared.validation is not None)
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
        training = compile_objective(self._model, samples, self._weights, ("X", "Y", "dYdX"))
        validation = compile_validation(self._model, validation_data, self._weights)
        if isinstance(self._optimizer, str):
            self._compile(choose_optimizer(self._model, training, self._batch_size))
        assert isinstance(self._optimizer, Optimizer)
        return PreparedFit(training, validation, self._optimizer.learning_rates(self.n_epochs, epochs))

    def _run(
        self, prepared: PreparedFit, hook: Hook | None = None, stop: _core.StopFlag | None = None
    ) -> History:
        """Run a prepared fit and keep what it came to, however it ends."""
        parameters, table, end, error = self._core.fit(
            *prepared, self._model.parameters, self._n_threads, hook, stop
        )
        self._model.parameters = parameters
        self.history = History.from_table(table, validated=prepared.validation is not None)
        self.history.stopped_because = {"finished": "epochs", "stopped": "callback"}.get(end, end)
        if error is not None:
            raise error
        if end == "diverged":
            raise DivergenceError(self.history.n_epochs)
        return self.history

    def _hook(self, callbacks: tuple[Callback, ...], bar: ProgressBar, *, validated: bool) -> Hook | None:
        """Make what the core calls after every epoch: None, so no call at all, where nobody listens."""
        if not callbacks and not bar.shown:
            return None
        epoch = -1

        def after_epoch(row: NDArray[np.float64], parameters: NDArray[Any]) -> bool:
            nonlocal epoch
            epoch += 1
            losses = {
                name: float(column[0])
                for name, column in History.from_table(row, validated=validated).items()
            }
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
