"""Functions of the literature that surrogates are tried on: rows X (n, d) to values (n,).

All take complex inputs, so that `complex_step` gives their derivatives to the last digits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
STANDARD_GRAVITY = 9.80665  # m/s²


def complex_step(function: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """Return the gradient (n, d) of a function: Im f(x + ih e_k)/h with a tiny h (Squire and Trapp 1998)."""

    def gradient(X: Array) -> Array:
        step = 1e-100
        columns = []
        for k in range(X.shape[1]):
            shifted = X.astype(np.complex128)
            shifted[:, k] += 1j * step
            columns.append(np.imag(function(shifted)) / step)
        return np.stack(columns, axis=1)

    return gradient


def torsion_vibration(X: Array) -> Array:
    """Compute the lowest natural frequency [Hz] of two disks on three shafts.

    Liu, Xu and Wang (2016), as ``smt.problems.TorsionVibration`` has it: diameter, length and shear modulus
    of each shaft (in SMT's order), then diameter, thickness and density of each disk. The stiffness of a
    shaft has the first power of its diameter there, too.
    """
    d_1, L_1, G_1, L_3, G_3, D_1, d_2, L_2, G_2, d_3, t_1, rho_1, D_2, t_2, rho_2 = X.T
    k_1, k_2, k_3 = (
        np.pi * G * d / (32.0 * L) for G, d, L in ((G_1, d_1, L_1), (G_2, d_2, L_2), (G_3, d_3, L_3))
    )
    mass_1 = rho_1 * np.pi * t_1 * D_1 / (4.0 * STANDARD_GRAVITY)
    mass_2 = rho_2 * np.pi * t_2 * D_2 / (4.0 * STANDARD_GRAVITY)
    J_1, J_2 = 0.5 * mass_1 * (D_1 / 2.0) ** 2, 0.5 * mass_2 * (D_2 / 2.0) ** 2
    b = (k_1 + k_2) / J_1 + (k_2 + k_3) / J_2
    c = (k_1 * k_2 + k_2 * k_3 + k_3 * k_1) / (J_1 * J_2)
    return np.sqrt((b - np.sqrt(b**2 - 4.0 * c)) / 2.0) / (2.0 * np.pi)


def otl_circuit(X: Array) -> Array:
    """Compute the midpoint voltage [V] of a push-pull circuit without output transformer.

    Ben-Ari and Steinberg (2007): resistances R_b1, R_b2, R_f, R_c1, R_c2 [kΩ] and the current gain β.
    """
    R_b1, R_b2, R_f, R_c1, R_c2, beta = X.T
    V_b1 = 12.0 * R_b2 / (R_b1 + R_b2)
    load = beta * (R_c2 + 9.0)
    return ((V_b1 + 0.74) * load + 11.35 * R_f + 0.74 * R_f * load / R_c1) / (load + R_f)


def piston(X: Array) -> Array:
    """Compute the time [s] of a cycle of a piston in a cylinder (Kenett and Zacks 1998).

    Weight M [kg], surface S [m²], initial volume V_0 [m³], spring k [N/m], pressure P_0 [N/m²], ambient
    temperature T_a [K], temperature T_0 of the filling gas [K].
    """
    M, S, V_0, k, P_0, T_a, T_0 = X.T
    A = P_0 * S + 19.62 * M - k * V_0 / S
    V = S / (2.0 * k) * (np.sqrt(A**2 + 4.0 * k * P_0 * V_0 * T_a / T_0) - A)
    return 2.0 * np.pi * np.sqrt(M / (k + S**2 * P_0 * V_0 * T_a / (T_0 * V**2)))


def branin(X: Array) -> Array:
    """Compute Branin's function of two inputs (Dixon and Szegő 1978)."""
    x, y = X.T
    parabola = y - 5.1 / (4.0 * np.pi**2) * x**2 + 5.0 / np.pi * x - 6.0
    return parabola**2 + 10.0 * (1.0 - 1.0 / (8.0 * np.pi)) * np.cos(x) + 10.0


def franke(X: Array) -> Array:
    """Compute Franke's function of two inputs: two hills, a smaller one and a dip (Franke 1979)."""
    x, y = 9.0 * X.T
    return (
        0.75 * np.exp(-((x - 2.0) ** 2) / 4.0 - (y - 2.0) ** 2 / 4.0)
        + 0.75 * np.exp(-((x + 1.0) ** 2) / 49.0 - (y + 1.0) / 10.0)
        + 0.5 * np.exp(-((x - 7.0) ** 2) / 4.0 - (y - 3.0) ** 2 / 4.0)
        - 0.2 * np.exp(-((x - 4.0) ** 2) - (y - 7.0) ** 2)
    )


def friedman(X: Array) -> Array:
    """Compute 10 sin(π x_1 x_2) + 20 (x_3 − 1/2)² + 10 x_4 + 5 x_5 (Friedman 1991)."""
    return 10.0 * np.sin(np.pi * X[:, 0] * X[:, 1]) + 20.0 * (X[:, 2] - 0.5) ** 2 + X[:, 3:5] @ [10.0, 5.0]


def ishigami(X: Array) -> Array:
    """Compute sin x_1 + 7 sin² x_2 + 0.1 x_3⁴ sin x_1 (Ishigami and Homma 1990)."""
    x, y, z = X.T
    return np.sin(x) + 7.0 * np.sin(y) ** 2 + 0.1 * z**4 * np.sin(x)


_HARTMANN_HEIGHTS = np.array([1.0, 1.2, 3.0, 3.2])
_HARTMANN_RATES = np.array(
    [
        [10.0, 3.0, 17.0, 3.5, 1.7, 8.0],
        [0.05, 10.0, 17.0, 0.1, 8.0, 14.0],
        [3.0, 3.5, 1.7, 10.0, 17.0, 8.0],
        [17.0, 8.0, 0.05, 10.0, 0.1, 14.0],
    ]
)
_HARTMANN_CENTRES = 1e-4 * np.array(
    [
        [1312, 1696, 5569, 124, 8283, 5886],
        [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650],
        [4047, 8828, 8732, 5743, 1091, 381],
    ]
)


def hartmann(X: Array) -> Array:
    """Compute Hartmann's function of six inputs: minus four hills (Dixon and Szegő 1978)."""
    distances = np.einsum("hk,nhk->nh", _HARTMANN_RATES, (X[:, np.newaxis] - _HARTMANN_CENTRES) ** 2)
    return -np.exp(-distances) @ _HARTMANN_HEIGHTS


def cantilever_beam(X: Array) -> Array:
    r"""Compute the deflection [m] of the tip of a stepped beam under a load of 50 kN.

    Cheng, Xiao, Zhang and Zhang (2015), as ``smt.problems.CantileverBeam``: width b_k, height h_k and length
    l_k [m] of each segment in turn, from the wall on.

    .. math:: w = \frac{P}{3E} \sum_k \frac{12}{b_k h_k^3}
              \Bigl[\Bigl(\sum_{i \ge k} l_i\Bigr)^3 - \Bigl(\sum_{i > k} l_i\Bigr)^3\Bigr]
    """
    load, modulus = 50e3, 200e9
    widths, heights, lengths = X[:, 0::3], X[:, 1::3], X[:, 2::3]
    to_tip = np.cumsum(lengths[:, ::-1], axis=1)[:, ::-1]
    beyond = to_tip - lengths
    parts = 12.0 / (widths * heights**3) * (to_tip**3 - beyond**3)
    return load / (3.0 * modulus) * np.sum(parts, axis=1)


def tensor_product_tanh(X: Array) -> Array:
    """Compute Π tanh x_k (``smt.problems.TensorProduct``)."""
    return np.prod(np.tanh(X), axis=1)
