"""What the README promises a new user, and that every piece of Python in a Markdown file runs."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sybil import Document, Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

from jetmlp.cli import main
from surrogate_tables import frame

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MARKDOWN = Sybil(parsers=[PythonCodeBlockParser()])
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob(".github/**/*.md")])


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the examples work, without a display."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    yield tmp_path
    plt.close("all")


def run(document: Document) -> list[dict[str, Any]]:
    """Run the blocks one after the other; the names that there are after each."""
    states = []
    for example in document.examples():
        example.evaluate()
        states.append(dict(document.namespace))
    return states


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_blocks_say_what_they_are(path: Path) -> None:
    """Only what is marked as Python can be run, so no other word for it may be used."""
    fences = re.findall(r"^ *```(.*)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert set(fences[::2]) <= {"python", "sh", "text", "cpp", "mermaid"}
    assert set(fences[1::2]) <= {""}
    assert len(list(MARKDOWN.parse(path).examples())) == fences.count("python")


@pytest.mark.parametrize(
    "path", [path for path in DOCUMENTS if path.name != "README.md"], ids=lambda p: p.name
)
def test_python_in_other_documents_runs(path: Path, folder: Path) -> None:
    run(MARKDOWN.parse(path))


def test_examples_run_and_do_what_is_written_beside_them(folder: Path) -> None:
    states = run(MARKDOWN.parse(ROOT / "README.md"))
    few, first, second = states[:3]
    exact = np.exp(-0.5) + 4.0
    assert round(exact, 4) == 4.6065
    assert abs(few["value"][0, 0] - exact) < min(4.0 * few["deviation"][0, 0], 1e-3)
    assert (np.abs(few["slope"][0, 0] - [-0.5 * np.exp(-0.5), -np.exp(-0.5), 0.4]) < 1e-2).all()
    assert few["next_runs"].shape == (5, 3)
    assert len(blocks("python")[1].strip().splitlines()) <= 12, "ten lines"
    assert np.max(np.abs(first["model"](first["x"])[:, 0] - first["f"])) < 1e-3
    assert sorted(path.name for path in folder.iterdir()) == ["runge_derivative.png", "surrogate.png"]
    x = np.linspace(-1, 1, 2001)
    slope = -50 * x / (1 + 25 * x**2) ** 2
    assert np.abs(second["model"].jacobian(x)[:, 0, 0] - slope).max() < 1e-7, "the slope to 1e-7"
    assert len(states[-1]["scores"]) == 5
    assert states[-1]["scores"].min() > 0.9999, "in every fold"


def test_the_commands_run(folder: Path) -> None:
    frame(10).to_csv("runs.csv", index=False)
    frame(20, seed=1).to_csv("test.csv", index=False)
    frame(5, seed=2)[["b", "a"]].to_csv("new.csv", index=False)
    section = README.split("## Your own data, from the command line")[1].split("\n## ")[0]
    commands = re.findall(r"^jetmlp .*$", section, flags=re.MULTILINE)
    assert len(commands) >= 5
    for command in commands:
        assert main(shlex.split(command, comments=True)[1:]) == 0, command
    assert {path.name for path in folder.iterdir()} >= {
        "model.safetensors",
        "predictions.csv",
        "model.onnx",
    }


def test_the_two_commands_are_single_lines_in_an_environment_of_their_own() -> None:
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    for ending in ("jetmlp reproduce", "-m pytest"):
        (command,) = (line for line in lines if line.endswith(ending))
        assert command.startswith("python3 -m venv .venv && ")


def test_the_map_of_the_layout_names_what_is_there() -> None:
    (tree,) = (block for block in blocks("text") if "CMakeLists.txt" in block)
    files, *folders = tree.splitlines()
    named = {*files.split(), *(line.split("/")[0] for line in folders)}
    assert [name for name in named if not (ROOT / name).exists()] == []
    assert {"pyproject.toml", "CMakeLists.txt", "cpp", "python", "tests", "notebooks", "README.md"} <= named
