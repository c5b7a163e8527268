"""Every call that a save makes fails, is followed by a signal or is the last one; for test_saving_faults.py.

    python tests/save_faults.py FOLDER [--long]

Runs watched by `file_calls`, does each fault to each call of a save in FOLDER, says as JSON what was counted,
and in "wrong" whatever is not as it must be: the old file or the new one, nothing beside it, no descriptor
open, no exception but the one expected, with the path that was given.
"""

from __future__ import annotations

import argparse
import errno
import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import jetmlp
from file_calls import FAIL, KILL_AFTER, KILL_BEFORE, SHORT, SIGNAL_AFTER, SIGNAL_BEFORE, Call, FileCalls
from jetmlp._files import write_bytes

ERRORS = (errno.ENOSPC, errno.EIO, errno.EACCES, errno.EROFS, errno.EINTR)


class Case(NamedTuple):
    """A save: to which path, and the contents that may stand in the file."""

    name: str
    path: Path
    file: Path
    old: bytes | None
    new: bytes
    save: Callable[[], None]

    def prepare(self) -> None:
        for name in os.listdir(self.file.parent):
            if self.file.parent / name != self.path or self.path == self.file:
                os.unlink(self.file.parent / name)
        if self.old is not None:
            self.file.write_bytes(self.old)
            os.chmod(self.file, 0o640)
            if os.getuid() == 0:
                os.chown(self.file, 12, 34)

    def expected_names(self) -> set[str]:
        return {self.path.name, self.file.name}

    def content(self) -> bytes | None:
        return self.file.read_bytes() if self.file.exists() else None


def cases(folder: Path, *, long: bool) -> Iterator[Case]:
    small = jetmlp.MLP([1, 3, 1], seed=1)
    small.save(folder / "new")
    new = (folder / "new").read_bytes()
    os.unlink(folder / "new")
    for kind in ("new", "replaced", "linked", *(["large"] if long else [])):
        place = folder / kind
        place.mkdir()
        path = file = place / "model"
        if kind == "linked":
            file = place / "file"
            path.symlink_to(file.name)
        content, save = new, lambda path=path: small.save(path)
        if kind == "large":  # in three parts
            content = random.Random(0).randbytes(20 << 20)
            save = lambda path=path, content=content: write_bytes(path, content)  # noqa: E731
        yield Case(kind, path, file, None if kind == "new" else b"old", content, save)


