"""Where files are written, and what becomes of what was there: the one writer, and all that save by it."""

from __future__ import annotations

import errno
import os
import resource
import socket
import stat
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

import jetmlp
from jetmlp import plotting
from jetmlp._files import try_folder, try_writing, write_bytes
from jetmlp.tables.write import write_table

NUMBERS = {"x": np.arange(3.0)}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def save_history(path: Path) -> None:
    trainer = jetmlp.Trainer(jetmlp.MLP([1, 2, 1]))
    trainer.fit(np.arange(3.0), np.arange(3.0), epochs=2).to_csv(path)


def save_drawing(path: Path) -> None:
    plotting.save_figure(Figure((1, 1)), path)


#: All that write files, by the ending of the name.
SAVES: dict[str, Callable[[Path], object]] = {
    ".safetensors": lambda path: jetmlp.MLP([1, 2, 1], seed=0).save(path),
    ".csv": lambda path: write_table(path, NUMBERS),
    ".npz": lambda path: write_table(path, NUMBERS),
    ".parquet": lambda path: write_table(path, NUMBERS),
    ".history": save_history,
    ".png": save_drawing,
    ".svg": save_drawing,
    ".pdf": save_drawing,
}


@pytest.mark.parametrize("ending", SAVES)
def test_all_save_by_the_one_writer(ending: str, here: Path) -> None:
    """Links stay, modes are kept, names may be as long as any, errors name the path."""
    save = SAVES[ending]
    (here / "folder").mkdir()
    file, link = here / "folder" / f"file{ending}", here / f"link{ending}"
    link.symlink_to(file)
    save(link)  # names nothing yet
    assert link.is_symlink()
    assert file.stat().st_size > 0
    file.write_bytes(b"old")
    file.chmod(0o600)
    save(link)
    assert file.read_bytes() != b"old"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    save(here / f"{'n' * (250 - len(ending))}{ending}")
    absent = here / "absent" / f"file{ending}"
    with pytest.raises(FileNotFoundError) as caught:
        save(absent)
    assert caught.value.filename == str(absent)
    os.mkfifo(here / f"pipe{ending}")
    with pytest.raises(OSError, match=rf"expected a regular file, or none, got a pipe.*pipe\{ending}"):
        save(here / f"pipe{ending}")
    assert len(list(here.iterdir())) == 4


def test_links_are_followed_from_where_they_stand(here: Path) -> None:
    Path("a/b").mkdir(parents=True)
    Path("a/link").symlink_to("b/file")
    Path("link").symlink_to("a/link")
    Path("a/b/file").write_bytes(b"old")
    Path("folder").symlink_to("a/b")
    for path in ("link", "a/link", "folder/file", "folder/../link", "a/b/../../link", str(here / "link")):
        write_bytes(path, path.encode())
        assert Path("a/b/file").read_bytes() == path.encode()
    assert os.readlink("link") == "a/link"
    assert os.readlink("a/link") == "b/file"
    assert sorted(os.listdir("a")) == ["b", "link"]
    assert os.listdir("a/b") == ["file"]


def test_circles_of_links(here: Path) -> None:
    Path("one").symlink_to("other")
    Path("other").symlink_to("one")
    for work in (lambda: write_bytes("one", b""), lambda: try_writing("one")):
        with pytest.raises(OSError, match="one") as caught:
            work()
        assert caught.value.errno == errno.ELOOP
        assert caught.value.filename == "one"
    assert sorted(os.listdir()) == ["one", "other"]


def make_socket(name: str) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(name)


KINDS: dict[str, tuple[Callable[[], object], str, type[OSError], str]] = {
    "pipe": (lambda: os.mkfifo("it"), "it", OSError, "got a pipe"),
    "socket": (lambda: make_socket("it"), "it", OSError, "got a socket"),
    "device": (lambda: None, os.devnull, OSError, "got a device"),
    "link to a device": (lambda: os.symlink(os.devnull, "it"), "it", OSError, "got a device"),
    "folder": (lambda: os.mkdir("it"), "it", IsADirectoryError, "Is a directory"),
    "link to a folder": (lambda: os.symlink(".", "it"), "it", IsADirectoryError, "Is a directory"),
    "this folder": (lambda: None, ".", IsADirectoryError, "Is a directory"),
    "folder above": (lambda: None, "..", IsADirectoryError, "Is a directory"),
    "folder, by its ending": (lambda: os.mkdir("it"), "it/", IsADirectoryError, "Is a directory"),
    "no folder, by its ending": (lambda: None, "it/", FileNotFoundError, "No such file"),
    "in a file": (lambda: Path("it").write_bytes(b""), "it/file", NotADirectoryError, "Not a directory"),
    "no folder": (lambda: None, "it/file", FileNotFoundError, "No such file"),
    "name too long": (lambda: None, "x" * 256, OSError, "name too long"),
    "path too long": (lambda: None, "x/" * 2100 + "x", OSError, "name too long"),
}


