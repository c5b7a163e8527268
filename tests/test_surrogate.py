"""Surrogates: all that users give them, and what must be true of every answer."""

from __future__ import annotations

import os
import signal
import threading
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import jetmlp
from jetmlp.surrogate.fit import CandidateFit
from surrogate_samples import pair, points, wave

Array = NDArray[np.float64]
X = points(12)
Y, D = wave(X)
Y2, D2 = pair(X)
PLACES = points(40, seed=5)


def unchecked(**settings: Any) -> jetmlp.Surrogate:  # noqa: ANN401
    return jetmlp.Surrogate(check=False, **settings)


def answers(surrogate: jetmlp.Surrogate, places: Array) -> dict[str, Array]:
    """Everything that a surrogate says of some places."""
    mean, deviation = surrogate.predict(places, return_std=True)
    slopes, of_slopes = surrogate.jacobian(places, return_std=True)
    values, bends = surrogate.sample_posterior(places, 3, return_jacobian=True)
    return {
        "mean": mean,
        "deviation": deviation,
        "slopes": slopes,
        "deviation of slopes": of_slopes,
        "second derivatives": surrogate.hessian(places),
        "drawn values": values,
        "drawn slopes": bends,
        "sensitivities": surrogate.sensitivities(),
        "suggestions": surrogate.suggest([[-1, 1]] * places.shape[1], 2),
    }


def same(one: jetmlp.Surrogate, other: jetmlp.Surrogate, places: Array = PLACES) -> bool:
    pairs = zip(answers(one, places).values(), answers(other, places).values(), strict=True)
    return all(mine.tobytes() == its.tobytes() for mine, its in pairs)


# ---- What is given ----


def with_nan(array: Array, *places: Any) -> Array:  # noqa: ANN401
    array = array.copy()
    for place in places:
        array[place] = np.nan
    return array


BENDS = np.zeros((12, 1, 2, 2))
BENDS[:, 0, 0, 0] = -4 * np.sin(2 * X[:, 0])
BENDS[:, 0, 0, 1] = BENDS[:, 0, 1, 0] = 1.0
ALONG = np.random.default_rng(0).normal(size=(12, 1, 2))
DIRECTIONAL = np.einsum("nod,nkd->nok", D, ALONG)
FLAT = np.column_stack([X[:, 0], np.full(12, 0.7)])
GIVEN: dict[str, Callable[[jetmlp.Surrogate], jetmlp.Surrogate]] = {
    "values and slopes": lambda s: s.fit(X, Y, D),
    "one output without its axis": lambda s: s.fit(X, Y[:, 0], D[:, 0]),
    "two outputs": lambda s: s.fit(X, Y2, D2),
    "float32": lambda s: s.fit(X.astype("f"), Y.astype("f"), D.astype("f")),
    "samples": lambda s: s.fit(jetmlp.Samples(X, Y, D)),
    "some slopes": lambda s: s.fit(X, Y, with_nan(D, np.s_[::2, 0, 1])),
    "slopes along one input": lambda s: s.fit(X, Y, with_nan(D, np.s_[:, 0, 1])),
    "some values": lambda s: s.fit(
        X, with_nan(Y2, np.s_[3:, 1], np.s_[:3, 0]), D2, allow_missing_values=True
    ),
    "values of one output": lambda s: s.fit(X, with_nan(Y2, np.s_[:, 1]), D2, allow_missing_values=True),
    "nothing of one output": lambda s: s.fit(
        X, with_nan(Y2, np.s_[:, 1]), with_nan(D2, np.s_[:, 1]), allow_missing_values=True
    ),
    "values alone": lambda s: s.fit(X, Y),
    "slopes alone": lambda s: s.fit(X, dYdX=D2),
    "directions": lambda s: s.fit(X, Y, directions=ALONG, dYdV=DIRECTIONAL),
    "directions alone": lambda s: s.fit(X, directions=ALONG, dYdV=DIRECTIONAL),
    "second derivatives": lambda s: s.fit(X, Y, D, d2YdX2=BENDS),
    "second derivatives alone": lambda s: s.fit(X, d2YdX2=BENDS),
    "values and second derivatives": lambda s: s.fit(X, Y, d2YdX2=BENDS),
    "one sample": lambda s: s.fit(X[:1], Y[:1], D[:1]),
    "one value": lambda s: s.fit(X[:1], Y[:1]),
    "one slope": lambda s: s.fit(X[:1], dYdX=D[:1]),
    "two samples": lambda s: s.fit(X[:2], Y[:2], D[:2]),
    "two values": lambda s: s.fit(X[:2], Y[:2]),
    "a constant": lambda s: s.fit(X, np.full(12, 5.0), np.zeros((12, 2))),
    "constant values": lambda s: s.fit(X, np.full(12, 5.0)),
    "zero": lambda s: s.fit(X, np.zeros(12), np.zeros((12, 2))),
    "one constant output": lambda s: s.fit(X, np.column_stack([Y, Y * 0 + 3]), np.concatenate([D, 0 * D], 1)),
    "an input that does not vary": lambda s: s.fit(FLAT, *wave(FLAT)),
    "values, an input that does not vary": lambda s: s.fit(FLAT, wave(FLAT)[0]),
    "one place": lambda s: s.fit(X[[0] * 5], Y[[0] * 5], D[[0] * 5]),
    "every sample twice": lambda s: s.fit(np.tile(X, (2, 1)), np.tile(Y, (2, 1)), np.tile(D, (2, 1, 1))),
    "samples that disagree": lambda s: s.fit(np.tile(X, (2, 1)), np.concatenate([Y, Y + 0.1])),
    "a plane": lambda s: s.fit(X, X @ [1.0, 2.0], np.tile([1.0, 2.0], (12, 1))),
    "a far offset": lambda s: s.fit(X, Y + 1e8, D),
    "one sample that counts": lambda s: s.fit(X, Y, D, sample_weight=np.eye(12)[0]),
    "weights far apart": lambda s: s.fit(X, Y, D, sample_weight=np.r_[np.full(6, 1e-12), np.ones(6)]),
    "a jump": lambda s: s.fit(X, np.sign(X[:, 0])),
    "nothing but noise": lambda s: s.fit(X, np.random.default_rng(1).normal(size=12)),
    "next to no time": lambda s: s.fit(X, Y, D, seconds=1e-9),
}


