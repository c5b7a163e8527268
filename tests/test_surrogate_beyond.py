"""Surrogates of more numbers than a fit by evidence can hold: the same interface, by other means."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import jetmlp
from jetmlp.experiments import robot_arm, robot_arm_derivative
from jetmlp.surrogate import beyond
from jetmlp.surrogate.floor import with_floor
from jetmlp.surrogate.last_layer import last_features, last_gradients
from jetmlp.surrogate.posterior import gradients
from surrogate_samples import pair, points, wave

Array = NDArray[np.float64]
MANY = 1700  # 5100 numbers of two inputs
N = 210  # 630


def small(patch: pytest.MonkeyPatch, width: int = 8) -> None:
    """Few epochs of narrow networks: what is tested here does not need more."""
    patch.setattr(beyond, "EPOCHS", 25)
    patch.setattr(beyond, "NARROWEST", width)
    patch.setattr(beyond, "WIDEST", width)


@pytest.fixture(autouse=True)
def few_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    small(monkeypatch)
    # The limit itself is held by the surrogate of `MANY` samples.
    monkeypatch.setattr("jetmlp.surrogate.plenty.MOST_EQUATIONS", 600)


@pytest.fixture(scope="module")
def surrogate() -> jetmlp.Surrogate:
    with pytest.MonkeyPatch.context() as patch:
        small(patch)
        X = points(MANY)
        return jetmlp.Surrogate(check=False).fit(X, *wave(X))


def test_it_goes_on_by_itself_and_says_so(surrogate: jetmlp.Surrogate) -> None:
    text = str(surrogate.summary())
    assert "5100 numbers are beyond a fit by evidence; 3 networks fitted in" in text
    assert "170 samples held out to end the fits, weigh them and calibrate the error bars" in text
    assert [row.n_steps for row in surrogate.summary().candidates] == [25, 25, 25]
    few = jetmlp.Surrogate(check=False).fit(points(9), wave(points(9))[0])
    assert "chosen by evidence" in few.summary().remarks[0]


def test_errors_and_error_bars(surrogate: jetmlp.Surrogate) -> None:
    places = points(1000, seed=7)
    values, slopes = wave(places)
    for call, truth in ((surrogate.predict, values), (surrogate.jacobian, slopes)):
        mean, deviation = call(places, return_std=True)
        errors = np.abs(mean - truth)
        assert np.sqrt(np.mean(errors**2)) < 0.1 * truth.std()
        assert 0.5 < np.mean(errors < deviation) < 0.85
        assert np.mean(errors < 2 * deviation) > 0.85


def test_everything_that_other_surrogates_do(surrogate: jetmlp.Surrogate, tmp_path: Path) -> None:
    places = points(20, seed=7)
    mean, deviation = surrogate.predict(places, return_std=True)
    drawn, slopes = surrogate.sample_posterior(places, 4000, return_jacobian=True)
    assert np.allclose(drawn.mean(axis=0), mean, atol=0.2 * deviation.max())
    assert np.allclose(drawn.std(axis=0), deviation, rtol=0.15)
    assert np.allclose(slopes.std(axis=0), surrogate.jacobian(places, return_std=True)[1], rtol=0.15)
    assert surrogate.hessian(places).shape == (20, 1, 2, 2)
    suggested = surrogate.suggest([[-1, 1], [-1, 1]], 4)
    assert np.unique(suggested, axis=0).shape == (4, 2)
    values, of_slopes = surrogate.left_out()
    assert np.count_nonzero(~np.isnan(values)) == 170
    assert np.count_nonzero(~np.isnan(of_slopes)) == 340
    path = tmp_path / "surrogate.safetensors"
    surrogate.save(path)
    loaded = jetmlp.load(path)
    assert isinstance(loaded, jetmlp.Surrogate)
    for name in ("predict", "jacobian"):
        for one, other in zip(
            getattr(loaded, name)(places, return_std=True),
            getattr(surrogate, name)(places, return_std=True),
            strict=True,
        ):
            assert one.tobytes() == other.tobytes()
    content = path.read_bytes()
    loaded.save(path)
    assert path.read_bytes() == content
    assert str(loaded.summary()) == str(surrogate.summary())


def test_any_number_of_threads_gives_the_same_bytes() -> None:
    X = points(N)
    Y, D = wave(X)
    fits = [jetmlp.Surrogate(check=False, n_threads=n, seed=2).fit(X, Y, D) for n in (1, 3)]
    one, other = (fit.predict(X[:50], return_std=True) for fit in fits)
    assert one[0].tobytes() == other[0].tobytes()
    assert one[1].tobytes() == other[1].tobytes()


def test_an_update_goes_on_with_the_networks() -> None:
    X = points(N + 30)
    Y, D = wave(X)
    surrogate = jetmlp.Surrogate(check=False).fit(X[:N], Y[:N], D[:N])
    held = ~np.isnan(surrogate.left_out()[0][:, 0])
    before = np.sqrt(np.mean((surrogate.predict(X) - Y) ** 2))
    surrogate.update(X[N:], Y[N:], D[N:])
    after = ~np.isnan(surrogate.left_out()[0][:, 0])
    # What was held out stays so: no network has seen it.
    assert np.array_equal(after[:N], held)
    assert after[N:].sum() == 3
    assert np.sqrt(np.mean((surrogate.predict(X) - Y) ** 2)) < before


def test_an_update_that_goes_beyond_begins_anew() -> None:
    X = points(N)
    Y, D = wave(X)
    surrogate = jetmlp.Surrogate(check=False).fit(X[:12], Y[:12], D[:12])
    surrogate.update(X[12:], Y[12:], D[12:])
    anew = jetmlp.Surrogate(check=False).fit(X, Y, D)
    assert surrogate.predict(X).tobytes() == anew.predict(X).tobytes()


@pytest.mark.parametrize(
    "kind", ["values", "slopes", "directions", "some", "weights", "two outputs", "a constant", "no time"]
)
def test_every_answer_is_a_number(kind: str) -> None:
    X = points(700 if kind == "values" else 330)
    Y, D = pair(X) if kind == "two outputs" else wave(X)
    along = np.stack([X, 1.0 - X], axis=1)
    D_some = np.where(np.arange(len(X))[:, np.newaxis, np.newaxis] % 10 == 0, np.nan, D)
    Y_some = np.where(np.arange(len(X))[:, np.newaxis] % 20 == 0, Y, np.nan)
    surrogate = jetmlp.Surrogate(check=False, seconds=1e-3 if kind == "no time" else None)
    if kind == "values":
        surrogate.fit(X, Y)
    elif kind == "slopes":
        surrogate.fit(X, dYdX=D)
        assert np.abs(surrogate.predict(X).mean()) < 1e-9
    elif kind == "directions":
        surrogate.fit(X, Y, directions=along, dYdV=np.einsum("nod,nkd->nok", D, along))
    elif kind == "some":
        surrogate.fit(X, Y_some, D_some, allow_missing_values=True)
    elif kind == "weights":
        surrogate.fit(X, Y, D, sample_weight=np.arange(len(X)) % 3)
    elif kind == "a constant":
        surrogate.fit(X, 0 * Y + 2.0, 0 * D)
    else:
        surrogate.fit(X, Y, D)
    places = 2 * points(20, seed=3)
    for call in (surrogate.predict, surrogate.jacobian):
        for array in call(places, return_std=True):
            assert np.isfinite(array).all()
    assert np.isfinite(surrogate.sample_posterior(places, 3)).all()
    assert np.isfinite(surrogate.suggest([[-1, 1]] * 2, 2)).all()
    assert "beyond a fit by evidence" in str(surrogate.summary())


def test_one_sample_of_many_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jetmlp.surrogate.plenty.MOST_EQUATIONS", 50)
    d = 60
    slopes = np.cos(np.arange(d))
    surrogate = jetmlp.Surrogate(check=False).fit(np.zeros((1, d)), [1.0], slopes[np.newaxis])
    mean, deviation = surrogate.predict(np.zeros((1, d)), return_std=True)
    assert np.isfinite(mean).all()
    assert np.isfinite(deviation).all()


def test_the_robot_arm(monkeypatch: pytest.MonkeyPatch) -> None:
    """2000 samples of 8 inputs, 18,000 numbers, at few epochs."""
    small(monkeypatch, 64)
    high = np.tile([1.0, 2 * math.pi], 4)
    X = high * (points(2000, d=8) + 1.0) / 2.0
    places = high * (points(500, seed=4, d=8) + 1.0) / 2.0
    surrogate = jetmlp.Surrogate(check=False).fit(X, robot_arm(X), robot_arm_derivative(X))
    mean, deviation = surrogate.predict(places, return_std=True)
    errors = np.abs(mean[:, 0] - robot_arm(places))
    assert np.sqrt(np.mean(errors**2)) < 0.9 * robot_arm(places).std()
    assert 0.6 < np.mean(errors < deviation[:, 0]) < 0.8


# ---- The parts ----


def test_what_is_held_out_is_a_tenth_and_stays() -> None:
    mask = beyond.held_out(1000, 3)
    assert mask.sum() == 100
    assert (mask.reshape(100, 10).sum(axis=1) == 1).all()
    assert np.array_equal(beyond.held_out(1234, 3)[:1000], mask)
    assert all(beyond.held_out(n, 0).sum() >= 1 for n in range(1, 30))
    assert not np.array_equal(beyond.held_out(1000, 4), mask)


@pytest.mark.parametrize("m", [1, 3])
def test_gradients_by_the_last_layer_are_the_last_of_all(m: int) -> None:
    model = jetmlp.MLP([2, 5, 4, m], "silu", seed=1)
    inputs = points(6)
    for slopes in (False, True):
        everything = np.concatenate([block for _, block in gradients(model, inputs, slopes=slopes)])
        last = last_gradients(model, inputs, slopes=slopes)
        assert np.allclose(last, everything[..., -5 * m :], rtol=1e-12, atol=1e-14)
    features, bends = last_features(model, inputs)
    assert features.shape == (6, 5)
    assert bends.shape == (6, 5, 2)


def test_the_floor_of_errors_that_the_spread_does_not_know(rng: np.random.Generator) -> None:
    spread = np.exp(rng.normal(size=20000))
    errors = 2.0 * spread * rng.normal(size=20000)
    known = with_floor(errors, spread**2)
    assert known is not None
    assert known.factor == pytest.approx(2.0, rel=0.25)
    unknown = with_floor(3.0 * rng.normal(size=20000), spread**2)
    assert unknown is not None
    assert unknown.size == pytest.approx(3.0, rel=0.1)
    assert unknown.factor < 0.2
    assert with_floor(np.full(5, np.nan), np.ones(5)) is None
