"""Test functions of engineering with many inputs, and their derivatives from the formulas.

Inputs are rows (n, d), values (n,) and derivatives (n, d). All take complex inputs too, so that a complex
step can check the derivatives.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]


def rosenbrock(X: ArrayLike) -> Array:
    """Compute f(x) = Σ 100 (x_{k+1} − x_k²)² + (1 − x_k)², a curved valley (Rosenbrock 1960).

    Parameters
    ----------
    X : array_like, (n, d)
        At least two inputs.

    Returns
    -------
    ndarray, (n,)
    """
    X = np.asarray(X)
    x, following = X[:, :-1], X[:, 1:]
    values: Array = np.sum(100.0 * (following - x**2) ** 2 + (1.0 - x) ** 2, axis=1)
    return values


def rosenbrock_derivative(X: ArrayLike) -> Array:
    """Compute the gradient (n, d) of `rosenbrock`."""
    X = np.asarray(X)
    x, height = X[:, :-1], X[:, 1:] - X[:, :-1] ** 2
    gradient = np.zeros_like(X)
    gradient[:, :-1] += -400.0 * x * height - 2.0 * (1.0 - x)  # ∂/∂x_k
    gradient[:, 1:] += 200.0 * height  # ∂/∂x_{k+1}
    return gradient


def wing_weight(X: ArrayLike) -> Array:
    r"""Compute the weight [lb] of the wing of a light aircraft.

    .. math:: W = 0.036\, S_w^{0.758} W_{fw}^{0.0035} \left(\frac{A}{\cos^2\Lambda}\right)^{0.6} q^{0.006}
              \lambda^{0.04} \left(\frac{100\, t_c}{\cos\Lambda}\right)^{-0.3} (N_z W_{dg})^{0.49} + S_w W_p

    Forrester, Sóbester and Keane, "Engineering Design via Surrogate Modelling" (2008); the same as
    ``smt.problems.WingWeight`` of SMT 2.15 (older ones lack the power 0.6).

    Parameters
    ----------
    X : array_like, (n, 10)
        Wing area S_w [ft²], fuel weight W_fw [lb], aspect ratio A, sweep Λ [degree], dynamic pressure q
        [lb/ft²], taper λ, thickness to chord t_c, ultimate load factor N_z, design gross weight W_dg [lb],
        paint weight W_p [lb/ft²].

    Returns
    -------
    ndarray, (n,)
    """
    S, *_, paint = np.asarray(X).T
    weights: Array = _structural_weight(np.asarray(X)) + S * paint
    return weights


def wing_weight_derivative(X: ArrayLike) -> Array:
    """Compute the gradient (n, 10) of `wing_weight`; that by the sweep is per degree."""
    X = np.asarray(X)
    structure = _structural_weight(X)
    gradient = np.empty_like(X)
    # The first part is a product of powers: ∂/∂x = power · part / x, but for the sweep.
    for k, power in _WING_POWERS.items():
        gradient[:, k] = power * structure / X[:, k]
    # cos Λ has the power p = 0.3 − 2 · 0.6, and ∂ cos^p Λ = −p tan Λ cos^p Λ.
    gradient[:, 3] = (2.0 * 0.6 - 0.3) * np.tan(np.deg2rad(1.0) * X[:, 3]) * structure * np.deg2rad(1.0)
    gradient[:, 0] += X[:, 9]
    gradient[:, 9] = X[:, 0]
    return gradient


_WING_POWERS = {0: 0.758, 1: 0.0035, 2: 0.6, 4: 0.006, 5: 0.04, 6: -0.3, 7: 0.49, 8: 0.49}


def _structural_weight(X: Array) -> Array:
    S, fuel, aspect, sweep, pressure, taper, thickness, load, gross, _ = X.T
    cosine = np.cos(np.deg2rad(1.0) * sweep)
    weights: Array = (
        0.036
        * S**0.758
        * fuel**0.0035
        * (aspect / cosine**2) ** 0.6
        * pressure**0.006
        * taper**0.04
        * (100.0 * thickness / cosine) ** -0.3
        * (load * gross) ** 0.49
    )
    return weights


def robot_arm(X: ArrayLike) -> Array:
    r"""Compute how far the end of a plane robot arm is from its shoulder (An and Owen 2001).

    .. math:: r = \Bigl|\sum_k L_k e^{i(\theta_1 + \dots + \theta_k)}\Bigr|

    Parameters
    ----------
    X : array_like, (n, 2s)
        Of each segment in turn the length L_k and the angle θ_k to the one before [rad], as in
        ``smt.problems.RobotArm``.

    Returns
    -------
    ndarray, (n,)
    """
    u, v, _, _ = _hand(np.asarray(X))
    distances: Array = np.sqrt(u**2 + v**2)
    return distances


def robot_arm_derivative(X: ArrayLike) -> Array:
    """Compute the gradient (n, 2s) of `robot_arm`; NaN where the hand is at the shoulder."""
    X = np.asarray(X)
    u, v, cosines, sines = _hand(X)
    with np.errstate(invalid="ignore"):
        along, across = u / np.sqrt(u**2 + v**2), v / np.sqrt(u**2 + v**2)
    lengths = X[:, 0::2]
    gradient = np.empty_like(X)
    gradient[:, 0::2] = along[:, None] * cosines + across[:, None] * sines
    # θ_k turns segment k and all that follow.
    du = -np.cumsum((lengths * sines)[:, ::-1], axis=1)[:, ::-1]
    dv = np.cumsum((lengths * cosines)[:, ::-1], axis=1)[:, ::-1]
    gradient[:, 1::2] = along[:, None] * du + across[:, None] * dv
    return gradient


def _hand(X: Array) -> tuple[Array, Array, Array, Array]:
    """Return the place (u, v) of the hand, and cosines and sines of the segments' directions (n, s)."""
    lengths, directions = X[:, 0::2], np.cumsum(X[:, 1::2], axis=1)
    cosines, sines = np.cos(directions), np.sin(directions)
    return np.sum(lengths * cosines, axis=1), np.sum(lengths * sines, axis=1), cosines, sines


