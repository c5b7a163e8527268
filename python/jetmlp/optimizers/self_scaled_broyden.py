"""Self-scaled quasi-Newton methods with the whole inverse Hessian."""

from __future__ import annotations

from dataclasses import dataclass

from .. import _checks, _core
from .base import FullBatch

__all__ = ["SelfScaledBroyden"]


@dataclass(frozen=True)
class SelfScaledBroyden(FullBatch):
    r"""Quasi-Newton steps with the whole inverse Hessian, self-scaled: for small networks, in float64.

    With the step s, the change y of the gradient and :math:`v = s/s^Ty - Hy/y^THy`, the approximation H of
    the inverse Hessian becomes :math:`\tau^{-1}(H - Hy\,y^TH/y^THy + \phi\,y^THy\,vv^T) + ss^T/s^Ty`. The
    scale τ and φ follow each step as Al-Baali and Khalfan (2005) choose them; Urbán, Stefanou and Pons
    (J. Comput. Phys. 523, 2025; formulas 11 and 13 to 23) found them to fit networks many times closer than
    BFGS does. Steps have their length from the line search of `LBFGS`.

    Made for networks that are too small to fit their data exactly, where `LevenbergMarquardt` is slow and
    `LBFGS` forgets too much. H has the square of the number of parameters, of which there may be 4000; an
    epoch is one accepted step on all samples, mostly of one evaluation of loss and gradient, and one pass
    over half of H.

    Parameters
    ----------
    update : {"broyden", "bfgs"}, default "broyden"
        Whether τ and φ both follow the step, or τ alone: that is self-scaled BFGS, where φ is 1.
    sufficient_decrease, curvature : float, default 1e-4 and 0.9
        c₁ and c₂ of the line search, with 0 < c₁ < ½ and c₁ < c₂ < 1.
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
        If a setting is of the wrong kind or out of its range; the message names it. A `Trainer` raises a
        ``ValueError`` for a model of float32 or of more than 4000 parameters.

    Examples
    --------
    >>> import numpy as np
    >>> import jetmlp
    >>> x = np.linspace(-1, 1, 100)
    >>> model = jetmlp.MLP([1, 6, 1], dtype="float64")
    >>> trainer = jetmlp.Trainer(model, jetmlp.SelfScaledBroyden())
    >>> history = trainer.fit(x, np.sin(4 * x), 4 * np.cos(4 * x), epochs=300)
    >>> bool(history["loss"][-1] < 1e-5)
    True
    """

    update: str = "broyden"
    sufficient_decrease: float = 1e-4
    curvature: float = 0.9
    gradient_tolerance: float = 0.0
    step_tolerance: float = 0.0
    loss_tolerance: float = 0.0
    target_loss: float = 0.0

    def __post_init__(self) -> None:
        _checks.as_choice("update", self.update, _core.BROYDEN_UPDATES)
        self._check_line_search()
        self._check_tolerances()
