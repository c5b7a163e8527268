"""What the test of the tests changes: what is code, one thing at a time, and what still compiles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import mutants
import mutation_switch
from mutation_switches_cpp import Switched
from mutation_switches_python import switched

SOURCE = '''"""Text: 1 + 1."""
# a comment: 1 + 1
limit = 10
if count > limit and not empty:
    raise ValueError("at most 3 or 4")
name = "2 + 2"
rate = 0.5 * step
'''


def test_only_code_is_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "source.py").write_text(SOURCE)
    monkeypatch.setattr(mutants, "ROOT", tmp_path)
    found = {(one.line, one.before, one.after) for one in mutants.mutants("source.py")}
    assert found == {
        (3, "10", "11"),
        (4, ">", ">="),
        (4, "and", "or"),
        (4, "not ", ""),
        (7, "0.5", "1.0"),
        (7, "*", "/"),
    }
    lines = SOURCE.splitlines()
    for one in mutants.mutants("source.py"):
        assert lines[one.line - 1][one.column :].startswith(one.before)


def test_every_group_has_its_sources_and_tests_and_what_is_explained_is_there() -> None:
    for group in mutants.GROUPS.values():
        for path in (*group.sources, *group.tests):
            assert (mutants.ROOT / path).is_file(), path
        assert sum(1 for source in group.sources for _ in mutants.mutants(source)) > 30
    for source, text, (before, _), _ in mutants.EXPLAINED:
        [line] = [line for line in (mutants.ROOT / source).read_text().splitlines() if text in line]
        assert before in line


RULES = '''"""Text."""
from __future__ import annotations
def rule(a, b, c):
    c += a * b - 3
    if a < b <= c and not (a == 2) or c is None:
        c -= 1
    return (a or b and c), True
'''


def test_python_behind_switches_is_what_it_is_with_each_change_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "rules.py").write_text(RULES)
    monkeypatch.setattr(mutants, "ROOT", tmp_path)
    changes = list(enumerate(mutants.mutants("rules.py")))
    text, numbers = switched(RULES, changes)
    assert numbers == {number for number, _ in changes}
    assert len(numbers) > 12

    def values(source: str) -> list[object]:
        found: dict[str, Any] = {}
        exec(source, found)
        return [found["rule"](a, b, c) for a in (0, 1, 2, 3) for b in (1, 2, 3) for c in (-1, 0, 2)]

    assert values(text) == values(RULES)
    for number, mutant in changes:
        lines = RULES.splitlines()
        line, end = lines[mutant.line - 1], mutant.column + len(mutant.before)
        lines[mutant.line - 1] = line[: mutant.column] + mutant.after + line[end:]
        monkeypatch.setattr(mutation_switch, "active", number)
        assert values(text) == values("\n".join(lines)), mutant


CPP = """constexpr double margin = 0.1;
double rule(double a, double b) {
    const double c = a + margin * (b - 1.0);
    return !(a < b) ? std::min(a, b) : c;
}
"""


def test_cpp_behind_switches_has_each_change_once_and_the_lines_it_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "rule.cpp").write_text(CPP)
    monkeypatch.setattr(mutants, "ROOT", tmp_path)
    changes = list(enumerate(mutants.mutants("rule.cpp")))
    one = Switched(tmp_path / "rule.cpp", changes, Path("switch.hpp"))
    one.write()
    text = (tmp_path / "rule.cpp").read_text()
    assert text.startswith('#include "switch.hpp"\n#line 1\n#define margin (static_cast<double>(')
    assert len(text.splitlines()) == len(CPP.splitlines()) + 2
    for number, _ in changes:
        assert text.count(f"::mutation::on({number})") == 1
    for changed in ("(a - margin * (b - 1.0))", "(std::max(a, b))", ") != !("):
        assert changed in text
    one.give_up({3})  # what is no sum or product has no other form
    third = {number for number, mutant in changes if mutant.line == 3}
    assert third - one.numbers() == {number for number, mutant in changes if mutant.before == "1.0"}
    one.give_up({3})
    assert not third & one.numbers()
