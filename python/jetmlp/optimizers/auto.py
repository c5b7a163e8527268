"""What ``optimizer="auto"`` chooses, by the size of the problem."""

from __future__ import annotations

from typing import NamedTuple

from ..schedules import Cosine
from .adam import Adam
from .base import Optimizer
from .lbfgs import LBFGS
from .levenberg_marquardt import LevenbergMarquardt

AUTO = "auto"

#: Up to this many residuals or parameters, whichever are fewer, a step of `LevenbergMarquardt` takes less
#: than about a second and its matrix a few hundred megabytes.
MOST_EQUATIONS = 4000


#: The first rate of `Adam`, which then falls.
ADAM_RATE = 3e-3
#: More values and derivatives than this make full batches slow: an epoch of batches moves further.
MOST_NUMBERS = 10**6
BATCH_SIZE = 256


class Choice(NamedTuple):
    """What was chosen, and the samples per update, None for all."""

    optimizer: Optimizer
    batch_size: int | None


def choose_optimizer(
    *, batch_size: int | None, n_parameters: int, n_numbers: int, n_errors: int | None, epochs: int
) -> Choice:
    """Pick an optimizer; `n_errors` is None where the loss is not to be had as squares of residuals."""
    if batch_size is not None:
        return Choice(_adam(epochs), batch_size)
    if n_errors is not None and min(n_parameters, n_errors) <= MOST_EQUATIONS:
        return Choice(LevenbergMarquardt(), None)
    if n_numbers > MOST_NUMBERS:
        return Choice(_adam(epochs), BATCH_SIZE)
    return Choice(LBFGS(), None)


def _adam(epochs: int) -> Adam:
    """Adam with a rate that falls over the epochs of the first fit: batches leave noise at a constant one."""
    return Adam(Cosine(ADAM_RATE, max(epochs, 1)))
