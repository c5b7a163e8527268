"""What fits: a surrogate, or one network with an optimizer, by its name or as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from .. import _checks
from ..data.samples import Samples
from ..fitting.history import History
from ..fitting.trainer import Trainer
from ..models.mlp import MLP
from ..optimizers.adam import Adam
from ..optimizers.auto import AUTO
from ..optimizers.base import Optimizer
from ..optimizers.lbfgs import LBFGS
from ..optimizers.levenberg_marquardt import LevenbergMarquardt
from ..optimizers.self_scaled_broyden import SelfScaledBroyden
from ..optimizers.stochastic_gauss_newton import StochasticGaussNewton
from ..surrogate.surrogate import Surrogate

SURROGATE = "surrogate"


class Solver(NamedTuple):
    """An optimizer, and its epochs where none were asked for."""

    optimizer: Optimizer | str
    max_iter: int


#: By name: what fits one network.
SOLVERS = {
    AUTO: Solver(AUTO, 200),
    "adam": Solver(Adam(), 2000),
    "lbfgs": Solver(LBFGS(), 500),
    "levenberg_marquardt": Solver(LevenbergMarquardt(), 100),
    "evidence": Solver(LevenbergMarquardt(regularization="evidence"), 200),
    "self_scaled_broyden": Solver(SelfScaledBroyden(), 300),
    "stochastic_gauss_newton": Solver(StochasticGaussNewton(), 50),
}
#: Epochs of an optimizer that was given as it is.
OTHER_MAX_ITER = 200

#: Settings of a network and its fit, with their defaults; a surrogate finds them itself.
OF_NETWORKS: dict[str, Any] = {
    "hidden_layer_sizes": (32, 32),
    "activation": "tanh",
    "derivative_weight": 1.0,
    "l2": 0.0,
    "batch_size": None,
    "max_iter": None,
    "dtype": "float64",
}


class Fit(NamedTuple):
    """What came of a fit."""

    model: Surrogate | MLP
    n_iter: int
    history: History | None


class SurrogateSolver:
    """Fits a `Surrogate`."""

    def __init__(self, settings: Mapping[str, Any], seed: int) -> None:
        for name, default in OF_NETWORKS.items():
            value = settings[name]
            if value is not default and (type(value) is not type(default) or value != default):
                raise ValueError(
                    f"{name}: expected {default!r} with solver={SURROGATE!r}, which finds its networks "
                    f"itself, got {_checks.brief(value)}; a named solver such as 'auto' takes it"
                )
        self._surrogate = Surrogate(
            seed=seed, seconds=settings["seconds"], n_threads=settings["n_threads"], check=False
        )

    def fit(self, samples: Samples) -> Fit:
        """Fit the samples; the iterations are the most steps of a network that is used."""
        surrogate = self._surrogate.fit(samples)
        steps = [row.n_steps for row in surrogate.summary().candidates if row.weight > 0]
        return Fit(surrogate, max(steps), None)


class NetworkSolver:
    """Fits one network."""

    def __init__(self, settings: Mapping[str, Any], seed: int) -> None:
        if settings["seconds"] is not None:
            raise ValueError(
                f"seconds: expected None with solver={settings['solver']!r}, which max_iter ends, "
                f"got {settings['seconds']!r}"
            )
        self._solver = as_solver(settings["solver"])
        self._seed = seed
        self._hidden = _as_hidden_layer_sizes(settings["hidden_layer_sizes"])
        self._network = {name: settings[name] for name in ("activation", "dtype")}
        names = ("derivative_weight", "l2", "batch_size", "n_threads")
        self._fit = {name: settings[name] for name in names}
        most = settings["max_iter"]
        self._epochs = (
            self._solver.max_iter if most is None else _checks.as_integer("max_iter", most, 1, 2**31)
        )
        self._made(1, 1)  # which raises for settings that do not go together

    def fit(self, samples: Samples) -> Fit:
        """Fit the samples."""
        trainer = self._made(samples.n_inputs, samples.n_outputs)
        history = trainer.fit(samples, epochs=self._epochs)
        return Fit(trainer.model, history.n_epochs, history)

    def _made(self, n_inputs: int, n_outputs: int) -> Trainer:
        model = MLP([n_inputs, *self._hidden, n_outputs], **self._network, seed=self._seed)
        return Trainer(model, self._solver.optimizer, **self._fit, seed=self._seed)


def solver_of(settings: Mapping[str, Any], seed: int) -> SurrogateSolver | NetworkSolver:
    """Check the settings of a regressor, and choose what fits by them."""
    solver = settings["solver"]
    if isinstance(solver, str) and solver == SURROGATE:
        return SurrogateSolver(settings, seed)
    return NetworkSolver(settings, seed)


def as_solver(value: object) -> Solver:
    """Take an optimizer by its name, or as it is."""
    if isinstance(value, Optimizer):
        return Solver(value, OTHER_MAX_ITER)
    try:
        return SOLVERS[_checks.as_choice("solver", value, (SURROGATE, *SOLVERS))]
    except TypeError as error:
        text = str(error).replace(", got ", " or an optimizer such as jetmlp.Adam(), got ", 1)
        raise TypeError(text) from None


def _as_hidden_layer_sizes(value: object) -> tuple[int, ...]:
    """Take the widths of the hidden layers; none is a linear model."""
    try:
        entries: tuple[object, ...] = tuple(value)  # type: ignore[arg-type]
    except TypeError:
        entries = (value,)  # one layer, as of scikit-learn's networks
    return tuple(_checks.as_integer("hidden_layer_sizes", size, 1, _checks.MOST_UNITS) for size in entries)
