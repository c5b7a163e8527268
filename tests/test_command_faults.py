"""Faults around a command, a few of those of `command_faults`, which counts them all."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from command_faults import FAULTS, Fault, cases, prepare, run
from jetmlp._command import was_started

#: A cheap command for each; signals are sent while the package is imported.
CHEAP = {
    "output to a full disk": "info",
    "output closed": "info m.safetensors --json",
    "reader gone": "predict m.safetensors data.csv",
    "errors closed": "predict m.safetensors data.csv",
    "an unknown level": "info",
    "an unknown backend": "reproduce input-gradient ablation --seeds 1 --threads 1 --out results",
    "a terminal of ASCII": "evaluate m.safetensors data.csv",
    "Ctrl-C": "info",
    "SIGTERM": "info",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("faults")
    prepare(folder)
    return folder


@pytest.mark.skipif(sys.platform != "linux", reason="shells and /dev/full")
@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault.name in CHEAP], ids=lambda f: f.name)
def test_a_fault_ends_with_one_line(fault: Fault, folder: Path) -> None:
    assert run(folder, CHEAP[fault.name], fault, lambda: 0.05) == ""


@pytest.mark.long
@pytest.mark.parametrize(
    ("command", "fault"), [(c, f) for c, f, _ in cases(1)], ids=lambda value: str(value)[:40]
)
def test_every_fault_of_every_command(command: str, fault: Fault, folder: Path) -> None:
    assert run(folder, command, fault, lambda: 0.3) == ""


@pytest.mark.parametrize(
    ("name", "options", "started"),
    [
        ("/usr/bin/jetmlp", [], True),
        (r"jetmlp.exe", [], True),
        ("-m", ["python", "-X", "dev", "-m", "jetmlp", "info"], True),
        ("-m", ["python", "-mjetmlp"], True),
        ("/somewhere/jetmlp/__main__.py", [], True),
        ("-m", ["python", "-m", "jetmlp.other"], False),
        ("-m", ["python", "-m", "pytest", "jetmlp"], False),
        ("-c", ["python", "-c", "import jetmlp"], False),
        ("", ["python"], False),
        ("/home/jetmlp/fit.py", [], False),
        ("/home/me/jetmlp.py", [], False),
    ],
)
def test_only_the_command_is_taken_for_it(
    name: str, options: list[str], started: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", [name])
    monkeypatch.setattr(sys, "orig_argv", options)
    assert was_started() == started
