"""The regressor in GEMSEO, which finds it by its entry point, on values and gradients as GEMSEO has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import jetmlp

# What its packages, of pinned versions, warn of each other is not ours.
pytestmark = [pytest.mark.gemseo, pytest.mark.filterwarnings("ignore::DeprecationWarning")]
Array = np.ndarray[Any, np.dtype[np.float64]]


def function(X: Array) -> tuple[Array, Array]:
    """Two outputs of two inputs of other sizes, and their slopes."""
    u, v = X[:, 0], (X[:, 1] - 20) / 10
    Y = np.column_stack([np.sin(2 * u) * v, 1e4 + u**2 + v**2])
    first = np.column_stack([2 * np.cos(2 * u) * v, np.sin(2 * u) / 10])
    second = np.column_stack([2 * u, 2 * v / 10])
    return Y, np.stack([first, second], axis=1)


def dataset(n: int, slopes: list[int], seed: int = 0) -> Any:  # noqa: ANN401  of GEMSEO
    """Values of two outputs, and the gradients of these among them."""
    from gemseo.datasets.io_dataset import IODataset

    X = np.random.default_rng(seed).uniform([-1, 10], [1, 30], (n, 2))
    Y, dYdX = function(X)
    data = IODataset()
    data.add_input_variable("u", X[:, [0]])
    data.add_input_variable("v", X[:, [1]])
    for k in range(2):
        data.add_output_variable(f"f{k}", Y[:, [k]])
    for k in slopes:
        data.add_variable(f"@f{k}", dYdX[:, k], group_name="gradients")
    return data


def learned(data: Any, samples: Sequence[int] = (), **settings: Any) -> Any:  # noqa: ANN401  of GEMSEO
    from gemseo.mlearning import create_regression_model

    regressor = create_regression_model("JetMLPRegressor", data, **settings)
    regressor.learn(samples)
    return regressor


def errors(regressor: Any) -> Array:  # noqa: ANN401  of GEMSEO
    """Of both outputs and all slopes, root mean square over the spread."""
    X = np.random.default_rng(9).uniform([-1, 10], [1, 30], (400, 2))
    Y, dYdX = function(X)
    got = np.concatenate([regressor.predict(X), regressor.predict_jacobian(X).reshape(400, 4)], axis=1)
    true = np.concatenate([Y, dYdX.reshape(400, 4)], axis=1)
    return np.sqrt(np.mean((got - true) ** 2, axis=0)) / true.std(axis=0)


def test_the_factory_of_gemseo_lists_it() -> None:
    from gemseo.mlearning import get_regression_models
    from gemseo.mlearning.regression.algos.factory import RegressorFactory

    assert "JetMLPRegressor" in get_regression_models()
    assert not [name for name in RegressorFactory().failed_imports if name.startswith("jetmlp")]
    assert RegressorFactory().get_library_name("JetMLPRegressor") == "jetmlp"


@pytest.mark.parametrize("settings", [{}, {"transformer": {}}], ids=["scaled", "raw"])
def test_slopes_make_it_ten_times_better(settings: dict[str, Any]) -> None:
    """GEMSEO's functions scale inputs and outputs unless told otherwise, and leave gradients as they are."""
    with_slopes, without = learned(dataset(14, [0, 1]), **settings), learned(dataset(14, []), **settings)
    print("with slopes", errors(with_slopes), "without", errors(without))
    assert errors(with_slopes).max() < 0.02
    assert (10 * errors(with_slopes) < errors(without)).all()


def test_scaled_and_raw_are_the_same_to_rounding() -> None:
    data = dataset(14, [0, 1])
    scaled, raw = learned(data), learned(data, transformer={})
    X = np.array([[0.3, 17.0], [-0.8, 28.0]])
    assert np.allclose(scaled.predict(X), raw.predict(X), rtol=1e-3, atol=1e-3)
    by_name = raw.predict_jacobian({"u": X[:, [0]], "v": X[:, [1]]})
    assert np.array_equal(by_name["f1"]["v"][:, 0, 0], raw.predict_jacobian(X)[:, 1, 1])


