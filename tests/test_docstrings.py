"""The examples in the docstrings are true, and everything public says what it is."""

from __future__ import annotations

import doctest
import importlib.util
import inspect
import pkgutil
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import jetmlp

#: They need a package with an environment of its own.
ELSEWHERE = {"jetmlp.adapters.gemseo"}


def modules() -> list[ModuleType]:
    """Every module of the installed package, private ones too: a new one is among them by being there.

    But for the compiled cores: those of other instruction sets must not be loaded, and they have no examples.
    """
    found = [jetmlp]
    for info in pkgutil.walk_packages(jetmlp.__path__, "jetmlp."):
        spec = importlib.util.find_spec(info.name)
        if info.name in ELSEWHERE:
            continue
        if spec is not None and spec.origin is not None and spec.origin.endswith(".py"):
            found.append(importlib.import_module(info.name))
    return found


MODULES = modules()
EXAMPLES = [test for module in MODULES for test in doctest.DocTestFinder(exclude_empty=True).find(module)]
EXAMPLES = [test for test in EXAMPLES if test.examples]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_examples(example: doctest.DocTest) -> None:
    """Each docstring by itself, so that one can be pasted without the others."""
    doctest.DebugRunner().run(example)


def test_every_module_is_searched_and_examples_are_found() -> None:
    files = {path.resolve() for folder in jetmlp.__path__ for path in Path(folder).rglob("*.py")}
    elsewhere = {path for path in files if path.stem == "gemseo"}
    assert len(elsewhere) == len(ELSEWHERE)
    assert {Path(str(module.__file__)).resolve() for module in MODULES} == files - elsewhere
    names = {example.name for example in EXAMPLES}
    for kind in (jetmlp.MLP, jetmlp.Trainer, jetmlp.StagedMLP, jetmlp.LevenbergMarquardt):
        assert f"{kind.__module__}.{kind.__name__}" in names


def members() -> dict[str, Any]:
    """Every function, class, method and property that a module of the package defines, by its full name."""
    found: dict[str, Any] = {}
    for module in MODULES:
        own = {n: t for n, t in vars(module).items() if getattr(t, "__module__", "") == module.__name__}
        found |= {f"{module.__name__}.{name}": thing for name, thing in own.items()}
        for kind in filter(inspect.isclass, own.values()):
            found |= {f"{module.__name__}.{kind.__name__}.{name}": getattr(kind, name) for name in vars(kind)}
    return {n: t for n, t in found.items() if inspect.isroutine(t) or isinstance(t, type | property)}


MEMBERS = members()


def listed(doc: str) -> list[str]:
    """Names in the section of parameters of a docstring in numpydoc's form."""
    sections = re.findall(r"^Parameters\n-+\n(.*?)(?=\n\n\S+\n---|\Z)", doc, re.DOTALL | re.MULTILINE)
    heads = [
        line.partition(" : ")[0] for section in sections for line in section.splitlines() if line[:1].strip()
    ]
    return [name.strip(" *") for head in heads for name in head.split(",")]


def parameters(thing: Any) -> list[str]:  # noqa: ANN401
    return [name for name in inspect.signature(thing).parameters if name not in ("self", "cls")]


def test_everything_public_says_what_it_is_in_a_first_sentence() -> None:
    names = [name for name in MEMBERS if not re.search(r"\._", name)]
    assert {jetmlp.MLP, jetmlp.Trainer.fit, jetmlp.metrics.evaluate} <= {MEMBERS[name] for name in names}
    assert [n for n in names if not re.match(r"\S[^\n]+[.:]", inspect.getdoc(MEMBERS[n]) or "")] == []


def test_what_is_listed_is_what_there_is() -> None:
    """Where parameters are listed, all are, and no other."""
    docs = {name: listed(inspect.getdoc(thing) or "") for name, thing in MEMBERS.items()}
    differ = [n for n, names in docs.items() if names and sorted(names) != sorted(parameters(MEMBERS[n]))]
    assert differ == []


def test_what_users_make_or_call_lists_its_parameters() -> None:
    things = {name: getattr(jetmlp, name) for name in jetmlp.__all__}
    for name in ("History", "SweepResult", "ModelFileError"):  # what is returned or raised: nobody makes one
        del things[name]
    callables = {name: thing for name, thing in things.items() if callable(thing)}
    missing = {n: set(parameters(t)) - set(listed(inspect.getdoc(t) or "")) for n, t in callables.items()}
    assert {name: names for name, names in missing.items() if names} == {}
