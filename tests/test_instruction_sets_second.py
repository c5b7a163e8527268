"""Every instruction-set level computes the same second derivatives, and the same fits to them."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np
import pytest

from instruction_levels import LEVELS, run
from reference import ACTIVATION_NAMES

pytestmark = pytest.mark.xdist_group("levels of second derivatives")

# Few and many inputs and outputs: every way to get at second derivatives.
PROGRAM = """
import json, sys
import numpy as np
import jetmlp

found = {}
random = np.random.default_rng(0)
X = random.uniform(-1, 1, (70, 2))
H = random.uniform(-1, 1, (70, 2, 2, 2))
H = H + H.swapaxes(2, 3)
for dtype in ("float32", "float64"):
    for activation in sys.argv[1:]:
        for d, m in ((2, 1), (2, 4), (10, 2)):
            model = jetmlp.MLP([d, 19, 9, m], activation, activation, dtype=dtype, seed=1, normalize=False)
            inputs = random.uniform(-1, 1, (70, d))
            arrays = [model.hessian(inputs), model.laplacian(inputs), model.hvp(inputs, inputs)]
            for array in (*arrays, model.directional_derivatives(inputs, inputs)):
                found[f"{dtype} {len(found)}"] = array.ravel().tolist()
        model = jetmlp.MLP([2, 19, 9, 2], activation, dtype=dtype, seed=1, normalize=False)
        trainer = jetmlp.Trainer(model, batch_size=32, second_derivative_weight=0.3)
        history = trainer.fit(X, d2YdX2=H, epochs=10)
        found[f"{dtype} {len(found)}"] = history["loss"].tolist()
print(json.dumps(found))
"""


@cache
def results(level: str) -> dict[str, Any]:
    process = run(level, PROGRAM, *ACTIVATION_NAMES)
    assert process.returncode == 0, process.stderr
    found: dict[str, Any] = json.loads(process.stdout)
    return found


@pytest.mark.parametrize("level", LEVELS)
def test_levels_agree(level: str) -> None:
    for name, expected in results(LEVELS[0]).items():
        tolerance = 1e-12 if name.startswith("float64") else 1e-5
        scale = max(1e-2, np.abs(expected).max())
        assert np.allclose(results(level)[name], expected, rtol=0, atol=tolerance * scale), name


def test_levels_with_fused_multiply_add_give_the_same_bytes() -> None:
    fused = [level for level in LEVELS if level in ("x86-64-v3", "x86-64-v4")]
    for level in fused:
        assert results(level) == results(fused[0])
