"""On what the numbers of a report were computed."""

from __future__ import annotations

import platform

import numpy as np

from .._core.info import info
from ._section import Document


def environment() -> Document:
    """Say on what the numbers were computed."""
    import matplotlib

    about = info()
    return {
        "versions": {
            "jetmlp": about["version"],
            "python": platform.python_version(),
            "numpy": np.__version__,
            "matplotlib": matplotlib.__version__,
            "compiler": about["compiler"],
            "eigen": about["eigen"],
        },
        "instruction_set": about["level"],
    }
