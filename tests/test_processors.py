"""Threads are as many as the process may use: processors, affinity, and the time that a container has."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jetmlp._core import processors
from jetmlp._core.processors import available_processors, cpu_quota

V2 = "0::{}\n"
V1 = "5:devices:/x\n4:cpu,cpuacct:{}\n1:name=systemd:/y\n"

# lines of /proc/self/cgroup, files below /sys/fs/cgroup, processors
TREES: dict[str, tuple[str, dict[str, str], int | None]] = {
    "version 2, one and a half": (V2.format("/"), {"cpu.max": "150000 100000\n"}, 2),
    "version 2, two": (V2.format("/"), {"cpu.max": "200000 100000\n"}, 2),
    "version 2, a tenth": (V2.format("/"), {"cpu.max": "10000 100000\n"}, 1),
    "version 2, another period": (V2.format("/"), {"cpu.max": "35000 10000\n"}, 4),
    "version 2, no limit": (V2.format("/"), {"cpu.max": "max 100000\n"}, None),
    "version 2, nested": (
        V2.format("/a/b"),
        {"a/b/cpu.max": "max 100000\n", "a/cpu.max": "300000 100000\n"},
        3,
    ),
    "version 2, the least of nested": (
        V2.format("/a/b"),
        {"a/b/cpu.max": "500000 100000\n", "a/cpu.max": "300000 100000\n"},
        3,
    ),
    "version 2, of another group": (V2.format("/a"), {"b/cpu.max": "100000 100000\n"}, None),
    "version 2, the host's path": (V2.format("/docker/1f3"), {"cpu.max": "250000 100000\n"}, 3),
    "version 2, outside of the namespace": (V2.format("/../other"), {"cpu.max": "100000 100000\n"}, 1),
    "version 2 beside 1": (
        V2.format("/s") + V1.format("/c"),
        {"unified/s/cpu.stat": "", "cpu,cpuacct/c/cpu.cfs_quota_us": "250000\n"}
        | {"cpu,cpuacct/c/cpu.cfs_period_us": "100000\n"},
        3,
    ),
    "version 1": (
        V1.format("/c"),
        {"cpu/c/cpu.cfs_quota_us": "400000\n", "cpu/c/cpu.cfs_period_us": "100000\n"},
        4,
    ),
    "version 1, the host's path": (
        V1.format("/docker/1f3"),
        {"cpu/cpu.cfs_quota_us": "50000\n", "cpu/cpu.cfs_period_us": "100000\n"},
        1,
    ),
    "version 1, no limit": (
        V1.format("/"),
        {"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"},
        None,
    ),
    "no file": (V2.format("/"), {}, None),
    "no such system": ("", {"cpu.max": "100000 100000\n"}, None),
    "not to be understood": (V2.format("/") + "nonsense\n", {"cpu.max": "many\n"}, None),
    "a period of nothing": (V2.format("/"), {"cpu.max": "100000 0\n"}, None),
}


def tree(root: Path, groups: str, files: dict[str, str]) -> Path:
    for name, text in {
        "proc/self/cgroup": groups,
        **{f"sys/fs/cgroup/{name}": text for name, text in files.items()},
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


@pytest.mark.parametrize(("groups", "files", "expected"), TREES.values(), ids=TREES)
def test_quotas(tmp_path: Path, groups: str, files: dict[str, str], expected: int | None) -> None:
    assert cpu_quota(tree(tmp_path, groups, files)) == expected


def test_a_system_without_such_files(tmp_path: Path) -> None:
    assert cpu_quota(tmp_path) is None


@pytest.mark.parametrize(
    ("cpus", "bound", "of_process", "quota", "expected"),
    [
        (8, 8, None, None, 8),
        (8, 3, None, None, 3),
        (8, 8, None, 2, 2),
        (8, 2, None, 5, 2),
        (8, 8, 1, None, 1),
        (8, 8, 6, 7, 6),
        (8, 8, 6, 1, 1),
        (8, None, None, 4, 4),
        (8, None, None, None, 8),
        (None, None, None, None, 1),
    ],
)
def test_what_the_process_may_use_within_its_quota(
    monkeypatch: pytest.MonkeyPatch,
    cpus: int | None,
    bound: int | None,
    of_process: int | None,
    quota: int | None,
    expected: int,
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: cpus)
    for name, value, what in (
        ("sched_getaffinity", bound, lambda _: set(range(bound or 0))),
        ("process_cpu_count", of_process, lambda: of_process),
    ):
        if value is None:
            monkeypatch.delattr(os, name, raising=False)
        else:
            monkeypatch.setattr(os, name, what, raising=False)
    monkeypatch.setattr(processors, "_own_quota", lambda: quota)
    assert available_processors() == expected


def test_a_browser_has_no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processors.sys, "platform", "emscripten")
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    assert available_processors() == 1
