"""jetmlp: small neural networks fitted to function values and derivatives.

A *jet* is a value together with its derivatives. The networks of this library carry jets: they are trained
on values and derivatives (Sobolev training) and give exact input derivatives.
"""

from __future__ import annotations

from . import metrics, random, schedules
from ._info import info
from ._storage import load
from .errors import DivergenceError
from .history import History
from .model import MLP
from .objective import Objective
from .optimizers import Adam
from .trainer import Trainer

__all__ = [
    "MLP",
    "Adam",
    "DivergenceError",
    "History",
    "Objective",
    "Trainer",
    "info",
    "load",
    "metrics",
    "random",
    "schedules",
]

__version__ = info()["version"]
