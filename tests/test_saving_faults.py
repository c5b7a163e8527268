"""Whatever fails during a save, the file is the old one or the new one, and nothing else is left.

The calls that a save makes are noted, failed one by one, and followed by signals, in a program of its own
(`save_faults.py`); what is counted is printed (``pytest -n 0 -s``).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import file_calls
from file_calls import Call
from power_cut import contents_after_power_cut

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="needs LD_PRELOAD"),
    pytest.mark.xdist_group("save faults"),
]
TESTS = Path(__file__).parent
#: What a small save that replaces a file does, in order; looks at names aside.
ORDER = ["open", "openat", "fstat", "write", "fsync", "close", "renameat", "fsync", "close"]
KEEPING = ["fchown", "fchmod"]

Calls = dict[str, list[Call]]


@pytest.fixture(
    scope="module",
    params=[pytest.param((), id="short"), pytest.param(("--long",), marks=pytest.mark.long, id="long")],
)
def found(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("saves")
    library = file_calls.build(tmp_path_factory.mktemp("library"))
    ended = subprocess.run(
        [sys.executable, TESTS / "save_faults.py", folder, *request.param],
        env=file_calls.environment(library),
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    document: dict[str, Any] = json.loads(ended.stdout)
    print(document["counts"])
    return document


@pytest.fixture
def calls(found: dict[str, Any]) -> Calls:
    return {name: [Call(**call) for call in calls] for name, calls in found["calls"].items()}


def test_the_old_file_or_the_new_one_and_nothing_beside_it(found: dict[str, Any]) -> None:
    assert found["wrong"] == []
    counts = found["counts"]
    assert counts["faults"] > 300
    assert counts["nothing beside it"] + counts["not removed, since that fails, too"] == counts["faults"]
    assert counts["SIGKILL at a call"] == 2 * sum(
        len(calls)
        for name, calls in found["calls"].items()
        if counts["SIGKILL at any time"] == 500 or name == "replaced"
    )


def names_of(calls: Sequence[Call]) -> list[str]:
    return [call.name for call in calls if call.name not in ("stat", "lstat", "readlink", "faccessat")]


def test_the_order_of_the_calls(calls: Calls) -> None:
    assert [name for name in names_of(calls["replaced"]) if name not in KEEPING] == ORDER
    assert [name for name in names_of(calls["linked"]) if name not in KEEPING] == ORDER
    assert names_of(calls["new"]) == [name for name in ORDER if name != "fstat"]
    for of_case in calls.values():
        by_name = {call.name: call for call in of_case}
        steps = [call for call in of_case if call.name in ("write", "fsync", "renameat", *KEEPING)]
        assert [step.name for step in steps][-2:] == ["renameat", "fsync"]
        made = by_name["openat"]
        assert made.path.startswith(".jetmlp-")
        assert made.number == os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        assert made.size == (
            0o666 if "fstat" not in by_name else 0o600
        )  # what is kept is set before it is open
        assert {step.number for step in steps[:-2]} == {made.result}
        assert {step.number for step in steps[-2:]} == {by_name["open"].result}
        # Who may read it is settled before there is anything to read, and each part is synced.
        data = [step.name for step in steps if step.name not in KEEPING][:-2]
        assert [step.name for step in steps[: -2 - len(data)]] == [s.name for s in steps if s.name in KEEPING]
        assert data == ["write", "fsync"] * (len(data) // 2)


def content_of(case: str, calls: Sequence[Call]) -> bytes:
    length = sum(call.result for call in calls if call.name == "write")
    return (bytes(range(1, 256)) * (length // 255 + 1))[:length]


def test_a_power_cut_leaves_the_old_file_or_the_new_one(calls: Calls) -> None:
    for case, of_case in calls.items():
        new = content_of(case, of_case)
        name = next(call.path for call in of_case if call.name == "renameat")
        for old in (None, b"old"):
            states = set(contents_after_power_cut(of_case, name, old, new))
            assert {content for _, content in states} == {old, new}
            # Once the save has returned it is the new one for sure.
            assert {content for n_calls, content in states if n_calls == len(of_case)} == {new}


def test_a_power_cut_is_noticed_where_a_sync_is_missing(calls: Calls) -> None:
    """The model of the disk is not too kind."""
    of_case = calls["replaced"]
    new = content_of("replaced", of_case)
    first, last = (k for k, call in enumerate(of_case) if call.name == "fsync")
    unsynced = of_case[:first] + of_case[first + 1 :]
    assert {content for _, content in contents_after_power_cut(unsynced, "model", b"old", new)} - {
        b"old",
        new,
    }
    unsure = of_case[:last] + of_case[last + 1 :]
    end = {
        content for n, content in contents_after_power_cut(unsure, "model", b"old", new) if n == len(unsure)
    }
    assert end == {b"old", new}