@pytest.mark.parametrize("fit", GIVEN.values(), ids=list(GIVEN))
def test_every_answer_is_a_number(fit: Callable[[jetmlp.Surrogate], jetmlp.Surrogate]) -> None:
    surrogate = fit(unchecked())
    for what, array in answers(surrogate, 3 * PLACES).items():
        assert np.isfinite(array).all(), what
    mean, deviation = surrogate.predict(PLACES, return_std=True)
    assert mean.shape == deviation.shape == (40, surrogate.sensitivities().shape[0])
    assert (deviation >= 0).all()
    assert np.allclose(surrogate.sensitivities().sum(axis=1), 1.0)
    assert "left out" in str(surrogate.summary())
    assert surrogate._repr_html_().startswith("<div")
    values, slopes = surrogate.left_out()
    assert values.shape[1] == slopes.shape[1] == mean.shape[1]


def test_one_input_may_be_flat() -> None:
    x = np.linspace(-1, 1, 9)
    surrogate = jetmlp.Surrogate().fit(x, np.sin(3 * x), 3 * np.cos(3 * x))
    other = jetmlp.Surrogate().fit(x[:, np.newaxis], np.sin(3 * x)[:, np.newaxis], 3 * np.cos(3 * x))
    assert surrogate.predict(x).tobytes() == other.predict(x[:, np.newaxis]).tobytes()
    assert np.abs(surrogate.predict(x)[:, 0] - np.sin(3 * x)).max() < 1e-2
    assert surrogate.suggest([-1, 1], 2).shape == (2, 1)


def test_data_frames() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": X[:, 0], "b": X[:, 1], "y": Y[:, 0], "ya": D[:, 0, 0], "yb": D[:, 0, 1]})
    surrogate = unchecked().fit(frame[["a", "b"]], frame["y"], frame[["ya", "yb"]])
    assert same(surrogate, unchecked().fit(X, Y, D))
    places = pandas.DataFrame(PLACES, columns=["a", "b"])
    assert surrogate.predict(places).tobytes() == surrogate.predict(PLACES).tobytes()


def test_samples_of_weight_0_are_not_there() -> None:
    X_more, weight = np.concatenate([X, PLACES[:3]]), np.r_[np.ones(12), np.zeros(3)]
    Y_more, D_more = np.concatenate([Y, Y[:3] + 9.0]), np.concatenate([D, D[:3] - 9.0])
    surrogate = unchecked().fit(X_more, Y_more, D_more, sample_weight=weight)
    plain = unchecked().fit(X, Y, D)
    assert surrogate.predict(PLACES).tobytes() == plain.predict(PLACES).tobytes()
    assert surrogate.left_out()[0].shape == (12, 1)


