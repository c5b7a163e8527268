"""Levenberg-Marquardt."""

from __future__ import annotations

from dataclasses import dataclass

from .. import _checks, _core
from .base import FullBatch

__all__ = ["LevenbergMarquardt"]


@dataclass(frozen=True)
class LevenbergMarquardt(FullBatch):
    r"""Levenberg-Marquardt with geodesic acceleration: the way to many digits, for float64.

    The residuals r are those of `Objective.residuals`, whose squares sum to the loss: errors of values, of
    derivatives along inputs or directions and of second derivatives, and the l2 penalty. With their Jacobian
    J by the parameters, a step is :math:`\delta = -(J^T J + \lambda I)^{-1} J^T r` (Levenberg 1944,
    Marquardt 1963). It is computed as :math:`\delta = -J^T (J J^T + \lambda I)^{-1} r` where that takes less
    arithmetic, with :math:`J J^T` from inner products of what goes forward and backward through each layer,
    without J; the rows of the penalty are eliminated from that system.
    λ follows the gain of each step (Nielsen 1999); half the second derivative of the path is added to the
    step (geodesic acceleration: Transtrum and Sethna 2012). No step is accepted that does not lower the loss.

    An epoch is one accepted step on all samples. Its cost grows with the cube of the number of errors or of
    parameters, whichever is smaller: made for up to a few thousand of these. `LBFGS` goes beyond.

    Parameters
    ----------
    initial_damping : float, default 1e-3
        λ of the first step, in units of the trace of :math:`J^T J`; above 0.
    geodesic_acceleration : bool, default True
        Whether to bend the step; it costs two forward passes and saves most of the steps.
    form : {"automatic", "dual", "primal"}, default "automatic"
        Which system to solve: that of the residuals (dual), of the parameters (primal), or the cheaper one.
    gradient_tolerance : float, default 0.0
        The fit ends where no entry of the loss's gradient is larger.
    step_tolerance : float, default 0.0
        The fit ends where the step is no longer than this times the parameters. One that rounding swallows
        ends it at any tolerance.
    loss_tolerance : float, default 0.0
        The fit ends after a step that lowers the loss by no more than this share of it.
    target_loss : float, default 0.0
        The fit ends at a loss not above this.

    Raises
    ------
    TypeError, ValueError
        If a number is of the wrong kind or out of its range; the message names it.

    Examples
    --------
    >>> import numpy as np
    >>> import jetmlp
    >>> x = np.linspace(-1, 1, 64)
    >>> f = 1 / (1 + 25 * x**2)
    >>> model = jetmlp.MLP([1, 16, 16, 1], dtype="float64")
    >>> trainer = jetmlp.Trainer(model, jetmlp.LevenbergMarquardt(target_loss=1e-12))
    >>> history = trainer.fit(x, f, -50 * x * f**2, epochs=500)
    >>> history.stopped_because
    'target'
    """

    initial_damping: float = 1e-3
    geodesic_acceleration: bool = True
    form: str = "automatic"
    gradient_tolerance: float = 0.0
    step_tolerance: float = 0.0
    loss_tolerance: float = 0.0
    target_loss: float = 0.0

    def __post_init__(self) -> None:
        damping = _checks.as_number("initial_damping", self.initial_damping, above=0.0)
        object.__setattr__(self, "initial_damping", damping)
        bent = _checks.as_boolean("geodesic_acceleration", self.geodesic_acceleration)
        object.__setattr__(self, "geodesic_acceleration", bent)
        _checks.as_choice("form", self.form, _core.NORMAL_FORMS)
        self._check_tolerances()
