"""Settings as JSON has them, by which a run is found again, and as a table shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

import numpy as np

from .. import _checks
from ..optimizers.base import Optimizer
from ..optimizers.chain import Chain
from ..optimizers.describing import described_optimizer


def plain(name: str, value: Any) -> Any:  # noqa: ANN401  whatever a setting may be
    """Write a setting in numbers, text, lists and dicts; equal settings give the same.

    Raises
    ------
    TypeError
        If that is not possible: nothing would tell the run from another one.
    """
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value  # 1.0 is 1
    if isinstance(value, np.generic):
        return plain(name, value.item())
    if isinstance(value, np.ndarray):
        return plain(name, value.tolist())
    if isinstance(value, np.dtype) or (isinstance(value, type) and issubclass(value, np.generic)):
        return np.dtype(value).name
    if isinstance(value, (list, tuple, range)):
        return [plain(name, entry) for entry in value]
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {key: plain(name, entry) for key, entry in value.items()}
    if isinstance(value, Optimizer):
        return _plain_optimizer(name, value)
    raise TypeError(
        f"{name}: expected values that can be written down (numbers, text, None, optimizers, lists of these) "
        f"by which a run is found again, got {_checks.brief(value)}"
    )


def _plain_optimizer(name: str, optimizer: Optimizer) -> Any:  # noqa: ANN401
    try:
        return plain(name, described_optimizer(optimizer))
    except TypeError:
        raise TypeError(
            f"{name}: expected optimizers of jetmlp whose learning rates are numbers or of jetmlp.schedules, "
            f"by which a run is found again, got {_checks.brief(optimizer)}"
        ) from None


def shown(value: Any) -> Any:  # noqa: ANN401
    """Return a setting as a cell of a table: short text of what is neither number nor text."""
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, np.dtype) or (isinstance(value, type) and issubclass(value, np.generic)):
        return np.dtype(value).name
    if isinstance(value, np.ndarray):
        return shown(value.tolist())
    if isinstance(value, Chain):
        return " → ".join(str(shown(link)) for link in value.optimizers)
    if isinstance(value, Optimizer):
        return f"{type(value).__name__}{_set_otherwise(value)}"
    if isinstance(value, (list, tuple, range)) and all(
        isinstance(entry, (int, np.integer)) for entry in value
    ):
        return "-".join(map(str, value))  # layer sizes
    return _checks.brief(value)


def _set_otherwise(optimizer: Optimizer) -> str:
    """Return those settings of an optimizer that are not what they are by default."""
    different = [
        f"{field.name}={getattr(optimizer, field.name)!r}"
        for field in fields(optimizer)
        if field.default is MISSING or getattr(optimizer, field.name) != field.default
    ]
    return f"({', '.join(different)})" if different else ""
