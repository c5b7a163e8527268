"""Calls with an argument that is not there: the error says what to write instead."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def with_cures(cures: Mapping[str, str], by_position: str = "") -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a function say, by the name of an argument that it does not have, what to write instead.

    `by_position` is what to say to more arguments by position than it takes.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        parameters = inspect.signature(function).parameters
        names = [name for name in parameters if name != "self"]
        places = [p for p in parameters.values() if p.kind is not inspect.Parameter.KEYWORD_ONLY]
        called = function.__qualname__.removesuffix(".__init__")

        @wraps(function)
        def checked(*arguments: P.args, **named: P.kwargs) -> R:
            expect_names(called, named, names, cures)
            if len(arguments) > len(places):
                most = len(places) - ("self" in parameters)
                raise TypeError(
                    f"{called}: expected at most {most} arguments by position, got one more, "
                    f"{arguments[len(places)]!r:.60}{'; ' if by_position else ''}{by_position}"
                )
            return function(*arguments, **named)

        return checked

    return decorate


def expect_names(
    called: str, named: Mapping[str, object], names: list[str], cures: Mapping[str, str]
) -> None:
    """Raise a ``TypeError`` for the first argument by a name that is not among those there are."""
    for name in named:
        if name not in names:
            raise TypeError(f"{name}: {called} has no such argument{_cure(name, cures, names)}")


def _cure(name: str, cures: Mapping[str, str], names: list[str]) -> str:
    if name in cures:
        return f"; {cures[name]}"
    close = difflib.get_close_matches(name.lower(), names, n=1)
    return f"; did you mean {close[0]}?" if close else f", its arguments are {', '.join(names)}"
