"""Files that are no model, or no longer: each a ModelFileError with the path, never a wrong model."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from numpy.typing import NDArray

import jetmlp
from model_files import Parts, parts_of
from problems import make_problem, model_of
from reference import Network

Tensors = dict[str, NDArray[Any]]

GOOD = {"layer_sizes": [2, 5, 3], "activation": "sin", "output_activation": "softplus", "dtype": "float64"}
GOOD["normalize"] = False


@pytest.fixture
def model() -> jetmlp.MLP:
    return model_of(make_problem(Network((2, 5, 3), "sin", "softplus"), 1))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.safetensors"


def assert_refused(path: Path, *expected: str) -> None:
    with pytest.raises(jetmlp.ModelFileError, match=r"^path: ") as caught:
        jetmlp.load(path)
    assert str(path) in str(caught.value)
    for text in expected:
        assert text in str(caught.value)


FOREIGN = {"empty": b"", "one byte": b"\x00", "text": b"hello" * 9, "all ones": b"\xff" * 64}


@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN)
def test_any_other_file_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert_refused(path)


def test_every_truncation_is_refused(model: jetmlp.MLP, path: Path) -> None:
    model.save(path)
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert_refused(path)
    path.write_bytes(whole + b"more")
    assert_refused(path)


def refile(model: jetmlp.MLP, path: Path, change: Callable[[Parts], object]) -> None:
    """Write the model's file with other contents."""
    model.save(path)
    parts = parts_of(path)
    change(parts)
    path.write_bytes(parts.file())


def test_foreign_tensors_are_refused(path: Path) -> None:
    path.write_bytes(safetensors.numpy.save({"weight": np.ones(3)}))
    assert_refused(path, "jetmlp")
    path.write_bytes(safetensors.numpy.save({"weight": np.ones(3)}, {"format": "pt"}))
    assert_refused(path, "jetmlp", "'pt'")


def test_tensors_of_a_type_that_numpy_lacks_are_refused(path: Path) -> None:
    header = json.dumps({"weight": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]}}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(4))
    assert_refused(path, "jetmlp")


DAMAGE: dict[str, tuple[Callable[[Tensors], object], str]] = {
    "missing": (lambda tensors: tensors.pop("bias.1"), "bias.1"),
    "wrong shape": (lambda tensors: tensors.update({"weights.0": np.ones((2, 5))}), "weights.0"),
    "wrong type": (lambda tensors: tensors.update({"bias.0": np.ones(5, np.float32)}), "bias.0"),
    "wrong number of axes": (lambda tensors: tensors.update({"bias.0": np.ones((5, 1))}), "bias.0"),
    "one too many": (lambda tensors: tensors.update({"weights.2": np.ones((1, 3))}), "weights.2"),
    "NaN": (lambda tensors: tensors.update({"bias.0": np.full(5, np.nan)}), "nan"),
}


@pytest.mark.parametrize(("change", "named"), DAMAGE.values(), ids=DAMAGE)
def test_wrong_tensors_are_refused(
    model: jetmlp.MLP, path: Path, change: Callable[[Tensors], object], named: str
) -> None:
    refile(model, path, lambda parts: change(parts.tensors))
    assert_refused(path, named)


@pytest.mark.parametrize("version", ["3", "99", "1", "0", "02", "two", "", "1" * 1000], ids=lambda v: v[:9])
def test_other_versions_are_refused(model: jetmlp.MLP, path: Path, version: str) -> None:
    refile(model, path, lambda parts: setattr(parts, "version", version))
    assert_refused(path, "format_version: expected", *(["a newer jetmlp"] if version in ("3", "99") else []))


ARCHITECTURES: dict[str, object] = {
    "a number": 3,
    "a list": [1, 2],
    "nothing": None,
    **{f"without {name}": {k: v for k, v in GOOD.items() if k != name} for name in GOOD},
    "unknown key": {**GOOD, "dropout": 0.5},
    "unknown activation": {**GOOD, "activation": "cosine"},
    "unknown dtype": {**GOOD, "dtype": "float16"},
    "dtype no name": {**GOOD, "dtype": [1]},
    "sizes as text": {**GOOD, "layer_sizes": "253"},
    "sizes as floats": {**GOOD, "layer_sizes": [2.0, 5.0, 3.0]},
    "one size": {**GOOD, "layer_sizes": [2]},
    "negative size": {**GOOD, "layer_sizes": [2, -5, 3]},
    "sizes beyond memory": {**GOOD, "layer_sizes": [2, 2**24, 2**24, 3]},
    "other sizes": {**GOOD, "layer_sizes": [2, 3, 5]},
    "another dtype": {**GOOD, "dtype": "float32"},
}


@pytest.mark.parametrize("architecture", ARCHITECTURES.values(), ids=ARCHITECTURES)
def test_wrong_architectures_are_refused(model: jetmlp.MLP, path: Path, architecture: object) -> None:
    refile(model, path, lambda parts: parts.description.update(architecture=architecture))
    assert_refused(path)
