"""Fitted models in OpenMDAO and SMT: the same numbers, exact derivatives, errors that name what is wrong."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import openmdao.api as om
import pytest
from smt.surrogate_models import GENN

import jetmlp
from jetmlp.adapters.openmdao import JetMLPComponent, JetMLPSurrogate
from jetmlp.adapters.smt import JetMLP

Array = np.ndarray[Any, np.dtype[np.float64]]

LOW, HIGH = np.array([-1.0, 1000.0]), np.array([1.0, 3000.0])


def function(X: Array) -> tuple[Array, Array]:
    """Two outputs of two inputs of other sizes, and their slopes."""
    u, v = X[:, 0], (X[:, 1] - 2000) / 1000
    Y = np.column_stack([np.sin(2 * u) * v**2, 50 + u**2 + v**2])
    first = np.column_stack([2 * np.cos(2 * u) * v**2, 2 * np.sin(2 * u) * v / 1000])
    second = np.column_stack([2 * u, 2 * v / 1000])
    return Y, np.stack([first, second], axis=1)


def samples(n: int, seed: int = 0) -> tuple[Array, Array, Array]:
    X = np.random.default_rng(seed).uniform(LOW, HIGH, (n, 2))
    return X, *function(X)


@pytest.fixture(scope="module")
def models() -> dict[str, Any]:
    data = samples(16)
    surrogate = jetmlp.Surrogate().fit(*data)
    network = jetmlp.MLP([2, 8, 2], output_activation="softplus", normalize=True, seed=1)
    jetmlp.Trainer(network, jetmlp.LBFGS()).fit(*data, epochs=10)
    staged = jetmlp.StagedMLP([[2, 6, 2], [2, 8, 2]])
    staged.fit(*data, epochs=10)
    return {
        "surrogate": surrogate,
        "network": network,
        "staged": staged,
        "ensemble": [surrogate, network, staged],
    }


def mean(model: Any, method: str, X: Array) -> Array:  # noqa: ANN401  of several kinds
    parts = model if isinstance(model, list) else [model]
    return np.mean([getattr(part, method)(X) for part in parts], axis=0)


def problem(component: om.ExplicitComponent) -> om.Problem:
    made = om.Problem(reports=False)
    made.model.add_subsystem("component", component, promotes=["*"])
    made.setup(force_alloc_complex=True)
    return made


def assert_exact(made: om.Problem) -> None:
    """What the component says of its partials is what central differences say of its values."""
    made.run_model()
    for method, tolerance in (("fd", 1e-6), ("cs", 1e-13)):
        form = {"form": "central", "step": 1e-4, "step_calc": "rel_element"} if method == "fd" else {}
        checked = made.check_partials(method=method, out_stream=None, **form)["component"]
        for entry in checked.values():
            error = np.abs(entry["J_fwd"] - entry["J_fd"]).max()
            assert error <= tolerance * max(np.abs(entry["J_fwd"]).max(), 1e-3)


# ---- OpenMDAO ----


@pytest.mark.parametrize("name", ["surrogate", "network", "staged", "ensemble"])
@pytest.mark.parametrize("n", [1, 3])
def test_a_component_is_the_model(models: dict[str, Any], name: str, n: int) -> None:
    model, (X, _, _) = models[name], samples(n, seed=1)
    made = problem(JetMLPComponent(model, vec_size=n))
    made.set_val("x1", X[:, 0])
    made.set_val("x2", X[:, 1])
    assert_exact(made)
    Y = np.column_stack([made.get_val("y1"), made.get_val("y2")])
    assert np.allclose(Y, mean(model, "predict", X), rtol=1e-12, atol=0)
    slopes = mean(model, "jacobian", X)
    totals = made.compute_totals(of=["y2"], wrt=["x1"])["y2", "x1"]
    assert np.allclose(totals, np.diag(slopes[:, 1, 0]), rtol=1e-12, atol=0)


def test_columns_are_one_variable_with_the_pattern_of_its_points(models: dict[str, Any]) -> None:
    X, _, _ = samples(3, seed=2)
    component = JetMLPComponent(models["surrogate"], inputs={"x": 2}, outputs=["f", "g"], vec_size=3)
    made = problem(component)
    made.set_val("x", X)
    assert_exact(made)
    assert made.get_val("f").shape == (3,)
    pattern = component._subjacs_info["component.f", "component.x"]
    assert pattern["rows"].tolist() == [0, 0, 1, 1, 2, 2]
    assert pattern["cols"].tolist() == [0, 1, 2, 3, 4, 5]


def test_names_are_the_surrogates_and_units_are_converted(models: dict[str, Any]) -> None:
    surrogate = jetmlp.Surrogate().fit([0.0, 0.5, 1.0, 1.5], np.sin([0.0, 0.5, 1.0, 1.5]))
    surrogate.input_names, surrogate.output_names = ["angle"], ["lift"]
    made = om.Problem(reports=False)
    made.model.add_subsystem("given", om.IndepVarComp("angle", 60.0, units="deg"), promotes=["*"])
    units = {"angle": "rad", "lift": "N"}
    made.model.add_subsystem("lift", JetMLPComponent(surrogate, units=units), promotes=["*"])
    made.setup()
    made.run_model()
    expected = surrogate.predict([np.pi / 3])[0, 0]
    assert made.get_val("lift", units="mN") == pytest.approx(1000 * expected, rel=1e-12)
    per_degree = made.compute_totals(of=["lift"], wrt=["angle"])["lift", "angle"].item()
    assert per_degree == pytest.approx(surrogate.jacobian([np.pi / 3])[0, 0] * np.pi / 180, rel=1e-12)


def test_slsqp_finds_the_least_value_of_the_function(models: dict[str, Any]) -> None:
    made = om.Problem(reports=False)
    names = {"inputs": ["u", "v"], "outputs": ["f", "g"]}
    made.model.add_subsystem("component", JetMLPComponent(models["surrogate"], **names), promotes=["*"])
    made.driver = om.ScipyOptimizeDriver(optimizer="SLSQP", tol=1e-9, disp=False)
    made.model.add_design_var("u", lower=-1, upper=1)
    made.model.add_design_var("v", lower=1000, upper=3000, ref0=2000, ref=3000)
    made.model.add_objective("g", ref=51, ref0=50)
    made.model.add_constraint("f", lower=0.25)
    made.setup()
    made.set_val("u", 0.5)
    made.set_val("v", 2800)
    result = made.run_driver()
    assert result.success
    # u² + v² where sin(2u) v² = 1/4: the derivative of u² + 1/(4 sin 2u) vanishes.
    u = np.linspace(0.3, 0.9, 600001)
    best = (u**2 + 0.25 / np.sin(2 * u)).argmin()
    assert made.get_val("g")[0] == pytest.approx(50 + u[best] ** 2 + 0.25 / np.sin(2 * u[best]), abs=1e-3)
    assert made.get_val("u")[0] == pytest.approx(u[best], abs=5e-3)


@pytest.mark.parametrize("n", [1, 3])
def test_a_metamodel_is_fitted_to_values(n: int) -> None:
    X, Y, _ = samples(25)
    metamodel = om.MetaModelUnStructuredComp(
        vec_size=n, default_surrogate=JetMLPSurrogate(_small, eval_rmse=False)
    )
    for k, name in enumerate("uv"):
        metamodel.add_input(name, np.full(n, X[0, k]), training_data=X[:, k])
    metamodel.add_output("fg", np.zeros((n, 2)) if n > 1 else np.zeros(2), training_data=Y)
    metamodel.add_output("g", np.zeros(n), training_data=Y[:, 1])
    made = om.Problem(reports=False)
    made.model.add_subsystem("component", metamodel, promotes=["*"])
    metamodel._no_check_partials = False  # OpenMDAO leaves out what it brings itself
    made.setup()
    made.run_model()
    [of_both, of_one] = [metamodel._metadata(name)["surrogate"].model for name in ("fg", "g")]
    assert (of_both.n_outputs, of_one.n_outputs) == (2, 1)  # each output has a model of its own
    assert np.allclose(made.get_val("fg").reshape(n, 2), of_both.predict(X[[0] * n]), rtol=1e-12)
    checked = made.check_partials(out_stream=None, form="central", step=1e-4, step_calc="rel_element")
    for entry in checked["component"].values():
        assert np.allclose(entry["J_fwd"], entry["J_fd"], rtol=1e-5, atol=1e-8)


def _small(X: Array, Y: Array, dYdX: Array | None) -> jetmlp.MLP:
    model = jetmlp.MLP([X.shape[1], 6, Y.shape[1]], normalize=True, seed=0)
    jetmlp.Trainer(model, jetmlp.LBFGS()).fit(X, Y, dYdX, epochs=20)
    return model


def test_a_surrogate_of_openmdao_has_error_bars() -> None:
    x = np.linspace(0, 2, 7)[:, np.newaxis]
    surrogate = JetMLPSurrogate(eval_rmse=True)
    assert surrogate.model is None
    surrogate.train(x, np.sin(x))
    value, deviation = surrogate.predict(np.array([0.3]))
    expected = surrogate.model.predict([0.3], return_std=True)
    assert (value, deviation) == (expected[0][0], expected[1][0])
    values, deviations = surrogate.predict(np.array([[0.3], [1.3]]))
    assert values.shape == deviations.shape == (2, 1)
    assert surrogate.linearize(np.array([0.3])) == surrogate.model.jacobian([0.3])[0]


# ---- SMT ----


def _trained(model: Any, slopes_along: list[int]) -> Any:  # noqa: ANN401  of SMT
    X, Y, dYdX = samples(16)
    model.options["print_global"] = False
    model.set_training_values(X, Y)
    for k in slopes_along:
        model.set_training_derivatives(X, dYdX[:, :, k], k)
    model.train()
    return model


def _errors(model: Any) -> Array:  # noqa: ANN401  of SMT
    """Root mean square errors over spreads: of both values, then of the slopes along each input."""
    X, Y, dYdX = samples(400, seed=3)
    errors = [(model.predict_values(X), Y)]
    errors += [(model.predict_derivatives(X, k), dYdX[:, :, k]) for k in range(2)]
    return np.array([np.sqrt(np.mean((got - true) ** 2, axis=0)) / true.std(axis=0) for got, true in errors])


@pytest.fixture(scope="module")
def along_first() -> JetMLP:
    return _trained(JetMLP(), [0])


def test_slopes_along_one_input_alone_are_worth_more_than_all_to_genn(along_first: JetMLP) -> None:
    genn = _trained(GENN(hidden_layer_sizes=[12, 12], num_iterations=300, seed=0), [0, 1])
    assert _errors(along_first).max() < 0.05
    assert (_errors(along_first) < 0.2 * _errors(genn)).all()


def test_slopes_may_be_at_points_of_their_own() -> None:
    (X, Y, dYdX), (more, _, slopes) = samples(12), samples(6, seed=4)
    seen: list[Any] = []

    def fit(*arrays: Any) -> jetmlp.MLP:  # noqa: ANN401
        seen.extend(arrays)
        return jetmlp.MLP([2, 2])

    model = JetMLP(fit, print_global=False)
    model.set_training_values(X, Y)
    at = np.concatenate([X[[7, 2]], more])
    model.set_training_derivatives(at, np.concatenate([dYdX[[7, 2], :, 1], slopes[:, :, 1]]), 1)
    model.train()
    points, values, derivatives = seen
    assert np.array_equal(points, np.concatenate([X, more]))
    assert np.array_equal(values[:12], Y)
    assert np.isnan(values[12:]).all()
    given = np.full((18, 2, 2), np.nan)
    given[[7, 2], :, 1], given[12:, :, 1] = dYdX[[7, 2], :, 1], slopes[:, :, 1]
    assert np.array_equal(derivatives, given, equal_nan=True)


def test_variances_are_squares_of_the_deviations(along_first: JetMLP) -> None:
    X, _, _ = samples(5, seed=5)
    _, deviations = along_first.model.predict(X, return_std=True)
    assert np.array_equal(along_first.predict_variances(X), deviations**2)


# ---- Errors ----


def _setup(models: dict[str, Any], **options: Any) -> None:  # noqa: ANN401
    problem(JetMLPComponent(**{"model": models["surrogate"], **options}))


_WRONG: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "no model": (lambda m: _setup(m, model="m.safetensors"), "model: expected an MLP, a StagedMLP"),
    "not fitted": (lambda m: _setup(m, model=jetmlp.Surrogate()), "has not been fitted"),
    "too few names": (lambda m: _setup(m, inputs=["u"]), r"inputs: expected 2 different names.*\['u'\]"),
    "same names": (lambda m: _setup(m, outputs=["u", "u"]), "outputs: expected 2 different names"),
    "one text": (lambda m: _setup(m, inputs="uv"), "inputs: expected 2 different names"),
    "widths": (lambda m: _setup(m, inputs={"x": 3}), "inputs: expected .* 2 columns in all"),
    "no width": (lambda m: _setup(m, inputs={"x": 2, "z": 0}), "inputs: expected .* at least 1 each"),
    "no name": (lambda m: _setup(m, inputs=["u", "v.w"]), r"inputs: expected names that OpenMDAO takes"),
    "unknown unit": (
        lambda m: _setup(m, units={"x1": "smoot"}),
        "units: expected units that OpenMDAO knows, got .smoot. for x1",
    ),
    "unit of nothing": (lambda m: _setup(m, units={"z": "m"}), "units: expected names among x1, x2, y1"),
    "units of no kind": (lambda m: _setup(m, units=["m"]), "units: expected a mapping"),
    "fit is a model": (lambda m: JetMLPSurrogate(m["surrogate"]), "fit: expected a function"),
    "fit of one model": (lambda m: JetMLP(m["surrogate"].fit), "fit: expected .* every fit would change"),
    "fit gives nothing": (lambda m: _train(lambda *_: None), "fit: expected .* got NoneType"),
    "fit of other shape": (
        lambda m: _train(lambda *_: jetmlp.MLP([3, 1])),
        "fit: .* 2 inputs and 2 outputs, got one of 3 and 1",
    ),
    "no error bars": (
        lambda m: _train(lambda *_: jetmlp.MLP([2, 2])).predict_variances(np.zeros((1, 2))),
        "model: expected one Surrogate, which has standard deviations, got MLP",
    ),
    "NaN": (lambda m: JetMLPSurrogate().train([[0.0], [1.0]], [[0.0], [np.nan]]), "Y: expected finite"),
    "no such input": (lambda m: _trained(JetMLP(_small), [2]), "kx|index 2"),
    "slopes of one output": (lambda m: _narrow_slopes(), "derivatives along input 0: expected xt of 2"),
    "derivative along": (
        lambda m: _train(_small).predict_derivatives(np.zeros((1, 2)), 2),
        "kx: expected an input from 0 to 1, got 2",
    ),
    "not trained": (lambda m: JetMLP()._predict_values(np.zeros((1, 2))), r"call train\(\) first"),
}


def _train(fit: Callable[..., Any]) -> Any:  # noqa: ANN401
    return _trained(JetMLP(fit), [])


def _narrow_slopes() -> None:
    X, Y, dYdX = samples(4)
    model = JetMLP(_small, print_global=False)
    model.set_training_values(X, Y)
    model.set_training_derivatives(X, dYdX[:, 0, 0], 0)
    model.train()


@pytest.mark.parametrize("case", _WRONG)
def test_what_is_wrong_is_named(models: dict[str, Any], case: str) -> None:
    call, message = _WRONG[case]
    with pytest.raises((TypeError, ValueError, RuntimeError, IndexError), match=message):
        call(models)


@pytest.mark.parametrize(
    ("adapter", "needs"),
    [("openmdao", "openmdao.core.explicitcomponent"), ("smt", "smt.surrogate_models.surrogate_model")],
)
def test_a_missing_package_has_its_cure(adapter: str, needs: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, needs, None)
    monkeypatch.delitem(sys.modules, f"jetmlp.adapters.{adapter}")
    cure = (
        rf'jetmlp.adapters.{adapter}: expected .* which .pip install "jetmlp\[{adapter}\]". brings; got none'
    )
    with pytest.raises(ImportError, match=cure):
        importlib.import_module(f"jetmlp.adapters.{adapter}")
