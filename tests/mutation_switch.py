"""What the sources ask of which every change stands behind a switch: whether their change is on.

Written beside the copy of the package by `mutation.py`; ``JETMLP_MUTANT`` switches one on from the start.
"""

from __future__ import annotations

import os

active = int(os.environ.get("JETMLP_MUTANT", "-1"))
reached = bytearray(8192)


def on(change: int) -> bool:
    """Say whether this change is on, and remember that it was come upon."""
    reached[change] = 1
    return change == active
