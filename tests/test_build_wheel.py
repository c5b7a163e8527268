"""The script that builds wheels says what is missing before it builds anything."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / ".ci" / "build_wheel.py"

pytestmark = pytest.mark.skipif(platform.system() != "Linux", reason="builds wheels for Linux, on Linux")


def refusal(*arguments: object) -> str:
    process = subprocess.run(
        [sys.executable, str(SCRIPT), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (process.returncode, process.stdout) == (2, "")
    return process.stderr.strip().splitlines()[-1]


def test_a_python_that_does_not_run_is_refused(tmp_path: Path) -> None:
    missing = tmp_path / "python9"
    assert f"PYTHON: expected a Python that runs, got '{missing}'" in refusal(
        missing, "--out", tmp_path / "o"
    )
    assert not (tmp_path / "o").exists()


def test_a_python_without_its_headers_is_refused(tmp_path: Path) -> None:
    bare = tmp_path / "python"
    bare.write_text(f"#!/bin/sh\necho {tmp_path}/include\n", encoding="utf-8")
    bare.chmod(0o755)
    said = refusal(bare, "--out", tmp_path / "o")
    assert f"PYTHON: expected one with its headers, got '{bare}' without {tmp_path}/include/Python.h" in said
    assert not (tmp_path / "o").exists()
