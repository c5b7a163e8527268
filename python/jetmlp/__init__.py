"""jetmlp: small neural networks fitted to function values and derivatives.

A *jet* is a value together with its derivatives. The networks of this library carry jets: they are trained
on values and derivatives (Sobolev training) and give exact input derivatives.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from . import (
    _command,  # noqa: F401  the first: importing the rest may fail, or be interrupted
    metrics,
    random,
    schedules,
)
from ._core.info import info
from ._files import ModelFileError
from .data.derivative_check import check_derivatives
from .data.samples import Samples
from .files.load import load
from .fitting.errors import DivergenceError
from .fitting.history import History
from .fitting.many import fit_many
from .fitting.objective import Objective
from .fitting.staged import StagedMLP
from .fitting.trainer import Trainer
from .models.mlp import MLP
from .models.normalization import Normalization
from .optimizers.adam import Adam
from .optimizers.chain import Chain
from .optimizers.lbfgs import LBFGS
from .optimizers.levenberg_marquardt import LevenbergMarquardt
from .optimizers.self_scaled_broyden import SelfScaledBroyden
from .optimizers.stochastic_gauss_newton import StochasticGaussNewton
from .surrogate.surrogate import Surrogate
from .sweeps import SweepResult, sweep

if TYPE_CHECKING:
    from . import experiments, export, plotting
    from . import sklearn as sklearn

__all__ = [
    "LBFGS",
    "MLP",
    "Adam",
    "Chain",
    "DivergenceError",
    "History",
    "LevenbergMarquardt",
    "ModelFileError",
    "Normalization",
    "Objective",
    "Samples",
    "SelfScaledBroyden",
    "StagedMLP",
    "StochasticGaussNewton",
    "Surrogate",
    "SweepResult",
    "Trainer",
    "check_derivatives",
    "experiments",
    "export",
    "fit_many",
    "info",
    "load",
    "metrics",
    "plotting",
    "random",
    "schedules",
    "sweep",
]

__version__ = info()["version"]


def __getattr__(name: str) -> ModuleType:
    """Import what most programs do not need only when it is asked for."""
    if name in ("experiments", "export", "plotting", "sklearn"):
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """List what is public, whether it was imported yet or not; the rooms below are private."""
    return sorted({*__all__, *(name for name in globals() if name.startswith("__") and name.endswith("__"))})
