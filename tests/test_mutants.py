"""What the test of the tests changes: what is code, one thing at a time, and what still compiles."""

from __future__ import annotations

from pathlib import Path

import pytest

import mutants

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
        assert sum(1 for source in group.sources for _ in mutants.mutants(source)) > 40
    for source, text, (before, _), _ in mutants.EXPLAINED:
        [line] = [line for line in (mutants.ROOT / source).read_text().splitlines() if text in line]
        assert before in line
