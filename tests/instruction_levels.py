"""Programs run at a chosen instruction-set level, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys

import jetmlp

LEVELS = jetmlp.info()["levels_available"]


def run(level: str, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env={**os.environ, "JETMLP_LEVEL": level},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