class Watch:
    """What was counted, and what was wrong."""

    def __init__(self) -> None:
        self.calls = FileCalls()
        self.counts: Counter[str] = Counter()
        self.wrong: list[str] = []

    def expect(self, condition: object, *what: object) -> None:
        if not condition:
            self.wrong.append(" ".join(map(str, what)))

    def faults(self, case: Case, expected: list[Call], errors: tuple[int, ...]) -> None:
        """Errors at every call, once and from then on."""
        kinds = [(FAIL, error) for error in errors] + [(SHORT, 0)]
        for action, error in kinds:
            for at, call in enumerate(expected):
                if action == SHORT and call.name != "write":
                    continue
                for onwards, spared in ((False, False), (True, True), (True, False)):
                    case.prepare()
                    where = (case.name, call.name, at, errno.errorcode.get(error, "short"), onwards, spared)
                    before = len(os.listdir("/proc/self/fd"))
                    calls, raised = self.calls.during(
                        case.save, at, action, error, onwards=onwards, spare_removal=spared
                    )
                    self.expect(len(os.listdir("/proc/self/fd")) == before, *where, "descriptors")
                    self.judge(case, where, error, onwards, calls, raised)
                    self.counts["faults"] += 1

    def judge(
        self,
        case: Case,
        where: tuple[object, ...],
        error: int,
        onwards: bool,
        calls: list[Call],
        raised: BaseException | None,
    ) -> None:
        content = case.content()
        if raised is None:
            self.expect(content == case.new, *where, "succeeded with", content and content[:9])
            # Whose file it is is kept as far as possible, a folder may be written to unread, and when the
            # folder is closed all is done.
            nothing_lost = where[1] == "fchown" or where[1:3] == ("close", len(calls) - 1)
            unread = where[1] == "open" and error == errno.EACCES
            self.expect(error in (0, errno.EINTR) or nothing_lost or unread, *where, "went unnoticed")
            self.counts["went on"] += 1
        else:
            self.expect(isinstance(raised, OSError), *where, repr(raised))
            if isinstance(raised, OSError):
                self.expect(raised.filename == str(case.path), *where, "names", raised.filename)
                meant = errno.EACCES if calls[-1].name == "faccessat" else error  # it says only yes or no
                self.expect(raised.errno == meant, *where, repr(raised))
                once_is_nothing = error in (0, errno.EINTR) and where[1] not in ("faccessat", "renameat")
                by_python = where[1] in ("stat", "lstat", "readlink")  # which has no second try
                self.expect(onwards or not once_is_nothing or by_python, *where, repr(raised))
            moved = any(call.name == "renameat" and call.result == 0 for call in calls)
            self.expect(content == (case.new if moved else case.old), *where, "left", content and content[:9])
            self.counts["old" if content == case.old else "new"] += 1
        left = set(os.listdir(case.file.parent)) - case.expected_names()
        kept = any(call.name == "unlinkat" and call.result < 0 for call in calls)
        self.expect(len(left) == kept, *where, "beside it", left)
        self.counts["not removed, since that fails, too" if kept else "nothing beside it"] += 1
        if case.path != case.file:
            self.expect(os.path.islink(case.path), *where, "the link is gone")

    def signals(self, case: Case, expected: list[Call]) -> None:
        """Ctrl-C before and after every call: the C library's, so also where Python cannot look."""
        last_sync = max(
            at for at, call in enumerate(expected) if call.name == "fsync" and at < len(expected) - 2
        )
        for action in (SIGNAL_BEFORE, SIGNAL_AFTER):
            for at, call in enumerate(expected):
                case.prepare()
                where = (case.name, call.name, at, "Ctrl-C")
                before = len(os.listdir("/proc/self/fd"))
                _, raised = self.calls.during(case.save, at, action)
                self.expect(isinstance(raised, KeyboardInterrupt), *where, repr(raised))
                self.expect(len(os.listdir("/proc/self/fd")) == before, *where, "descriptors")
                self.expect(set(os.listdir(case.file.parent)) <= case.expected_names(), *where, "beside it")
                # Until the file is whole Ctrl-C keeps it from its place.
                meant = case.old if at <= last_sync else case.new
                self.expect(case.content() == meant, *where, "content")
                self.counts["Ctrl-C at a call"] += 1

    def kills(self, case: Case, expected: list[Call]) -> None:
        """SIGKILL before and after every call."""
        for action in (KILL_BEFORE, KILL_AFTER):
            for at, call in enumerate(expected):
                case.prepare()
                if (child := os.fork()) == 0:
                    self.calls.during(case.save, at, action)
                    os._exit(0)
                status = os.waitpid(child, 0)[1]
                where = (case.name, call.name, at, "SIGKILL")
                self.expect(os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL, *where, status)
                self.after_kill(case, *where)
                self.counts["SIGKILL at a call"] += 1

    def random_kills(self, case: Case, n: int) -> None:
        """SIGKILL at any time of a process that does nothing but save."""
        chance = random.Random(0)
        case.prepare()
        for k in range(n):
            reading, writing = os.pipe()
            if (child := os.fork()) == 0:
                os.write(writing, b"!")
                while True:
                    case.save()
            os.read(reading, 1)
            os.close(reading)
            os.close(writing)
            time.sleep(chance.uniform(0, 0.03))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            self.after_kill(case, case.name, "random SIGKILL", k)
            self.counts["SIGKILL at any time"] += 1

    def after_kill(self, case: Case, *where: object) -> None:
        self.expect(case.content() in (case.old, case.new), *where, "content", case.content())
        left = sorted(set(os.listdir(case.file.parent)) - case.expected_names())
        self.expect(all(name.startswith(".jetmlp-") for name in left) and len(left) <= 1, *where, left)
        self.counts["left by SIGKILL"] += len(left)
        for name in left:
            os.unlink(case.file.parent / name)
        case.save()  # whatever was left, the next one works
        self.expect(case.content() == case.new, *where, "no save afterwards")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--long", action="store_true")
    options = parser.parse_args()
    watch = Watch()
    noted = {}
    for case in cases(options.folder, long=options.long):
        case.prepare()
        case.save()
        case.prepare()
        calls, raised = watch.calls.during(case.save)
        watch.expect(raised is None, case.name, repr(raised))
        noted[case.name] = [call._asdict() for call in calls]
        every = options.long or case.name == "replaced"
        watch.faults(case, calls, ERRORS if every else (errno.ENOSPC, errno.EINTR))
        if every:
            watch.kills(case, calls)
            watch.signals(case, calls)
        if case.name == "replaced":
            watch.random_kills(case, 500 if options.long else 10)
    print(json.dumps({"counts": watch.counts, "wrong": watch.wrong, "calls": noted}))


if __name__ == "__main__":
    main()
