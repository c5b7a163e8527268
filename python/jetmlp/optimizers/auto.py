"""What ``optimizer="auto"`` chooses, by the size of the problem."""

from __future__ import annotations

from .adam import Adam
from .base import Optimizer
from .lbfgs import LBFGS
from .levenberg_marquardt import LevenbergMarquardt

AUTO = "auto"

#: Up to this many residuals or parameters, whichever are fewer, a step of `LevenbergMarquardt` takes less
#: than about a second and its matrix a few hundred megabytes.
MOST_EQUATIONS = 4000


def choose_optimizer(*, batch_size: int | None, n_parameters: int, n_residuals: int | None) -> Optimizer:
    """Pick an optimizer; `n_residuals` is None where the loss is not the squares of residuals."""
    if batch_size is not None:
        return Adam()
    if n_residuals is not None and min(n_parameters, n_residuals) <= MOST_EQUATIONS:
        return LevenbergMarquardt()
    return LBFGS()
