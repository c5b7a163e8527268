"""The compiled core, built for one or more instruction-set levels; the best for this processor is loaded.

The environment variable ``JETMLP_LEVEL`` forces a level (``x86-64-v2``, ``x86-64-v3``,
``x86-64-v4``, or ``generic`` on other processors). A level that is unknown, was not built, or that
this processor cannot run is an ``ImportError``, never a silent fallback.
"""

from __future__ import annotations

import os
from importlib import import_module
from importlib.util import find_spec

from . import _cpu

ALL_LEVELS = ("x86-64-v4", "x86-64-v3", "x86-64-v2", "generic")


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
            f"jetmlp: expected a core for an instruction-set level of this processor "
            f"({', '.join(LEVELS_SUPPORTED) or 'older than x86-64-v2'}), got one for "
            f"{', '.join(LEVELS_BUILT) or 'none'}: it was built on another machine. {REINSTALL}"
        )
    return available[0]


#: The cure where the core was built on a newer machine: an image, a shared folder, a wheel that pip kept.
REINSTALL = (
    "Install it again on this machine (pip install --force-reinstall --no-cache-dir --no-deps …), or there "
    "with every level: … -C cmake.define.JETMLP_LEVELS=all"
)

LEVELS_SUPPORTED = _cpu.supported_levels()
LEVELS_BUILT = [level for level in ALL_LEVELS if find_spec(_module_name(level))]
LEVELS_AVAILABLE = [level for level in LEVELS_SUPPORTED if level in LEVELS_BUILT]
LEVEL = _choose(os.environ.get("JETMLP_LEVEL"), LEVELS_AVAILABLE)

_compiled = import_module(_module_name(LEVEL))
for _name in dir(_compiled):
    if not _name.startswith("__"):
        globals()[_name] = getattr(_compiled, _name)
del _name
