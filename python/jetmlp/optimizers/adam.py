"""Adam."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .. import _checks
from .base import Scheduled

__all__ = ["Adam"]


@dataclass(frozen=True)
class Adam(Scheduled):
    r"""Adam as published: Kingma and Ba (ICLR 2015), algorithm 1; with weight decay, AdamW.

    :math:`m \leftarrow \beta_1 m + (1-\beta_1) g`, :math:`v \leftarrow \beta_2 v + (1-\beta_2) g^2`,
    :math:`\theta \leftarrow (1 - \eta\lambda)\,\theta - \eta\, \hat m / (\sqrt{\hat v} + \epsilon)` with the
    bias-corrected :math:`\hat m = m / (1-\beta_1^t)` and :math:`\hat v = v / (1-\beta_2^t)`. The decay λ is
    decoupled from the gradient (Loshchilov and Hutter, ICLR 2019) and, as in PyTorch's ``AdamW``, scaled by
    the learning rate and applied to every parameter, biases too.

    Parameters
    ----------
    learning_rate : float or callable, default 1e-3
        η, not negative, or a schedule: a function of the epoch, such as those of `jetmlp.schedules`. It is
        asked when an epoch begins; where it has a method ``observe(losses)``, that is called after every
        epoch.
    beta1, beta2 : float, default 0.9 and 0.999
        Decay of the two moments, each at least 0 and below 1.
    epsilon : float, default 1e-8
        Added outside the root; above 0.
    weight_decay : float, default 0.0
        λ, not negative; 0 is Adam.

    Raises
    ------
    TypeError, ValueError
        If a number is of the wrong kind or out of its range; the message names it.
    """

    learning_rate: float | Callable[[int], float] = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        checked = {
            "beta1": _checks.as_number("beta1", self.beta1, least=0.0, below=1.0),
            "beta2": _checks.as_number("beta2", self.beta2, least=0.0, below=1.0),
            "epsilon": _checks.as_number("epsilon", self.epsilon, above=0.0),
            "weight_decay": _checks.as_number("weight_decay", self.weight_decay, least=0.0),
        }
        for name, number in checked.items():
            object.__setattr__(self, name, number)  # as a plain float, whatever it came as
        self._check_learning_rate()
