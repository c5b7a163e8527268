"""What the README promises a new user."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def test_example_runs_and_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    (example,) = (block for block in blocks("python") if "import jetmlp" in block)
    assert len(example.strip().splitlines()) <= 12
    names: dict[str, object] = {}
    exec(compile(example, "README.md", "exec"), names)
    assert np.max(np.abs(names["model"](names["x"])[:, 0] - names["f"])) < 1e-3  # type: ignore[operator,index]
    assert [path.suffix for path in tmp_path.iterdir()] == [".png"]


def test_the_two_commands_are_single_lines_in_an_environment_of_their_own() -> None:
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    for ending in ("jetmlp reproduce", "-m pytest"):
        (command,) = (line for line in lines if line.endswith(ending))
        assert command.startswith("python3 -m venv .venv && ")


def test_the_map_of_the_layout_names_what_is_there() -> None:
    root = Path(__file__).parents[1]
    (tree,) = (block for block in blocks("text") if "CMakeLists.txt" in block)
    files, *folders = tree.splitlines()
    named = {*files.split(), *(line.split("/")[0] for line in folders)}
    assert [name for name in named if not (root / name).exists()] == []
    assert {"pyproject.toml", "CMakeLists.txt", "cpp", "python", "tests", "notebooks", "README.md"} <= named
