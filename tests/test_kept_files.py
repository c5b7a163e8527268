"""Files of every version of the format there was: they are read for ever, and predict what they did."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

import jetmlp
from jetmlp._files.header import FORMAT_VERSION
from model_files import parts_of
from small_models import SMALL_MODELS, predictions

FOLDER = Path(__file__).parent / "data" / "models"
#: Version 1 was in no release.
VERSIONS = range(2, FORMAT_VERSION + 1)
FILES = sorted(FOLDER.glob("version_*/*.safetensors"))


def test_there_is_a_file_of_each_kind_and_version() -> None:
    there = {(path.parent.name, path.stem) for path in FILES}
    assert there >= {(f"version_{version}", kind) for version in VERSIONS for kind in SMALL_MODELS}


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_it_predicts_what_it_did(path: Path, tmp_path: Path) -> None:
    expected = {
        name: np.array(array) for name, array in json.loads(path.with_suffix(".json").read_text()).items()
    }
    model = jetmlp.load(path)
    precision = 1e-5 if model_is_single(model) else 1e-9
    found = predictions(model, expected.pop("X"))
    assert set(found) == set(expected)
    for name, array in expected.items():
        assert found[name].shape == array.shape
        assert np.abs(found[name] - array).max() <= precision * np.abs(array).max()
    assert path.parent.name == f"version_{parts_of(path).version}"
    model.save(tmp_path / "model")
    if parts_of(path).version == str(FORMAT_VERSION):
        assert (tmp_path / "model").read_bytes() == path.read_bytes()


def model_is_single(model: object) -> bool:
    return isinstance(model, jetmlp.MLP) and model.dtype == np.float32


def test_a_file_from_before_the_first_release_says_so(tmp_path: Path) -> None:
    path = tmp_path / "model"
    tensors = {"weights.0": np.ones((1, 1)), "bias.0": np.ones(1)}
    safetensors.numpy.save_file(tensors, path, {"jetmlp.MLP": '{"format_version": 1, "architecture": {}}'})
    with pytest.raises(
        jetmlp.ModelFileError, match=r"written before the first release, .* save the model again"
    ):
        jetmlp.load(path)


def test_a_newer_version_says_so(tmp_path: Path) -> None:
    path = tmp_path / "model"
    jetmlp.MLP([1, 1]).save(path)
    parts = parts_of(path)
    parts.version = str(FORMAT_VERSION + 1)
    parts.description["depth"] = "of what is to come"
    path.write_bytes(parts.file())
    said = f"got {FORMAT_VERSION + 1}: it was written by a newer jetmlp; update"
    with pytest.raises(jetmlp.ModelFileError, match=said):
        jetmlp.load(path)
