"""Files that are no model, or no longer: each is a ValueError that names the path, never a wrong model."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

import jetmlp
from problems import make_problem, model_of
from reference import Network

Tensors = dict[str, NDArray[Any]]
Metadata = dict[str, str]

GOOD = {"layer_sizes": [2, 5, 3], "activation": "sin", "output_activation": "softplus", "dtype": "float64"}
GOOD["normalize"] = False


@pytest.fixture
def model() -> jetmlp.MLP:
    return model_of(make_problem(Network((2, 5, 3), "sin", "softplus"), 1))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.safetensors"


def assert_refused(path: Path, *expected: str) -> None:
    with pytest.raises(ValueError, match=r"^path: ") as caught:
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
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        assert_refused(path)
    path.write_bytes(whole + b"more")
    assert_refused(path)


def test_every_damaged_byte_of_the_header_is_refused_or_harmless(model: jetmlp.MLP, path: Path) -> None:
    """Never another error, never a model that is not whole; the numbers themselves carry no checksum."""
    model.save(path)
    whole = path.read_bytes()
    header = 8 + struct.unpack("<Q", whole[:8])[0]
    refused = 0
    for at in range(header):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        try:
            loaded = jetmlp.load(path)
        except ValueError:
            assert_refused(path)
            refused += 1
        else:
            assert loaded.parameters.tobytes() == model.parameters.tobytes()
    assert refused > header // 2


def refile(model: jetmlp.MLP, path: Path, change: Callable[[Tensors, Metadata], object]) -> None:
    """Write the model's file with other contents."""
    model.save(path)
    with safetensors.safe_open(path, framework="numpy") as file:
        tensors, metadata = {name: file.get_tensor(name) for name in file.keys()}, file.metadata()  # noqa: SIM118
    change(tensors, metadata)
    path.write_bytes(safetensors.numpy.save(tensors, metadata))


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
    refile(model, path, lambda tensors, _: change(tensors))
    assert_refused(path, named)


@pytest.mark.parametrize("version", [2, 0, "1", "two", None, [1]], ids=repr)
def test_other_versions_are_refused(model: jetmlp.MLP, path: Path, version: object) -> None:
    content = json.dumps({"format_version": version, "architecture": GOOD})
    refile(model, path, lambda _, metadata: metadata.update({"jetmlp.MLP": content}))
    assert_refused(path, f"version {version!r}", "reads version 1")


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
    content = json.dumps({"format_version": 1, "architecture": architecture})
    refile(model, path, lambda _, metadata: metadata.update({"jetmlp.MLP": content}))
    assert_refused(path)


MALFORMED = ["", "{", "3", "null", "[]", "{}", '{"format_version": 1}', "[" * 10**5]


@pytest.mark.parametrize("content", MALFORMED, ids=lambda content: content[:3])
def test_malformed_metadata_is_refused(model: jetmlp.MLP, path: Path, content: str) -> None:
    refile(model, path, lambda _, metadata: metadata.update({"jetmlp.MLP": content}))
    assert_refused(path)
