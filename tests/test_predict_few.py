"""A few rows go a short way through the core, with the bytes of the long one, whatever comes between."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import jetmlp

METHODS = ("predict", "jacobian", "predict_with_jacobian")


def _same(one: Any, other: Any) -> bool:  # noqa: ANN401  an array or two
    pairs = zip(one, other, strict=True) if isinstance(one, tuple) else [(one, other)]
    return all(
        a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes() and a.flags.writeable
        for a, b in pairs
    )


def _with_units(model: jetmlp.MLP, rng: np.random.Generator) -> jetmlp.MLP:
    d, m = model.n_inputs, model.n_outputs
    model.normalization = jetmlp.Normalization(
        rng.normal(size=d) * 1e3, rng.uniform(-2, 3, d) * 1e-3, rng.normal(size=m), rng.uniform(1, 9, m) * 1e5
    )
    return model


@given(
    seed=st.integers(0, 2**32 - 1),
    sizes=st.lists(st.integers(1, 9), min_size=2, max_size=4),
    n=st.integers(0, 300),
    activation=st.sampled_from(jetmlp.info()["activations"]),
    dtype=st.sampled_from(["float32", "float64"]),
    units=st.booleans(),
)
def test_both_ways_give_the_same_bytes(
    seed: int, sizes: list[int], n: int, activation: str, dtype: str, units: bool
) -> None:
    rng = np.random.default_rng(seed)
    model = jetmlp.MLP(sizes, activation, dtype=dtype, seed=seed)
    if units:
        _with_units(model, rng)
    X = rng.normal(size=(n, sizes[0])) * rng.choice([1e-3, 1.0, 1e3])
    for method in METHODS:
        # A number of threads is asked for, and is not what decides over bytes: the long way.
        assert _same(getattr(model, method)(X), getattr(model, method)(X, n_threads=1))
        one_by_one = [getattr(model, method)(X[i : i + 1]) for i in range(min(n, 3))]
        for i, one in enumerate(one_by_one):
            whole = getattr(model, method)(X)
            parts = (
                (whole[0][i : i + 1], whole[1][i : i + 1]) if isinstance(whole, tuple) else whole[i : i + 1]
            )
            assert _same(one, parts)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_whatever_is_no_plain_array_goes_the_long_way(dtype: str, rng: np.random.Generator) -> None:
    model = _with_units(jetmlp.MLP([3, 5, 2], dtype=dtype), rng)
    X = rng.normal(size=(4, 3))
    masked = np.ma.masked_array(X, mask=np.eye(4, 3, dtype=bool))
    assert np.isnan(model.predict(masked)[:3]).all()
    unaligned = np.frombuffer(b"." + X.tobytes(), dtype=np.uint8)[1:].view(np.float64).reshape(4, 3)
    assert not unaligned.flags.aligned
    same = [X.tolist(), np.asfortranarray(X), X.astype(">f8"), np.repeat(X, 2, axis=0)[::2], unaligned]
    for form in same:
        assert _same(model.predict_with_jacobian(form), model.predict_with_jacobian(X))
    for wrong in (X[:, :2], X[0], X[None], X + 1j, X.astype(str)):
        with pytest.raises((TypeError, ValueError), match=r"^X: expected"):
            model.predict(wrong)


def test_of_one_input_one_axis_will_do(rng: np.random.Generator) -> None:
    model, x = jetmlp.MLP([1, 5, 2]), rng.normal(size=7)
    assert _same(model.predict(x), model.predict(x[:, None], n_threads=1))
    assert _same(model.jacobian(x), model.jacobian(x[:, None], n_threads=1))


def test_what_is_kept_ready_is_never_that_of_before(rng: np.random.Generator) -> None:
    model, X = jetmlp.MLP([2, 6, 1], seed=1), rng.normal(size=(20, 2))

    def check() -> None:
        for method in METHODS:
            assert _same(getattr(model, method)(X), getattr(model, method)(X, n_threads=1))

    check()
    model.parameters = model.parameters + 0.25
    check()
    _with_units(model, rng)
    check()
    model.normalization = jetmlp.Normalization(np.zeros(2), np.ones(2), np.ones(1), np.ones(1))
    check()
    during = []

    def look(epoch: int, losses: dict[str, float]) -> None:
        during.append(model.predict(X).copy())
        check()

    jetmlp.Trainer(model, jetmlp.LBFGS()).fit(X, np.sin(X[:, 0]), epochs=4, callbacks=look)
    check()
    assert not np.array_equal(during[0], during[-1])
    for other in (model.copy(), pickle.loads(pickle.dumps(model))):
        assert _same(other.predict(X), model.predict(X))
        other.parameters = other.parameters * 2
        assert not np.array_equal(other.predict(X), model.predict(X))


def test_threads_do_not_mix_up_their_rows(rng: np.random.Generator) -> None:
    model = _with_units(jetmlp.MLP([4, 16, 16, 2], seed=3), rng)
    inputs = [rng.normal(size=(n, 4)) for n in (1, 2, 7, 30)]
    expected = [model.predict_with_jacobian(X, n_threads=1) for X in inputs]

    def work(k: int) -> bool:
        return all(_same(model.predict_with_jacobian(inputs[k % 4]), expected[k % 4]) for _ in range(50))

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(8)))


def test_what_is_not_finite_stays_so_without_a_word() -> None:
    model = jetmlp.MLP([1, 3, 1], "relu", seed=2)
    model.normalization = jetmlp.Normalization([0.0], [1e-300], [0.0], [1e300])
    x = np.array([np.inf, -np.inf, np.nan, 1e300, 5e-324])
    assert _same(model.predict(x), model.predict(x, n_threads=1))
    assert _same(model.jacobian(x), model.jacobian(x, n_threads=1))
