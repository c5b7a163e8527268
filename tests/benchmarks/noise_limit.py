"""What simulated payoffs and their slopes can tell of a price at most, by what is known of the noise.

`python tests/benchmarks/noise_limit.py [SAMPLES] [SEEDS]`: errors over the spread, medians over the seeds, of
Black-Scholes prices and deltas. A network that fits the true prices is given; its linearisation is fitted to
the noise by weighted least squares, with weights that are those of the true covariance of each sample
("covariances"), of its diagonal ("variances"), or of one variance for values and one for slopes ("kinds").
"""

from __future__ import annotations

import math
import sys

import numpy as np
from numpy.typing import NDArray

import jetmlp
from jetmlp.experiments import BlackScholes, surrogate_errors
from jetmlp.surrogate.posterior import gradients

Array = NDArray[np.float64]
HIDDEN, ACTIVATION = (4,), "softplus"
#: Of the variance's size: out of the money there is none.
LEAST = 1e-6

_normal = np.vectorize(lambda z: 0.5 * math.erfc(-z / math.sqrt(2.0)), otypes=[np.float64])


def covariance(option: BlackScholes, spot: Array) -> Array:
    """Covariance (n, 2, 2) of a payoff and its slope, both of one path, given the spot (n,)."""
    s = option.volatility * math.sqrt(option.expiry - option.state_date)
    d = np.log(spot / option.strike) / s + 0.5 * s
    growth, squared, inside = _normal(d), math.exp(s * s) * _normal(d + s), _normal(d - s)
    price = spot * growth - option.strike * inside
    of_value = spot**2 * squared - 2 * option.strike * spot * growth + option.strike**2 * inside - price**2
    both = spot * squared - option.strike * growth - price * growth
    return np.stack([of_value, both, both, squared - growth**2], axis=-1).reshape(-1, 2, 2)


def errors(n: int, seed: int) -> dict[str, tuple[float, float]]:
    """Errors of prices and deltas by what is known of the noise."""
    option = BlackScholes()
    train, held_out = option.training(n, seed), option.held_out(seed)
    X = np.sort(train.X[:: max(1, n // 1024)], axis=0)
    model = jetmlp.MLP([1, *HIDDEN, 1], ACTIVATION, seed=seed)
    exact = jetmlp.LevenbergMarquardt()
    jetmlp.Trainer(model, exact).fit(X, option.value(X), option.derivative(X), epochs=100)
    normalization = model.normalization
    units = np.array([1.0, normalization.x_scale[0]]) / normalization.y_scale[0]
    noise = np.stack(
        [train.Y[:, 0] - option.value(train.X), (train.dYdX[:, 0] - option.derivative(train.X))[:, 0]], axis=1
    )
    sigma = covariance(option, train.X[:, 0]) * np.outer(units, units) + LEAST * np.eye(2)
    alone = sigma * np.eye(2)
    known = {"kinds": np.broadcast_to(alone.mean(axis=0), sigma.shape), "variances": alone}
    known["covariances"] = sigma + 0.01 * alone  # in the money the two are the same but for rounding
    J, at = (
        np.concatenate(
            [block[:, :, 0] for _, block in gradients(model, normalization.inputs(Z), slopes=True)]
        )
        for Z in (train.X, held_out.X)
    )
    found = {}
    for name, matrices in known.items():
        weighted = np.linalg.solve(matrices, J)
        hessian = np.einsum("nkp,nkq->pq", J, weighted)
        step = np.linalg.lstsq(hessian, np.einsum("nkp,nk->p", weighted, noise * units), rcond=1e-12)[0]
        moved = (at @ step) / units
        values, slopes = model.predict_with_jacobian(held_out.X)
        one = surrogate_errors(held_out, values[:, 0] + moved[:, 0], slopes[:, 0] + moved[:, 1:])
        found[name] = one["value_error"], one["derivative_error"]
    return found


def main(n: int = 8192, n_seeds: int = 20) -> None:
    """Print the medians."""
    rows = [errors(n, seed) for seed in range(n_seeds)]
    for name in rows[0]:
        value, slope = np.median([row[name] for row in rows], axis=0)
        print(f"{name:12} known: prices {value:.1e}, deltas {slope:.1e}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
