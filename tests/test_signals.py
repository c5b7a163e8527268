"""Ctrl-C, once and twice, and SIGTERM end whatever is under way; `signals.py` sends them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import signals

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")


def check(count: int) -> None:
    """Each kind in `signals`, in children of one program."""
    program = Path(signals.__file__)
    result = subprocess.run(
        [sys.executable, str(program), str(count)], capture_output=True, text=True, check=False
    )
    print(result.stdout, result.stderr)
    assert result.returncode == 0
    ended = re.findall(r"^(.+); (.+): (\d+) of (\d+) ended", result.stdout, re.MULTILINE)
    assert ended == [
        (kind, what, str(count), str(count)) for kind in signals.KINDS for what in signals.SIGNALS
    ]


def test_signals_end_what_is_under_way() -> None:
    check(1)


@pytest.mark.long
def test_signals_end_what_is_under_way_100_times() -> None:
    check(100)
