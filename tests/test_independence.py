"""Tests stand alone: no file of tests takes anything from another, and no random stream is shared."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import numpy as np

FILES = sorted(Path(__file__).parent.glob("*.py"))


def imported(tree: ast.Module) -> set[str]:
    """Top-level names of all modules that are imported, wherever in the file."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").partition(".")[0])
    return names


def shared_generators(tree: ast.Module) -> list[int]:
    """Lines that bind a generator itself, not what it drew, to a name of the whole file."""
    makers = ("default_rng", "Generator", "RandomState", "Random")
    return [
        node.lineno
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        and isinstance(node.value, ast.Call)
        and ast.unparse(node.value.func).rpartition(".")[2] in makers
    ]


def test_helpers_come_from_modules_without_tests_and_streams_from_the_fixture() -> None:
    """What tests share lives in plainly named modules; random numbers come from `rng` of conftest.py."""
    trees = {path.name: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}
    tests = {
        name: {n for n in imported(tree) if re.match("test_|conftest$", n)} for name, tree in trees.items()
    }
    assert {name: names for name, names in tests.items() if names} == {}
    streams = {name: shared_generators(tree) for name, tree in trees.items()}
    assert {name: lines for name, lines in streams.items() if lines} == {}


def test_the_check_sees_what_it_looks_for() -> None:
    tree = ast.parse("from test_a import b\ndef f():\n    import test_c\nR = np.random.default_rng(0)\n")
    assert imported(tree) == {"test_a", "test_c"}
    assert shared_generators(tree) == [4]


def test_random_numbers_are_those_of_the_name(rng: np.random.Generator) -> None:
    """And of nothing else: not of the order of the tests, nor of the process that runs them."""
    name = "test_independence::test_random_numbers_are_those_of_the_name"
    assert np.array_equal(rng.random(3), np.random.default_rng(list(name.encode())).random(3))
