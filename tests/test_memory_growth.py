"""Work that is done again and again leaves no memory behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import memory

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="resident memory as Linux says it"
)


def growth(cycles: int) -> float:
    """In a process of its own: what other tests have left behind is not counted."""
    program = Path(memory.__file__)
    result = subprocess.run(
        [sys.executable, str(program), str(cycles)], capture_output=True, text=True, check=True
    )
    print(result.stdout)
    return float(result.stdout.split()[0])


def test_no_cycle_leaves_much() -> None:
    """A short form: the caches of the allocator still fill, an array or a model left behind would be more."""
    assert growth(300) < 16.0
