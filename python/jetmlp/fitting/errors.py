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
    trainer : int, optional
        In `fit_many`, which of the trainers it was, counted from 0.

    Attributes
    ----------
    epoch, trainer
        The same.
    """

    def __init__(self, epoch: int, trainer: int | None = None) -> None:
        super().__init__(epoch, trainer)
        self.epoch = epoch
        self.trainer = trainer

    def __str__(self) -> str:
        of_trainer = "" if self.trainer is None else f" of trainers[{self.trainer}]"
        return (
            f"the loss is no longer finite in epoch {self.epoch}{of_trainer}; the model keeps its last "
            "finite parameters. A smaller learning rate may help."
        )
