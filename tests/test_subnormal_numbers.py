"""Numbers below the smallest normal one do not survive in training, and nothing else does not."""

from __future__ import annotations

import numpy as np
import pytest

import jetmlp


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gradients_below_the_normal_numbers_are_zero(dtype: str) -> None:
    """Slopes of saturated layers multiply to a thousandth of the smallest normal number."""
    tiny = float(np.finfo(dtype).tiny)
    model = jetmlp.MLP([1, 1, 1, 1], "tanh", dtype=dtype, normalize=False)
    depth = 0.5 * np.log(4.0 / np.sqrt(1e-3 * tiny))  # tanh'(depth) is the root of that
    model.parameters = np.array([0.7, depth, 0.6, depth, 0.8, 0.1])  # weight and bias of each layer
    _, gradient = jetmlp.Objective(model, np.array([0.3]), np.array([2.0])).loss_and_gradient(
        model.parameters
    )
    assert gradient[:2].tolist() == [0.0, 0.0]
    assert (np.abs(gradient[2:]) >= tiny).all()


def test_arithmetic_of_the_caller_keeps_its_subnormal_numbers() -> None:
    model = jetmlp.MLP([1, 4, 1], seed=0, dtype="float32", normalize=False)
    seen = []

    def callback(epoch: int, losses: dict[str, float]) -> None:
        seen.append(float(np.float64(1e-300) * np.float64(1e-15)))

    jetmlp.Trainer(model, jetmlp.Adam()).fit(
        np.linspace(0, 1, 300), np.ones(300), epochs=2, callbacks=callback
    )
    assert seen == [pytest.approx(1e-315, rel=1e-6)] * 2
    assert np.float64(1e-300) * np.float64(1e-15) > 0


@pytest.mark.parametrize("bad", [np.inf, np.nan])
def test_nan_and_infinity_stay_visible(bad: float) -> None:
    model = jetmlp.MLP([1, 4, 1], seed=0, dtype="float32", normalize=False)
    objective = jetmlp.Objective(model, np.linspace(0, 1, 5), np.ones(5))
    parameters = model.parameters.copy()
    parameters[-1] = bad
    assert not np.isfinite(objective.loss(parameters))
