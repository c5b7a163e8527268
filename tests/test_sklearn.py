"""`jetmlp.sklearn.SobolevRegressor`: what it fits, predicts and refuses. Derivatives and folds have files of
their own, and so have scikit-learn's checks."""

from __future__ import annotations

import pickle
import subprocess
import sys
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import r2_score

import jetmlp
from jetmlp.sklearn import SobolevRegressor
from jetmlp.sklearn.solvers import SOLVERS
from surrogate_samples import pair, points, wave

Array = NDArray[np.float64]
X = points(14)
Y, J = pair(X)
NETWORKS = [*SOLVERS, jetmlp.LBFGS(), jetmlp.Adam(learning_rate=1e-2)]


def of_networks(solver: object = "levenberg_marquardt", **settings: object) -> SobolevRegressor:
    return SobolevRegressor(solver, **{"hidden_layer_sizes": (6,), "max_iter": 20, **settings})


@pytest.fixture(scope="module")
def fitted() -> SobolevRegressor:
    return SobolevRegressor().fit(X, Y, J)


def test_the_default_is_the_surrogate(fitted: SobolevRegressor) -> None:
    """The same, but for the order of the samples, which it has the row of."""
    surrogate = jetmlp.Surrogate().fit(X[fitted.rows_], Y[fitted.rows_], J[fitted.rows_])
    new = points(9, seed=5)
    mean, deviation = fitted.predict(new, return_std=True)
    np.testing.assert_array_equal(mean, surrogate.predict(new))
    np.testing.assert_array_equal(deviation, surrogate.predict(new, return_std=True)[1])
    slope, of_slope = fitted.predict_jacobian(new, return_std=True)
    np.testing.assert_array_equal(slope, surrogate.jacobian(new))
    np.testing.assert_array_equal(of_slope, surrogate.jacobian(new, return_std=True)[1])
    np.testing.assert_array_equal(fitted.predict(new), mean)
    np.testing.assert_array_equal(fitted.predict_jacobian(new), slope)
    assert mean.shape == deviation.shape == (9, 2)
    assert slope.shape == of_slope.shape == (9, 2, 2)
    assert np.abs(slope - pair(new)[1]).max() < 0.1
    assert (fitted.n_features_in_, fitted.n_outputs_, fitted.history_) == (2, 2, None)
    assert fitted.n_iter_ > 1
    assert sorted(fitted.rows_) == list(range(14))


@pytest.mark.parametrize("solver", NETWORKS, ids=str)
def test_solvers_of_a_network(solver: object) -> None:
    """Each is the optimizer of its name, for the epochs asked for."""
    regressor = of_networks(solver).fit(X, Y, J)
    assert regressor.model_.layer_sizes == (2, 6, 2)
    assert regressor.model_.dtype == np.float64
    assert 1 <= regressor.n_iter_ == regressor.history_.n_epochs <= 20
    expected = solver if isinstance(solver, str) else type(solver).__name__
    names = {"auto": "levenberg_marquardt", "evidence": "levenberg_marquardt"}
    used = regressor.history_.optimizer.lower()
    assert used == names.get(expected, expected).replace("_", "").lower()
    assert regressor.predict(X).shape == (14, 2)


def test_epochs_of_the_defaults_suffice() -> None:
    """A plain fit of every solver explains values and slopes."""
    for solver in SOLVERS:
        assert SobolevRegressor(solver).fit(X, Y, J).score(X, Y, J) > 0.99, solver


@pytest.mark.parametrize("target", [1, 2])
@pytest.mark.parametrize("given", [False, True], ids=["values", "values and slopes"])
def test_shapes_are_those_of_y(target: int, given: bool) -> None:
    y, slopes = (Y[:, 0], J[:, 0]) if target == 1 else (Y, J)
    regressor = of_networks().fit(X, y, slopes if given else None)
    assert regressor.predict(X).shape == y.shape
    assert regressor.predict_jacobian(X).shape == slopes.shape
    column = of_networks().fit(X, Y[:, :1], J[:, :1])
    assert column.predict(X).shape == (14, 1)
    assert column.predict_jacobian(X).shape == (14, 1, 2)


