"""Damaged files, files that change while they are read, and what is no regular file."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jetmlp
from jetmlp._files import pack, reading, unpack
from jetmlp.files.load import MODELS
from small_models import SMALL_MODELS, mlp, predictions


def refused(content: bytes) -> bool:
    """Whether the content of a file is refused; anything else than that error ends the test."""
    try:
        unpack(content, tuple(MODELS), "path: file")
    except jetmlp.ModelFileError:
        return True
    return False


def n_flipped_refused(content: bytes, bits: range) -> int:
    damaged, count = bytearray(content), 0
    for bit in bits:
        damaged[bit // 8] ^= 1 << bit % 8
        count += refused(bytes(damaged))
        damaged[bit // 8] ^= 1 << bit % 8
    return count


# A prime number of bits on: every bit of a byte has its turn.
@pytest.mark.parametrize(
    ("kind", "every"),
    [("plain_mlp", 1), ("mlp", 7), ("staged", 7), ("surrogate", 31)]
    + [pytest.param(kind, 1, marks=pytest.mark.long) for kind in SMALL_MODELS],
)
def test_every_flipped_bit_and_every_truncation_is_refused(kind: str, every: int) -> None:
    content = pack(SMALL_MODELS[kind]()._container())
    assert not refused(content)
    bits = range(0, 8 * len(content), every)
    assert n_flipped_refused(content, bits) == len(bits)
    lengths = range(0, len(content), every)
    assert sum(refused(content[:length]) for length in lengths) == len(lengths)
    print(f"{kind}: {len(bits)} flipped bits and {len(lengths)} truncations refused")


def test_damage_is_told_from_other_faults(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    mlp().save(path)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(jetmlp.ModelFileError, match=r"sha256: expected [0-9a-f]{64}, .* it is damaged"):
        jetmlp.load(path)


# ---- No regular file ----


def assert_refused_at_once(path: Path, kind: str) -> None:
    for read in (jetmlp.load, lambda path: jetmlp.load(str(path))):
        with pytest.raises(jetmlp.ModelFileError) as caught:
            read(path)
        assert str(caught.value) == f"path: {path}: kind: expected a regular file, got {kind}"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a system without FIFOs")
def test_a_fifo_is_refused_with_and_without_a_writer(tmp_path: Path) -> None:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    assert_refused_at_once(path, "a FIFO")
    both = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    assert_refused_at_once(path, "a FIFO")
    os.close(both)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a system without FIFOs")
def test_a_fifo_that_takes_the_place_of_a_file_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at what it is and opening it."""
    fifo, regular, look = tmp_path / "fifo", tmp_path / "regular", os.stat
    os.mkfifo(fifo)
    regular.touch()
    monkeypatch.setattr(os, "stat", lambda path, **how: look(regular if path == fifo else path, **how))
    with pytest.raises(jetmlp.ModelFileError, match="got a FIFO"):
        jetmlp.load(fifo)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="a system without these devices")
@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null", "/dev/tty"])
def test_a_device_is_refused(path: str) -> None:
    assert_refused_at_once(Path(path), "a character device")


def test_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the name of a socket is short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        assert_refused_at_once(Path("socket"), "a socket")


def test_a_folder_and_what_is_not_there_are_errors_of_the_system(tmp_path: Path) -> None:
    for path, error in ((tmp_path, IsADirectoryError), (tmp_path / "absent", FileNotFoundError)):
        with pytest.raises(error) as caught:
            jetmlp.load(path)
        assert caught.value.filename == str(path)
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    with pytest.raises(OSError, match="symbolic links"):
        jetmlp.load(loop)
    with pytest.raises(NotADirectoryError):
        jetmlp.load(Path(__file__) / "model")


@pytest.mark.parametrize("path", ["a\0b", "\ud800"])
def test_what_is_no_name(path: str) -> None:
    with pytest.raises(jetmlp.ModelFileError, match="expected the name of a file"):
        jetmlp.load(path)


