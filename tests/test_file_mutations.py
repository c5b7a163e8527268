"""Files of models changed at random with their hash made anew: each is refused, or sound."""

from __future__ import annotations

from pathlib import Path

import pytest

from file_mutations import run


@pytest.mark.parametrize("count", [3000, pytest.param(20_000, marks=pytest.mark.long)])
def test_each_is_refused_or_sound(count: int, tmp_path: Path) -> None:
    counts = run(tmp_path, count, seed=0)
    print(f"{count} mutations: {counts['refused']} refused, {counts['sound']} sound")
    assert counts["refused"] + counts["sound"] == count
    assert counts["sound"] > count // 50, "those that are accepted are looked at as well"