def test_one_input() -> None:
    x = np.linspace(-1, 1, 9)[:, np.newaxis]
    y = np.sin(2 * x[:, 0])
    for slopes in (2 * np.cos(2 * x), 2 * np.cos(2 * x[:, 0])):
        regressor = of_networks().fit(x, y, slopes)
        assert regressor.score(x, y, slopes.reshape(9, 1)) > 0.98
        assert regressor.predict_jacobian(x).shape == (9, 1)


# ---- Score ----


def test_the_score_is_r2_and_with_slopes_its_mean_with_what_they_explain() -> None:
    regressor = of_networks(max_iter=3).fit(X, Y, J)
    new = points(40, seed=7)
    true, slopes = pair(new)
    weight = np.linspace(0.0, 2.0, 40)
    for given in (None, weight):
        of_values = r2_score(true, regressor.predict(new), sample_weight=given)
        assert regressor.score(new, true, sample_weight=given) == pytest.approx(of_values, rel=1e-14)
        ones = np.ones(40) if given is None else given
        explained = []
        for o in range(2):
            errors = sizes = 0.0
            for k in range(2):
                unit = np.var(X[:, k])
                errors += unit * np.sum(
                    ones * (regressor.predict_jacobian(new)[:, o, k] - slopes[:, o, k]) ** 2
                )
                sizes += unit * np.sum(ones * slopes[:, o, k] ** 2)
            explained.append(1 - errors / sizes)
        expected = 0.5 * (of_values + np.mean(explained))
        assert regressor.score(new, true, slopes, given) == pytest.approx(expected, rel=1e-12)
    missing = slopes.copy()
    missing[weight < 1.0] = np.nan
    kept = weight >= 1.0
    of_all, of_kept = (r2_score(true[rows], regressor.predict(new[rows])) for rows in (slice(None), kept))
    assert 2 * regressor.score(new, true, missing) - of_all == pytest.approx(
        2 * regressor.score(new[kept], true[kept], slopes[kept]) - of_kept, rel=1e-12
    )


def test_the_score_knows_no_units() -> None:
    units, size = np.array([1e3, 1e-4]), 1e5
    plain = of_networks().fit(X, Y, J)
    other = of_networks().fit(X * units, Y * size, J * size / units)
    assert other.score(X * units, Y * size, J * size / units) == pytest.approx(plain.score(X, Y, J), abs=1e-6)


# ---- Weights ----


@pytest.mark.parametrize(
    "regressor", [SobolevRegressor(), of_networks("lbfgs", l2=1e-3, max_iter=200)], ids=str
)
def test_weights_are_repeated_rows_in_any_order(
    regressor: SobolevRegressor, rng: np.random.Generator
) -> None:
    """To the last bit, with slopes some of which were not measured; what weighs 0 is not looked at."""
    weight = rng.integers(0, 4, len(X))
    y, slopes = Y[:, 0].copy(), np.where(rng.random((14, 2)) < 0.3, np.nan, J[:, 0])
    y[weight == 0], slopes[weight == 0] = 1e6, -1e6
    once = regressor.fit(X, y, slopes, sample_weight=weight).predict_jacobian(X)
    rows = rng.permutation(np.repeat(np.arange(14), weight))
    again = clone(regressor).fit(X[rows], y[rows], slopes[rows])
    np.testing.assert_array_equal(again.predict_jacobian(X), once)
    np.testing.assert_array_equal(X[rows][again.rows_], X[regressor.rows_])
    assert len(again.rows_) == np.count_nonzero(weight)


def test_equal_weights_are_none() -> None:
    plain = of_networks("lbfgs").fit(X, Y, J).predict(X)
    equal = of_networks("lbfgs").fit(X, Y, J, sample_weight=np.full(14, 3.0)).predict(X)
    np.testing.assert_array_equal(plain, equal)


