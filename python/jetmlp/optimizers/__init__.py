"""Optimizers: what they are set to."""

from __future__ import annotations

from .adam import Adam
from .auto import AUTO, choose_optimizer
from .base import Optimizer
from .chain import Chain
from .lbfgs import LBFGS
from .levenberg_marquardt import LevenbergMarquardt

__all__ = ["AUTO", "LBFGS", "Adam", "Chain", "LevenbergMarquardt", "Optimizer", "choose_optimizer"]
