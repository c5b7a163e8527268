"""The Gaussian process of the benchmark: its covariance, its likelihood, and that it goes through samples."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from gradient_process import GradientProcess
from numpy.typing import NDArray
from process_likelihood import (
    SingularCovarianceError,
    covariance,
    differences,
    negative_log_likelihood,
    solve,
)

Array = NDArray[Any]


def kernel(a: Array, b: Array) -> complex:
    """exp(−|a − b|²/2), which a complex step can go through."""
    return complex(np.exp(-0.5 * np.sum((a - b) ** 2)))


def waves(X: Array) -> tuple[Array, Array]:
    """A function of three inputs in units far from 1, and its slopes; bent enough to condition well."""
    a, b, c = X[:, 0] / 1e3, X[:, 1], X[:, 2] * 1e2
    values = 7.0 + 50.0 * (np.sin(3.0 * a) * np.cos(2.0 * b) + np.exp(-2.0 * c**2))
    by_a = 3.0 * np.cos(3.0 * a) * np.cos(2.0 * b) / 1e3
    by_b = -2.0 * np.sin(3.0 * a) * np.sin(2.0 * b)
    by_c = -4.0 * c * np.exp(-2.0 * c**2) * 1e2
    return values, 50.0 * np.stack([by_a, by_b, by_c], axis=1)


def points(rng: np.random.Generator, n: int) -> Array:
    return rng.uniform(-1.0, 1.0, (n, 3)) * [1e3, 1.0, 1e-2]


def test_covariances_of_slopes_are_derivatives_of_the_kernel(rng: np.random.Generator) -> None:
    n, m, d, h = 4, 3, 3, 1e-6
    A, B = rng.normal(size=(n, d)), rng.normal(size=(m, d))
    blocks = covariance(differences(A, B)).reshape(1 + d, n, 1 + d, m)
    unit = np.eye(d)
    for i in range(n):
        for j in range(m):
            a, b = A[i], B[j]
            np.testing.assert_allclose(blocks[0, i, 0, j], kernel(a, b).real, rtol=1e-14)
            by_a = [kernel(a + 1e-100j * e, b).imag / 1e-100 for e in unit]
            by_b = [kernel(a, b + 1e-100j * e).imag / 1e-100 for e in unit]
            np.testing.assert_allclose(blocks[1:, i, 0, j], by_a, rtol=1e-13)
            np.testing.assert_allclose(blocks[0, i, 1:, j], by_b, rtol=1e-13)
            # Mixed: the complex step along a, central differences along b.
            both = [
                [
                    (kernel(a + 1e-100j * e, b + h * f).imag - kernel(a + 1e-100j * e, b - h * f).imag)
                    / (2e-100 * h)
                    for f in unit
                ]
                for e in unit
            ]
            np.testing.assert_allclose(blocks[1:, i, 1:, j], both, atol=1e-9)


def test_the_likelihood_is_that_of_a_normal_distribution(rng: np.random.Generator) -> None:
    # K from D and C explicitly; mean and variance at which the density is greatest, which scipy's normal
    # distribution has.
    from scipy.stats import multivariate_normal

    n, d, nugget = 5, 2, 1e-2
    X, lengths = rng.uniform(-1, 1, (n, d)), np.array([0.7, 1.9])
    targets = rng.normal(size=n * (1 + d))
    C = covariance(differences(X / lengths, X / lengths)) + nugget * np.eye(n * (1 + d))
    D = np.diag(np.repeat([1.0, *1.0 / lengths], n))
    K, one = D @ C @ D, np.repeat([1.0, 0.0], [n, n * d])
    found, _ = negative_log_likelihood(np.log([*lengths, nugget]), X, targets)

    def density(mean: float, variance: float) -> float:
        return float(multivariate_normal(mean * one, variance * K).logpdf(targets))

    inverse = np.linalg.inv(K)
    mean = one @ inverse @ targets / (one @ inverse @ one)
    N = len(targets)
    variance = (targets - mean * one) @ inverse @ (targets - mean * one) / N
    # Constants left out: N/2 (log 2π + 1).
    assert density(mean, variance) == pytest.approx(-found - 0.5 * N * (np.log(2 * np.pi) + 1), rel=1e-10)
    assert density(mean + 1e-3, variance) < density(mean, variance) > density(mean - 1e-3, variance)
    assert density(mean, 1.01 * variance) < density(mean, variance) > density(mean, 0.99 * variance)


@pytest.mark.parametrize("nuggets", [[1e-3], [1e-3, 2e-2]])
@pytest.mark.parametrize(("n", "d"), [(1, 1), (5, 1), (6, 2), (7, 4)])
def test_the_gradient_of_the_likelihood_is_that_of_differences(
    n: int, d: int, nuggets: list[float], rng: np.random.Generator
) -> None:
    X, targets = rng.uniform(-1, 1, (n, d)), rng.normal(size=n * (1 + d))
    logarithms, h = np.append(rng.normal(size=d) / 3, np.log(nuggets)), 1e-5
    _, gradient = negative_log_likelihood(logarithms, X, targets)
    by_differences = [
        (
            negative_log_likelihood(logarithms + e, X, targets)[0]
            - negative_log_likelihood(logarithms - e, X, targets)[0]
        )
        / (2 * h)
        for e in h * np.eye(len(logarithms))
    ]
    np.testing.assert_allclose(gradient, by_differences, rtol=1e-6, atol=1e-6)


def test_a_singular_covariance_is_named() -> None:
    C = np.ones((4, 4))
    with pytest.raises(SingularCovarianceError, match="covariance: expected positive definite"):
        solve(C, np.zeros(1), np.ones(4), 2)


def test_the_process_goes_through_exact_samples_and_finds_what_lies_between(
    rng: np.random.Generator,
) -> None:
    between = points(rng, 500)
    true_values, true_slopes = waves(between)
    sizes = np.sqrt(np.mean(true_slopes**2, axis=0))
    for n, of_values, of_slopes in ((20, 0.3, 0.5), (50, 0.03, 0.06)):
        X = points(rng, n)
        Y, slopes = waves(X)
        process = GradientProcess().fit(X, Y, slopes)
        values, partials = process.predict(X)
        np.testing.assert_allclose(values, Y, atol=3e-3 * Y.std())
        np.testing.assert_allclose(partials / sizes, slopes / sizes, atol=1e-3)
        values, partials = process.predict(between)
        assert np.sqrt(np.mean((values - true_values) ** 2)) < of_values * true_values.std()
        assert (np.sqrt(np.mean((partials - true_slopes) ** 2, axis=0)) < of_slopes * sizes).all()


def test_predicted_slopes_are_derivatives_of_predicted_values(rng: np.random.Generator) -> None:
    X, at = points(rng, 12), points(rng, 5)
    process = GradientProcess().fit(X, *waves(X))
    _, slopes = process.predict(at)
    for k, width in enumerate([1e3, 1.0, 1e-2]):
        step = 1e-4 * width * np.eye(3)[k]
        quotients = (process.predict(at + step)[0] - process.predict(at - step)[0]) / (2e-4 * width)
        np.testing.assert_allclose(slopes[:, k], quotients, rtol=1e-5, atol=1e-5 * np.abs(slopes[:, k]).max())


def test_bars_are_those_of_explicit_algebra_and_vanish_at_samples(rng: np.random.Generator) -> None:
    X, at = points(rng, 8), points(rng, 3)
    Y, slopes = waves(X)
    process = GradientProcess().fit(X, Y, slopes)
    of_values, of_slopes = process.predict_std(at)
    # Universal kriging with K explicit, in units of inputs in [−1, 1] and outputs of deviation 1.
    low, high = X.min(axis=0), X.max(axis=0)
    half, n, d = (high - low) / 2, *X.shape
    D = np.concatenate([[1.0], 1 / process.lengths])
    A, B = ((P - (low + high) / 2) / half / process.lengths for P in (at, X))
    C = covariance(differences(B, B)) + process.nuggets[0] * np.eye(n * (1 + d))
    across = covariance(differences(A, B))
    one = np.repeat([1.0, 0.0], [n, n * d])
    inverse = np.linalg.inv(C)
    trend = np.repeat([1.0, 0.0], [3, 3 * d]) - across @ inverse @ one
    variances = 1 - np.einsum("ij,jk,ik->i", across, inverse, across) + trend**2 / (one @ inverse @ one)
    expected = np.sqrt(process.variance * variances).reshape(1 + d, 3).T * D * Y.std()
    np.testing.assert_allclose(of_values, expected[:, 0], rtol=1e-3)
    np.testing.assert_allclose(of_slopes, expected[:, 1:] / half, rtol=1e-3)
    at_samples, slopes_at_samples = process.predict_std(X)
    assert at_samples.max() < 1e-2 * of_values.min()
    assert (slopes_at_samples.max(axis=0) < 1e-2 * of_slopes.min(axis=0)).all()


def test_noise_of_values_and_of_slopes_is_found(rng: np.random.Generator) -> None:
    X, between = points(rng, 60), points(rng, 300)
    Y, slopes = waves(X)
    true_values, _ = waves(between)
    # In proportion to the prior's deviations: σ of the values, σ/ℓ_k of the slopes.
    exact = GradientProcess().fit(X, Y, slopes)
    half = np.ptp(X, axis=0) / 2
    deviation = np.sqrt(exact.variance) * Y.std()
    Y_noisy = Y + 0.02 * deviation * rng.normal(size=60)
    slopes_noisy = slopes + 0.2 * deviation / exact.lengths / half * rng.normal(size=slopes.shape)
    process = GradientProcess(noisy=True).fit(X, Y_noisy, slopes_noisy)
    noise = np.sqrt(process.nuggets * process.variance) * Y_noisy.std()
    # 60 and 180 draws say what their deviation is to a factor; lengths and variance are estimates, too.
    assert 0.01 * deviation < noise[0] < 0.04 * deviation
    assert 0.1 * deviation < noise[1] < 0.4 * deviation
    errors = np.abs(process.predict(between)[0] - true_values)
    assert np.median(errors) < 0.05 * deviation
    assert 0.5 < np.mean(errors < process.predict_std(between)[0]) < 0.86


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dYdX": np.zeros((5, 3))}, r"expected shapes \(n, d\), \(n,\) and \(n, d\), got \(4, 3\), \(4,\)"),
        ({"Y": np.array([1.0, np.nan, 2.0, 3.0])}, "Y: expected finite numbers"),
        ({"X": np.ones((4, 3))}, "X: expected at least two different numbers in each column"),
    ],
)
def test_the_process_names_what_is_wrong(changes: dict[str, Array], message: str) -> None:
    arguments = {"X": np.arange(12.0).reshape(4, 3) ** 2, "Y": np.arange(4.0), "dYdX": np.ones((4, 3))}
    with pytest.raises(ValueError, match=message):
        GradientProcess().fit(**{**arguments, **changes})
