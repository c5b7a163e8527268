"""Adam."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .. import _checks
from .base import Optimizer

__all__ = ["Adam"]


@dataclass(frozen=True)
class Adam(Optimizer):
    r"""Adam as published: Kingma and Ba (ICLR 2015), algorithm 1; with weight decay, AdamW.

    :math:`m \leftarrow \beta_1 m + (1-\beta_1) g`, :math:`v \leftarrow \beta_2 v + (1-\beta_2) g^2`,
    :math:`\theta \leftarrow (1 - \eta\lambda)\,\theta - \eta\, \hat m / (\sqrt{\hat v} + \epsilon)` with the
    bias-corrected :math:`\hat m = m / (1-\beta_1^t)` and :math:`\hat v = v / (1-\beta_2^t)`. The decay λ is
    decoupled from the gradient (Loshchilov and Hutter, ICLR 2019) and, as in PyTorch's ``AdamW``, scaled by
    the learning rate and applied to every parameter, biases too.

    Parameters
    ----------
    learning_rate : float or callable, default 1e-3
        η, or a schedule: a function of the epoch, such as those of `jetmlp.schedules`.
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
        if not callable(self.learning_rate):
            checked["learning_rate"] = _checks.as_number("learning_rate", self.learning_rate, above=0.0)
        for name, number in checked.items():
            object.__setattr__(self, name, number)  # as a plain float, whatever it came as

    def learning_rates(self, first_epoch: int, epochs: int) -> NDArray[np.float64]:
        """Compute the rates of `epochs` epochs from `first_epoch` on, each checked to be positive."""
        rate = self.learning_rate
        if not callable(rate):
            return np.full(epochs, rate)
        rates = (
            _checks.as_number(f"learning_rate({epoch})", rate(epoch), above=0.0)
            for epoch in range(first_epoch, first_epoch + epochs)
        )
        return np.fromiter(rates, dtype=np.float64, count=epochs)