@pytest.mark.parametrize(("make", "path", "kind", "message"), KINDS.values(), ids=KINDS)
def test_other_kinds_are_refused_by_name(
    make: Callable[[], object], path: str, kind: type[OSError], message: str, here: Path
) -> None:
    make()
    there = {name: os.lstat(name).st_mode for name in os.listdir()}
    for form in (path, Path(path), os.fsencode(path)):
        if str(form) != path and not isinstance(form, bytes):
            continue  # pathlib has dropped the ending
        for work in (lambda form=form: write_bytes(form, b"new"), lambda form=form: try_writing(form)):
            with pytest.raises(kind, match=message) as caught:
                work()
            assert type(caught.value) is kind
            assert caught.value.filename == os.fspath(form)
    assert {name: os.lstat(name).st_mode for name in os.listdir()} == there


@pytest.mark.parametrize("path", ["", b"", "a\0b", b"a\0b"])
def test_what_is_no_name(path: str | bytes, here: Path) -> None:
    with pytest.raises(ValueError, match=r"path: expected the name of a file, got b?'"):
        write_bytes(path, b"")
    with pytest.raises(ValueError, match=r"path: expected the name of a file, got b?'"):
        try_writing(path)
    assert os.listdir() == []


@pytest.mark.parametrize("path", [3, None, 1.5, ["file"]])
def test_what_is_no_path(path: object, here: Path) -> None:
    with pytest.raises(TypeError, match=r"path: expected a path, as text or pathlib\.Path, got"):
        write_bytes(path, b"")  # type: ignore[arg-type]
    assert os.listdir() == []


class Somewhere:
    def __fspath__(self) -> str:
        return "somewhere"


@pytest.mark.parametrize("path", ["größe", b"gr\xff", Path("path"), Somewhere(), "./x", "x" * 255, " ", "-"])
def test_every_form_of_a_path(path: os.PathLike[str], here: Path) -> None:
    write_bytes(path, b"content")
    assert [Path(name).read_bytes() for name in os.listdir()] == [b"content"]
    assert os.path.exists(path)
    try_writing(path)
    write_bytes(path, b"other")
    assert [Path(name).read_bytes() for name in os.listdir()] == [b"other"]


def test_a_folder_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path / "folder")
    os.rmdir(tmp_path / "folder")
    for work in (lambda: write_bytes("file", b""), lambda: try_writing("file")):
        with pytest.raises(FileNotFoundError) as caught:
            work()
        assert caught.value.filename == "file"


def test_a_full_disk(here: Path) -> None:
    """The system says so in mid-file, for a process whose files may not be larger than this."""
    write_bytes("file", b"old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, limits[1]))
    try:
        write_bytes("small", bytes(3000))
        for size in (3001, 9 << 20):
            with pytest.raises(OSError, match="File too large") as caught:
                write_bytes("file", bytes(size))
            assert caught.value.errno == errno.EFBIG
            assert caught.value.filename == "file"
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert Path("file").read_bytes() == b"old"
    assert sorted(os.listdir()) == ["file", "small"]


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="mounts a disk: root")
@pytest.mark.long
@pytest.mark.parametrize("options", ["size=16k", "ro"])
def test_a_small_disk(options: str, here: Path) -> None:
    os.mkdir("disk")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", "disk"], check=False)
    if mounted.returncode:
        pytest.skip("needs to mount a disk")
    try:
        expected = errno.EROFS if options == "ro" else errno.ENOSPC
        for size in (20_000, 9 << 20):
            with pytest.raises(OSError, match="disk/file") as caught:
                write_bytes("disk/file", bytes(size))
            assert caught.value.errno == expected
            assert os.listdir("disk") == []
        if options != "ro":
            write_bytes("disk/file", bytes(4096))
            with pytest.raises(OSError, match="No space left"):
                write_bytes("disk/file", bytes(16_384))
            assert Path("disk/file").read_bytes() == bytes(4096)
    finally:
        subprocess.run(["umount", "disk"], check=True)


@pytest.mark.parametrize("size", [0, 1, (8 << 20) - 1, 8 << 20, (8 << 20) + 1, 20 << 20])
def test_every_byte_of_every_part_is_written(size: int, here: Path, rng: np.random.Generator) -> None:
    content = rng.bytes(size)
    write_bytes("file", content)
    assert Path("file").read_bytes() == content


def test_other_names_of_the_old_file_keep_it(here: Path) -> None:
    write_bytes("file", b"old")
    os.link("file", "other")
    write_bytes("file", b"new")
    assert Path("other").read_bytes() == b"old"


def test_trying_changes_nothing(here: Path) -> None:
    try_writing("absent")
    try_folder(".")
    assert os.listdir() == []
    write_bytes("file", b"old")
    before = os.stat("file")
    try_writing("file")
    assert os.stat("file") == before
    assert os.listdir() == ["file"]
    with pytest.raises(NotADirectoryError) as caught:
        try_folder("file")
    assert caught.value.filename == "file"
    with pytest.raises(FileNotFoundError):
        try_folder("absent")


def test_no_descriptor_reaches_another_program(here: Path) -> None:
    """Programs that are started during a save inherit nothing of it."""
    ended = threading.Event()

    def save() -> None:
        while not ended.is_set():
            write_bytes("saved", bytes(1 << 20))

    other = threading.Thread(target=save)
    other.start()
    try:
        for _ in range(20):
            said = subprocess.run(
                ["ls", "-l", "/proc/self/fd"], capture_output=True, text=True, check=True, close_fds=False
            ).stdout
            assert " 0 -> " in said
            assert "/.jetmlp-" not in said
            assert str(here) not in said
    finally:
        ended.set()
        other.join()
