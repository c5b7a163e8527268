"""Reports that are interrupted: no finished fit is lost, and what goes on ends with the same bytes."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jetmlp import History, Samples
from jetmlp._files import remove_leftovers
from jetmlp._files.writing import _temporary_name
from jetmlp._runs import FolderInUseError, Record, RunFolder, alone_in, digest_of, key_of
from jetmlp._runs import lock as _lock
from jetmlp.experiments import EXPERIMENTS, AutomaticFit, FitExperiment, fits, get
from jetmlp.experiments.kept import record_of, result_of, settings_of
from jetmlp.report import _reproduce, _runner, reproduce
from short_experiments import short_experiments, steady_clock

#: Fits that are kept, of these experiments with two seeds: the input-gradient has none.
N_KEPT = 2 * (2 + 2 + 2)


@pytest.fixture
def experiments(monkeypatch: pytest.MonkeyPatch) -> None:
    short = short_experiments()
    monkeypatch.setattr(_reproduce, "EXPERIMENTS", short)
    monkeypatch.setattr(_reproduce, "get", short.__getitem__)


@pytest.fixture
def no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (fits, _reproduce):
        monkeypatch.setattr(module, "time", steady_clock())


def contents(folder: Path) -> dict[Path, bytes | None]:
    """All files of a folder, and the folders in it."""
    return {
        path.relative_to(folder): None if path.is_dir() else path.read_bytes() for path in folder.rglob("*")
    }


def interrupted_after(n: int, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]) -> None:
    """Have the main thread interrupted once it has heard of so many fits."""
    heard = []

    def hear(self: object, study: object) -> None:
        heard.append(study)
        if len(heard) == n:
            raise error

    monkeypatch.setattr(_reproduce._Bar, "_advance", hear)


def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The fits that are kept from now on: those that are really run."""
    ran: list[str] = []
    record_of: Callable[[Any], Record] = _runner.record_of

    def count(result: Any) -> Record:  # noqa: ANN401
        ran.append(type(result).__name__)
        return record_of(result)

    monkeypatch.setattr(_runner, "record_of", count)
    return ran


@pytest.mark.usefixtures("experiments", "no_time")
def test_what_was_interrupted_goes_on_to_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, out = tmp_path / "whole", tmp_path / "out"
    reproduce(out=whole, n_seeds=2, n_threads=2)
    assert not (whole / "runs").exists()

    done = 0
    for n, error in ((1, KeyboardInterrupt), (6, KeyboardInterrupt), (11, ArithmeticError)):
        with monkeypatch.context() as patch:
            interrupted_after(n, patch, error)
            ran = counted(patch)
            with pytest.raises(error):
                reproduce(out=out, n_seeds=2, n_threads=2, resume=True)
        # Nothing goes on behind the caller's back, or could still be writing.
        assert [thread.name for thread in threading.enumerate() if thread.name.startswith("fit_")] == []
        done += len(ran)
        assert len(RunFolder(out / "runs")) == done  # what was kept was not run again
        assert n - 4 <= done <= N_KEPT  # four are no fits
        assert all(any(path.iterdir()) for path in out.iterdir() if path.is_dir())
    ran = counted(monkeypatch)
    reproduce(out=out, n_seeds=2, n_threads=2, resume=True)
    assert len(ran) == N_KEPT - done < N_KEPT
    assert contents(out) == contents(whole)


@pytest.mark.long
def test_killed_at_any_time_it_goes_on_to_the_same_bytes(tmp_path: Path, rng: np.random.Generator) -> None:
    """100 times SIGKILL at random times of runs that go on from each other, 10 to a report."""

    def start(out: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, str(Path(__file__).with_name("short_experiments.py")), "reproduce"]
        command += ["--seeds", "3", "--threads", "2", "--resume", "--out", out]
        return subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def duration(running: subprocess.Popen[bytes]) -> float:
        started = time.monotonic()
        _, err = running.communicate(timeout=3000)
        assert running.returncode == 0, err
        return time.monotonic() - started

    whole_time = duration(start("whole"))
    killed = kept = 0
    for report in range(10):
        for _ in range(10):
            running = start(f"out{report}")
            try:
                running.wait(rng.uniform(0.1, 1.0) * whole_time)
            except subprocess.TimeoutExpired:
                running.kill()
                killed += 1
            running.communicate()
        kept += len(RunFolder(tmp_path / f"out{report}" / "runs"))
        duration(start(f"out{report}"))
        assert contents(tmp_path / f"out{report}") == contents(tmp_path / "whole")
    print(f"killed {killed} of 100, 10 of 10 reports with equal bytes, {kept} fits kept at their last start")
    assert killed >= 20


