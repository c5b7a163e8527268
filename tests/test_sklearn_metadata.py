"""scikit-learn cuts derivatives with the rows, in every form, with metadata routing and without."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
from numpy.typing import ArrayLike, NDArray
from sklearn import config_context
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score, learning_curve
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import jetmlp
from jetmlp.sklearn import SobolevRegressor
from surrogate_samples import pair

Array = NDArray[np.float64]
N, M, D = 24, 2, 2
FORMS = ("(n, d)", "(n, m, d)", "DataFrame")


class Spy(SobolevRegressor):
    """Keeps what it was given, in every copy that scikit-learn makes."""

    fits: ClassVar[list[tuple[Any, ...]]] = []
    scores: ClassVar[list[tuple[Any, ...]]] = []

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        dydx: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> SobolevRegressor:
        self.fits.append((X, y, dydx, sample_weight))
        return super().fit(X, y, dydx, sample_weight)

    def score(
        self,
        X: ArrayLike,
        y: ArrayLike,
        dydx: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> float:
        self.scores.append((X, y, dydx, sample_weight))
        return super().score(X, y, dydx, sample_weight)


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    yield
    Spy.fits.clear()
    Spy.scores.clear()


def spy() -> Spy:
    return Spy("levenberg_marquardt", hidden_layer_sizes=(4,), max_iter=5, n_threads=1)


def data(form: str, rng: np.random.Generator) -> tuple[Any, Any, Any]:
    X = rng.uniform(-1, 1, (N, D))
    Y, J = pair(X)
    if form == "(n, m, d)":
        return X, Y, J
    if form == "(n, d)":
        return X, Y[:, 0], J[:, 0]
    columns = ["a", "b"]
    names = [f"d{f}_d{x}" for f in "fg" for x in columns]
    slopes = pd.DataFrame(J.reshape(N, -1), columns=names)
    return pd.DataFrame(X, columns=columns), pd.DataFrame(Y, columns=["f", "g"]), slopes[names[::-1]]


def expect_cut(call: tuple[Any, ...], form: str) -> int:
    """The derivatives are those of the rows that came with them; how many these are."""
    X, _, dydx, _ = call
    _, J = pair(np.asarray(X))
    n = len(X)
    if form == "DataFrame":
        assert isinstance(dydx, pd.DataFrame)
        assert dydx.shape == (n, M * D)
        np.testing.assert_array_equal(dydx.to_numpy()[:, ::-1], J.reshape(n, -1))
    else:
        expected = J if form == "(n, m, d)" else J[:, 0]
        assert type(dydx) is np.ndarray
        assert dydx.shape == ((n, M, D) if form == "(n, m, d)" else (n, D))
        np.testing.assert_array_equal(dydx, expected)
    return n


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("routing", [False, True], ids=["no routing", "routing"])
def test_derivatives_are_cut_with_the_rows(form: str, routing: bool, rng: np.random.Generator) -> None:
    X, y, slopes = data(form, rng)
    params = {"dydx": slopes}
    with config_context(enable_metadata_routing=routing):
        cross_val_score(spy(), X, y, params=params, cv=3, error_score="raise")
        assert [expect_cut(call, form) for call in Spy.fits] == [16, 16, 16]
        assert [len(call[0]) for call in Spy.scores] == [8, 8, 8]

        search = GridSearchCV(spy(), {"l2": [0.0, 1e-3]}, cv=2, error_score="raise").fit(X, y, dydx=slopes)
        assert [expect_cut(call, form) for call in Spy.fits[3:]] == [12] * 4 + [N]
        search.best_estimator_.predict_jacobian(X)

        learning_curve(spy(), X, y, params=params, cv=2, train_sizes=[6, 12], error_score="raise")
        assert sorted(expect_cut(call, form) for call in Spy.fits[8:]) == [6, 6, 12, 12]

        predicted = cross_val_predict(spy(), X, y, params=params, cv=3)
        assert [expect_cut(call, form) for call in Spy.fits[12:]] == [16, 16, 16]
    assert predicted.shape == ((N,) if form == "(n, d)" else (N, M))
    for call in Spy.scores:
        # Without routing scikit-learn has nobody to hand them to but `fit`.
        assert expect_cut(call, form) == len(call[0]) if routing else call[2] is None


def test_weights_are_cut_beside_them(rng: np.random.Generator) -> None:
    X, y, slopes = data("(n, m, d)", rng)
    weight = X[:, 0] + 2.0
    with config_context(enable_metadata_routing=True):
        asking = spy().set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        cross_val_score(
            asking, X, y, params={"dydx": slopes, "sample_weight": weight}, cv=3, error_score="raise"
        )
    for call in (*Spy.fits, *Spy.scores):
        expect_cut(call, "(n, m, d)")
        np.testing.assert_array_equal(call[3], np.asarray(call[0])[:, 0] + 2.0)


def test_a_pipeline_hands_them_on(rng: np.random.Generator) -> None:
    X, y, slopes = data("(n, d)", rng)
    with config_context(enable_metadata_routing=True):
        pipeline = make_pipeline(FunctionTransformer(), spy())
        cross_val_score(pipeline, X, y, params={"dydx": slopes}, cv=3, error_score="raise")
    assert [expect_cut(call, "(n, d)") for call in Spy.fits] == [16, 16, 16]
    assert [expect_cut(call, "(n, d)") for call in Spy.scores] == [8, 8, 8]


def test_a_request_can_be_taken_back(rng: np.random.Generator) -> None:
    X, y, slopes = data("(n, d)", rng)
    with config_context(enable_metadata_routing=True):
        silent = spy().set_score_request(dydx=False)
        cross_val_score(silent, X, y, params={"dydx": slopes}, cv=3, error_score="raise")
        assert clone(silent).get_metadata_routing().score.requests["dydx"] is False
    assert [call[2] for call in Spy.scores] == [None, None, None]


def test_slopes_help_across_folds(rng: np.random.Generator) -> None:
    """What all this is for: eight samples tell more with their slopes."""
    X, y, slopes = data("(n, d)", rng)
    regressor = SobolevRegressor(jetmlp.LevenbergMarquardt(), hidden_layer_sizes=(8,), max_iter=30, l2=1e-6)
    without = cross_val_score(regressor, X, y, cv=3).mean()
    assert cross_val_score(regressor, X, y, params={"dydx": slopes}, cv=3).mean() > max(without, 0.99)
