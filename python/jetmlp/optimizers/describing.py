"""Optimizers as JSON has them, and back: their settings, and what their schedules have seen."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from .. import _checks, schedules
from .adam import Adam
from .base import Optimizer
from .chain import Chain
from .lbfgs import LBFGS
from .levenberg_marquardt import LevenbergMarquardt
from .self_scaled_broyden import SelfScaledBroyden
from .stochastic_gauss_newton import StochasticGaussNewton

_KINDS = (Adam, LBFGS, LevenbergMarquardt, SelfScaledBroyden, StochasticGaussNewton)
OPTIMIZERS: dict[str, type[Optimizer]] = {kind.__name__: kind for kind in _KINDS}
SCHEDULES: dict[str, type[Any]] = {name: getattr(schedules, name) for name in schedules.__all__}


def described_optimizer(optimizer: Optimizer) -> dict[str, Any]:
    """Describe an optimizer.

    Raises
    ------
    TypeError
        If it has a learning rate that is a function of the user's, which no file can hold.
    """
    if isinstance(optimizer, Chain):
        links = [described_optimizer(link) for link in optimizer.optimizers]
        return {"name": "Chain", "optimizers": links, "epochs": list(optimizer.epochs)}
    if type(optimizer) is not OPTIMIZERS.get(type(optimizer).__name__):
        raise TypeError(f"optimizer: expected one of jetmlp to be kept in a checkpoint, got {optimizer!r}")
    settings = {field.name: getattr(optimizer, field.name) for field in fields(optimizer)}
    if callable(settings.get("learning_rate")):
        settings["learning_rate"] = _described_schedule(settings["learning_rate"])
    return {"name": type(optimizer).__name__, "settings": settings}


def optimizer_from(description: Mapping[str, Any]) -> Optimizer:
    """Make the optimizer that was described, by its constructor; its schedules have seen nothing yet.

    Raises a ``TypeError``, ``LookupError`` or ``ValueError`` if it is none.
    """
    if description["name"] == "Chain":
        links = [optimizer_from(link) for link in description["optimizers"]]
        return Chain(tuple(links), tuple(description["epochs"]))
    settings = dict(description["settings"])
    if isinstance(settings.get("learning_rate"), dict):
        rate = settings["learning_rate"]
        settings["learning_rate"] = SCHEDULES[rate["name"]](**rate["settings"])
    return OPTIMIZERS[description["name"]](**settings)


def let_see(optimizer: Optimizer, description: Mapping[str, Any]) -> None:
    """Let the schedules of an optimizer of its own have seen what was described."""
    if isinstance(optimizer, Chain):
        for link, of_link in zip(optimizer.optimizers, description["optimizers"], strict=True):
            let_see(link, of_link)
        return
    rate = getattr(optimizer, "learning_rate", None)
    if isinstance(rate, schedules.ReduceOnPlateau):
        seen = description["settings"]["learning_rate"]["seen"]
        lowest = math.inf if seen["lowest"] is None else _checks.as_number("lowest", seen["lowest"])
        plateau = rate._plateau
        plateau.epochs_in_vain = _checks.as_integer("epochs_in_vain", seen["epochs_in_vain"], 0, 2**53)
        plateau.reductions = _checks.as_integer("reductions", seen["reductions"], 0, 2**53)
        plateau.lowest = lowest


def _described_schedule(rate: Any) -> dict[str, Any]:  # noqa: ANN401  a schedule or a function
    kind = SCHEDULES.get(type(rate).__name__)
    if kind is None or type(rate) is not kind:
        raise TypeError(
            "learning_rate: expected a number or one of jetmlp.schedules to be kept in a checkpoint, which "
            f"holds no functions, got {_checks.brief(rate)}"
        )
    settings = {field.name: getattr(rate, field.name) for field in fields(rate) if field.init}
    description: dict[str, Any] = {"name": kind.__name__, "settings": settings}
    if isinstance(rate, schedules.ReduceOnPlateau):
        plateau = rate._plateau
        description["seen"] = {
            "lowest": plateau.lowest if math.isfinite(plateau.lowest) else None,
            "epochs_in_vain": plateau.epochs_in_vain,
            "reductions": plateau.reductions,
        }
    return description
