"""What is installed and what of it runs."""

from __future__ import annotations

from typing import Any

from .. import _core


def info() -> dict[str, Any]:
    """Say what this installation is.

    Returns
    -------
    dict
        "version" of jetmlp; "level", the instruction-set level of the core at work; "levels_built", those
        that were built, and "levels_supported", those that this processor can run, the highest first;
        "levels_available", those that are both; "compiler" and "eigen", what the core was built with;
        "activations" and "initializations", the names that `MLP` takes.
    """
    build = _core.build_info()
    return {
        "version": build["version"],
        "level": build["instruction_set"],
        "levels_built": list(_core.LEVELS_BUILT),
        "levels_supported": list(_core.LEVELS_SUPPORTED),
        "levels_available": list(_core.LEVELS_AVAILABLE),
        "compiler": build["compiler"],
        "eigen": build["eigen"],
        "activations": list(_core.ACTIVATIONS),
        "initializations": list(_core.INITIALIZATIONS),
    }
