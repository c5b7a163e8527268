"""One line on a package that is not there."""

from __future__ import annotations

from typing import NoReturn


def say_what_is_missing(error: ModuleNotFoundError, package: str, expected: str) -> NoReturn:
    """Raise what an adapter says without the package that it is for, which is also its extra.

    Of another package, that this one needs, it has nothing to say: then it is the error itself.
    """
    if (error.name or "").split(".")[0] != package:
        raise error
    cure = f"expected {expected} or later, which 'pip install \"jetmlp[{package}]\"' brings; got none"
    raise ImportError(f"jetmlp.adapters.{package}: {cure}") from error
