"""Errors that a fit can end with."""

from __future__ import annotations


class DivergenceError(ArithmeticError):
    """The loss of a fit turned NaN or infinite.

    The model keeps the last parameters whose loss was finite, and the trainer's ``history`` the
    epochs before.

    Parameters
    ----------
    epoch : int
        The epoch in which it happened, counted from 0 in this call of ``fit``.

    Attributes
    ----------
    epoch : int
        The same.
    """

    def __init__(self, epoch: int) -> None:
        super().__init__(epoch)
        self.epoch = epoch

    def __str__(self) -> str:
        return (
            f"the loss is no longer finite in epoch {self.epoch}; the model keeps its last finite "
            "parameters. A smaller learning rate may help."
        )
