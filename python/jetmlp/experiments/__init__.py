"""Experiments with published results, and the means to make your own.

Each is a small frozen dataclass that is determined by a seed. `EXPERIMENTS` has all of them by name;
``jetmlp reproduce`` runs them.

Examples
--------
>>> from jetmlp import experiments
>>> result = experiments.get("value-only").run(seed=0)
>>> result.errors["value_max"] < 0.05
True
"""

from .curves.fit import FitExperiment, FitResult, label_of_possible
from .curves.possible import Possible
from .curves.published import ERRORS, PUBLISHED, Published
from .problems.box import BoxProblem, Problem, Quantity
from .problems.engineering import (
    robot_arm,
    robot_arm_derivative,
    rosenbrock,
    rosenbrock_derivative,
    water_flow,
    water_flow_derivative,
    wing_weight,
    wing_weight_derivative,
)
from .problems.finance import BachelierBasket, BlackScholes
from .problems.functions import Monomial, runge, runge_derivative
from .problems.measured import MeasuredData
from .problems.option import Option
from .problems.sampling import Chebyshev, Equispaced, Points, Sampling, ShuffledGrid, UniformRandom
from .registry import EXPERIMENTS, get
from .studies.ablation import Ablation, AblationResult, Effect
from .studies.comparison import Comparison
from .studies.gradient_check import GradientCheck, InputGradient
from .studies.gradient_steps import central_differences, input_gradient
from .studies.monomials import Monomials, MonomialsResult
from .study import DEFAULT_SEEDS, Fit, Study, run_fits, seeds_of
from .surrogates.automatic import AutomaticFit, AutomaticResult
from .surrogates.fit import CosineAdam, SurrogateFit, SurrogateResult, surrogate_errors
from .surrogates.study import SurrogateStudy, SurrogateStudyResult

__all__ = [
    "DEFAULT_SEEDS",
    "ERRORS",
    "EXPERIMENTS",
    "PUBLISHED",
    "Ablation",
    "AblationResult",
    "AutomaticFit",
    "AutomaticResult",
    "BachelierBasket",
    "BlackScholes",
    "BoxProblem",
    "Chebyshev",
    "Comparison",
    "CosineAdam",
    "Effect",
    "Equispaced",
    "Fit",
    "FitExperiment",
    "FitResult",
    "GradientCheck",
    "InputGradient",
    "MeasuredData",
    "Monomial",
    "Monomials",
    "MonomialsResult",
    "Option",
    "Points",
    "Possible",
    "Problem",
    "Published",
    "Quantity",
    "Sampling",
    "ShuffledGrid",
    "Study",
    "SurrogateFit",
    "SurrogateResult",
    "SurrogateStudy",
    "SurrogateStudyResult",
    "UniformRandom",
    "central_differences",
    "get",
    "input_gradient",
    "label_of_possible",
    "robot_arm",
    "robot_arm_derivative",
    "rosenbrock",
    "rosenbrock_derivative",
    "run_fits",
    "runge",
    "runge_derivative",
    "seeds_of",
    "surrogate_errors",
    "water_flow",
    "water_flow_derivative",
    "wing_weight",
    "wing_weight_derivative",
]
