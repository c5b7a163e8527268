"""What ``optimizer="auto"`` chooses, by the size of the problem."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from ..schedules import Cosine
from .adam import Adam
from .base import Optimizer
from .chain import Chain
from .lbfgs import LBFGS
from .levenberg_marquardt import LevenbergMarquardt
from .self_scaled_broyden import SelfScaledBroyden
from .stochastic_gauss_newton import StochasticGaussNewton

AUTO = "auto"

#: Up to this many residuals a step of `LevenbergMarquardt` takes less than about a second and its matrix a
#: few hundred megabytes.
MOST_EQUATIONS = 4000
#: Beyond, for the same processor time on exact data (tests/benchmarks/beyond_exact.py): with up to so many
#: parameters the errors of `SelfScaledBroyden` were 1.1 to 70 times smaller than those of `LBFGS`, and below
#: those of `LevenbergMarquardt` in its primal form throughout; …
MOST_PARAMETERS = 3000
#: … with more parameters and up to so many residuals those of `StochasticGaussNewton` were 1.5 to 11 times
#: smaller than those of `LBFGS`.
MOST_RESIDUALS = 10**5


#: … unless a batch of it has more residuals than this: its step takes time with the cube of their number.
MOST_OF_A_BATCH = 1500

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
    *,
    batch_size: int | None,
    n_parameters: int,
    n_numbers: int,
    n_errors: int | None,
    n_samples: int,
    penalized: bool,
    epochs: int,
    fits: Callable[[Choice], bool] = lambda _: True,
) -> Choice:
    """Pick an optimizer; `n_errors` is None where the loss is not to be had as squares of residuals.

    Of those that suit, the best that finds the memory which it needs (`fits`), or else the least needy.
    """
    if batch_size is not None:
        return Choice(falling_adam(epochs), batch_size)
    choices = list(_suitable(n_parameters, n_numbers, n_errors, n_samples, penalized, epochs))
    return next((choice for choice in choices if fits(choice)), choices[-1])


def _suitable(
    n_parameters: int, n_numbers: int, n_errors: int | None, n_samples: int, penalized: bool, epochs: int
) -> Iterator[Choice]:
    """Yield what suits a problem of this size, the best first."""
    if n_errors is not None:
        if n_errors <= MOST_EQUATIONS:
            yield Choice(LevenbergMarquardt(), None)
        if n_parameters <= MOST_PARAMETERS and n_numbers <= MOST_NUMBERS:
            yield Choice(SelfScaledBroyden(), None)
        step = StochasticGaussNewton()
        of_a_batch = n_errors / n_samples * step.default_batch_size
        if n_errors <= MOST_RESIDUALS and of_a_batch <= MOST_OF_A_BATCH and not penalized:
            # A network that is too small for its data makes the loss rise: it goes on with the other.
            yield Choice(Chain((step, LBFGS()), (epochs,)), None)
    if n_numbers <= MOST_NUMBERS:
        yield Choice(LBFGS(), None)
    yield Choice(falling_adam(epochs), BATCH_SIZE)


def falling_adam(epochs: int) -> Adam:
    """Adam with a rate that falls over the epochs of the first fit: batches leave noise at a constant one."""
    return Adam(Cosine(ADAM_RATE, max(epochs, 1)))
