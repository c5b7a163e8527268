"""The problems on which surrogates from few samples with exact or noisy slopes are compared.

``problems()`` is the registry: those that the project aims at first, then others, so that no setting can be
made for the ones that are named.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import numpy as np
import surrogate_functions as functions
from numpy.typing import NDArray
from scipy.stats import qmc

from jetmlp.experiments import (
    BoxProblem,
    SurrogateStudy,
    get,
    robot_arm,
    robot_arm_derivative,
    rosenbrock,
    rosenbrock_derivative,
)

Array = NDArray[np.float64]
Function = Callable[[NDArray[Any]], NDArray[Any]]

N_HELD_OUT = 2000
#: Kinds of random numbers, so that designs, held-out points and noise of one seed are apart.
_DESIGN, _HELD_OUT, _NOISE = range(3)


class Data(NamedTuple):
    """Inputs with values and slopes."""

    X: Array  # (n, d)
    Y: Array  # (n,)
    dYdX: Array  # noqa: N815  (n, d)


@dataclass(frozen=True)
class TestProblem:
    """A function in a box.

    Attributes
    ----------
    name : str
        As the command line has it.
    lower, upper : tuple of float
        Ends of the box.
    function, gradient : callable
        Values (n,) and gradients (n, d) at inputs (n, d).
    samples : tuple of int
        For how many samples it is measured.
    layout : {"latin hypercube", "grid"}
        Of the samples: one in each of n slices of every input, or all combinations of equispaced ones.
    value_noise, slope_noise : float
        Deviation of the noise in the samples: of values relative to their deviation over the box, of slopes
        relative to the root mean square of those along the same input.
    named : bool
        Whether the project's aims name it.
    """

    __test__ = False  # not a class of tests

    name: str
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    function: Function
    gradient: Function
    samples: tuple[int, ...] = (20, 50, 100, 200)
    layout: Literal["latin hypercube", "grid"] = "latin hypercube"
    value_noise: float = 0.0
    slope_noise: float = 0.0
    named: bool = True

    @property
    def n_inputs(self) -> int:
        """The number d of inputs."""
        return len(self.lower)

    @property
    def half_widths(self) -> Array:
        """Half of the width of the box (d,): a slope times it is one of inputs in [−1, 1]."""
        return (np.array(self.upper) - self.lower) / 2.0

    def design(self, n: int, seed: int) -> Array:
        """Return n points (n, d) of the layout; those of a grid are the same for every seed.

        Raises
        ------
        ValueError
            If a grid has no such number of points.
        """
        d = self.n_inputs
        if self.layout == "latin hypercube":
            random = np.random.default_rng([_DESIGN, seed])
            return self._in_box(qmc.LatinHypercube(d, seed=random).random(n))
        n_per_input = round(n ** (1.0 / d))
        if n_per_input < 2 or n_per_input**d != n:
            raise ValueError(f"n: expected k^{d} points of a grid with k of at least 2, got {n}")
        axis = np.linspace(0.0, 1.0, n_per_input)
        return self._in_box(np.stack(np.meshgrid(*[axis] * d, indexing="ij"), axis=-1).reshape(n, d))

    def training(self, n: int, seed: int) -> Data:
        """Return n samples of the design, with noise where the problem has it."""
        X = self.design(n, seed)
        Y, slopes = self.function(X), self.gradient(X)
        if self.value_noise or self.slope_noise:
            random = np.random.default_rng([_NOISE, seed])
            _, over_box, slopes_over_box = self.held_out()
            Y = Y + self.value_noise * over_box.std() * random.standard_normal(n)
            deviations = self.slope_noise * np.sqrt(np.mean(slopes_over_box**2, axis=0))
            slopes = slopes + deviations * random.standard_normal(slopes.shape)
        return Data(X, Y, slopes)

    def held_out(self, n: int = N_HELD_OUT) -> Data:
        """Return n samples, uniform in the box and without noise."""
        X = self._in_box(np.random.default_rng(_HELD_OUT).random((n, self.n_inputs)))
        return Data(X, self.function(X), self.gradient(X))

    def _in_box(self, unit: Array) -> Array:
        lower = np.array(self.lower)
        return lower + (np.array(self.upper) - lower) * unit


def relative_errors(problem: TestProblem, truth: Data, values: Array, slopes: Array) -> tuple[float, float]:
    """Return the root mean squares of the errors of values and of slopes, relative to the deviations.

    Slopes are those of inputs in [−1, 1]. Their deviation is about the mean along each input: what a plane
    leaves to be found.

    Parameters
    ----------
    values : ndarray, (n,)
        What a surrogate predicts at the points of `truth`.
    slopes : ndarray, (n, d)
        Its slopes there.
    """
    of_values = np.sqrt(np.mean((values - truth.Y) ** 2)) / truth.Y.std()
    true_slopes = truth.dYdX * problem.half_widths
    misses = slopes * problem.half_widths - true_slopes
    of_slopes = np.sqrt(np.mean(misses**2) / np.mean(true_slopes.var(axis=0)))
    return float(of_values), float(of_slopes)


def problems() -> dict[str, TestProblem]:
    """Return all problems by name."""
    water_flow = _of_study("water-flow", (20, 25, 50, 100, 200))
    found = [*_named(water_flow), *_noisy(water_flow), *_further()]
    return {problem.name: problem for problem in found}


def _named(water_flow: TestProblem) -> list[TestProblem]:
    """Return the problems without noise that the aims name."""
    torsion_vibration, tanh = functions.torsion_vibration, functions.tensor_product_tanh
    return [
        _of_study("wing-weight", (20, 25, 50, 100, 200)),
        water_flow,
        TestProblem(
            "torsion-vibration",
            *_TORSION_BOX,
            torsion_vibration,
            functions.complex_step(torsion_vibration),
            (20, 40, 50, 100),
        ),
        _rosenbrock(6, (20, 50, 60, 100, 200)),
        _robot_arm(2, (20, 50, 60, 100, 200)),
        TestProblem(
            "tensor-product-tanh",
            (-1.0,) * 4,
            (1.0,) * 4,
            tanh,
            functions.complex_step(tanh),
            (20, 50, 60, 100, 200),
        ),
        replace(_rosenbrock(2, (16, 25, 49)), layout="grid"),
        _robot_arm(4, (50, 100, 250)),
    ]


def _noisy(water_flow: TestProblem) -> list[TestProblem]:
    """Return water flow with noise: that of the aims, and others; and another function with noise."""
    noisy = replace(water_flow, samples=(20, 60, 100))
    arm = _robot_arm(2, (60, 100))
    return [
        replace(noisy, name="water-flow-noisy", value_noise=0.01, slope_noise=0.2),
        replace(noisy, name="water-flow-slightly-noisy", value_noise=0.001, slope_noise=0.02, named=False),
        replace(noisy, name="water-flow-noisy-values", value_noise=0.05, named=False),
        replace(noisy, name="water-flow-noisy-slopes", slope_noise=0.5, named=False),
        replace(arm, name="robot-arm-4-noisy", value_noise=0.02, slope_noise=0.1, named=False),
    ]


def _further() -> list[TestProblem]:
    """Return problems that the aims do not name."""
    boxes: dict[str, tuple[Function, tuple[float, ...], tuple[float, ...]]] = {
        "otl-circuit": (
            functions.otl_circuit,
            (50.0, 25.0, 0.5, 1.2, 0.25, 50.0),
            (150.0, 70.0, 3.0, 2.5, 1.2, 300.0),
        ),
        "piston": (
            functions.piston,
            (30.0, 0.005, 0.002, 1000.0, 90_000.0, 290.0, 340.0),
            (60.0, 0.02, 0.01, 5000.0, 110_000.0, 296.0, 360.0),
        ),
        "branin": (functions.branin, (-5.0, 0.0), (10.0, 15.0)),
        "franke": (functions.franke, (0.0, 0.0), (1.0, 1.0)),
        "friedman": (functions.friedman, (0.0,) * 5, (1.0,) * 5),
        "ishigami": (functions.ishigami, (-np.pi,) * 3, (np.pi,) * 3),
        "hartmann": (functions.hartmann, (0.0,) * 6, (1.0,) * 6),
        "cantilever-beam": (functions.cantilever_beam, (0.01, 0.3, 0.5) * 3, (0.05, 0.65, 1.0) * 3),
    }
    return [
        TestProblem(name, lower, upper, function, functions.complex_step(function), named=False)
        for name, (function, lower, upper) in boxes.items()
    ]


_TORSION_CENTRE = np.array(
    [2.0, 10.0, 11.7e6, 8.0, 3.9e6, 12.0, 1.825, 12.0, 6.2e6, 2.25, 3.0, 0.28, 14.0, 4.0, 0.1]
)
#: 10 % to both sides.
_TORSION_BOX = (tuple((0.9 * _TORSION_CENTRE).tolist()), tuple((1.1 * _TORSION_CENTRE).tolist()))


def _of_study(name: str, samples: tuple[int, ...]) -> TestProblem:
    """Take a problem of an experiment."""
    study = get(name)
    assert isinstance(study, SurrogateStudy)
    box = study.problem
    assert isinstance(box, BoxProblem)
    return TestProblem(name, box.low, box.high, box.function, box.derivative, samples)


def _rosenbrock(n_inputs: int, samples: tuple[int, ...]) -> TestProblem:
    lower, upper = (-2.0,) * n_inputs, (2.0,) * n_inputs
    return TestProblem(f"rosenbrock-{n_inputs}", lower, upper, rosenbrock, rosenbrock_derivative, samples)


def _robot_arm(n_segments: int, samples: tuple[int, ...]) -> TestProblem:
    """Lengths to 1 and angles all around."""
    lower, upper = (0.0, 0.0) * n_segments, (1.0, 2.0 * np.pi) * n_segments
    return TestProblem(f"robot-arm-{2 * n_segments}", lower, upper, robot_arm, robot_arm_derivative, samples)
