"""What one sample does to its numbers is its own affair: the others come out as they would alone."""

from __future__ import annotations

import numpy as np
import pytest

import jetmlp

PREDICTIONS = ["predict", "jacobian", "hessian", "laplacian", "hvp", "directional_derivatives"]


@pytest.mark.parametrize("name", PREDICTIONS)
@pytest.mark.parametrize("activation", ["relu", "softplus"])
@pytest.mark.parametrize("layer_sizes", [(1, 64, 3, 1), (2, 64, 3, 3, 2)], ids=str)
def test_a_sample_that_overflows_leaves_the_others_alone(
    layer_sizes: tuple[int, ...], activation: str, name: str
) -> None:
    """A narrow layer behind a wide one: its rows end in padding, which must not hold what overflowed."""
    model = jetmlp.MLP(list(layer_sizes), activation, dtype="float32", seed=0, normalize=False)
    model.parameters = 20 * model.parameters
    healthy = np.full((1, layer_sizes[0]), 0.5, dtype=np.float32)
    overflowing = np.full_like(healthy, np.finfo(np.float32).max)
    takes_directions = name in ("hvp", "directional_derivatives")

    def compute(X: np.ndarray) -> np.ndarray:
        function = getattr(model, name)
        return function(X, np.ones_like(X)) if takes_directions else function(X)

    alone, together = compute(healthy), compute(np.concatenate([overflowing, healthy]))
    assert np.isfinite(alone).all()
    np.testing.assert_allclose(together[1:], alone, rtol=1e-5, atol=1e-5)