def test_a_weight_of_3_is_as_a_sample_three_times() -> None:
    # Two values at each place, 0.4 apart: three parts of one and one of the other are 0.1 above the middle.
    plane = X @ [1.0, 2.0]
    both = np.tile(X, (2, 1))
    values = np.concatenate([plane + 0.2, plane - 0.2])
    weighted = unchecked().fit(both, values, sample_weight=np.repeat([3.0, 1.0], 12))
    thrice = np.r_[np.arange(12), np.arange(12), np.arange(24)]
    repeated = unchecked().fit(both[thrice], values[thrice])
    inside = 0.7 * PLACES
    for surrogate in (weighted, repeated):
        assert np.abs(surrogate.predict(inside)[:, 0] - inside @ [1.0, 2.0] - 0.1).max() < 0.05


def test_slopes_alone_leave_the_mean_at_0() -> None:
    surrogate = unchecked().fit(X, dYdX=D2)
    values, deviation = surrogate.predict(X, return_std=True)
    assert np.abs(values.mean(axis=0)).max() < 1e-12
    truth, _ = pair(PLACES)
    apart = surrogate.predict(PLACES) - (truth - Y2.mean(axis=0))
    assert np.abs(apart).max() < 0.1
    # The constant that nobody can know is in no error bar.
    assert deviation.max() < 0.2


def test_slopes_that_do_not_belong_are_warned_of() -> None:
    with pytest.warns(UserWarning, match="dYdX: do not seem to belong to Y"):
        jetmlp.Surrogate().fit(X, Y, -D)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        jetmlp.Surrogate(check=False).fit(X, Y, -D)
        jetmlp.Surrogate().fit(X, Y, D)


# ---- The same in any units, by any number of threads ----


@settings(max_examples=8)
@given(x=st.integers(-40, 40), y=st.integers(-40, 40), turned=st.booleans())
def test_in_other_units_nothing_changes(x: int, y: int, turned: bool) -> None:
    """Units apart by powers of two, 2⁴⁰ ≈ 10¹², are not even a rounding apart."""
    units, size = 2.0**x, -(2.0**y) if turned else 2.0**y
    plain, scaled = unchecked().fit(X, Y, D), unchecked().fit(X * units, Y * size, D * (size / units))
    for name, unit in (("predict", size), ("jacobian", size / units)):
        mean, deviation = getattr(plain, name)(PLACES, return_std=True)
        other, its = getattr(scaled, name)(PLACES * units, return_std=True)
        assert np.array_equal(other, mean * unit)
        assert np.array_equal(its, deviation * abs(unit))


@pytest.mark.parametrize(("units", "size"), [(1e12, 1.0), (1.0, 1e12), (1e-12, 1e12), (3.7, -0.3)])
def test_what_units_round_stays_within_the_error_bars(units: float, size: float) -> None:
    # The fits then take other ways to the same place: apart by less than what is not known anyway.
    plain, scaled = unchecked().fit(X, Y, D), unchecked().fit(X * units, Y * size, D * (size / units))
    mean, deviation = plain.predict(PLACES, return_std=True)
    assert (np.abs(scaled.predict(PLACES * units) / size - mean) <= 2 * deviation).all()


def test_any_number_of_threads_gives_the_same_bytes() -> None:
    one, two, four = (unchecked(n_threads=n).fit(X, Y2, D2) for n in (1, 2, 4))
    assert same(one, two)
    assert same(one, four)


def test_seeds() -> None:
    assert same(unchecked(seed=4).fit(X, Y, D), unchecked(seed=4).fit(X, Y, D))
    assert not same(unchecked(seed=4).fit(X, Y, D), unchecked(seed=5).fit(X, Y, D))


# ---- Ends ----


def test_a_fit_forgets_the_one_before() -> None:
    surrogate = unchecked().fit(X, Y2, D2)
    assert same(surrogate.fit(X, Y, D), unchecked().fit(X, Y, D))


def test_seconds_end_the_search() -> None:
    places = points(150, d=4)
    start = time.perf_counter()
    limited = unchecked().fit(places, np.sin(places.sum(axis=1)), seconds=1e-3)
    # Not a speed: without a limit the search makes a hundred times as many steps.
    steps = sum(row.n_steps for row in limited.summary().candidates)
    taken = time.perf_counter() - start
    assert steps < 1000, taken
    assert np.isfinite(limited.predict(places)).all()


