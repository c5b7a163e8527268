"""What every command says and how it ends."""

from __future__ import annotations

import sys

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells have it


def say(text: str) -> None:
    """Write a line of results."""
    sys.stdout.write(text + "\n")


def complain(message: str, code: int) -> int:
    """Write a line on standard error; return the exit code."""
    sys.stderr.write(f"jetmlp: {message}\n")
    return code
