"""The problems of the benchmark of few samples: derivatives, known values, designs and noise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import surrogate_functions as functions
from surrogate_problems import problems, relative_errors

PROBLEMS = problems()


@pytest.mark.parametrize("name", PROBLEMS)
def test_gradients_are_those_of_differences(name: str) -> None:
    problem = PROBLEMS[name]
    X, Y, slopes = problem.held_out(50)
    assert X.shape == slopes.shape == (50, problem.n_inputs)
    assert Y.shape == (50,)
    np.testing.assert_array_equal(problem.function(X), Y)
    scaled = slopes * problem.half_widths
    for k, half in enumerate(problem.half_widths):
        # Central differences of fourth order.
        step = 1e-3 * half * np.eye(problem.n_inputs)[k]
        near = problem.function(X + step) - problem.function(X - step)
        far = problem.function(X + 2 * step) - problem.function(X - 2 * step)
        quotients = (8 * near - far) / 12e-3
        np.testing.assert_allclose(scaled[:, k], quotients, rtol=1e-6, atol=1e-7 * np.abs(scaled).max())


def test_values_of_the_literature() -> None:
    # Minima of Branin's and Hartmann's function (Dixon and Szegő 1978; digits of Surjanovic and Bingham).
    np.testing.assert_allclose(functions.branin(np.array([[np.pi, 2.275]])), 0.397887, atol=1e-6)
    minimiser = np.array([[0.20169, 0.150011, 0.476874, 0.275332, 0.311652, 0.6573]])
    np.testing.assert_allclose(functions.hartmann(minimiser), -3.32237, atol=1e-5)
    np.testing.assert_allclose(functions.complex_step(functions.hartmann)(minimiser), 0.0, atol=1e-4)
    # Worked out with other means.
    np.testing.assert_allclose(functions.ishigami(np.full((1, 3), np.pi / 2)), 8 + 0.1 * (np.pi / 2) ** 4)
    np.testing.assert_allclose(functions.friedman(np.array([[0.5, 1.0, 0.0, 0.2, 0.4]])), 19.0)
    at_hill = 0.75 + 0.75 * np.exp(-9 / 49 - 0.3) + 0.5 * np.exp(-6.5) - 0.2 * np.exp(-29)
    np.testing.assert_allclose(functions.franke(np.array([[2.0, 2.0]]) / 9.0), at_hill)
    # One segment: P l³/(3 E I) with I = b h³/12.
    np.testing.assert_allclose(
        functions.cantilever_beam(np.array([[0.02, 0.4, 0.8]])),
        50e3 * 0.8**3 / (3 * 200e9 * 0.02 * 0.4**3 / 12),
    )
    # Two segments alike are one of twice the length.
    np.testing.assert_allclose(
        functions.cantilever_beam(np.array([[0.02, 0.4, 0.5, 0.02, 0.4, 0.7]])),
        functions.cantilever_beam(np.array([[0.02, 0.4, 1.2]])),
    )


def test_the_torsion_vibration_is_an_eigenvalue(rng: np.random.Generator) -> None:
    problem = PROBLEMS["torsion-vibration"]
    X = problem.held_out(20).X
    for x, frequency in zip(X, problem.function(X), strict=True):
        d_1, L_1, G_1, L_3, G_3, D_1, d_2, L_2, G_2, d_3, t_1, rho_1, D_2, t_2, rho_2 = x
        k_1, k_2, k_3 = np.pi / 32 * np.array([G_1 * d_1 / L_1, G_2 * d_2 / L_2, G_3 * d_3 / L_3])
        masses = np.pi / 4 / 9.80665 * np.array([rho_1 * t_1 * D_1, rho_2 * t_2 * D_2])
        inertias = masses * np.array([D_1, D_2]) ** 2 / 8
        stiffness = np.array([[k_1 + k_2, -k_2], [-k_2, k_2 + k_3]])
        squares = np.linalg.eigvals(stiffness / inertias[:, np.newaxis])
        np.testing.assert_allclose(frequency, np.sqrt(squares.min()) / (2 * np.pi), rtol=1e-12)


def test_the_circuit_and_the_piston_obey_their_equations() -> None:
    circuit, piston = PROBLEMS["otl-circuit"], PROBLEMS["piston"]
    X, voltages, _ = circuit.held_out(50)
    R_b1, R_b2, R_f, R_c1, R_c2, beta = X.T
    base, load = 12 * R_b2 / (R_b1 + R_b2), beta * (R_c2 + 9)
    three = (base + 0.74) * load / (load + R_f), 11.35 * R_f / (load + R_f)
    np.testing.assert_allclose(voltages, sum(three) + 0.74 * R_f * load / ((load + R_f) * R_c1), rtol=1e-13)
    X, times, _ = piston.held_out(50)
    M, S, V_0, k, P_0, T_a, T_0 = X.T
    # From a time back to the volume, which balances the forces: k V²/S + A V = P_0 V_0 S T_a/T_0 … over S.
    gas = P_0 * V_0 * T_a / T_0
    V = S * np.sqrt(gas / (M * (2 * np.pi / times) ** 2 - k))
    np.testing.assert_allclose(gas / V, P_0 + 19.62 * M / S + k * (V - V_0) / S**2, rtol=1e-9)


@pytest.mark.parametrize("name", PROBLEMS)
def test_designs_fill_the_box_and_are_apart_from_held_out_points(name: str) -> None:
    problem = PROBLEMS[name]
    for n in problem.samples[:2]:
        X = problem.design(n, seed=1)
        unit = (X - problem.lower) / (2 * problem.half_widths)
        assert X.shape == (n, problem.n_inputs)
        assert ((unit >= 0) & (unit <= 1)).all()
        np.testing.assert_array_equal(problem.design(n, seed=1), X)
        if problem.layout == "latin hypercube":
            slices = np.sort(np.floor(n * unit), axis=0)
            np.testing.assert_array_equal(slices, np.repeat(np.arange(n)[:, np.newaxis], X.shape[1], axis=1))
            assert not np.array_equal(problem.design(n, seed=2), X)
        else:
            assert len(np.unique(X, axis=0)) == n
        both = np.concatenate([X, problem.held_out().X])
        assert len(np.unique(both, axis=0)) == len(both)


def test_a_grid_has_powers_of_points() -> None:
    with pytest.raises(ValueError, match=r"n: expected k\^2 points of a grid with k of at least 2, got 10"):
        PROBLEMS["rosenbrock-2"].design(10, seed=0)


def test_noise_has_the_size_that_is_said() -> None:
    noisy, n = PROBLEMS["water-flow-noisy"], 4000
    exact = replace(noisy, value_noise=0.0, slope_noise=0.0)
    (X, Y, slopes), (same, true_values, true_slopes) = (p.training(n, seed=0) for p in (noisy, exact))
    np.testing.assert_array_equal(X, same)
    over_box = noisy.held_out()
    # Deviations of n draws are off by 1/√(2n), four times that is 4.5 %.
    np.testing.assert_allclose((Y - true_values).std(), 0.01 * over_box.Y.std(), rtol=0.045)
    sizes = np.sqrt(np.mean(over_box.dYdX**2, axis=0))
    np.testing.assert_allclose((slopes - true_slopes).std(axis=0), 0.2 * sizes, rtol=0.045)
    np.testing.assert_array_equal(noisy.held_out().Y, exact.held_out().Y)


def test_relative_errors_do_not_depend_on_units() -> None:
    problem = PROBLEMS["water-flow"]
    truth = problem.held_out()
    zero = relative_errors(problem, truth, truth.Y, truth.dYdX)
    assert zero == (0.0, 0.0)
    # The mean alone is off by one deviation; so are the mean slopes.
    means = np.full_like(truth.Y, truth.Y.mean()), np.broadcast_to(truth.dYdX.mean(axis=0), truth.dYdX.shape)
    np.testing.assert_allclose(relative_errors(problem, truth, *means), 1.0, rtol=1e-12)
