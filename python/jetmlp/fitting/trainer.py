"""Fitting a model to values and derivatives."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .. import _checks
from .._claims import Claim
from .._cures import with_cures
from ..data.samples import Samples, as_samples
from ..data.scales import warn_of_scales
from ..models.mlp import MLP
from ..optimizers.auto import AUTO
from ..optimizers.base import Optimizer
from ._wrong_names import FIT_CURES, TRAINER_CURES
from .batches import Batches, come_in_batches
from .callbacks import Callback, as_callbacks
from .evidence import Evidence
from .history import COLUMNS, History
from .mapped import MappedBatches, come_from_files
from .plan import Ending
from .problem import as_loss_weights, as_model
from .resuming import as_keeper
from .running import Running


class Trainer(Running):
    r"""Fits a model to samples of values, derivatives, or both.

    Minimizes :math:`w_v\,\mathrm{mean}(\hat Y - Y)^2 + w_d\,\mathrm{mean}(\hat J - J)^2
    + w_s\,\mathrm{mean}(\hat H - H)^2 + l_2 \sum W^2` of what is given (Sobolev training: Czarnecki et
    al., NeurIPS 2017), the penalty over the weights of all layers and not the biases.

    Parameters
    ----------
    model : MLP
        Trained in place.
    optimizer : "auto" or an optimizer, default "auto"
        How to step. "auto" chooses when the first fit shows how much data there is: `Adam` with a
        `batch_size`. Else, for a model of float64, by the errors (values and derivatives of any kind that are
        present) and parameters: with at most 4000 errors `LevenbergMarquardt`; with at most 3000 parameters
        and a million numbers `SelfScaledBroyden`; with at most 100 000 errors, not too many of them a sample,
        and no l2 penalty `StochasticGaussNewton`, in a `Chain` with `LBFGS`, which goes on where the network
        is too small for that. Else `Adam` in batches of 256 where there are more than a million numbers to
        fit, or `LBFGS`.
    value_weight, derivative_weight : float, default 1.0
        w_v and w_d: not negative, not both zero. ``derivative_weight="balanced"`` is the balance of Huge
        and Savine (2020) for a normalized model: w_v = 1/(1+d) and w_d = d/(1+d), and each column of
        normalized derivatives divided by its root mean square over the samples to fit, or by √2 times that
        of all columns where that is larger. The derivative loss is then the mean weighted by its inverse
        square.
    second_derivative_weight : float, default 1.0
        w_s: not negative. It is what it is with ``derivative_weight="balanced"`` too.
    l2 : float, default 0.0
        l₂, not negative. The history's ``loss`` has the penalty in it, ``val_loss`` has not.
    batch_size : int, optional
        Samples per update of `Adam`, by default all of them, or of `StochasticGaussNewton`, by default 24.
        The last batch of an epoch may be smaller and counts.
    shuffle : bool, default True
        Whether each epoch visits the samples in a new random order.
    n_threads : int, optional
        Most threads of a fit; default one for each processor. A fit measures whether they pay and runs on
        one where they do not. The result is the same, to the last bit, for any number.
    seed : int, default 0
        Of the random orders, and of the samples that a bootstrap draws in `fit_many`.

    Attributes
    ----------
    history : History
        Of the last fit, also of one that ended with an error.
    evidence : Evidence or None
        What regularization by evidence found in the last fit: noise, effective parameters, leave-one-out
        errors. None with other optimizers, and after a fit that ended with an error.

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

    @with_cures(TRAINER_CURES)
    def __init__(
        self,
        model: MLP,
        optimizer: Optimizer | str = AUTO,
        *,
        value_weight: float = 1.0,
        derivative_weight: float | str = 1.0,
        second_derivative_weight: float = 1.0,
        l2: float = 0.0,
        batch_size: int | None = None,
        shuffle: bool = True,
        n_threads: int | None = None,
        seed: int = 0,
    ) -> None:
        model = as_model(model)
        if not isinstance(optimizer, Optimizer) and optimizer != AUTO:
            kind = ValueError if isinstance(optimizer, str) else TypeError
            raise kind(f"optimizer: expected 'auto' or an optimizer such as jetmlp.Adam(), got {optimizer!r}")
        self._weights = as_loss_weights(value_weight, derivative_weight, second_derivative_weight, l2)
        self._batch_size = (
            None if batch_size is None else _checks.as_integer("batch_size", batch_size, 1, 2**53)
        )
        self._n_threads = None if n_threads is None else _checks.as_threads(n_threads)
        if isinstance(optimizer, Optimizer):
            self._check_optimizer(optimizer)
        self._order = (_checks.as_boolean("shuffle", shuffle), _checks.as_seed(seed))
        self._model = model
        self._optimizer: Optimizer | str = optimizer
        self._claim = Claim()
        self._core: Any = None
        if isinstance(optimizer, Optimizer):
            self._start(optimizer)
        self.history = History.from_table(np.empty((0, len(COLUMNS))))
        self.evidence: Evidence | None = None

    @property
    def model(self) -> MLP:
        """The model that is trained."""
        return self._model

    @property
    def optimizer(self) -> Optimizer | str:
        """The optimizer's settings; "auto" until the first fit has chosen one."""
        return self._optimizer

    @property
    def seed(self) -> int:
        """Seed of the random orders, and of the samples that a bootstrap draws."""
        return self._order[1]

    def __repr__(self) -> str:
        batches = "" if self._batch_size is None else f", batch_size={self._batch_size}"
        return f"Trainer({self._model!r}, {self._optimizer!r}{batches}, {self.n_epochs} epochs done)"

    @with_cures(FIT_CURES, "name them, as in fit(X, Y, dYdX, epochs=200)")
    def fit(
        self,
        X: Samples | ArrayLike | Iterable[Samples] | Callable[[], Iterable[Samples]],
        Y: ArrayLike | None = None,
        dYdX: ArrayLike | None = None,
        *,
        d2YdX2: ArrayLike | None = None,
        epochs: int,
        sample_weight: ArrayLike | None = None,
        derivative_sample_weight: ArrayLike | None = None,
        directions: ArrayLike | None = None,
        dYdV: ArrayLike | None = None,
        allow_missing_values: bool = False,
        anchor: tuple[ArrayLike, ArrayLike] | None = None,
        validation_data: Samples | tuple[ArrayLike | None, ...] | None = None,
        patience: int | None = None,
        min_delta: float = 0.0,
        restore_best: bool = False,
        progress: bool = False,
        callbacks: Iterable[Callback] | Callback = (),
        checkpoint: str | os.PathLike[str] | None = None,
        checkpoint_every: int | None = None,
    ) -> History:
        r"""Train for a number of epochs; a second call goes on where the first stopped.

        Parameters
        ----------
        X : Samples or array_like, (n, d)
            Samples, or their inputs; of samples, the other arrays are part. For more samples than memory
            holds, an iterable of `Samples` that every epoch goes through anew, or a function without
            arguments that returns an iterator of them: each is one step of `Adam`, in the order in which
            they come, whatever `shuffle` is, and `batch_size` has to be None. A thread reads two ahead. Of a
            model with ``normalize=True`` that has no scales yet, a first pass learns them; a checkpoint
            takes one more. Arrays that are files mapped into memory are not copied with `Adam` and a
            `batch_size`, but read batch by batch, and shuffled in blocks of 8 MB.
        Y, dYdX, d2YdX2, sample_weight, derivative_sample_weight, directions, dYdV, allow_missing_values
            As for `Samples`. Without values, an output bias under the identity has no gradient and stays as
            it is. With second derivatives every layer costs (1 + d)(2 + d)/2 times what values alone do: 3,
            6, 10 for d = 1, 2, 3.
        epochs : int
            Passes over the samples; with `LBFGS`, `LevenbergMarquardt` and `SelfScaledBroyden` steps, which
            may end before with nothing left to do: ``history.stopped_because`` says why.
        anchor : tuple (x0, y0), optional
            A point (d,) and the values (m,) that the model is to have there, for a fit without `Y` of a
            model whose outputs have the activation "identity": the output biases are set accordingly. It
            fixes a constant; of a fit to second derivatives alone, the slope stays open.
        validation_data : Samples, or tuple (X, Y), (X, Y, dYdX) or (X, Y, dYdX, d2YdX2), optional
            Samples to measure after every epoch; of a tuple, all but X may be None.
        patience : int, optional
            End the fit after so many epochs in a row without a lower validation loss; default never.
        min_delta : float, default 0.0
            By how much more than this the validation loss must fall to count for `patience`.
        restore_best : bool, default False
            Whether the model gets the parameters of the epoch with the lowest validation loss,
            ``history.best_epoch``, however the fit ends. The optimizer's state stays that of the last.
        progress : bool, default False
            Whether to show a bar with loss and validation loss.
        callbacks : callable or iterable of callables
            Each is called after every epoch as ``callback(epoch, losses)``: the epoch counted from 0 in
            this call, and the entries of the history by name. The model has the epoch's parameters by
            then, which they may read and evaluate but not assign to. A callback that returns True ends the
            fit.
        checkpoint : path, optional
            Write all that the fit goes on with to this file, from which `resume` does so: every
            `checkpoint_every` epochs, after the last one, and where a callback ends the fit; by then the
            callbacks of that epoch have been called.
        checkpoint_every : int, default 100
            Epochs from one to the next.

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
        OSError
            If a checkpoint cannot be written; the fit ends after that epoch, as with a callback that raises.
        RuntimeError
            If this trainer, or another one of its model, is fitting already, in another thread or above a
            callback.
        """
        epochs = _checks.as_integer("epochs", epochs, 0, 2**31)
        progress = _checks.as_boolean("progress", progress)
        listeners = as_callbacks(callbacks)
        keeper = as_keeper(self, checkpoint, checkpoint_every, epochs)
        ending = Ending(validation_data, patience, min_delta, restore_best, anchor, allow_missing_values)
        with self._claimed():
            if come_in_batches(X):
                others = (Y, dYdX, d2YdX2, sample_weight, derivative_sample_weight, directions, dYdV)
                with self._batches(X, others, epochs) as batches:
                    return self._fit_parts(
                        batches, None, ending, epochs, listeners, progress=progress, keeper=keeper
                    )
            samples = as_samples(
                X,  # type: ignore[arg-type]
                Y,
                dYdX,
                d2YdX2=d2YdX2,
                sample_weight=sample_weight,
                derivative_sample_weight=derivative_sample_weight,
                directions=directions,
                dYdV=dYdV,
                allow_missing_values=allow_missing_values,
                sizes=(self._model.n_inputs, self._model.n_outputs),
                precision=self._model.dtype,
            )
            if self._warns():
                warn_of_scales(samples)
            if come_from_files(samples, self._optimizer, self._batch_size):
                assert self._batch_size is not None
                n_threads = _checks.as_threads(self._n_threads)
                mapped = MappedBatches(samples, self._model, epochs, n_threads, self._batch_size, self._order)
                with mapped:
                    return self._fit_parts(
                        mapped, None, ending, epochs, listeners, progress=progress, keeper=keeper
                    )
            return self._fit(samples, ending, epochs, listeners, progress=progress, keeper=keeper)

    def _batches(self, source: Any, others: tuple[ArrayLike | None, ...], epochs: int) -> Batches:  # noqa: ANN401
        """Take samples that come in batches."""
        if any(array is not None for array in others):
            raise ValueError(
                "Y, dYdX and others: expected none beside batches of jetmlp.Samples, which hold theirs"
            )
        return Batches(source, self._model, epochs, _checks.as_threads(self._n_threads), warn=self._warns())

    def _warns(self) -> bool:
        """Whether this fit is the first, and of numbers as they are."""
        return self.n_epochs == 0 and not self._model.normalize