@pytest.mark.usefixtures("experiments")
def test_without_resume_everything_is_run_again_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        interrupted_after(3, patch, KeyboardInterrupt)
        with pytest.raises(KeyboardInterrupt):
            reproduce(["ablation"], tmp_path, n_seeds=2, n_threads=1)
    kept = len(RunFolder(tmp_path / "runs"))
    assert kept >= 3
    with monkeypatch.context() as patch:
        interrupted_after(1, patch, KeyboardInterrupt)
        with pytest.raises(KeyboardInterrupt):
            reproduce(["derivative-only"], tmp_path, n_threads=1)
    assert len(RunFolder(tmp_path / "runs")) > kept
    ran = counted(monkeypatch)
    reproduce(["ablation"], tmp_path, n_seeds=2)
    assert len(ran) == 4
    assert {path.name for path in tmp_path.iterdir()} == {
        "ablation",
        "summary.json",
        "summary.md",
    }


@pytest.mark.usefixtures("experiments")
def test_a_failure_before_the_first_fit_leaves_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "deep" / "out"

    def fail(*_: object, **__: object) -> None:
        raise ArithmeticError

    monkeypatch.setattr(_reproduce, "run_studies", fail)
    with pytest.raises(ArithmeticError):
        reproduce(["ablation"], out)
    assert {path.name for path in tmp_path.rglob("*")} <= {"deep", "out", ".lock"}


@pytest.mark.usefixtures("experiments")
def test_a_folder_has_one_report_at_a_time(tmp_path: Path) -> None:
    with alone_in(tmp_path):
        before = sorted(tmp_path.rglob("*"))
        with pytest.raises(FolderInUseError, match="another run is writing to it"):
            reproduce(["input-gradient"], tmp_path)
        assert sorted(tmp_path.rglob("*")) == before
    with alone_in(tmp_path):  # it can be had again
        (tmp_path / ".lock").unlink()
        with alone_in(tmp_path):  # by whoever finds no lock, too: somebody has removed it by hand
            pass


