"""L-BFGS."""

from __future__ import annotations

from dataclasses import dataclass

from .. import _checks
from .base import FullBatch

__all__ = ["LBFGS"]


@dataclass(frozen=True)
class LBFGS(FullBatch):
    r"""L-BFGS with a line search to the strong Wolfe conditions, for networks and data of any size.

    The direction comes from the last few steps and gradient differences (Nocedal 1980), the length from
    :math:`\phi(\alpha) \le \phi(0) + c_1 \alpha \phi'(0)` and :math:`|\phi'(\alpha)| \le c_2 |\phi'(0)|`
    (Nocedal and Wright 2006, algorithms 3.5 and 3.6), the first of them in slopes alone where rounding hides
    the decrease (Hager and Zhang 2005). An epoch is one accepted step on all samples, mostly of one
    evaluation of loss and gradient.

    Parameters
    ----------
    memory : int, default 20
        Pairs of steps and gradient differences kept; at least 1.
    sufficient_decrease, curvature : float, default 1e-4 and 0.9
        c₁ and c₂, with 0 < c₁ < ½ and c₁ < c₂ < 1.
    gradient_tolerance : float, default 0.0
        The fit ends where no entry of the loss's gradient is larger.
    step_tolerance : float, default 0.0
        The fit ends after a step no longer than this times the parameters. It ends at any tolerance where
        no lower point is found in the direction of the gradient.
    loss_tolerance : float, default 0.0
        The fit ends after a step that lowers the loss by no more than this share of it; 0 for never.
    target_loss : float, default 0.0
        The fit ends at a loss not above this.

    Raises
    ------
    TypeError, ValueError
        If a number is of the wrong kind or out of its range; the message names it.
    """

    memory: int = 20
    sufficient_decrease: float = 1e-4
    curvature: float = 0.9
    gradient_tolerance: float = 0.0
    step_tolerance: float = 0.0
    loss_tolerance: float = 0.0
    target_loss: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "memory", _checks.as_integer("memory", self.memory, 1, 10**6))
        self._check_line_search()
        self._check_tolerances()
