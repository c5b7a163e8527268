"""Files with one thing wrong: each is refused with its own clear error, or is what saving would write."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from malformed_files import malformed
from model_files import parts_of
from refused_files import refused_or_sound
from small_models import SMALL_MODELS

KINDS = ("jetmlp.MLP", "jetmlp.StagedMLP", "jetmlp.Surrogate")


def check(kind: str, folder: Path, every: int) -> int:
    """Look at every so many of the malformed files of a kind; return how many were refused."""
    good, path = folder / "good", folder / "model.safetensors"
    SMALL_MODELS[kind]().save(good)
    parts = parts_of(good)
    assert parts.file() == good.read_bytes(), "the format as the tests describe it"
    refused, sound = [], []
    for number, (name, content) in enumerate(islice(malformed(parts, KINDS), 0, None, every)):
        # Those in a file, too, are dear where it is slow.
        at = path if number % 10 == 0 else None
        (refused if refused_or_sound(content, at) else sound).append(name)
    print(f"{kind}: {len(refused)} refused, {len(sound)} sound")
    # A seed, a name or a number may be another one; nothing of a header can.
    assert all(name.startswith(("description: ", "tensors: ")) for name in sound), sound
    assert len(sound) < 0.1 * len(refused)
    return len(refused)


@pytest.mark.parametrize(("kind", "every"), [("mlp", 1), ("staged", 3), ("surrogate", 10)])
def test_each_is_refused_or_sound(kind: str, every: int, tmp_path: Path) -> None:
    assert check(kind, tmp_path, every) > 300


@pytest.mark.long
@pytest.mark.parametrize("kind", SMALL_MODELS)
def test_each_of_all_is_refused_or_sound(kind: str, tmp_path: Path) -> None:
    assert check(kind, tmp_path, 1) > 500
