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

from .ablation import Ablation, AblationResult, Effect
from .engineering import (
    robot_arm,
    robot_arm_derivative,
    rosenbrock,
    rosenbrock_derivative,
    water_flow,
    water_flow_derivative,
    wing_weight,
    wing_weight_derivative,
)
from .finance import BachelierBasket, BlackScholes
from .fit import FitExperiment
from .functions import Monomial, runge, runge_derivative
from .gradient_check import GradientCheck, InputGradient
from .gradient_steps import central_differences, input_gradient
from .monomials import Monomials, MonomialsResult
from .problems import BoxProblem, Problem, Quantity
from .published import ERRORS, PUBLISHED, Published
from .registry import EXPERIMENTS, Experiment, get
from .result import FitResult
from .samples import Arrays, Samples
from .sampling import Chebyshev, Equispaced, Points, Sampling, ShuffledGrid, UniformRandom
from .study import Comparison, Study, run_fits, seeds_of
from .surrogate import CosineAdam, SurrogateFit, SurrogateResult, surrogate_errors
from .surrogate_study import SurrogateStudy, SurrogateStudyResult

__all__ = [
    "ERRORS",
    "EXPERIMENTS",
    "PUBLISHED",
    "Ablation",
    "AblationResult",
    "Arrays",
    "BachelierBasket",
    "BlackScholes",
    "BoxProblem",
    "Chebyshev",
    "Comparison",
    "CosineAdam",
    "Effect",
    "Equispaced",
    "Experiment",
    "FitExperiment",
    "FitResult",
    "GradientCheck",
    "InputGradient",
    "Monomial",
    "Monomials",
    "MonomialsResult",
    "Points",
    "Problem",
    "Published",
    "Quantity",
    "Samples",
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
