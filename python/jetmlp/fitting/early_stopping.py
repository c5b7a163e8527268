"""Ending a fit once the validation loss no longer improves, and going back to where it was lowest."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import _checks
from .callbacks import Hook
from .history import COLUMNS

VALIDATION_LOSS = COLUMNS.index("val_loss")


class StoppingRule(NamedTuple):
    """What `Trainer.fit` was asked for."""

    patience: int | None
    min_delta: float
    restore_best: bool


def as_stopping_rule(
    patience: object, min_delta: object, restore_best: object, *, validated: bool
) -> StoppingRule:
    """Check the arguments; without validation data there is nothing to watch."""
    rule = StoppingRule(
        None if patience is None else _checks.as_integer("patience", patience, 1, 2**31),
        _checks.as_number("min_delta", min_delta, least=0.0),
        _checks.as_boolean("restore_best", restore_best),
    )
    if rule.min_delta > 0 and rule.patience is None:
        raise ValueError(f"min_delta: expected a patience with it, got patience=None and {min_delta!r}")
    if not validated:
        for name, wanted in (("patience", rule.patience is not None), ("restore_best", rule.restore_best)):
            if wanted:
                raise ValueError(f"{name}: expected validation_data, whose loss it watches, got none")
    return rule


class BestEpoch:
    """Follows the validation loss of one fit."""

    def __init__(self, rule: StoppingRule) -> None:
        self._rule = rule
        self._lowest = math.inf
        self._to_beat = math.inf  # the last loss that was lower by more than min_delta
        self._epochs_in_vain = 0
        self.parameters: NDArray[Any] | None = None  # of the lowest loss, where they are to be restored

    def after_epoch(self, validation_loss: float, parameters: NDArray[Any]) -> bool:
        """Take note of an epoch; True once patience has run out."""
        if validation_loss < self._lowest:
            self._lowest = validation_loss
            if self._rule.restore_best:
                self.parameters = parameters
        if validation_loss < self._to_beat - self._rule.min_delta:
            self._to_beat = validation_loss
            self._epochs_in_vain = 0
        else:
            self._epochs_in_vain += 1
        return self._rule.patience is not None and self._epochs_in_vain >= self._rule.patience


def with_stopping(hook: Hook | None, best: BestEpoch, rule: StoppingRule) -> Hook | None:
    """Let the best epoch be followed too, where that was asked for."""
    if rule.patience is None and not rule.restore_best:
        return hook

    def after_epoch(row: NDArray[np.float64], parameters: NDArray[Any]) -> bool:
        out_of_patience = best.after_epoch(float(row[0, VALIDATION_LOSS]), parameters)
        wanted = hook is not None and hook(row, parameters)
        return out_of_patience or wanted

    return after_epoch
