"""Packages that an export needs and the library does not: asked for where they are used."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def needed(called: str, package: str, cure: str) -> Any:  # noqa: ANN401  modules whose types are not ours
    """Return a module, or say how to get it.

    Raises
    ------
    ImportError
        If it is not installed.
    """
    try:
        return import_module(package)
    except ModuleNotFoundError as error:
        if error.name != package.partition(".")[0]:
            raise
        raise ImportError(f"{called} needs {error.name}: {cure}") from error
