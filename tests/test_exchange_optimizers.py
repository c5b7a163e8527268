"""CasADi and OMLT read the files of ONNX; needs the extra `exchange`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

import jetmlp
from exchange_models import ACTIVATIONS, errors, in_units, points

pytestmark = pytest.mark.exchange


def _of_casadi(path: Path, d: int) -> Any:  # noqa: ANN401  a function of CasADi
    """Value, Jacobian and the Hessian of each output, as functions of d inputs."""
    import casadi

    builder = casadi.GraphBuilder(str(path))
    builder.bind_dim("N", 1)
    network = builder.create("network", {"symbolic": True})
    x = casadi.MX.sym("x", d)
    y = network(x.T).T
    hessians = [casadi.hessian(y[o], x)[0] for o in range(y.numel())]
    return casadi.Function("of", [x], [y, casadi.jacobian(y, x), *hessians])


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_casadi_has_value_jacobian_and_hessian(
    activation: str, tmp_path: Path, rng: np.random.Generator
) -> None:
    for sizes, output, ratio in (
        ((3, 7, 5, 2), "identity", 1e4),
        ((1, 6, 1), "softplus", 1e6),
        ((2, 2), "gelu", 0),
    ):
        model = in_units(jetmlp.MLP(sizes, activation, output, seed=1), ratio)
        jetmlp.export.onnx(model, tmp_path / "m.onnx")
        function, d, m = _of_casadi(tmp_path / "m.onnx", sizes[0]), sizes[0], sizes[-1]
        X = points(model, rng, 5)
        if activation != "relu":  # whose slope at 0 is a matter of opinion
            X[0] = model.normalization.x_mean
        found = [[np.array(part) for part in function(x)] for x in X]
        Y, J = (np.array([row[k] for row in found]) for k in (0, 1))
        assert max(errors(model, X, Y[:, :, 0], J)) < 1e-12
        H, units = model.hessian(X), model.normalization.hessian_units()
        off = np.abs(np.array([row[2:] for row in found]).reshape(5, m, d, d) - H) / np.abs(units)
        assert off.max() <= 1e-12 * np.abs(H / units).max()


def test_casadi_takes_sums_of_networks(tmp_path: Path, rng: np.random.Generator) -> None:
    staged = in_units(jetmlp.StagedMLP([[2, 6, 2], [2, 9, 4, 2]], "silu"), 1e4)
    jetmlp.export.onnx(staged, tmp_path / "m.onnx")
    function, X = _of_casadi(tmp_path / "m.onnx", 2), points(staged, rng, 4)
    found = [[np.array(part) for part in function(x)] for x in X]
    assert (
        max(
            errors(
                staged,
                X,
                *(
                    np.array([row[k] for row in found]).reshape(4, 2, *shape)
                    for k, shape in ((0, ()), (1, (2,)))
                ),
            )
        )
        < 1e-12
    )


def _in_omlt(path: Path, bounds: dict[int, tuple[float, float]], formulation: str) -> Any:  # noqa: ANN401  a model
    """A model of Pyomo with the network as its block `network`."""
    import omlt
    import pyomo.environ as pyo
    from omlt import neuralnet
    from omlt.io import load_onnx_neural_network

    network = load_onnx_neural_network(onnx.load(path), input_bounds=bounds)
    model = pyo.ConcreteModel()
    model.network = omlt.OmltBlock()
    model.network.build_formulation(getattr(neuralnet, formulation)(network))
    return model


@pytest.mark.parametrize("members", [1, 2])
@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "softplus", "identity"])
def test_omlt_has_the_value(activation: str, members: int, tmp_path: Path, rng: np.random.Generator) -> None:
    import pyomo.environ as pyo

    models = [in_units(jetmlp.MLP([2, 6, 5, 2], activation, seed=k), 1e4) for k in range(members)]
    # The second output, too, is to show its digits.
    for model in models:
        units = model.normalization
        model.normalization = jetmlp.Normalization(units.x_mean, units.x_scale, [0, 0], units.y_scale)
    jetmlp.export.onnx(models, tmp_path / "m.onnx", chain=True)
    units = models[0].normalization
    low, high = sorted_rows(units.x_mean - 4 * units.x_scale, units.x_mean + 4 * units.x_scale)
    omlt = _in_omlt(
        tmp_path / "m.onnx", {i: (low[i], high[i]) for i in range(2)}, "ReducedSpaceSmoothNNFormulation"
    )
    block = omlt.network
    X = np.clip(points(models[0], rng, 5), low, high)
    found = np.empty((5, 2))
    for row, x in enumerate(X):
        for i in range(2):
            block.inputs[i].set_value(x[i])
            block.scaled_inputs[i].set_value(x[i])
            block.outputs[i].set_value(0)
            block.scaled_outputs[i].set_value(0)
        # With outputs of 0 what is left of their equations are the network's.
        found[row] = [abs(pyo.value(constraint.body)) for constraint in equations(block, "output_assignment")]
    expected = np.mean([model.predict(X) for model in models], axis=0)
    np.testing.assert_allclose(
        found, np.abs(expected), rtol=0, atol=1e-12 * np.abs(expected).max(axis=0).min()
    )


def sorted_rows(*rows: Any) -> Any:  # noqa: ANN401  arrays
    """Least and largest of each column, as a scale may be negative."""
    return np.sort(rows, axis=0)


def equations(block: Any, name: str) -> list[Any]:  # noqa: ANN401  of Pyomo
    """The constraints of a block that stand in a part of this name."""
    import pyomo.environ as pyo

    return [c for c in block.component_data_objects(pyo.Constraint, descend_into=True) if name in c.name]


def test_ipopt_finds_the_least_value_of_a_network(tmp_path: Path) -> None:
    import casadi
    import pyomo.environ as pyo
    from pyomo.repn.plugins.nl_writer import NLWriter

    X = np.random.default_rng(0).uniform(-1, 1, (30, 2))
    y = (X[:, 0] - 0.3) ** 2 + (X[:, 1] + 0.2) ** 2
    network = jetmlp.MLP([2, 8, 1], seed=0)
    jetmlp.Trainer(network, jetmlp.LevenbergMarquardt()).fit(X, y, 2 * (X - [0.3, -0.2]), epochs=100)
    jetmlp.export.onnx(network, tmp_path / "m.onnx")
    model = _in_omlt(tmp_path / "m.onnx", {0: (-1, 1), 1: (-1, 1)}, "FullSpaceSmoothNNFormulation")
    model.least = pyo.Objective(expr=model.network.outputs[0])
    model.sum = pyo.Constraint(expr=model.network.inputs[0] + model.network.inputs[1] <= -0.2)
    with (tmp_path / "m.nl").open("w") as file:
        variables = NLWriter().write(model, file, linear_presolve=False).variables
    problem = casadi.NlpBuilder()
    problem.import_nl(str(tmp_path / "m.nl"))
    functions = {"x": casadi.vertcat(*problem.x), "f": problem.f, "g": casadi.vertcat(*problem.g)}
    solver = casadi.nlpsol(
        "solver", "ipopt", functions, {"ipopt.print_level": 0, "print_time": False, "ipopt.tol": 1e-10}
    )
    solution = solver(lbx=problem.x_lb, ubx=problem.x_ub, lbg=problem.g_lb, ubg=problem.g_ub)
    assert solver.stats()["return_status"] == "Solve_Succeeded"
    values = {
        variable.name: float(value)
        for variable, value in zip(variables, solution["x"].full().ravel(), strict=True)
    }
    found = np.array([values["network.inputs[0]"], values["network.inputs[1]"]])
    # On x + y = −0.2 the least of the parabola lies at (0.15, −0.35).
    np.testing.assert_allclose(found, [0.15, -0.35], atol=0.01)
    np.testing.assert_allclose(values["network.outputs[0]"], network.predict([found])[0, 0], atol=1e-9)
    [[slope]] = network.jacobian([found])
    assert abs(slope[0] - slope[1]) < 1e-7  # along the border nothing is left to gain