def test_an_output_may_have_no_gradients() -> None:
    seen: list[Any] = []

    def fit(*arrays: Any) -> jetmlp.MLP:  # noqa: ANN401
        seen.extend(arrays)
        return jetmlp.MLP([2, 2])

    data = dataset(8, [1])
    regressor = learned(data, samples=[1, 4, 6], transformer={}, fit=fit)
    X, Y, dYdX = seen
    true, slopes = function(X)
    assert np.array_equal(X, regressor.input_data)
    assert np.allclose(Y, true)
    assert np.isnan(dYdX[:, 0]).all()
    assert np.allclose(dYdX[:, 1], slopes[:, 1])


def test_a_network_has_no_deviations_and_a_surrogate_has() -> None:
    surrogate = learned(dataset(14, [0, 1]), transformer={})
    X = np.array([[0.3, 17.0], [-0.8, 28.0]])
    deviations = surrogate.predict_std(X)
    assert np.array_equal(deviations, surrogate.algo.predict(X, return_std=True)[1])
    assert np.array_equal(surrogate.predict_std({"u": X[:, [0]], "v": X[:, [1]]}), deviations)
    network = learned(dataset(5, []), fit=lambda *_: jetmlp.MLP([2, 3, 2]))
    with pytest.raises(TypeError, match="model: expected one Surrogate"):
        network.predict_std(X)


def test_an_optimization_problem_goes_in_and_a_discipline_comes_out() -> None:
    """From a DOE with its gradients to a surrogate discipline, whose derivatives GEMSEO checks."""
    from gemseo.algos.design_space import DesignSpace
    from gemseo.algos.doe.factory import DOELibraryFactory
    from gemseo.algos.optimization_problem import OptimizationProblem
    from gemseo.core.mdo_functions.mdo_function import MDOFunction
    from gemseo.disciplines.surrogate import SurrogateDiscipline

    space = DesignSpace()
    space.add_variable("x", size=2, lower_bound=[-1, 10], upper_bound=[1, 30])
    problem = OptimizationProblem(space)
    problem.objective = MDOFunction(
        lambda x: function(x[None])[0][0, 0], "f", jac=lambda x: function(x[None])[1][0, 0]
    )
    DOELibraryFactory().execute(problem, algo_name="LHS", n_samples=14, seed=3, eval_jac=True)
    data = problem.to_dataset(opt_naming=False, export_gradients=True)
    discipline = SurrogateDiscipline("JetMLPRegressor", data)
    point = {"x": np.array([0.2, 18.0])}
    value, slope = function(point["x"][None])
    assert discipline.execute(point)["f"] == pytest.approx(value[0, 0], abs=0.01)
    assert discipline.linearize(point, compute_all_jacobians=True)["f"]["x"][0] == pytest.approx(
        slope[0, 0], abs=0.02
    )
    assert discipline.check_jacobian(input_data=point, threshold=1e-4, step=1e-6)


def _columns_of_another_number() -> Any:  # noqa: ANN401  of GEMSEO
    data = dataset(5, [])
    data.add_variable("@f0", np.zeros((5, 3)), group_name="gradients")
    return learned(data)


WRONG = {
    "gradients of another shape": (_columns_of_another_number, "gradients: expected 2 columns of '@f0'"),
    "a transformer of one variable": (
        lambda: learned(dataset(5, [0]), transformer={"u": "MinMaxScaler"}),
        "transformer: expected those of the groups",
    ),
    "some inputs": (lambda: learned(dataset(5, [0]), input_names=["u"]), "input_names: expected all inputs"),
    "fit of a model": (
        lambda: learned(dataset(5, []), fit=jetmlp.Surrogate().fit),
        "fit: expected a function",
    ),
    "fit of nothing": (lambda: learned(dataset(5, []), fit=lambda *_: None), "fit: .* got NoneType"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_named(case: str) -> None:
    call, message = WRONG[case]
    with pytest.raises((TypeError, ValueError), match=message):
        call()
