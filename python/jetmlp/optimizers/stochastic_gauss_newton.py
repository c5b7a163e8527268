"""Stochastic Gauss-Newton."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .. import _checks
from ..schedules import Cosine
from .base import Rate, Scheduled

__all__ = ["StochasticGaussNewton"]

#: Samples per step: three blocks of eight, in which the core works.
BATCH_SIZE = 24


@dataclass(frozen=True)
class StochasticGaussNewton(Scheduled):
    r"""A damped Gauss-Newton step for each batch: for data beyond `LevenbergMarquardt`, in float64.

    With the residuals r of a batch, N of them, whose squares sum to its loss, and their Jacobian J by the
    parameters, :math:`\theta \leftarrow \theta - \eta\, J^T (K + \lambda\,\mathrm{tr}(K)/N\, I)^{-1} r`,
    :math:`K = J J^T`. The system is that of the batch's residuals, however many parameters there are, and K
    comes without J from what goes forward and backward through each layer (Ren and Goldfarb,
    arXiv:1906.02353; Korbit et al., arXiv:2405.14402; in physics the step is called MinSR: Chen and Heyl,
    Nature Physics 20, 2024).

    Made for 3000 to 100 000 residuals and a network with more parameters than a batch has residuals: one
    that can fit the data. A network too small for them is better served by `SelfScaledBroyden`.

    Parameters
    ----------
    learning_rate : float or callable, optional
        η: a number, not negative, or a schedule, as for `Adam`. Default half a cosine from 1 to 0 over the
        epochs of each fit: the noise of large steps finds a better place, small ones settle there.
    damping : float, default 3e-3
        λ, above 0. The first hundred steps, on a network that is not yet near its data, are damped more. When
        the mean loss of an epoch rises, λ is multiplied by 4, when it falls divided by 4, not below this nor
        above 256 times this.

    Notes
    -----
    Large steps let the loss rise for a while. After five epochs in a row above 1.5 times the lowest the fit
    ends ("rising"), with the parameters before the epoch of the lowest; a `Chain` then goes on with its next
    optimizer. That is what happens to networks that are too small for the data.

    The trainer's `batch_size` is 24 unless given. A step takes about a million operations for each sample of
    a 64-64-64 network with 8 inputs; it grows with the square of the batch's residuals, their cube at last.

    Raises
    ------
    TypeError, ValueError
        If a setting is of the wrong kind or out of its range; the message names it. A `Trainer` raises a
        ``ValueError`` for a model of float32, and for a loss with more than squared errors of values and
        first derivatives.

    Examples
    --------
    >>> import numpy as np
    >>> import jetmlp
    >>> X = jetmlp.random.Generator(0).uniform(800).reshape(400, 2)
    >>> model = jetmlp.MLP([2, 16, 16, 1], dtype="float64")
    >>> trainer = jetmlp.Trainer(model, jetmlp.StochasticGaussNewton())
    >>> history = trainer.fit(X, np.sin(3 * X.sum(1)), 3 * np.cos(3 * X.sum(1))[:, None] * [1, 1], epochs=20)
    >>> bool(history["loss"][-1] < 1e-4)
    True
    """

    learning_rate: float | Callable[[int], float] | None = None
    damping: float = 3e-3

    def __post_init__(self) -> None:
        object.__setattr__(self, "damping", _checks.as_number("damping", self.damping, above=0.0))
        if self.learning_rate is not None:
            self._check_learning_rate()

    @property
    def rate(self) -> Rate:
        """The learning rate, or a function that gives that of an epoch; the first one by default."""
        return 1.0 if self.learning_rate is None else super().rate

    def rate_of_fit(self, first: int, epochs: int) -> Rate:
        """Return the rate for a fit of so many epochs, of which `first` have been done before."""
        if self.learning_rate is not None:
            return self.rate
        cosine = Cosine(1.0, max(epochs, 1), final=0.0)
        return lambda epoch: cosine(epoch - first)

    @property
    def default_batch_size(self) -> int:
        """Samples per step where none were asked for."""
        return BATCH_SIZE