def test_ctrl_c_leaves_what_was_fitted(monkeypatch: pytest.MonkeyPatch) -> None:
    surrogate = unchecked().fit(X, Y, D)
    before = answers(surrogate, PLACES)
    places = points(400, d=6)
    begun = threading.Event()

    def interrupt() -> None:
        begun.wait()
        os.kill(os.getpid(), signal.SIGINT)

    # A tenth of what the whole search takes has been done when Ctrl-C comes.
    steps = 0
    run = CandidateFit.run

    def counted(fit: CandidateFit, n_steps: int) -> None:
        nonlocal steps
        run(fit, n_steps)
        steps += n_steps
        if steps >= 10:
            begun.set()

    monkeypatch.setattr(CandidateFit, "run", counted)
    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        surrogate.fit(places, np.sin(places @ np.arange(1.0, 7.0)))
    thread.join()
    for what, array in answers(surrogate, PLACES).items():
        assert array.tobytes() == before[what].tobytes()


# ---- What is refused ----


@pytest.mark.parametrize(
    "call",
    [
        lambda s: s.predict(X),
        lambda s: s.jacobian(X),
        lambda s: s.predict_with_jacobian(X),
        lambda s: s.hessian(X),
        lambda s: s.sample_posterior(X),
        lambda s: s.suggest([[0, 1]]),
        lambda s: s.update(X, Y),
        lambda s: s.left_out(),
        lambda s: s.sensitivities(),
        lambda s: s.summary(),
    ],
)
def test_before_a_fit(call: Callable[[jetmlp.Surrogate], Any]) -> None:
    with pytest.raises(RuntimeError, match=r"has not been fitted; call fit\(X, Y, dYdX\) first"):
        call(jetmlp.Surrogate())


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"seed": -1}, "seed: expected"),
        ({"seed": 0.5}, "seed: expected"),
        ({"seconds": 0}, "seconds: expected"),
        ({"seconds": "1"}, "seconds: expected"),
        ({"n_threads": 0}, "n_threads: expected"),
        ({"check": 1}, "check: expected"),
    ],
)
def test_settings_out_of_range(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        jetmlp.Surrogate(**wrong)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((X, Y[:-1]), "Y: expected"),
        ((X, Y, D[:, :, :1]), "dYdX: expected"),
        ((X,), "Y, dYdX: expected at least one"),
        ((with_nan(X, 0), Y), "X: "),
        ((X, with_nan(Y, 0)), "Y: .*allow_missing_values"),
        ((X[:0], Y[:0]), "X: expected at least one sample"),
        ((X, np.full_like(Y, np.inf)), "Y: "),
    ],
)
def test_samples_that_are_none(arguments: tuple[Array, ...], message: str) -> None:
    surrogate = unchecked().fit(X, Y, D)
    before = surrogate.predict(PLACES)
    with pytest.raises(ValueError, match=message):
        surrogate.fit(*arguments)
    assert surrogate.predict(PLACES).tobytes() == before.tobytes()


def test_places_of_another_shape() -> None:
    surrogate = unchecked().fit(X, Y, D)
    for name in ("predict", "jacobian", "hessian", "sample_posterior"):
        with pytest.raises(ValueError, match="X: expected"):
            getattr(surrogate, name)(np.zeros((3, 3)))
    with pytest.raises(TypeError, match="return_std: expected"):
        surrogate.predict(X, return_std="yes")


# ---- What it says ----


def test_summary_and_repr() -> None:
    surrogate = unchecked()
    assert repr(surrogate) == "Surrogate(not fitted)"
    assert surrogate._repr_html_() == "<div>Surrogate, not fitted</div>"
    surrogate.fit(X, Y, D)
    members = [row for row in surrogate.summary().candidates if row.weight]
    noun = "network" if len(members) == 1 else "networks"
    assert repr(surrogate) == f"Surrogate({len(members)} {noun}, 2 inputs, 1 output, 12 samples)"
    text = str(surrogate.summary())
    assert "chosen by evidence, nothing held out" in text
    tried = surrogate.summary().candidates
    assert text.count("\n") >= min(len(tried), 20)
    assert f"and {len(tried) - 20} more" in text  # of few samples more are tried than one wants to read
    assert f"and {len(tried) - 20} more" in surrogate._repr_html_()
    assert sum(row.weight for row in members) == pytest.approx(1.0)