def test_a_process_that_was_killed_locks_nothing(tmp_path: Path) -> None:
    hold = "import sys; from pathlib import Path; from jetmlp._runs import alone_in\n"
    hold += "with alone_in(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    running = subprocess.Popen(
        [sys.executable, "-c", hold, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert running.stdout is not None
    assert running.stdout.readline() == b"held\n"
    with pytest.raises(FolderInUseError), alone_in(tmp_path):
        pass
    running.kill()
    running.communicate()
    assert (tmp_path / ".lock").exists()
    with alone_in(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_lock_that_was_removed_while_it_was_waited_for_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = _lock._lock
    removed: list[int] = []

    def remove_first(descriptor: int) -> None:
        if not removed:
            (tmp_path / ".lock").unlink()
        removed.append(descriptor)
        lock(descriptor)

    monkeypatch.setattr(_lock, "_lock", remove_first)
    with alone_in(tmp_path):
        assert len(removed) == 2
        assert (tmp_path / ".lock").exists()


def test_a_fit_is_known_by_everything_that_determines_it() -> None:
    fit = short_experiments()["derivative-only"]
    assert isinstance(fit, FitExperiment)

    def key(study: str = "s", label: str = "l", seed: int = 0, **changes: Any) -> str:  # noqa: ANN401
        settings = settings_of(study, label, FitExperiment(**{**vars(fit), **changes}), seed)
        assert settings is not None
        return key_of(settings)

    others = [
        key(study="other"),
        key(label="other"),
        key(seed=1),
        key(epochs=4),
        key(value_weight=1.0),
        key(dtype="float64"),
        key(layer_sizes=(1, 50, 51, 1)),
        # The same name, the same configuration: only the samples tell.
        key(function=_named(fit.function, lambda f: f * (1.0 + 1e-15))),
        key(derivative=_named(fit.derivative, lambda df: -df)),
    ]
    assert key() == key()
    assert re.fullmatch("[0-9a-f]{32}", key())
    assert key_of({"a": 1, "b": [2]}) == key_of({"b": (2,), "a": 1}) != key_of({"a": 1, "b": [3]})
    assert len({key(), *others}) == 1 + len(others)
    assert settings_of("s", "l", next(iter(EXPERIMENTS["input-gradient"].fits.values())), 0) is None


def _named(function: Any, change: Callable[[Any], Any]) -> Any:  # noqa: ANN401
    def changed(x: Any) -> Any:  # noqa: ANN401
        return change(function(x))

    changed.__qualname__ = function.__qualname__
    return changed


KINDS: dict[str, Any] = {
    **{study.name: next(iter(study.fits.values())) for study in short_experiments().values()},
    "without a setting": AutomaticFit(problem=get("black-scholes").problem, n_train=6),  # type: ignore[attr-defined]
    "on values": replace(short_experiments()["derivative-only"], value_weight=1.0),  # type: ignore[type-var]
}
del KINDS["input-gradient"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_result_comes_back_to_the_last_byte(kind: str, tmp_path: Path) -> None:
    fit = KINDS[kind]
    settings = settings_of("study", kind, fit, 3)
    assert settings is not None
    result = fit.run(3)
    runs = RunFolder(tmp_path / "runs")
    runs.put(settings, record_of(result))
    record = runs.get(settings)
    assert record is not None
    back = result_of(fit, 3, record)
    assert type(back) is type(result)
    x = np.linspace(0.1, 0.9, 7).reshape(-1, 1)
    x = np.repeat(x, len(fit.problem.inputs) if hasattr(fit, "problem") else 1, axis=1)
    for name, before in vars(result).items():
        after = getattr(back, name)
        if hasattr(before, "predict"):
            assert after.predict(x).tobytes() == before.predict(x).tobytes()
            assert after.jacobian(x).tobytes() == before.jacobian(x).tobytes()
        elif isinstance(before, History):
            assert list(after) == list(before)
            assert all(after[column].tobytes() == before[column].tobytes() for column in before)
            assert (after.stopped_because, after.optimizer) == (before.stopped_because, before.optimizer)
        elif isinstance(before, Samples):
            assert digest_of(after.arrays()) == digest_of(before.arrays())
        elif name == "samples":
            assert {k: digest_of(v.arrays()) for k, v in after.items()} == {
                k: digest_of(v.arrays()) for k, v in before.items()
            }
        else:
            np.testing.assert_array_equal(after, before, strict=isinstance(before, np.ndarray))


def test_what_is_not_kept_is_named() -> None:
    with pytest.raises(TypeError, match="result: expected that of a fit which is kept, got 'what'"):
        record_of("what")
    with pytest.raises(TypeError, match="fit: expected one which is kept, got 'what'"):
        result_of("what", 0, Record({}, {}))


def test_damage_to_a_kept_run_is_found(tmp_path: Path, rng: np.random.Generator) -> None:
    """Bits of a small file flipped, and truncations: the run is not there, or whole."""
    settings = {"seed": 1, "rate": 0.1, "sizes": (1, 2)}
    record = Record({"time_s": 0.25}, {"column": rng.normal(size=3), "model": np.arange(5, dtype=np.uint8)})
    runs = RunFolder(tmp_path / "runs")
    assert runs.get(settings) is None
    runs.put(settings, record)
    [path] = runs.path.iterdir()
    content = path.read_bytes()

    def kept() -> bool:
        found = runs.get(settings)
        if found is None:
            return False
        assert found.numbers == record.numbers
        assert {name: array.tobytes() for name, array in found.arrays.items()} == {
            name: array.tobytes() for name, array in record.arrays.items()
        }
        return True

    assert kept()
    for size in range(0, len(content), 5):
        path.write_bytes(content[:size])
        assert not kept()
    refused = 0
    for place in range(0, len(content), 7):
        damaged = bytearray(content)
        damaged[place] ^= 1 << place % 8
        path.write_bytes(damaged)
        refused += not kept()
    assert refused > len(content) / 14  # elsewhere stands what an archive does not mean, such as dates
    path.write_bytes(content)
    other = {"seed": 2, "rate": 0.1, "sizes": (1, 2)}
    path.rename(path.with_name(f"{key_of(other)}.npz"))
    assert runs.get(other) is None
    assert runs.get(settings) is None


def test_leftovers_are_those_of_the_writer_alone(tmp_path: Path) -> None:
    mine = {".lock", ".gitignore", "fit.png", ".fit.png", ".config.json", ".jetmlp", ".jetmlp-mine"}
    for name in mine:
        (tmp_path / name).write_text("mine")
    for _ in range(3):
        (tmp_path / _temporary_name()).write_text("half")
    remove_leftovers(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == mine
    remove_leftovers(tmp_path / "not there")


def test_what_a_killed_process_had_begun_is_cleared(tmp_path: Path) -> None:
    runs = RunFolder(tmp_path / "runs")
    runs.put({"seed": 1}, Record({}, {}))
    (runs.path / _temporary_name()).write_bytes(b"half")
    assert len(runs) == 1
    runs.clear()
    assert not runs.path.exists()
    runs.put({"seed": 1}, Record({}, {}))
    (runs.path / "mine.txt").write_text("mine")
    runs.clear()
    assert [path.name for path in runs.path.iterdir()] == ["mine.txt"]
