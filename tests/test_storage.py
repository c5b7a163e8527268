"""Saved models: every byte comes back, and a failed save costs nothing."""

from __future__ import annotations

import json
import os
import pickletools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors
import safetensors.numpy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import jetmlp
from problems import make_problem, model_of, networks
from reference import ACTIVATION_NAMES, Network


@pytest.fixture
def model() -> jetmlp.MLP:
    return model_of(make_problem(Network((2, 5, 3), "sin", "softplus"), 1))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.safetensors"


def assert_same(one: jetmlp.MLP, other: jetmlp.MLP) -> None:
    assert repr(one) == repr(other)
    assert one.dtype == other.dtype
    assert one.parameters.tobytes() == other.parameters.tobytes()


# ---- Round trips ----


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(network=networks(), dtype=st.sampled_from(["float32", "float64"]), seed=st.integers(0, 99))
def test_every_byte_comes_back(path: Path, network: Network, dtype: str, seed: int) -> None:
    problem = make_problem(network, 5, dtype=dtype, seed=seed)
    model = model_of(problem)
    model.save(path)
    loaded = jetmlp.load(path)
    assert_same(loaded, model)
    for one, other in zip(
        loaded.predict_with_jacobian(problem.X), model.predict_with_jacobian(problem.X), strict=True
    ):
        assert one.tobytes() == other.tobytes()


@pytest.mark.parametrize("output_activation", ACTIVATION_NAMES)
@pytest.mark.parametrize("activation", ACTIVATION_NAMES)
def test_every_pair_of_activations_comes_back(path: Path, activation: str, output_activation: str) -> None:
    model = jetmlp.MLP([1, 2, 1], activation, output_activation, dtype="float32", normalize=False)
    model.save(path)
    assert_same(jetmlp.load(path), model)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_extreme_numbers_come_back(path: Path, dtype: str) -> None:
    model = jetmlp.MLP([1, 1, 1], dtype=dtype, normalize=False)
    limits = np.finfo(model.dtype)
    model.parameters = np.array([limits.max, -limits.tiny, limits.smallest_subnormal, -0.0], model.dtype)
    model.save(path)
    assert_same(jetmlp.load(path), model)


@pytest.mark.parametrize("kind", [str, Path], ids=["str", "Path"])
def test_paths_of_either_kind_and_any_letters(
    model: jetmlp.MLP, tmp_path: Path, kind: Callable[[Path], Any]
) -> None:
    path = tmp_path / "größe ψ 1.5"
    model.save(kind(path))
    assert_same(jetmlp.load(kind(path)), model)
    assert os.listdir(tmp_path) == [path.name]


def test_a_file_name_alone_means_the_working_directory(
    model: jetmlp.MLP, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    model.save("model.safetensors")
    assert_same(jetmlp.load("model.safetensors"), model)


def test_a_loaded_model_trains_on_and_is_its_own(model: jetmlp.MLP, path: Path) -> None:
    model.save(path)
    loaded = jetmlp.load(path)
    jetmlp.Trainer(loaded, jetmlp.Adam()).fit(np.eye(2), np.ones((2, 3)), epochs=3)
    assert_same(jetmlp.load(path), model)
    assert not np.array_equal(loaded.parameters, model.parameters)


# ---- The file ----


def test_the_file_is_plain_safetensors(model: jetmlp.MLP, path: Path) -> None:
    model.save(path)
    with safetensors.safe_open(path, framework="numpy") as file:
        tensors, metadata = {name: file.get_tensor(name) for name in file.keys()}, file.metadata()  # noqa: SIM118
    assert metadata["format_version"] == "2"
    assert json.loads(metadata["jetmlp.MLP"]) == {
        "architecture": {
            "layer_sizes": [2, 5, 3],
            "activation": "sin",
            "output_activation": "softplus",
            "dtype": "float64",
            "normalize": False,
        },
    }
    assert len(tensors) == 4
    for layer in range(2):
        assert np.array_equal(tensors[f"weights.{layer}"], model.weights[layer])
        assert np.array_equal(tensors[f"bias.{layer}"], model.biases[layer])


def test_the_file_is_no_pickle(model: jetmlp.MLP, path: Path) -> None:
    model.save(path)
    with pytest.raises(ValueError, match=r"opcode|pickle|STOP"):
        list(pickletools.genops(path.read_bytes()))


def test_the_same_model_makes_the_same_file(model: jetmlp.MLP, tmp_path: Path) -> None:
    model.save(tmp_path / "one")
    model.copy().save(tmp_path / "other")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


# ---- Saving fails ----


def test_saving_where_there_is_no_folder_names_the_path(model: jetmlp.MLP, tmp_path: Path) -> None:
    path = tmp_path / "absent" / "model.safetensors"
    with pytest.raises(FileNotFoundError) as caught:
        model.save(path)
    assert caught.value.filename == str(path)


def test_saving_onto_a_folder_leaves_nothing_behind(model: jetmlp.MLP, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        model.save(tmp_path / "folder")
    assert os.listdir(tmp_path) == ["folder"]


# ---- Loading fails ----


def test_loading_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="absent"):
        jetmlp.load(tmp_path / "absent")
    with pytest.raises(IsADirectoryError):
        jetmlp.load(tmp_path)