def water_flow(X: ArrayLike) -> Array:
    r"""Compute the flow of water through a borehole [m³/year] (Morris, Mitchell and Ylvisaker 1993).

    .. math:: Q = \frac{2\pi T_u (H_u - H_l)}
              {\ln(r/r_w) + \dfrac{2 L T_u}{r_w^2 K_w} + \ln(r/r_w)\, \dfrac{T_u}{T_l}}

    Parameters
    ----------
    X : array_like, (n, 8)
        Radius of the borehole r_w [m], radius of influence r [m], transmissivity of the upper aquifer T_u
        [m²/year], its potentiometric head H_u [m], transmissivity of the lower aquifer T_l [m²/year], its
        head H_l [m], length L [m], hydraulic conductivity K_w [m/year].

    Returns
    -------
    ndarray, (n,)
    """
    X = np.asarray(X)
    flows: Array = 2.0 * np.pi * X[:, 2] * (X[:, 3] - X[:, 5]) / _resistance(X)
    return flows


def water_flow_derivative(X: ArrayLike) -> Array:
    """Compute the gradient (n, 8) of `water_flow`."""
    X = np.asarray(X)
    r_w, r, T_u, H_u, T_l, H_l, L, K_w = X.T
    D, logarithm = _resistance(X), np.log(r / r_w)
    pipe = 2.0 * L * T_u / (r_w**2 * K_w)
    Q = 2.0 * np.pi * T_u * (H_u - H_l) / D
    per_resistance = -Q / D  # ∂Q/∂D
    per_head = 2.0 * np.pi * T_u / D
    columns = (
        per_resistance * (-(1.0 + T_u / T_l) - 2.0 * pipe) / r_w,
        per_resistance * (1.0 + T_u / T_l) / r,
        Q
        * logarithm
        / (T_u * D),  # Q/T_u − Q/D · ∂D/∂T_u, where T_u ∂D/∂T_u = D − ln(r/r_w): no cancellation
        per_head,
        per_resistance * -logarithm * T_u / T_l**2,
        -per_head,
        per_resistance * pipe / L,
        per_resistance * -pipe / K_w,
    )
    return np.stack(columns, axis=1)


def _resistance(X: Array) -> Array:
    r_w, r, T_u, _, T_l, _, L, K_w = X.T
    logarithm = np.log(r / r_w)
    resistances: Array = logarithm + 2.0 * L * T_u / (r_w**2 * K_w) + logarithm * T_u / T_l
    return resistances
