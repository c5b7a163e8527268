"""Every type in every layout, for every model: bit-equal to a plain array of float64, or refused by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import jetmlp

Array = np.ndarray[Any, Any]

#: Numbers that each of the types holds.
NUMBERS = np.array([[0, 1], [1, 0], [1, 1], [0, 0], [1, 1], [0, 1]])
TAKEN = ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "longdouble", "bool", "O"]
REFUSED = ["c8", "c16", "S3", "U3", "M8[s]", "m8[s]", [("a", "f8")], "V8"]


def unaligned(array: Array) -> Array:
    """Copy to where no number begins at a multiple of its size."""
    room = np.empty(array.nbytes + 1, dtype=np.uint8)
    moved = room[1:].view(array.dtype).reshape(array.shape)
    moved[...] = array
    return moved


def strided(array: Array) -> Array:
    """Every second row and third column of a larger array."""
    larger = np.zeros((2 * array.shape[0], 3 * array.shape[1]), dtype=array.dtype)
    larger[::2, ::3] = array
    return larger[::2, ::3]


def read_only(array: Array) -> Array:
    """Copy what cannot be written to."""
    copy = array.copy()
    copy.flags.writeable = False
    return copy


class Subclass(np.ndarray[Any, Any]):
    """An array with a name of its own, whose sums are not to be trusted."""

    def sum(self, *_: Any, **__: Any) -> Any:  # noqa: ANN401
        raise AssertionError


LAYOUTS: dict[str, Callable[[Array], Any]] = {
    "plain": np.ascontiguousarray,
    "columns first": np.asfortranarray,
    "strided": strided,
    "backwards": lambda array: np.ascontiguousarray(array[::-1, ::-1])[::-1, ::-1],
    "read-only": read_only,
    "unaligned": lambda array: array if array.dtype.hasobject else unaligned(array),
    "swapped bytes": lambda array: array.astype(array.dtype.newbyteorder()),
    "transposed": lambda array: np.ascontiguousarray(array.T).T,
    "a subclass": lambda array: array.view(Subclass),
    "masked, with no mask": np.ma.masked_array,
    "nested lists": lambda array: [list(row) for row in array],
    "a memory view": lambda array: array if array.dtype.kind not in "iufb" else memoryview(array),
}


def models() -> dict[str, Any]:
    """Models of all kinds, with two inputs."""
    X = np.random.default_rng(1).uniform(0.0, 1.0, (8, 2))
    Y, dYdX = np.sin(X @ [1.0, 2.0]), np.cos(X @ [1.0, 2.0])[:, np.newaxis] * [1.0, 2.0]
    normalized = jetmlp.MLP([2, 4, 1], seed=2)
    jetmlp.Trainer(normalized, jetmlp.LevenbergMarquardt()).fit(X, Y, dYdX, epochs=2)
    staged = jetmlp.StagedMLP([[2, 4, 1], [2, 4, 1]])
    staged.fit(X, Y, dYdX, epochs=2)
    return {
        "MLP": jetmlp.MLP([2, 4, 1], normalize=False),
        "MLP of float32": jetmlp.MLP([2, 4, 1], dtype="float32", normalize=False),
        "MLP, normalized": normalized,
        "StagedMLP": staged,
        "Surrogate": jetmlp.Surrogate(seconds=0.5).fit(X, Y, dYdX),
    }


@pytest.fixture(scope="module")
def every_model() -> dict[str, Any]:
    return models()


def as_type(dtype: Any) -> Array:  # noqa: ANN401
    if dtype == "V8":
        return np.zeros(NUMBERS.shape, dtype="V8")
    if isinstance(dtype, list):
        return np.zeros(NUMBERS.shape, dtype=dtype)
    return NUMBERS.astype(dtype)


def same(found: Any, expected: Any) -> bool:  # noqa: ANN401
    """Whether arrays, or tuples of them, have the same bytes."""
    if isinstance(expected, tuple):
        return all(same(one, other) for one, other in zip(found, expected, strict=True))
    return found.dtype == expected.dtype and found.tobytes() == expected.tobytes()


def test_predictions_of_every_type_in_every_layout(every_model: dict[str, Any]) -> None:
    count = 0
    for model_name, model in every_model.items():
        for method in ("predict", "jacobian", "predict_with_jacobian"):
            expected = getattr(model, method)(NUMBERS.astype(np.float64))
            for dtype in TAKEN:
                for layout_name, layout in LAYOUTS.items():
                    given = layout(as_type(dtype))
                    found = getattr(model, method)(given)
                    assert same(found, expected), (model_name, method, dtype, layout_name)
                    count += 1
    assert count == 5 * 3 * 14 * 12
    print(count, "predictions bit-equal")


def test_what_is_no_real_number_is_refused_in_every_layout(every_model: dict[str, Any]) -> None:
    count = 0
    for model in every_model.values():
        for dtype in REFUSED:
            for layout in LAYOUTS.values():
                try:
                    given = layout(as_type(dtype))
                except (TypeError, ValueError):  # NumPy itself makes none
                    continue
                with pytest.raises(TypeError, match=r"^X: expected (an array of )?real numbers, got "):
                    model.predict(given)
                count += 1
    assert count >= 5 * 8 * 11
    print(count, "predictions refused")


def test_fits_to_every_type_in_every_layout() -> None:
    Y, dYdX = NUMBERS[:, :1], NUMBERS

    def fitted(X: Any, Y: Any, dYdX: Any) -> bytes:  # noqa: ANN401
        model = jetmlp.MLP([2, 3, 1], seed=1)
        trainer = jetmlp.Trainer(model, jetmlp.LBFGS(), n_threads=1)
        trainer.fit(X, Y, dYdX, epochs=2)
        assert model.normalization is not None
        return model.parameters.tobytes() + model.normalization.x_scale.tobytes()

    expected = fitted(NUMBERS.astype(float), Y.astype(float), dYdX.astype(float))
    # Of short floats a column is constant to a coarser rounding, which these numbers do not come near.
    count = 0
    for dtype in TAKEN:
        for name, layout in LAYOUTS.items():
            arrays = [layout(array.astype(dtype)) for array in (NUMBERS, Y, dYdX)]
            assert fitted(*arrays) == expected, (dtype, name)
            count += 1
    assert count == 14 * 12
    print(count, "fits bit-equal")


def test_frames_and_repeated_rows(every_model: dict[str, Any]) -> None:
    repeated = np.broadcast_to(np.array([0.5, 0.25]), (6, 2))  # a stride of 0
    for model in every_model.values():
        expected = model.predict(NUMBERS.astype(float))
        assert same(model.predict(pd.DataFrame(NUMBERS, columns=["a", "b"])), expected)
        assert same(model.predict(pd.DataFrame({"a": NUMBERS[:, 0] == 1, "b": NUMBERS[:, 1]})), expected)
        assert same(model.predict(repeated), model.predict(repeated.copy()))


def test_a_masked_entry_is_missing_and_never_what_stands_under_the_mask(every_model: dict[str, Any]) -> None:
    for dtype in ("f8", "f4", "i4", "O"):
        mask = np.zeros(NUMBERS.shape, dtype=bool)
        mask[2, 1] = True
        X = np.ma.masked_array(NUMBERS.astype(dtype), mask)
        for name, model in every_model.items():
            found = model.predict(X)
            assert np.isnan(found[2]).all(), name
            assert np.isfinite(np.delete(found, 2, axis=0)).all(), name
        with pytest.raises(ValueError, match=r"^X: expected finite numbers, got nan at \[2, 1\]"):
            jetmlp.Samples(X, NUMBERS[:, 0])
        with pytest.raises(ValueError, match=r"^Y: expected finite numbers, got nan at \[2, 0\]"):
            jetmlp.Samples(NUMBERS, X[:, 1:])
        assert np.isnan(jetmlp.Samples(NUMBERS, dYdX=X).dYdX[2, 0, 1])


@pytest.mark.parametrize(
    "empty", [np.empty((0, 2)), np.empty((0, 2), dtype="i4"), pd.DataFrame(np.empty((0, 2)))]
)
def test_no_rows_give_no_rows(every_model: dict[str, Any], empty: Any) -> None:  # noqa: ANN401
    for model in every_model.values():
        assert model.predict(empty).shape == (0, 1)
        assert model.jacobian(empty).shape == (0, 1, 2)


@pytest.mark.parametrize(
    "shapeless", [1.0, np.float32(1), np.array(1.0), [], np.empty(0), np.empty((2, 0))], ids=repr
)
def test_what_has_no_columns_is_refused(every_model: dict[str, Any], shapeless: Any) -> None:  # noqa: ANN401
    for model in every_model.values():
        with pytest.raises(ValueError, match=r"^X: expected shape"):
            model.predict(shapeless)
