from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import jetmlp
from jetmlp.cli import main
from jetmlp.experiments import EXPERIMENTS, FitExperiment, get, runge

Captured = pytest.CaptureFixture[str]


def refused(capsys: Captured) -> str:
    """One line on standard error, and nothing on standard output."""
    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith("\n")
    assert err.count("\n") == 1
    return err


def test_version(capsys: Captured) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"jetmlp {jetmlp.__version__}\n"


def test_info_says_what_runs(capsys: Captured) -> None:
    assert main(["info"]) == 0
    said = dict(line.split(":", 1) for line in capsys.readouterr().out.splitlines())
    info = jetmlp.info()
    assert said["version"].strip() == info["version"]
    assert said["level"].strip() == info["level"]
    for name in ("levels_built", "levels_supported", "levels_available"):
        assert said[name].strip().split(", ") == info[name]


@pytest.mark.parametrize("option", ["--help", "--list"])
def test_the_experiments_are_listed(option: str, capsys: Captured) -> None:
    assert main(["reproduce", option]) == 0
    out = capsys.readouterr().out
    for name, experiment in EXPERIMENTS.items():
        assert f"{name} " in out
        assert experiment.description in out


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (
            [],
            "jetmlp: error: expected a command: fit, predict, evaluate, sweep, export, report, info, "
            "reproduce; see",
        ),
        (["fitt"], "jetmlp: error: no such command 'fitt'"),
        (["info", "--speed"], "jetmlp info: error: no such option"),
        (["reproduce", "--seeds", "0"], "--seeds: expected an integer from 1 to 1000, got '0'"),
        (["reproduce", "--seed", "-1"], "--seed: expected an integer from 0"),
        (["reproduce", "--seed", "1.5"], "--seed: expected an integer from 0"),
        (["reproduce", "--threads", "none"], "--threads: expected an integer from 1 to 256, got 'none'"),
        (["reproduce", "--speed"], "jetmlp reproduce: error: no such option"),
    ],
)
def test_wrong_arguments(
    arguments: list[str], complaint: str, capsys: Captured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    assert complaint in refused(capsys)
    assert list(tmp_path.iterdir()) == []


def test_unknown_experiment(capsys: Captured, tmp_path: Path) -> None:
    assert main(["reproduce", "value-only", "values-only", "--out", str(tmp_path / "out")]) == 2
    line = refused(capsys)
    assert "unknown experiment 'values-only'; there are derivative-only, value-and-derivative" in line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("library", ["matplotlib", "rich"])
def test_missing_library(
    library: str, capsys: Captured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    assert main(["reproduce", "value-only", "--out", str(tmp_path / "out")]) == 2
    assert refused(capsys) == f'jetmlp: error: this needs {library}: pip install "jetmlp[report]"\n'
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("blocked", "out"),
    [("file", "file"), ("file", "file/below"), ("new/value-only", "new"), ("link", "link/results")],
)
def test_folder_that_cannot_be_written(blocked: str, out: str, capsys: Captured, tmp_path: Path) -> None:
    # A file in the way: permissions would not stop the administrator.
    obstacle = tmp_path / blocked
    obstacle.parent.mkdir(exist_ok=True)
    if blocked == "link":
        obstacle.symlink_to(tmp_path / "nowhere" / "at" / "all")
    else:
        obstacle.write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    assert main(["reproduce", "input-gradient", "value-only", "--out", str(tmp_path / out)]) == 2
    line = refused(capsys)
    assert line.startswith(f"jetmlp: error: cannot write to {tmp_path}")
    assert sorted(tmp_path.rglob("*")) == before


def test_a_fit_that_diverges_is_one_line(
    capsys: Captured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit = get("value-only")
    assert isinstance(fit, FitExperiment)
    wild = FitExperiment(
        name="wild",
        description="",
        function=runge,
        data=fit.data,
        layer_sizes=(1, 8, 1),
        activation="relu",
        epochs=50,
        learning_rate=1e30,
    )
    monkeypatch.setitem(EXPERIMENTS, "wild", wild)
    assert main(["reproduce", "wild", "--out", str(tmp_path)]) == 1
    assert "the loss is no longer finite in epoch" in refused(capsys)


def environment() -> dict[str, str]:
    # As an ordinary user has it, whatever the test run sets.
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PYTHON") or name == "PYTHONPATH"  # where a tree is that is not installed
    }
    return kept | {"PYTHONWARNINGS": "error"}


def test_the_module_is_the_command(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "jetmlp", "reproduce", "value-only", "--threads", "1"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Published and measured")
    assert "value-only" in done.stdout
    assert done.stderr.startswith("jetmlp: wrote results in ")
    assert done.stderr.count("\n") == 1
    assert (tmp_path / "results" / "value-only" / "metrics.json").is_file()


def test_ctrl_c_ends_with_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "jetmlp", "reproduce", "mini-batch", "--seeds", "1000", "--out", "out"]
    running = subprocess.Popen(
        command, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        until = time.monotonic() + 60.0
        while not list((tmp_path / "out").glob("runs/*")) and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(0.5)
        assert running.poll() is None
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=30)
    finally:
        running.kill()
    assert (running.returncode, out) == (130, b"")
    kept = len(list((tmp_path / "out" / "runs").glob("*.npz")))
    assert kept >= 1
    line = f"jetmlp: interrupted; out/runs keeps {kept} finished fits, --resume goes on from there\n"
    assert err.decode() == line.replace("1 finished fits", "1 finished fit") if kept == 1 else line


def test_the_library_does_without_the_report() -> None:
    code = """
import sys, jetmlp
print([name for name in ("matplotlib", "rich", "jetmlp.experiments", "jetmlp.report") if name in sys.modules])
import jetmlp.experiments
print("matplotlib" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=True,
    )
    assert done.stdout.splitlines() == ["[]", "False"]
