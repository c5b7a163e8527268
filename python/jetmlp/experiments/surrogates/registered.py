"""The surrogates that ``jetmlp reproduce`` fits: four problems of engineering, two of finance.

Networks and epochs are small, so that a study with its figures takes about half a second; `jetmlp.Surrogate`
stands beside where it takes no more than a second or two.
"""

from __future__ import annotations

import math

from ..problems.box import BoxProblem, Quantity
from ..problems.engineering import (
    robot_arm,
    robot_arm_derivative,
    rosenbrock,
    rosenbrock_derivative,
    water_flow,
    water_flow_derivative,
    wing_weight,
    wing_weight_derivative,
)
from ..problems.finance import BachelierBasket, BlackScholes
from .fit import SurrogateFit
from .study import SurrogateStudy

_rosenbrock = SurrogateStudy(
    name="rosenbrock",
    description="Rosenbrock's valley in two dimensions on grids of 9 to 100 points",
    fit=SurrogateFit(
        problem=BoxProblem(
            function=rosenbrock,
            derivative=rosenbrock_derivative,
            inputs=(Quantity("x₁"), Quantity("x₂")),
            output=Quantity("f"),
            low=(-2.0, -2.0),
            high=(2.0, 2.0),
            design="grid",
        ),
        n_train=100,
        layer_sizes=(2, 24, 24, 1),
        epochs=2000,
    ),
    counts=(9, 16, 25, 49, 100),
    automatic=(9, 16, 25, 49, 100),
)

_wing_weight = SurrogateStudy(
    name="wing-weight",
    description="weight of an aircraft's wing, 10 inputs, 25 to 200 samples",
    fit=SurrogateFit(
        problem=BoxProblem(
            function=wing_weight,
            derivative=wing_weight_derivative,
            inputs=(
                Quantity("wing area", "ft²"),
                Quantity("fuel weight", "lb"),
                Quantity("aspect ratio"),
                Quantity("sweep", "°"),
                Quantity("dynamic pressure", "lb/ft²"),
                Quantity("taper ratio"),
                Quantity("thickness to chord"),
                Quantity("load factor"),
                Quantity("gross weight", "lb"),
                Quantity("paint weight", "lb/ft²"),
            ),
            output=Quantity("wing weight", "lb"),
            low=(150.0, 220.0, 6.0, -10.0, 16.0, 0.5, 0.08, 2.5, 1700.0, 0.025),
            high=(200.0, 300.0, 10.0, 10.0, 45.0, 1.0, 0.18, 6.0, 2500.0, 0.08),
        ),
        n_train=200,
        layer_sizes=(10, 32, 32, 1),
        epochs=1500,
    ),
    counts=(25, 50, 100, 200),
    automatic=(25,),
)

_robot_arm = SurrogateStudy(
    name="robot-arm",
    description="reach of a robot arm of four segments, 8 inputs, 250 to 1000 samples",
    fit=SurrogateFit(
        problem=BoxProblem(
            function=robot_arm,
            derivative=robot_arm_derivative,
            inputs=tuple(
                Quantity(f"{name} {k}", unit)
                for k in range(1, 5)
                for name, unit in (("length", ""), ("angle", "rad"))
            ),
            output=Quantity("reach"),
            low=(0.0, 0.0) * 4,
            high=(1.0, 2.0 * math.pi) * 4,
        ),
        n_train=1000,
        layer_sizes=(8, 64, 64, 64, 1),
        epochs=200,
        batch_size=100,
    ),
    counts=(250, 500, 1000),
)

_water_flow = SurrogateStudy(
    name="water-flow",
    description="flow of water through a borehole, 8 inputs, 25 to 200 samples",
    fit=SurrogateFit(
        problem=BoxProblem(
            function=water_flow,
            derivative=water_flow_derivative,
            inputs=(
                Quantity("borehole radius", "m"),
                Quantity("radius of influence", "m"),
                Quantity("upper transmissivity", "m²/yr"),
                Quantity("upper head", "m"),
                Quantity("lower transmissivity", "m²/yr"),
                Quantity("lower head", "m"),
                Quantity("borehole length", "m"),
                Quantity("conductivity", "m/yr"),
            ),
            output=Quantity("flow", "m³/yr"),
            low=(0.05, 100.0, 63070.0, 990.0, 63.1, 700.0, 1120.0, 9855.0),
            high=(0.15, 50000.0, 115600.0, 1110.0, 116.0, 820.0, 1680.0, 12045.0),
        ),
        n_train=200,
        layer_sizes=(8, 32, 32, 1),
        epochs=1500,
    ),
    counts=(25, 50, 100, 200),
    automatic=(25,),
)

_black_scholes = SurrogateStudy(
    name="black-scholes",
    description="price and delta of a call, from 512 to 8192 simulated payoffs and their slopes",
    fit=SurrogateFit(
        problem=BlackScholes(),
        n_train=8192,
        layer_sizes=(1, 20, 20, 20, 20, 1),
        epochs=30,
        batch_size=256,
        activation="softplus",
    ),
    counts=(512, 2048, 8192),
    automatic=(512, 2048, 8192),
)

_bachelier_basket = SurrogateStudy(
    name="bachelier-basket",
    description="price and deltas of a call on 7 assets, from 512 to 8192 simulated payoffs and their slopes",
    fit=SurrogateFit(
        problem=BachelierBasket(),
        n_train=8192,
        layer_sizes=(7, 20, 20, 20, 20, 1),
        epochs=30,
        batch_size=256,
        activation="softplus",
    ),
    counts=(512, 2048, 8192),
    automatic=(512, 2048, 8192),
)

#: In the order of their reports.
SURROGATES = (_rosenbrock, _wing_weight, _robot_arm, _water_flow, _black_scholes, _bachelier_basket)
