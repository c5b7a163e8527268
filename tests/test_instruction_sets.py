"""Every instruction-set level that runs here computes the same; asking for any other is an error.

A level is chosen at import, so each runs in a process of its own.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

import jetmlp
import reference
import reference_training
from instruction_levels import LEVELS, run
from reference import ACTIVATION_NAMES, Network

pytestmark = pytest.mark.xdist_group("levels")  # which share their programs' results

# Every activation once in the hidden layers and once in the output, mini-batches, both losses.
FIT = """
import json, sys
import numpy as np
import jetmlp

found = {"info": jetmlp.info()}
random = np.random.default_rng(0)
X, Y, dYdX = random.uniform(-1, 1, (70, 2)), random.uniform(-1, 1, (70, 3)), random.uniform(-1, 1, (70, 3, 2))
for dtype in ("float32", "float64"):
    for activation in sys.argv[1:]:
        model = jetmlp.MLP([2, 19, 9, 3], activation, activation, dtype=dtype, seed=1, normalize=False)
        start = model.parameters.tolist()
        trainer = jetmlp.Trainer(model, jetmlp.Adam(1e-3), batch_size=32, derivative_weight=0.3)
        history = trainer.fit(X, Y, dYdX, epochs=10, validation_data=(X, Y, dYdX))
        values, jacobian = model.predict_with_jacobian(X)
        found[f"{dtype} {activation}"] = {
            "start": start,
            "order": jetmlp.random.Generator(3, 1, 0).permutation(50).tolist(),
            "loss": history["loss"].tolist(),
            "val_loss": history["val_loss"].tolist(),
            "values": values.ravel().tolist(),
            "jacobian": jacobian.ravel().tolist(),
        }
print(json.dumps(found))
"""


@cache
def fits(level: str) -> dict[str, Any]:
    process = run(level, FIT, *ACTIVATION_NAMES)
    assert process.returncode == 0, process.stderr
    found: dict[str, Any] = json.loads(process.stdout)
    return found


def test_more_than_one_level_is_compared() -> None:
    """An installation from source has one; then this says that nothing here compared two."""
    supported = jetmlp.info()["levels_supported"]
    if supported != LEVELS:
        pytest.skip(f"built for {', '.join(LEVELS)} of {', '.join(supported)}; `.ci/run levels` takes all")


@pytest.mark.parametrize("level", LEVELS)
def test_a_level_that_is_asked_for_is_the_one_that_runs(level: str) -> None:
    assert fits(level)["info"] == {**jetmlp.info(), "level": level}


def assert_close(found: dict[str, Any], expected: dict[str, Any], tolerance: float) -> None:
    for name in ("loss", "val_loss"):
        assert np.allclose(found[name], expected[name], rtol=tolerance, atol=0), name
    for name in ("values", "jacobian"):
        scale = np.abs(expected[name]).max()
        assert np.allclose(found[name], expected[name], rtol=0, atol=tolerance * scale), name


# Levels round differently (fused multiply-add, widths of sums), by some units in the last place; 30 updates
# leave at most a hundred of them, in either type.
TOLERANCES = {"float64": 1e-12, "float32": 1e-5}


# A full grid: level, activation and type make each a kernel of its own.
@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize("activation", ACTIVATION_NAMES)
@pytest.mark.parametrize("level", LEVELS)
def test_levels_agree(level: str, activation: str, dtype: str) -> None:
    best, found = (fits(each)[f"{dtype} {activation}"] for each in (LEVELS[0], level))
    assert found["order"] == best["order"]
    assert found["start"] == best["start"]
    assert_close(found, best, TOLERANCES[dtype])


def test_levels_with_fused_multiply_add_give_the_same_bytes() -> None:
    """So a seed means the same fit on every processor of the last ten years, also where a fit is chaotic."""
    fused = [level for level in LEVELS if level in ("x86-64-v3", "x86-64-v4")]
    for level in fused:
        assert {**fits(level), "info": None} == {**fits(fused[0]), "info": None}


@pytest.mark.parametrize("activation", ACTIVATION_NAMES)
@pytest.mark.parametrize("level", LEVELS)
def test_single_precision_follows_double(level: str, activation: str) -> None:
    single, double = (fits(level)[f"{dtype} {activation}"] for dtype in ("float32", "float64"))
    assert_close(single, double, TOLERANCES["float32"])


@pytest.mark.parametrize("activation", ACTIVATION_NAMES)
@pytest.mark.parametrize("level", LEVELS)
def test_levels_follow_the_oracle(level: str, activation: str) -> None:
    """So that all of them are right, and not only alike."""
    found = fits(level)[f"float64 {activation}"]
    random = np.random.default_rng(0)  # as in the program
    X, Y = random.uniform(-1, 1, (70, 2)), random.uniform(-1, 1, (70, 3))
    dYdX = random.uniform(-1, 1, (70, 3, 2))
    network = Network((2, 19, 9, 3), activation, activation)
    losses, parameters = reference_training.train(
        network,
        np.array(found["start"]),
        X,
        Y,
        dYdX,
        reference_training.epoch_orders(0, 70, 10),
        32,
        reference_training.Adam(1e-3),
        derivative_weight=0.3,
    )
    assert found["loss"] == pytest.approx(losses[:, 0], rel=1e-10)
    values, jacobian = reference.forward(network, parameters, X), reference.jacobian(network, parameters, X)
    assert found["values"] == pytest.approx(values.ravel(), rel=0, abs=1e-10 * np.abs(values).max())
    assert found["jacobian"] == pytest.approx(jacobian.ravel(), rel=0, abs=1e-10 * np.abs(jacobian).max())


@pytest.mark.parametrize("level", ["x86-64-v9", "v3", "X86-64-V3", "avx2", "native", " "])
def test_an_unknown_level_is_an_error_and_no_fallback(level: str) -> None:
    process = run(level, "import jetmlp")
    assert process.returncode == 1
    last = process.stderr.strip().splitlines()[-1]
    assert last.startswith("ImportError: JETMLP_LEVEL: expected one of ")
    assert f"got {level!r}" in last
    for available in LEVELS:
        assert repr(available) in last


def test_no_wish_means_the_best_level() -> None:
    process = run("", "import jetmlp; print(jetmlp.info()['level'])")
    assert process.stdout.strip() == LEVELS[0]


def test_info() -> None:
    info = jetmlp.info()
    assert set(info) == {
        "version",
        "level",
        "levels_built",
        "levels_supported",
        "levels_available",
        "compiler",
        "eigen",
        "activations",
        "initializations",
    }
    assert info["version"] == jetmlp.__version__ == version("jetmlp")
    assert info["level"] in info["levels_available"]
    assert len(set(LEVELS)) == len(LEVELS) >= 1
    assert set(LEVELS) <= {"x86-64-v2", "x86-64-v3", "x86-64-v4", "generic"}
    assert [level for level in info["levels_supported"] if level in info["levels_built"]] == LEVELS
    for level in info["levels_built"]:
        assert find_spec(f"jetmlp._core._core_{level.removeprefix('x86-64-')}") is not None
    assert re.fullmatch(r"(GNU|Clang|AppleClang) \d+(\.\d+)*", info["compiler"])
    assert re.fullmatch(r"3\.4\.\d+|[45]\.\d+.*", info["eigen"])


def test_info_is_the_callers_own() -> None:
    jetmlp.info()["levels_available"].clear()
    assert jetmlp.info()["levels_available"] == LEVELS
