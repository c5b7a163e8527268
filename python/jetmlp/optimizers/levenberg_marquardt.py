"""Levenberg-Marquardt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from .. import _checks, _core
from .base import TOLERANCES, FullBatch

__all__ = ["LevenbergMarquardt"]

EVIDENCE = "evidence"
#: Settings of one way to regularize alone.
WITHOUT_EVIDENCE = ("initial_damping", "form")
OF_EVIDENCE = (
    "prior_precision",
    "noise_precision",
    "first_update",
    "update_interval",
    "by_input",
    "evidence_tolerance",
)


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

    With ``regularization="evidence"`` a step lowers :math:`\sum_k \beta_k \|r_k\|^2 + \sum_g \alpha_g
    \|\theta_g\|^2` instead: k runs over the kinds of data, the values of each output and each of its
    derivatives, g over the weights and the biases of each layer. How noisy each kind is, :math:`\beta_k`,
    and how large each group may be, :math:`\alpha_g`, are found from the samples themselves, with nothing
    held out: :math:`\alpha_g = \gamma_g / \|\theta_g\|^2` and :math:`\beta_k = (N_k - \gamma_k) /
    \|r_k\|^2`, where the γ say how many parameters the data determine (MacKay 1992; Foresee and Hagan
    1997; MATLAB has it as ``trainbr``). The fit ends where the evidence of the network has come to rest,
    and the model gets the parameters where it was highest. Noise is found and not fitted; `Trainer.evidence`
    has what was found. The losses of the history stay those of the data, and may rise.

    Parameters
    ----------
    initial_damping : float, default 1e-3
        λ of the first step, in units of the trace of :math:`J^T J`; above 0. It does not apply with
        "evidence", which measures its damping in the prior.
    geodesic_acceleration : bool, default True
        Whether to bend the step; it costs two forward passes and saves most of the steps.
    form : {"automatic", "dual", "primal"}, default "automatic"
        Which system to solve: that of the residuals (dual), of the parameters (primal), or the cheaper one.
        With any `regularization` it is the smaller one.
    gradient_tolerance : float, default 0.0
        The fit ends where no entry of the gradient of what is minimized is larger.
    step_tolerance : float, default 0.0
        The fit ends where the step is no longer than this times the parameters. One that rounding swallows
        ends it at any tolerance.
    loss_tolerance : float, default 0.0
        The fit ends after a step that lowers what is minimized by no more than this share of it.
    target_loss : float, default 0.0
        The fit ends at a loss of the data not above this.
    regularization : None, "evidence" or sequence of float, default None
        What is added to the loss: nothing; what the evidence finds; or :math:`\sum_g \alpha_g
        \|\theta_g\|^2` with an :math:`\alpha_g` of at least 0 for the weights and the biases of each layer
        in turn, two a layer. The losses of the history are without it, and the trainer's `l2` has to be 0.
    prior_precision : float, default 1e-2
        :math:`\alpha` of every group at the start. This and all below only with "evidence".
    noise_precision : float, default 1.0
        :math:`\beta` at the start, in units of the data: 1 takes everything for noise, 1e8 nothing.
    first_update : int, default 5
        Steps before α and β are first found anew.
    update_interval : int, default 1
        Steps from there to the next time.
    by_input : bool, default True
        Whether the first layer's weights of each input are a group of their own, so that an input without
        effect is switched off (automatic relevance determination: MacKay and Neal 1994).
    evidence_tolerance : float, default 0.1
        The fit ends where the log evidence has not risen by more than this for twenty updates.

    Raises
    ------
    TypeError, ValueError
        If a number is of the wrong kind or out of its range, or a setting does not apply; the message
        names it.

    References
    ----------
    D. J. C. MacKay, "Bayesian interpolation" and "A practical Bayesian framework for backpropagation
    networks", Neural Computation 4, 1992. F. D. Foresee and M. T. Hagan, "Gauss-Newton approximation to
    Bayesian learning", ICNN 1997.

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
    >>> noisy = f + 0.05 * np.random.default_rng(0).normal(size=64)
    >>> trainer = jetmlp.Trainer(model, jetmlp.LevenbergMarquardt(regularization="evidence"))
    >>> history = trainer.fit(x, noisy, epochs=200)
    >>> 0.03 < trainer.evidence.noise["value of output 0"] < 0.07
    True
    """

    initial_damping: float = 1e-3
    geodesic_acceleration: bool = True
    form: str = "automatic"
    gradient_tolerance: float = 0.0
    step_tolerance: float = 0.0
    loss_tolerance: float = 0.0
    target_loss: float = 0.0
    regularization: str | Sequence[float] | None = None
    prior_precision: float = 1e-2
    noise_precision: float = 1.0
    first_update: int = 5
    update_interval: int = 1
    by_input: bool = True
    evidence_tolerance: float = 0.1

    def __post_init__(self) -> None:
        object.__setattr__(self, "regularization", _as_regularization(self.regularization))
        damping = _checks.as_number("initial_damping", self.initial_damping, above=0.0)
        object.__setattr__(self, "initial_damping", damping)
        bent = _checks.as_boolean("geodesic_acceleration", self.geodesic_acceleration)
        object.__setattr__(self, "geodesic_acceleration", bent)
        _checks.as_choice("form", self.form, _core.NORMAL_FORMS)
        self._check_tolerances()
        for name in ("prior_precision", "noise_precision"):
            object.__setattr__(self, name, _checks.as_number(name, getattr(self, name), above=0.0))
        for name, least in (("first_update", 0), ("update_interval", 1)):
            object.__setattr__(self, name, _checks.as_integer(name, getattr(self, name), least, 2**31))
        object.__setattr__(self, "by_input", _checks.as_boolean("by_input", self.by_input))
        tolerance = _checks.as_number("evidence_tolerance", self.evidence_tolerance, least=0.0)
        object.__setattr__(self, "evidence_tolerance", tolerance)
        self._check_that_all_apply()

    def _check_that_all_apply(self) -> None:
        """Refuse settings that would do nothing."""
        idle: tuple[str, ...]
        if self.regularization == EVIDENCE:
            idle, where = WITHOUT_EVIDENCE, "with regularization='evidence', where it does not apply"
        else:
            idle, where = OF_EVIDENCE, "without regularization='evidence', to which it belongs"
        for setting in fields(self):
            number = getattr(self, setting.name)
            if setting.name in idle and number != setting.default:
                raise ValueError(f"{setting.name}: expected {setting.default!r} {where}, got {number!r}")
        if self.regularization is not None and self.form != "automatic":
            raise ValueError(f"form: expected 'automatic' with regularization, got {self.form!r}")

    def in_core(self) -> _core.OptimizerOptions:
        """Hand the settings to the core, where the evidence is an optimizer of its own."""
        evidence = self.regularization == EVIDENCE
        names = [*(OF_EVIDENCE if evidence else WITHOUT_EVIDENCE), "geodesic_acceleration", *TOLERANCES]
        settings: dict[str, Any] = {name: getattr(self, name) for name in names}
        if evidence:
            return _core.optimizer_options("Evidence", settings)
        settings["regularization"] = list(self.regularization or ())
        return _core.optimizer_options("LevenbergMarquardt", settings)


def _as_regularization(value: object) -> str | tuple[float, ...] | None:
    """Take None, "evidence" or numbers of at least 0, two a layer."""
    if value is None or isinstance(value, str):
        return None if value is None else _checks.as_choice("regularization", value, (EVIDENCE,))
    try:
        numbers = np.asarray(value)
    except ValueError:
        numbers = np.empty(())
    if numbers.ndim != 1 or len(numbers) == 0 or len(numbers) % 2:
        raise ValueError(
            "regularization: expected None, 'evidence' or a sequence of two numbers for each layer, of its "
            f"weights and of its biases, got {_checks.brief(value)}"
        )
    return tuple(_checks.as_number("regularization", number, least=0.0) for number in numbers.tolist())
