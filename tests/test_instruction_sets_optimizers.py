"""Every instruction-set level takes the same steps, also with optimizers that solve systems."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np
import pytest

from instruction_levels import LEVELS, run

pytestmark = pytest.mark.xdist_group("levels")

# More than one block of the factorization in either form; few steps, before rounding has grown.
PROGRAM = """
import json
import numpy as np
import jetmlp

x = np.linspace(-1, 1, 70)
optimizers = {
    "LBFGS": jetmlp.LBFGS(),
    "dual": jetmlp.LevenbergMarquardt(form="dual"),
    "primal": jetmlp.LevenbergMarquardt(form="primal"),
    "Broyden": jetmlp.SelfScaledBroyden(),
    "stochastic": jetmlp.StochasticGaussNewton(),
}
found = {}
for dtype in ("float32", "float64"):
    for name, optimizer in optimizers.items():
        if name == "LBFGS" or dtype == "float64":
            model = jetmlp.MLP([1, 12, 9, 1], dtype=dtype, seed=1, normalize=False)
            history = jetmlp.Trainer(model, optimizer).fit(x, np.sin(3 * x), 3 * np.cos(3 * x), epochs=8)
            found[f"{dtype} {name}"] = [history["loss"].tolist(), model.parameters.tolist()]
X = np.stack([x, x[::-1] ** 2], axis=1)
Y, H = np.sin(X @ [1.0, 2.0]), -np.sin(X @ [1.0, 2.0])[:, None, None] * np.outer([1.0, 2.0], [1.0, 2.0])
V, D = np.stack([x, 1 - x], axis=1)[:, None], (np.cos(X @ [1.0, 2.0]) * (2 - x))[:, None]
for form in ("dual", "primal"):
    for kind, data in {"second": {"d2YdX2": H[:20]}, "along": {"directions": V[:20], "dYdV": D[:20]}}.items():
        model = jetmlp.MLP([2, 9, 8, 1], "silu", dtype="float64", seed=1, normalize=False)
        trainer = jetmlp.Trainer(model, jetmlp.LevenbergMarquardt(form=form), l2=1e-3)
        history = trainer.fit(X[:20], Y[:20], **data, epochs=5)
        found[f"float64 {kind} {form}"] = [history["loss"].tolist(), model.parameters.tolist()]
print(json.dumps(found))
"""


@cache
def results(level: str) -> dict[str, Any]:
    process = run(level, PROGRAM)
    assert process.returncode == 0, process.stderr
    found: dict[str, Any] = json.loads(process.stdout)
    return found


@pytest.mark.parametrize("level", LEVELS)
def test_levels_agree(level: str) -> None:
    for name, (losses, parameters) in results(LEVELS[0]).items():
        tolerance = 1e-8 if name.startswith("float64") else 1e-2
        assert np.allclose(results(level)[name][0], losses, rtol=tolerance, atol=0), name
        assert np.allclose(results(level)[name][1], parameters, rtol=0, atol=tolerance), name


def test_levels_with_fused_multiply_add_give_the_same_bytes() -> None:
    fused = [level for level in LEVELS if level in ("x86-64-v3", "x86-64-v4")]
    for level in fused:
        assert results(level) == results(fused[0])
