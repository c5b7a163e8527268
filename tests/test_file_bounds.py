"""Loading a file, or refusing it, takes no more memory than its size allows; `file_bounds` has the times."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import jetmlp
from file_bounds import LARGE, MEMORY, SMALL, files, peak


@pytest.mark.parametrize("made", [SMALL, pytest.param(LARGE, marks=pytest.mark.long)], ids=["small", "large"])
def test_memory_is_bounded_by_the_size_of_the_file(
    made: dict[str, Callable[[], bytes]], tmp_path: Path
) -> None:
    used = {name: (peak(path), 4 * path.stat().st_size + MEMORY) for name, path in files(tmp_path, made)}
    assert {name: bytes_used for name, bytes_used in used.items() if bytes_used[0] > bytes_used[1]} == {}


def test_a_file_that_says_more_than_it_holds_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.write((100).to_bytes(8, "little"))
        file.truncate(2**40)
    assert peak(path) < 2**20
    with pytest.raises(jetmlp.ModelFileError, match="metadata: expected"):
        jetmlp.load(path)


def test_models_are_bounded_where_they_are_made() -> None:
    assert jetmlp.MLP([1] * 1001).n_parameters == 2000
    with pytest.raises(ValueError, match="layer_sizes: expected at most 1000 layers, got 1001"):
        jetmlp.MLP([1] * 1002)
    with pytest.raises(ValueError, match="layer_sizes: expected at most 1000 layers, got more"):
        jetmlp.MLP(iter(int, 1))  # which never ends
    assert len(jetmlp.StagedMLP([[1, 1]] * 64).stages) == 64
    with pytest.raises(ValueError, match="layer_sizes: expected at most 64 stages, got more"):
        jetmlp.StagedMLP([[1, 1]] * 65)
    with pytest.raises(ValueError, match="layer_sizes: expected at most 1000 layers in all stages, got 1001"):
        jetmlp.StagedMLP([[1] * 501, [1] * 502])