def test_weights_matter() -> None:
    weight = np.where(np.arange(14) < 7, 1.0, 100.0)
    small = {"hidden_layer_sizes": (1,), "max_iter": 50}
    plain, weighed = (
        of_networks(**small).fit(X, Y[:, 0], sample_weight=w).predict(X) - Y[:, 0] for w in (None, weight)
    )
    assert np.mean(weighed[7:] ** 2) < np.mean(plain[7:] ** 2)


# ---- Parameters ----


def test_random_state() -> None:
    def predicted(random_state: object) -> Array:
        return np.asarray(of_networks(max_iter=2, random_state=random_state).fit(X, Y).predict(X))

    np.testing.assert_array_equal(predicted(7), predicted(np.int64(7)))
    np.testing.assert_array_equal(predicted(np.random.RandomState(3)), predicted(np.random.RandomState(3)))
    assert (predicted(7) != predicted(8)).all()
    assert (predicted(None) != predicted(None)).all()
    model = jetmlp.MLP([2, 6, 2], seed=7)
    jetmlp.Trainer(model, jetmlp.LevenbergMarquardt(), seed=7).fit(X, Y, epochs=2)
    np.testing.assert_allclose(predicted(7), model.predict(X), rtol=1e-9)


def test_nothing_is_checked_before_fit_and_a_refused_fit_changes_nothing() -> None:
    regressor = of_networks().fit(X, Y, J)
    before = regressor.predict(X)
    regressor.set_params(solver="newton", l2=-1)
    with pytest.raises(ValueError, match="solver: expected one of"):
        regressor.fit(X[:, :1], Y)
    regressor.set_params(solver="lbfgs", l2=0.0)
    with pytest.raises(ValueError, match=r"dydx: expected shape"):
        regressor.fit(pd.DataFrame(X[:, :1], columns=["x"]), Y, J)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match="do not seem to belong"):
            regressor.fit(X, Y, -J)
    np.testing.assert_array_equal(regressor.predict(X), before)
    assert (regressor.n_features_in_, hasattr(regressor, "feature_names_in_")) == (2, False)


@pytest.mark.parametrize(
    ("settings", "kind", "text"),
    [
        ({"solver": "LBFGS"}, ValueError, "solver: expected one of 'surrogate', .* did you mean 'lbfgs'"),
        ({"solver": 3}, TypeError, r"solver: .* or an optimizer such as jetmlp.Adam\(\), got 3"),
        ({"solver": jetmlp.Adam}, TypeError, "solver: expected"),
        ({"hidden_layer_sizes": (0,)}, ValueError, "hidden_layer_sizes: expected an integer of at least 1"),
        ({"hidden_layer_sizes": "wide"}, TypeError, "hidden_layer_sizes: expected an integer"),
        ({"activation": "step"}, ValueError, "activation: expected one of"),
        ({"derivative_weight": -1.0}, ValueError, "derivative_weight: expected"),
        ({"l2": np.nan}, ValueError, "l2: expected"),
        ({"batch_size": 8}, ValueError, "batch_size: expected None for LevenbergMarquardt"),
        ({"max_iter": 0}, ValueError, "max_iter: expected an integer of at least 1"),
        ({"dtype": "float16"}, ValueError, "dtype: expected 'float32' or 'float64'"),
        ({"seconds": 1.0}, ValueError, "seconds: expected None with solver='levenberg_marquardt'"),
        ({"check": "yes"}, TypeError, "check: expected True or False"),
        ({"n_threads": 0}, ValueError, "n_threads: expected"),
        ({"random_state": "x"}, ValueError, "cannot be used to seed"),
        (
            {"solver": "surrogate"},
            ValueError,
            "hidden_layer_sizes: expected .32, 32. with .*finds its networks",
        ),
        ({"solver": "surrogate", "hidden_layer_sizes": (32, 32)}, ValueError, "max_iter: expected None"),
    ],
)
def test_settings_are_refused_by_name(settings: dict[str, Any], kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text):
        of_networks(**settings).fit(X, Y)


