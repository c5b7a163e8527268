"""What the system refuses in the middle of a fit: memory, and threads."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import jetmlp

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or shutil.which("c++") is None,
    reason="the faults are made by a library to preload: Linux, with a C++ compiler",
)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = Path(__file__).with_name("faults.cpp")
    path = tmp_path_factory.mktemp("faults") / "faults.so"
    command = ["c++", "-std=c++20", "-shared", "-fPIC", "-o", str(path), str(source), "-ldl", "-pthread"]
    subprocess.run(command, check=True)
    return path


def run(library: Path, what: str, *arguments: int) -> list[str]:
    program = Path(__file__).with_name("faults.py")
    result = subprocess.run(
        [sys.executable, str(program), what, str(library), *map(str, arguments)],
        env={**os.environ, "LD_PRELOAD": str(library)},
        capture_output=True,
        text=True,
        check=True,
    )
    return result.stdout.splitlines()


def check_allocations(library: Path, n_threads: int, step: int) -> None:
    lines = run(library, "allocations", n_threads, step)
    assert len(lines) >= 7
    for line in lines:
        found = json.loads(line)
        print(f"{found['optimizer']}: {found['failed']} of {found['allocations']}, wrong: {found['wrong']}")
        assert found["tried"] >= found["failed"] > 0
        assert found["wrong"] == []


def test_an_allocation_that_fails_leaves_model_history_and_optimizer_at_one_epoch(library: Path) -> None:
    check_allocations(library, 1, 7)


@pytest.mark.long
@pytest.mark.parametrize("n_threads", [1, 2])
def test_every_allocation_that_fails_does(library: Path, n_threads: int) -> None:
    check_allocations(library, n_threads, 1)


def test_where_threads_do_not_start_those_that_do_give_the_same_bytes(library: Path) -> None:
    found = json.loads(run(library, "threads")[0])
    assert set(found) == {"-1", "0", "1", "3"}
    assert len(set(found.values())) == 1


@pytest.mark.parametrize("n_started", [0, 1])
def test_fits_side_by_side_go_on_with_the_threads_that_start(
    monkeypatch: pytest.MonkeyPatch, n_started: int
) -> None:
    x = np.linspace(-1, 1, 20)
    alone, many = ([jetmlp.Trainer(jetmlp.MLP([1, 6, 1], seed=k)) for k in range(4)] for _ in range(2))
    for trainer in alone:
        trainer.fit(x, np.sin(x), epochs=20)
    start, started = threading.Thread.start, 0

    def start_few(thread: threading.Thread) -> None:
        nonlocal started
        if started == n_started:
            raise RuntimeError("can't start new thread")
        started += 1
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_few)
    jetmlp.fit_many(many, x, np.sin(x), epochs=20, n_threads=3)
    assert started == n_started
    for one, other in zip(alone, many, strict=True):
        assert np.array_equal(one.model.parameters, other.model.parameters)
