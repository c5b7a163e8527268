"""The oracle's table of activations: one row each, and every test that runs over all of them reads it.

The values and first two derivatives in NumPy are those of a textbook; the terms in mpmath are closed forms
that cancel nowhere in the tails. `test_reference.py` holds the latter to numerical differentiation of their
values, and the former to the latter.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np
from mpmath import mpf
from numpy.typing import NDArray

Array = NDArray[Any]
Function = Callable[[Array], Array]
Terms = list[list[mpf]]

INFINITY = math.inf


@dataclass(frozen=True)
class Activation:
    """What the tests know of an activation.

    The functions take real and complex arguments of moderate size. A complex argument is a real one with an
    infinitesimal attached, so ReLU decides on the real part; its derivative at 0 is 0.
    """

    value: Function
    slope: Function
    curvature: Function
    terms: Callable[[mpf], Terms]  # whose sums are the value and its first three derivatives
    at_minus_infinity: tuple[float, float, float, float]
    at_infinity: tuple[float, float, float, float]
    is_smooth: bool = True
    is_periodic: bool = False
    power: int = 1  # of |z|, by which an exponential that underflows may be multiplied


def _sigmoid(z: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-z)))


def _sigmoid_slope(z: Array) -> Array:
    return _sigmoid(z) * _sigmoid(-z)


def _density(z: Array) -> Array:
    return np.asarray(np.exp(-z * z / 2) / math.sqrt(2 * math.pi))


def _normal(z: Array) -> Array:
    """The normal distribution: of an infinitesimal it takes the density times it, which is what it means."""
    tail = np.frompyfunc(lambda x: math.erfc(-x / math.sqrt(2)) / 2, 1, 1)
    real = np.asarray(tail(z.real), dtype=np.float64)
    return real + 1j * z.imag * _density(z.real) if np.iscomplexobj(z) else real


def _zero(z: Array) -> Array:
    return np.zeros_like(z)


def _tanh_terms(z: mpf) -> Terms:
    a, s = mpmath.tanh(z), mpmath.sech(z) ** 2
    return [[a], [s], [-2 * a * s], [4 * s, -6 * s * s]]


def _sigmoid_terms(z: mpf) -> Terms:
    a, decay = 1 / (1 + mpmath.exp(-z)), mpmath.exp(-abs(z))
    s = decay / (1 + decay) ** 2
    return [[a], [s], [-s * mpmath.tanh(z / 2)], [s, -6 * s * s]]


def _softplus_terms(z: mpf) -> Terms:
    return [[mpmath.log1p(mpmath.exp(-abs(z))), max(z, mpf(0))], *_sigmoid_terms(z)[:3]]


def _silu_terms(z: mpf) -> Terms:
    [a], [s], [curvature], third = _sigmoid_terms(z)
    return [[z * a], [a, z * s], [2 * s, z * curvature], [3 * curvature, *(z * term for term in third)]]


def _gelu_terms(z: mpf) -> Terms:
    # mpmath's erfc refuses larger numbers; there is nothing left of the tail.
    normal = mpmath.erfc(-z / mpmath.sqrt(2)) / 2 if abs(z) < mpf(10) ** 100 else mpf(z > 0)
    density = mpmath.exp(-z * z / 2) / mpmath.sqrt(2 * mpmath.pi)
    return [
        [z * normal],
        [normal, z * density],
        [2 * density, -z * z * density],
        [z**3 * density, -4 * z * density],
    ]


def _sin_terms(z: mpf) -> Terms:
    sine, cosine = mpmath.sin(z), mpmath.cos(z)
    return [[sine], [cosine], [-sine], [-cosine]]


ACTIVATIONS: Mapping[str, Activation] = {
    "tanh": Activation(
        value=np.tanh,
        slope=lambda z: 1 - np.tanh(z) ** 2,
        curvature=lambda z: -2 * np.tanh(z) / np.cosh(z) ** 2,
        terms=_tanh_terms,
        at_minus_infinity=(-1, 0, 0, 0),
        at_infinity=(1, 0, 0, 0),
    ),
    "relu": Activation(
        value=lambda z: np.where(z.real > 0, z, 0),
        slope=lambda z: np.where(z.real > 0, 1, 0).astype(z.dtype),
        curvature=_zero,
        terms=lambda z: [[max(z, mpf(0))], [mpf(z > 0)], [mpf(0)], [mpf(0)]],
        at_minus_infinity=(0, 0, 0, 0),
        at_infinity=(INFINITY, 1, 0, 0),
        is_smooth=False,
    ),
    "sigmoid": Activation(
        value=_sigmoid,
        slope=_sigmoid_slope,
        curvature=lambda z: _sigmoid(z) * (1 - _sigmoid(z)) * (1 - 2 * _sigmoid(z)),
        terms=_sigmoid_terms,
        at_minus_infinity=(0, 0, 0, 0),
        at_infinity=(1, 0, 0, 0),
    ),
    "softplus": Activation(
        value=lambda z: np.log1p(np.exp(z)),
        slope=_sigmoid,
        curvature=lambda z: _sigmoid(z) * (1 - _sigmoid(z)),
        terms=_softplus_terms,
        at_minus_infinity=(0, 0, 0, 0),
        at_infinity=(INFINITY, 1, 0, 0),
    ),
    "silu": Activation(
        value=lambda z: z * _sigmoid(z),
        slope=lambda z: _sigmoid(z) + z * _sigmoid_slope(z),
        curvature=lambda z: _sigmoid(z) * (1 - _sigmoid(z)) * (2 + z * (1 - 2 * _sigmoid(z))),
        terms=_silu_terms,
        at_minus_infinity=(0, 0, 0, 0),
        at_infinity=(INFINITY, 1, 0, 0),
    ),
    "gelu": Activation(
        value=lambda z: z * _normal(z),
        slope=lambda z: _normal(z) + z * _density(z),
        curvature=lambda z: (2 - z * z) * _density(z),
        terms=_gelu_terms,
        at_minus_infinity=(0, 0, 0, 0),
        at_infinity=(INFINITY, 1, 0, 0),
        power=3,
    ),
    "sin": Activation(
        value=np.sin,
        slope=np.cos,
        curvature=lambda z: -np.sin(z),
        terms=_sin_terms,
        at_minus_infinity=(np.nan,) * 4,
        at_infinity=(np.nan,) * 4,
        is_periodic=True,
    ),
    "identity": Activation(
        value=lambda z: z,
        slope=np.ones_like,
        curvature=_zero,
        terms=lambda z: [[z], [mpf(1)], [mpf(0)], [mpf(0)]],
        at_minus_infinity=(-INFINITY, 1, 0, 0),
        at_infinity=(INFINITY, 1, 0, 0),
        is_smooth=False,
    ),
}