@pytest.mark.parametrize(
    ("arrays", "text"),
    [
        ({"dydx": J.transpose(0, 2, 1)[:, :1]}, r"dydx: expected shape \(14, 2, 2\)"),
        ({"dydx": J.reshape(14, 4)}, r"dydx: .*dydx.reshape\(14, 2, 2\)"),
        ({"dydx": J[:7]}, "dydx: expected shape"),
        ({"dydx": np.where(J > 1, np.inf, J)}, "dydx: expected finite numbers or NaN"),
        ({"dydx": np.full_like(J, np.nan)}, "dydx: expected at least one derivative"),
        ({"sample_weight": np.zeros(14)}, "sample_weight: expected at least one weight above zero"),
        ({"sample_weight": -np.ones(14)}, "sample_weight: expected weights of at least 0"),
        ({"y": np.where(Y > 1, np.nan, Y)}, "Input y contains NaN"),
    ],
)
def test_arrays_are_refused_by_name(arrays: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        of_networks().fit(**{"X": X, "y": Y, **arrays})


def test_error_bars_are_those_of_a_surrogate() -> None:
    regressor = of_networks().fit(X, Y)
    for method in (regressor.predict, regressor.predict_jacobian):
        with pytest.raises(ValueError, match="return_std: expected False with solver='levenberg_marquardt'"):
            method(X, return_std=True)
    for call in (regressor.predict, regressor.predict_jacobian, lambda X: regressor.score(X, Y)):
        with pytest.raises(ValueError, match="expecting 2 features"):
            call(X[:, :1])


def test_unfitted() -> None:
    for call in (
        of_networks().predict,
        of_networks().predict_jacobian,
        lambda X: of_networks().score(X, Y, J),
    ):
        with pytest.raises(NotFittedError):
            call(X)


def test_names_of_inputs() -> None:
    frame = pd.DataFrame(X, columns=["b", "a"])
    regressor = of_networks().fit(frame, Y)
    assert list(regressor.feature_names_in_) == ["b", "a"]
    with pytest.raises(ValueError, match="feature names should match"):
        regressor.predict_jacobian(frame[["a", "b"]])


def test_copies(fitted: SobolevRegressor) -> None:
    for regressor in (fitted, of_networks(jetmlp.Adam(1e-2), activation="silu").fit(X, Y, J)):
        again = pickle.loads(pickle.dumps(regressor))
        np.testing.assert_array_equal(again.predict_jacobian(X), regressor.predict_jacobian(X))
        fresh = clone(regressor)
        assert repr(fresh.get_params()) == repr(regressor.get_params())
        assert not hasattr(fresh, "model_")


def test_beyond_a_fit_by_evidence() -> None:
    many = points(1700)
    y, slopes = wave(many)
    regressor = SobolevRegressor(seconds=0.5).fit(many, y[:, 0], slopes[:, 0])
    assert regressor.n_iter_ >= 1
    assert regressor.predict(many[:3]).shape == (3,)


# ---- An optional dependency ----


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)


def test_jetmlp_does_not_import_it() -> None:
    done = run("import sys, jetmlp; assert 'sklearn' not in sys.modules; jetmlp.sklearn.SobolevRegressor()")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("version", [None, "1.5.2"])
def test_without_it_the_error_says_where_it_is(version: str | None) -> None:
    fake = "None" if version is None else f"types.SimpleNamespace(__version__={version!r})"
    done = run(f"import sys, types; sys.modules['sklearn'] = {fake}; import jetmlp.sklearn")
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last == (
        "ImportError: jetmlp.sklearn: expected scikit-learn 1.6 or later, which 'pip install "
        f'"jetmlp[sklearn]"\' brings; got {version or "none"}'
    )
