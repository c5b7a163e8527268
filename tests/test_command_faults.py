"""Faults around a command, a few of those of `command_faults`, which counts them all."""

from __future__ import annotations

import errno
import sys
from pathlib import Path

import pytest

from command_faults import FAULTS, Fault, cases, prepare, run
from jetmlp import report
from jetmlp._command import Ended, was_started
from jetmlp._runs import FolderInUseError, Record, RunFolder
from jetmlp.cli import main

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
    ("error", "code", "line"),
    [
        (KeyboardInterrupt(), 130, "interrupted{kept}"),
        (
            Ended("terminated", 143),
            143,
            "terminated{kept}",
        ),
        (
            MemoryError(),
            1,
            "error: there is not enough memory for this{kept}",
        ),
        (
            OSError(errno.ENOSPC, "No space left on device", "f.png"),
            1,
            "error: cannot write to f.png: No space left on device{kept}",
        ),
        (
            FolderInUseError(errno.EBUSY, "another run is writing to it", "there"),
            2,
            "error: cannot write to there: another run is writing to it",
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_what_ends_a_report_is_said_with_what_is_kept(
    error: BaseException,
    code: int,
    line: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    runs = RunFolder(tmp_path / "runs")
    runs.put({"seed": 1}, Record({}, {}))

    def fail(*_: object, **options: object) -> None:
        assert options["resume"] is False
        raise error

    monkeypatch.setattr(report, "reproduce", fail)
    assert main(["reproduce", "value-only", "--out", str(tmp_path)]) == code
    out, err = capsys.readouterr()
    warning, said = err.splitlines()
    assert out == ""
    assert warning == (
        f"jetmlp: warning: {runs.path} has 1 finished fit of an earlier call; --resume goes on from there"
    )
    kept = f"; {runs.path} keeps 1 finished fit, --resume goes on from there"
    assert said == f"jetmlp: {line.format(kept=kept)}"


def test_a_folder_has_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reproduce", "--out", ""]) == 2
    expected = "jetmlp reproduce: error: --out: expected the name of a folder, got ''\n"
    assert capsys.readouterr() == ("", expected)


def test_memory_that_runs_out_anywhere_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("jetmlp.cli.info.installed", fail)
    assert main(["info"]) == 1
    assert capsys.readouterr() == ("", "jetmlp: error: there is not enough memory for this\n")


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