@pytest.mark.parametrize("path", [3, None, b"model", ["model"]])
def test_what_is_no_path(path: Any) -> None:  # noqa: ANN401  whatever a user passes
    with pytest.raises(TypeError, match=r"^path: expected the name of a file, got "):
        jetmlp.load(path)


def test_a_link_to_a_file_is_followed_and_a_long_path_is_shortened(tmp_path: Path) -> None:
    folder = tmp_path.joinpath(*["folder" * 20] * 5)
    folder.mkdir(parents=True)
    mlp().save(folder / "model")
    (tmp_path / "link").symlink_to(folder / "model")
    assert isinstance(jetmlp.load(tmp_path / "link"), jetmlp.MLP)
    (folder / "model").write_bytes(b"hello")
    with pytest.raises(jetmlp.ModelFileError, match=r"^path: /.*\.\.\..*model: size: expected") as caught:
        jetmlp.load(folder / "model")
    assert len(str(caught.value)) < 300


def test_a_system_error_while_reading_has_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model"
    mlp().save(path)

    def fail(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(reading.RegularFile, "read", fail)
    with pytest.raises(OSError, match="Input/output error") as caught:
        jetmlp.load(path)
    assert caught.value.filename == str(path)


# ---- Files that change while they are read ----


def shorter(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 100)


def emptied(path: Path) -> None:
    os.truncate(path, 0)


def longer(path: Path) -> None:
    with path.open("ab") as file:
        file.write(bytes(1000))


def written_over(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(pack(SMALL_MODELS["staged"]()._container()))


def damaged_behind(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(-8, os.SEEK_END)
        file.write(bytes(8))


def replaced(path: Path) -> None:
    other = path.with_name("other")
    SMALL_MODELS["staged"]().save(other)
    other.replace(path)


def removed(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("before", [1, 2, 3])
@pytest.mark.parametrize(
    "change", [shorter, emptied, longer, written_over, damaged_behind, replaced, removed]
)
def test_a_file_that_changes_before_each_read_is_the_old_one_or_refused(
    change: Callable[[Path], None], before: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reads are those of the length, of the header and of the content."""
    path = tmp_path / "model"
    model = mlp()
    model.save(path)
    read, n_reads = reading.RegularFile.read, 0

    def changing(self: reading.RegularFile, count: int) -> np.ndarray:
        nonlocal n_reads
        n_reads += 1
        if n_reads == before:
            change(path)
        return read(self, count)

    monkeypatch.setattr(reading.RegularFile, "read", changing)
    try:
        loaded = jetmlp.load(path)
    except jetmlp.ModelFileError:
        assert change not in (replaced, removed), "the old file is still open"
    else:
        assert change in (replaced, removed)
        assert isinstance(loaded, jetmlp.MLP)
        assert loaded.parameters.tobytes() == model.parameters.tobytes()


@pytest.mark.parametrize("count", [100, pytest.param(5000, marks=pytest.mark.long)])
def test_files_replaced_and_cut_all_the_time_are_loaded_whole_or_refused(count: int, tmp_path: Path) -> None:
    """The writer works in place, on what a map of the file would show."""
    path = tmp_path / "model"
    contents = [pack(SMALL_MODELS[kind]()._container()) for kind in ("mlp", "staged", "surrogate")]
    path.write_bytes(contents[0])
    stopping = threading.Event()

    def write() -> None:
        turn = 0
        while not stopping.is_set():
            turn += 1
            with path.open("r+b") as file:
                file.write(contents[turn % 3])
                file.truncate(len(contents[turn % 3]) - (turn % 2) * 50)

    writer = threading.Thread(target=write)
    writer.start()
    loaded = 0
    try:
        for _ in range(count):
            try:
                model = jetmlp.load(path)
            except jetmlp.ModelFileError:
                continue
            assert pack(model._container()) in contents
            predictions(model, np.zeros((1, 2 if isinstance(model, jetmlp.MLP) else 1)))
            loaded += 1
    finally:
        stopping.set()
        writer.join()
    print(f"{count} loads of a file that changes: {loaded} whole, {count - loaded} refused")
