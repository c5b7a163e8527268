"""Ctrl-C during a save: the old file or the new one, and nothing lost but the save."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="counts descriptors in /proc, forks")
TESTS = Path(__file__).parent


@pytest.mark.parametrize(
    "options", [pytest.param((), id="short"), pytest.param(("--long",), marks=pytest.mark.long, id="long")]
)
def test_ctrl_c_at_every_step(options: tuple[str, ...], tmp_path: Path) -> None:
    """What is counted is printed (``pytest -n 0 -s``)."""
    command = [sys.executable, TESTS / "save_interrupts.py", tmp_path, *options]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    document = json.loads(ended.stdout)
    counts = document["counts"]
    print(counts)
    assert document["wrong"] == []
    assert ended.stderr == ""
    for name in ("write_bytes", "try_writing", *(["MLP.save"] if options else [])):
        assert counts[f"Ctrl-C at an instruction of {name}"] == counts[f"instructions of {name}"] > 50
    assert counts["Ctrl-C at any time"] == (2050 if options else 53)
    assert counts["saves in a thread"] > 0
    assert counts["ticks"] > 0


@pytest.mark.parametrize(
    ("n_threads", "n_processes", "n_saves"),
    [(20, 20, 2), pytest.param(200, 200, 5, marks=pytest.mark.long)],
)
def test_many_save_to_one_path_while_others_load(
    n_threads: int, n_processes: int, n_saves: int, tmp_path: Path
) -> None:
    numbers = [str(n) for n in (n_threads, n_processes, n_saves)]
    command = [sys.executable, TESTS / "saves_together.py", tmp_path, *numbers]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    document = json.loads(ended.stdout)
    print(document["counts"])
    assert document["wrong"] == [], ended.stderr
    n_workers = n_threads + n_processes
    assert document["counts"] == {"saves": n_workers * n_saves, "loads": n_workers // 2 * n_saves}
