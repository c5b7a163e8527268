"""Libraries that a command needs and an installation may lack."""

from __future__ import annotations

import os
from importlib import import_module
from importlib.util import find_spec

from .console import EXIT_USAGE, CommandError


def expect_libraries(*names: str, extra: str) -> None:
    """End the command, before it works, if one of these libraries is not there."""
    missing = [name for name in names if find_spec(name) is None]
    if missing:
        raise CommandError(f'this needs {" and ".join(missing)}: pip install "jetmlp[{extra}]"', EXIT_USAGE)


def expect_figures() -> None:
    """End the command, before it works, if matplotlib, where it is there, refuses to be imported."""
    try:
        import_module("matplotlib")
    except ModuleNotFoundError:
        pass  # whoever needs it says so
    except ValueError as error:
        backend = os.environ.get("MPLBACKEND")
        if not backend:
            raise CommandError(f"matplotlib cannot be imported: {error}", EXIT_USAGE) from None
        raise CommandError(
            f"MPLBACKEND: expected a backend that matplotlib knows, such as Agg, got {backend!r}", EXIT_USAGE
        ) from None
