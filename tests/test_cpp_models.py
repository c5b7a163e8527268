"""The reader of C++ takes the files that `load` takes, and predicts what the model does."""

from __future__ import annotations

import hashlib
import os
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jetmlp
from jetmlp import _core
from jetmlp._files import unpack
from jetmlp.files.load import MODELS, model_of
from malformed_files import malformed
from model_files import parts_of
from small_models import SMALL_MODELS

KINDS = tuple(MODELS)


def _message(path: Path) -> str | None:
    """What C++ says of a file that it refuses."""
    try:
        _core.load_model(path)
    except ValueError as error:
        return str(error)
    return None


def _is_taken(content: bytes) -> bool:
    try:
        model_of(unpack(content, KINDS, "path: file"), "path: file")
    except jetmlp.ModelFileError:
        return False
    return True


def compare(kind: str, folder: Path, every: int) -> tuple[int, int]:
    """Give every so many malformed files to both readers; return how many C++ refused, and of how many."""
    good, path = folder / "good", folder / "model.safetensors"
    SMALL_MODELS[kind]().save(good)
    assert _message(good) is None
    refused = total = 0
    for name, content in islice(malformed(parts_of(good), KINDS), 0, None, every):
        path.write_bytes(content)
        message, taken = _message(path), _is_taken(content)
        total += 1
        if message is not None:
            refused += 1
            assert not taken, name
            assert message.startswith(f"path: {path}: "), message
            assert ": expected " in message, message
            assert ", got " in message, message
            assert len(message) < 700
        elif "surrogate" in kind:
            # Of what the mean does not need, C++ looks at nothing.
            if not taken:
                assert name.startswith(("description: ", "tensors: ", "text: ")), name
        else:
            assert taken, f"{name}: Python refuses it"
    print(f"{kind}: C++ refused {refused} of {total}")
    return refused, total


@pytest.mark.parametrize(("kind", "every"), [("mlp", 2), ("staged", 9), ("surrogate", 25)])
def test_what_is_wrong_is_refused_as_by_python(kind: str, every: int, tmp_path: Path) -> None:
    refused, total = compare(kind, tmp_path, every)
    assert total > 100
    assert refused > (0.3 if kind == "surrogate" else 0.8) * total


@pytest.mark.long
@pytest.mark.parametrize("kind", SMALL_MODELS)
def test_all_that_is_wrong_is_refused_as_by_python(kind: str, tmp_path: Path) -> None:
    compare(kind, tmp_path, 1)


@pytest.mark.parametrize("kind", SMALL_MODELS)
def test_it_predicts_to_the_last_digits(kind: str, tmp_path: Path, rng: np.random.Generator) -> None:
    model: Any = SMALL_MODELS[kind]()
    path = tmp_path / "größe.safetensors"
    model.save(path)
    stored = _core.load_model(path)
    d = stored.n_inputs
    for n in (0, 1, 7, 5000):
        X = rng.normal(size=(n, d))
        if n == 0 and kind != "mlp":
            continue
        values, slopes = stored.predict(X, True, True, 2)
        assert values.shape == (n, stored.n_outputs)
        assert slopes.shape == (n, stored.n_outputs, d)
        if n:
            for ours, theirs in ((values, model.predict(X)), (slopes, model.jacobian(X))):
                assert np.abs(ours - theirs).max() <= 4 * np.finfo(float).eps * np.abs(theirs).max()
            assert np.array_equal(stored.predict(X, True, False, 1)[0], values)
            assert np.array_equal(stored.predict(X, False, True, 1)[1], slopes)
    if d > 1:
        with pytest.raises(ValueError, match="X: expected"):
            stored.predict(np.zeros(3 * d + 1), True, True, 1)


def test_large_networks_with_scales_of_any_size(tmp_path: Path, rng: np.random.Generator) -> None:
    for dtype in ("float32", "float64"):
        model = jetmlp.MLP([3, 40, 40, 2], "gelu", "softplus", dtype=dtype, seed=4)
        model.normalization = jetmlp.Normalization([1e6, 0, -1], [1, 1e-9, 1e8], [1e5, 2], [3, -1e-6])
        model.save(tmp_path / "model")
        X = model.normalization.x_mean + model.normalization.x_scale * rng.normal(size=(300, 3))
        values, slopes = _core.load_model(tmp_path / "model").predict(X, True, True, 1)
        for ours, theirs in ((values, model.predict(X)), (slopes, model.jacobian(X))):
            assert (np.abs(ours - theirs) <= 1e-15 * np.abs(theirs).max(axis=0)).all()


def test_the_hash_is_sha_256_at_every_length(tmp_path: Path) -> None:
    """Each width moves the end of the content to another place in a block."""
    for width in range(1, 40):
        model = jetmlp.MLP([1, width, 1], dtype="float32", normalize=False)
        model.save(tmp_path / "model")
        assert _message(tmp_path / "model") is None
    content = bytearray((tmp_path / "model").read_bytes())
    digits = content.index(b'"sha256":"') + 10
    for at in (len(content) - 1, len(content) - 77):
        content[at] ^= 1
        (tmp_path / "model").write_bytes(content)
        expected = hashlib.sha256(content[:digits] + content[digits + 64 :]).hexdigest()
        message = _message(tmp_path / "model")
        assert message is not None
        assert f"sha256: expected {expected}, as its bytes have" in message


def test_what_is_no_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nothing"):
        _core.load_model(tmp_path / "nothing")
    with pytest.raises(OSError, match=tmp_path.name):
        _core.load_model(tmp_path)
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(ValueError, match="kind: expected a regular file"):
        _core.load_model(tmp_path / "fifo")
