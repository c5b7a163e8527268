"""Activations and their first three derivatives against 50-digit values, over the whole range of both types.

An error is measured in units in the last place of the sum of the magnitudes of the terms that make up the
exact value (`reference_precise.activation_scale`). That is the exact value itself except near the zeros of
silu', silu'', silu''', sigmoid''' and tanh''', where terms cancel and only they set what working precision
can reach. sin and its derivatives have zeros at every multiple of pi / 2; from pi / 4 on the scale is 1.
Where the exponential inside is below the smallest normal number it is taken as zero (subnormal numbers are
a hundred times as slow). So an error of that number is allowed, times what multiplies the exponential:
at most 8 for the bounded functions, |z| for silu and |z|^3 for gelu, which are gone at |z| = 1000.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from mpmath import mpf
from numpy.typing import NDArray

import reference_precise
from jetmlp import _core
from pairs import covers_pairs
from reference_activations import ACTIVATIONS

DTYPES = ["float32", "float64"]
LAST_PLACES = 8
ACTIVATION_NAMES = tuple(ACTIVATIONS)
SMOOTH = [name for name, row in ACTIVATIONS.items() if row.is_smooth]
PERIODIC = [name for name, row in ACTIVATIONS.items() if row.is_periodic]


def test_the_oracle_has_a_row_for_each() -> None:
    assert set(ACTIVATIONS) == set(_core.ACTIVATIONS)


def to_float(number: mpf) -> float:
    """Round an mpmath number, also where its exponent is far below that of any float."""
    if number == 0 or abs(number) < sys.float_info.min * sys.float_info.epsilon / 4:
        return 0.0
    return float(number)


def both_signs(magnitudes: list[float], dtype: str) -> NDArray[Any]:
    return np.array([*magnitudes, *(-z for z in magnitudes)], dtype=dtype)


def points(dtype: str) -> NDArray[Any]:
    """Zero, denormals, tiny numbers, dense over the bends, and on both sides of where exp underflows."""
    info = np.finfo(dtype)
    tiny = [0.0, info.smallest_subnormal, info.tiny / 16, info.tiny, 2 * info.tiny, float(info.tiny) ** 0.5]
    small = [1e-30, 1e-20, 1e-10, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2]
    large = [15, 16, 16.6, 17, 18, 19, 20, 22, 36.7, 37, 40, 50, 60, 80, 86, 87, 100, 103, 104, 110]
    larger = [300, 350, 700, 708, 720, 744, 745, 746, 800, 1e3, 1e4]
    bends = np.linspace(-14, 14, 561) + 1e-3  # off the round numbers
    return np.concatenate([both_signs([*tiny, *small, *large, *larger], dtype), bends.astype(dtype)])


def underflow_points(dtype: str) -> NDArray[Any]:
    """Where exp(-z), exp(-2 z) and exp(-z^2 / 2) pass the smallest normal number."""
    edge = -np.log(float(np.finfo(dtype).tiny)) + np.linspace(-4, 4, 33)
    return both_signs([*edge, *(edge / 2), *np.sqrt(2 * edge)], dtype)


def huge_points(dtype: str) -> NDArray[Any]:
    return both_signs([1e5, 1e10, 1e30, np.finfo(dtype).max / 4, np.finfo(dtype).max], dtype)


def assert_accurate(name: str, dtype: str, z: NDArray[Any]) -> None:
    info = np.finfo(dtype)
    computed = _core.activation(name, z)
    exact = np.array([[to_float(x) for x in reference_precise.activation(name, float(x))] for x in z]).T
    scale = np.array([[to_float(x) for x in reference_precise.activation_scale(name, float(x))] for x in z]).T
    if ACTIVATIONS[name].is_periodic:
        scale = np.where(np.abs(z) > np.pi / 4, 1.0, scale)
    assert len(computed) == 4
    for order, result in enumerate(computed):
        assert result.shape == z.shape
        assert result.dtype == dtype
        error = np.abs(result.astype(np.float64) - exact[order])
        below_normal = float(info.tiny) * np.clip(np.abs(z), 8, 1000) ** ACTIVATIONS[name].power
        allowed = LAST_PLACES * float(info.eps) * scale[order] + below_normal
        worst = int(np.argmax(error / allowed))
        assert error[worst] <= allowed[worst], (
            f"{name}, order {order}, at {z[worst]!r}: {result[worst]!r}, exactly {exact[order][worst]!r}"
        )


def spread_points(name: str, dtype: str, rng: np.random.Generator) -> NDArray[Any]:
    """Random points of every size: all magnitudes that the type has, and the range where things happen."""
    info = np.finfo(dtype)
    most = np.log2(float(info.max)) - 1
    largest = 17.0 if ACTIVATIONS[name].is_periodic else most  # sin: beyond, libm's own
    sizes = np.exp2(rng.uniform(np.log2(float(info.tiny)), largest, 400))
    middle = np.abs(rng.normal(0, 5, 1200))
    edge = -np.log(float(info.tiny)) * rng.uniform(0.4, 1.1, 400)
    z = np.concatenate([sizes, middle, edge]) * rng.choice([-1, 1], 2000)
    return np.concatenate([z.astype(dtype), points(dtype), underflow_points(dtype)])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ACTIVATION_NAMES)
def test_values_are_within_four_units_in_the_last_place(
    name: str, dtype: str, rng: np.random.Generator
) -> None:
    """Relative to the exact value itself; one below the normal numbers may be taken as zero."""
    info = np.finfo(dtype)
    z = spread_points(name, dtype, rng)
    value = _core.activation(name, z)[0].astype(np.float64)
    exact = np.array([to_float(reference_precise.activation(name, float(x))[0]) for x in z])
    normal = np.abs(exact) >= float(info.tiny)
    last_place = np.spacing(np.abs(exact[normal]).astype(dtype)).astype(np.float64)
    error = np.abs(value - exact)
    worst = np.argmax(error[normal] / last_place)
    assert error[normal][worst] <= 4 * last_place[worst], f"{name} at {z[normal][worst]!r}"
    assert (error[~normal] <= float(info.tiny)).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ACTIVATION_NAMES)
def test_accurate_over_the_working_range(name: str, dtype: str) -> None:
    assert_accurate(name, dtype, points(dtype))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ACTIVATION_NAMES)
def test_accurate_where_exponentials_underflow(name: str, dtype: str) -> None:
    assert_accurate(name, dtype, underflow_points(dtype))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", [name for name in ACTIVATION_NAMES if name not in PERIODIC])
def test_accurate_up_to_the_largest_number(name: str, dtype: str) -> None:
    assert_accurate(name, dtype, huge_points(dtype))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", PERIODIC)
def test_periodic_ones_stay_bounded_up_to_the_largest_number(name: str, dtype: str) -> None:
    for result in _core.activation(name, huge_points(dtype)):
        assert (np.abs(result) <= 1).all()


@covers_pairs(n=[1, 2, 3, 5, 7, 9, 15, 17, 33], name=ACTIVATION_NAMES, dtype=DTYPES)
def test_vector_ends_are_like_the_middle(n: int, name: str, dtype: str) -> None:
    """What is left over after whole vectors agrees with the whole vectors, to rounding."""
    z = np.linspace(-3, 3, 64).astype(dtype)
    tolerance = 2 * np.finfo(dtype).eps
    for whole, part in zip(_core.activation(name, z), _core.activation(name, z[:n].copy()), strict=True):
        assert np.allclose(part, whole[:n], rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", SMOOTH)
def test_nan_stays_visible_in_every_derivative(name: str, dtype: str) -> None:
    for result in _core.activation(name, np.array([0.5, np.nan, -0.5], dtype=dtype)):
        assert np.isnan(result).tolist() == [False, True, False]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", [name for name in ACTIVATION_NAMES if name not in SMOOTH])
def test_nan_stays_visible_in_piecewise_linear_values(name: str, dtype: str) -> None:
    value, *_ = _core.activation(name, np.array([0.5, np.nan, -0.5], dtype=dtype))
    assert np.isnan(value).tolist() == [False, True, False]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ACTIVATION_NAMES)
def test_infinities_go_to_the_limits(name: str, dtype: str) -> None:
    results = np.array(_core.activation(name, np.array([-np.inf, np.inf], dtype=dtype)))
    assert np.array_equal(results[:, 0], ACTIVATIONS[name].at_minus_infinity, equal_nan=True)
    assert np.array_equal(results[:, 1], ACTIVATIONS[name].at_infinity, equal_nan=True)


@pytest.mark.parametrize("dtype", DTYPES)
def test_relu_has_slope_zero_at_zero(dtype: str) -> None:
    value, slope, *_ = _core.activation("relu", np.array([0.0, -0.0, 1e-30, -1e-30], dtype=dtype))
    assert slope.tolist() == [0, 0, 1, 0]
    assert value.tolist() == [0, 0, np.dtype(dtype).type(1e-30), 0]
