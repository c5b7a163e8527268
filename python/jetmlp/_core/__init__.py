"""The compiled core, built once per instruction-set level; the best one for this processor is loaded.

The environment variable ``JETMLP_LEVEL`` forces a level (``x86-64-v2``, ``x86-64-v3``,
``x86-64-v4``, or ``generic`` on other processors). A level that is unknown, was not built, or that
this processor cannot run is an ``ImportError``, never a silent fallback.
"""

from __future__ import annotations

import os
from importlib import import_module
from importlib.util import find_spec

from . import _cpu


def _module_name(level: str) -> str:
    return f"{__package__}._core_{level.removeprefix('x86-64-')}"


def _choose(forced: str | None, available: list[str]) -> str:
    if forced:
        if forced not in available:
            raise ImportError(
                f"JETMLP_LEVEL: expected one of {available} (built and supported by this processor), "
                f"got {forced!r}"
            )
        return forced
    if not available:
        raise ImportError(
            f"jetmlp was built for none of the instruction-set levels of this processor "
            f"({', '.join(_cpu.supported_levels()) or 'older than x86-64-v2'}); reinstall it from source"
        )
    return available[0]


LEVELS_AVAILABLE = [level for level in _cpu.supported_levels() if find_spec(_module_name(level))]
LEVEL = _choose(os.environ.get("JETMLP_LEVEL"), LEVELS_AVAILABLE)

_compiled = import_module(_module_name(LEVEL))
for _name in dir(_compiled):
    if not _name.startswith("__"):
        globals()[_name] = getattr(_compiled, _name)
del _name
