"""What `Trainer.fit` was asked for of early stopping, which the core does."""

from __future__ import annotations

from typing import NamedTuple

from .. import _checks


class StoppingRule(NamedTuple):
    """By the names of `Trainer.fit`."""

    patience: int | None  # None: never
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
