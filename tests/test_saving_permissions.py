"""Who may do what with a file that was saved: what the umask says, or what was there."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from jetmlp._files import try_folder, try_writing, write_bytes

as_root = pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="needs to give files away: root")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o027, 0o077])
def test_a_new_file_has_the_permissions_of_any_new_file(umask: int, here: Path) -> None:
    before = os.umask(umask)
    try:
        write_bytes("one", b"")
        Path("other").write_bytes(b"")
        assert os.umask(umask) == umask
    finally:
        os.umask(before)
    assert os.stat("one").st_mode == os.stat("other").st_mode


def test_files_of_other_threads_keep_their_permissions(here: Path) -> None:
    ended = threading.Event()

    def save() -> None:
        while not ended.is_set():
            write_bytes("saved", b"")

    other = threading.Thread(target=save)
    other.start()
    try:
        for _ in range(2000):
            os.close(os.open("mine", os.O_CREAT | os.O_EXCL))
            assert stat.S_IMODE(os.stat("mine").st_mode) & 0o022 == 0
            os.unlink("mine")
    finally:
        ended.set()
        other.join()


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o660, 0o666, 0o755])
def test_the_mode_of_what_was_there_is_kept(mode: int, here: Path) -> None:
    write_bytes("file", b"old")
    os.chmod("file", mode)
    write_bytes("file", b"new")
    assert stat.S_IMODE(os.stat("file").st_mode) == mode
    assert Path("file").read_bytes() == b"new"


def test_a_new_file_is_no_program_of_its_owner(here: Path) -> None:
    write_bytes("file", b"old")
    os.chmod("file", 0o4755)
    write_bytes("file", b"new")
    assert stat.S_IMODE(os.stat("file").st_mode) == 0o755


@as_root
def test_the_owner_of_what_was_there_is_kept(here: Path) -> None:
    write_bytes("file", b"old")
    os.chown("file", 12, 34)
    os.chmod("file", 0o640)
    write_bytes("file", b"new")
    found = os.stat("file")
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (12, 34, 0o640)


@pytest.fixture
def as_somebody(here: Path) -> Iterator[None]:
    """Work as another user, who may do in this folder what anybody may."""
    if os.getuid() != 0:
        yield  # is somebody anyway
        return
    os.chmod(here, 0o777)
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(56)
    os.seteuid(78)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)


@as_root
def test_who_could_not_read_a_file_of_another_owner_cannot_read_the_new_one(
    here: Path, request: pytest.FixtureRequest
) -> None:
    write_bytes("file", b"old")
    os.chown("file", 12, 34)
    os.chmod("file", 0o662)
    request.getfixturevalue("as_somebody")
    write_bytes("file", b"new")
    found = os.stat("file")
    # The group is another one, and has what everybody has.
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (78, 56, 0o622)


@pytest.mark.usefixtures("as_somebody")
def test_what_is_protected_stays(here: Path) -> None:
    write_bytes("file", b"old")
    os.chmod("file", 0o444)
    for work in (lambda: write_bytes("file", b"new"), lambda: try_writing("file")):
        with pytest.raises(PermissionError) as caught:
            work()
        assert caught.value.filename == "file"
    assert Path("file").read_bytes() == b"old"
    os.mkdir("folder")
    os.chmod("folder", 0o555)
    for work in (
        lambda: write_bytes("folder/file", b"new"),
        lambda: try_writing("folder/file"),
        lambda: try_folder("folder"),
    ):
        with pytest.raises(PermissionError) as caught:
            work()
        assert caught.value.filename in ("folder/file", "folder")
    assert os.listdir("folder") == []
    os.chmod("folder", 0o333)  # a drop box: what is in it cannot be seen
    write_bytes("folder/file", b"new")
    os.chmod("folder", 0o755)
    assert Path("folder/file").read_bytes() == b"new"
