"""Self-scaled Broyden against its formulas written out, its minima and what it refuses."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import jetmlp

X = np.linspace(-1.0, 1.0, 50)
Y, DYDX = np.sin(3 * X), 3 * np.cos(3 * X)
UPDATES = ("broyden", "bfgs")


def trainer_of(sizes: tuple[int, ...] = (1, 9, 8, 1), **options: Any) -> jetmlp.Trainer:  # noqa: ANN401
    model = jetmlp.MLP(sizes, dtype="float64", normalize=False)
    return jetmlp.Trainer(model, jetmlp.SelfScaledBroyden(**options))


def updated(H: NDArray[Any], s: NDArray[Any], y: NDArray[Any], update: str, *, first: bool) -> NDArray[Any]:
    """Formulas 11 and 13 to 23 of Urbán, Stefanou and Pons, with the Hessian B = H⁻¹ itself."""
    B = np.linalg.inv(H)
    n, sy = len(s), s @ y
    b, h = s @ B @ s / sy, y @ H @ y / sy
    a = b * h - 1
    theta = 0.0
    if update == "broyden":
        c = np.sqrt(a / (a + 1))
        rho_minus = min(1.0, h * (1 - c))
        theta = max((rho_minus - 1) / a, min(1 / rho_minus, (1 - b) / b))
    sigma = 1 + theta * a
    rho = min(1.0, 1 / b)
    if first:
        tau = h / sigma
    elif update == "bfgs":
        tau = rho
    elif theta <= 0:
        tau = min(rho * sigma ** (1 / (1 - n)), sigma)
    else:
        tau = rho * min(sigma ** (1 / (1 - n)), 1 / theta)
    phi = (1 - theta) / sigma
    Hy, yHy = H @ y, y @ H @ y
    v = np.sqrt(yHy) * (s / sy - Hy / yHy)
    return np.asarray((H - np.outer(Hy, Hy) / yHy + phi * np.outer(v, v)) / tau + np.outer(s, s) / sy)


@pytest.mark.parametrize("update", UPDATES)
@pytest.mark.parametrize("sizes", [(1, 3, 1), (1, 9, 8, 1)], ids=str)
def test_every_step_goes_where_the_formulas_lead(update: str, sizes: tuple[int, ...]) -> None:
    trainer = trainer_of(sizes, update=update)
    objective = jetmlp.Objective(trainer.model, X, Y, DYDX)
    path = [trainer.model.parameters]
    trainer.fit(X, Y, DYDX, epochs=25, callbacks=lambda *_: path.append(trainer.model.parameters))
    H = np.eye(trainer.model.n_parameters)
    for epoch, (before, after) in enumerate(pairwise(path)):
        g, g_after = (objective.loss_and_gradient(place)[1] for place in (before, after))
        direction, step = -H @ g, after - before
        cosine = direction @ step / np.linalg.norm(direction) / np.linalg.norm(step)
        assert cosine == pytest.approx(1.0, abs=1e-10)
        H = updated(H, step, g_after - g, update, first=epoch == 0)


@pytest.mark.parametrize("update", UPDATES)
def test_a_linear_problem_is_solved(update: str, rng: np.random.Generator) -> None:
    """The minimum of a badly scaled quadratic, which a linear system gives."""
    x = rng.normal(size=(40, 3)) * [1.0, 0.1, 5.0]
    y = rng.normal(size=40)
    model = jetmlp.MLP([3, 1], dtype="float64", normalize=False)
    trainer = jetmlp.Trainer(model, jetmlp.SelfScaledBroyden(update, gradient_tolerance=1e-11))
    history = trainer.fit(x, y, epochs=200)
    assert history.stopped_because == "gradient"
    expected = np.linalg.lstsq(np.column_stack([x, np.ones(40)]), y, rcond=None)[0]
    assert model.parameters == pytest.approx(expected, rel=1e-7, abs=1e-9)


@pytest.mark.parametrize("update", UPDATES)
def test_it_goes_where_lbfgs_does_not(update: str) -> None:
    """A small network on Runge's function: at the same number of steps, a thousandth of the loss."""
    f = 1 / (1 + 25 * X**2)
    losses = []
    for optimizer in (jetmlp.SelfScaledBroyden(update), jetmlp.LBFGS()):
        model = jetmlp.MLP([1, 10, 10, 1], dtype="float64", normalize=False)
        losses.append(jetmlp.Trainer(model, optimizer).fit(X, f, -50 * X * f**2, epochs=1500)["loss"][-1])
    assert losses[0] < 1e-3 * losses[1]


def test_other_data_in_a_second_fit() -> None:
    """At the same parameters, so H is kept; the first step has to go down the new loss."""
    trainer = trainer_of()
    trainer.fit(X, Y, DYDX, epochs=30)
    history = trainer.fit(X, 2 * Y, 2 * DYDX, epochs=30)
    assert (np.diff(history["loss"]) < 0).all()
    assert history["loss"][-1] < 0.1 * history["loss"][0]


def test_a_thousand_steps_after_the_last_digit() -> None:
    """Nothing to fit but rounding: it ends for want of a lower point, or goes on, and stays finite."""
    trainer = trainer_of((1, 6, 1))
    history = trainer.fit(X, 0.5 * X, np.full_like(X, 0.5), epochs=3000)
    assert history.stopped_because in ("step", "epochs")
    assert history["loss"][-1] < 1e-16
    assert np.isfinite(trainer.model.parameters).all()


def test_what_it_does_not_take() -> None:
    with pytest.raises(ValueError, match=r"float64.*SelfScaledBroyden, got float32"):
        jetmlp.Trainer(jetmlp.MLP([1, 4, 1], dtype="float32"), jetmlp.SelfScaledBroyden())
    large = jetmlp.MLP([2, 64, 60, 1], dtype="float64")
    assert large.n_parameters == 4153
    with pytest.raises(ValueError, match=r"at most 4000 parameters for SelfScaledBroyden.* got 4153; LBFGS"):
        jetmlp.Trainer(large, jetmlp.SelfScaledBroyden())
    with pytest.raises(ValueError, match=r"update: expected"):
        jetmlp.SelfScaledBroyden("dfp")
    with pytest.raises(ValueError, match=r"curvature: expected"):
        jetmlp.SelfScaledBroyden(curvature=1e-5)
