"""A plugin of pytest: the tests on one change after the other, in forks of one process.

First all tests run once, and it is noted which changes each of them comes upon. A change is then tried by
those alone, first those that have noticed others, then the quick ones, until one fails. `mutation.py` starts
it.
"""

from __future__ import annotations

import ctypes
import json
import mmap
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import jetmlp
import mutation_switch

#: Where a fork says what it does: the test at work, its beginning, and how the tests went.
_PROGRESS = mmap.mmap(-1, 1 << 24)
#: Of an address space; a change that wants more has been noticed.
_MEMORY = 8 << 30


class Core:
    """The switches of the compiled core."""

    def __init__(self) -> None:
        [module] = Path(jetmlp._core.__file__).parent.glob("_core_*.so")
        library = ctypes.CDLL(str(module))
        try:
            self.active = ctypes.c_int.in_dll(library, "mutation_active")
            self.reached = (ctypes.c_ubyte * 8192).in_dll(library, "mutation_reached")
        except ValueError:  # sources of Python alone
            self.active, self.reached = ctypes.c_int(), (ctypes.c_ubyte * 8192)()


def pytest_runtestloop(session: pytest.Session) -> bool:
    plan = json.loads(Path(os.environ["JETMLP_MUTATION_PLAN"]).read_text(encoding="utf-8"))
    core = Core()
    imported = _reached(core)
    found = _in_a_fork(lambda: _first_run(session, core), lambda: None)
    tests = [json.loads(line) for line in found.decode().splitlines()]
    notices = [0] * len(tests)
    with Path(plan["report"]).open("w", encoding="utf-8") as report:
        failing = [session.items[i].nodeid for i, test in enumerate(tests) if not test["passed"]]
        print(json.dumps({"failing": failing, "tests": len(tests)}), file=report, flush=True)
        for number in plan["changes"]:
            if number in imported:
                print(json.dumps({"change": number, "fate": "alone"}), file=report, flush=True)
                continue
            order = [
                i
                for i, test in enumerate(tests)
                if test["passed"] and (number in test["reached"] or test["starts"])
            ]
            order.sort(key=lambda i: (tests[i]["starts"], -notices[i], tests[i]["seconds"]))
            by = _try(session, core, number, order, tests)
            fate = "survived" if by is None else "killed"
            name = None
            if by is not None and by >= 0:
                notices[by] += 1
                name = session.items[by].nodeid
            one = {"change": number, "fate": fate, "by": name, "tests": len(order)}
            print(json.dumps(one), file=report, flush=True)
    return True


def _reached(core: Core) -> set[int]:
    both = zip(bytes(core.reached), mutation_switch.reached, strict=True)
    return {number for number, (one, other) in enumerate(both) if one or other}


def _first_run(session: pytest.Session, core: Core) -> Iterator[str]:
    """Every test once: how it went, its time, the changes it came upon, whether it started a process."""
    started: list[str] = []
    sys.addaudithook(lambda event, _: started.append(event) if event in _STARTS else None)
    for i in range(len(session.items)):
        ctypes.memset(core.reached, 0, 8192)
        mutation_switch.reached[:] = bytes(8192)
        started.clear()
        begun = time.monotonic()
        passed = _passes(session, i)
        seconds = time.monotonic() - begun
        reached = sorted(_reached(core))
        yield json.dumps({"passed": passed, "seconds": seconds, "reached": reached, "starts": bool(started)})


_STARTS = ("subprocess.Popen", "os.fork", "os.posix_spawn", "os.exec")


def _passes(session: pytest.Session, i: int) -> bool:
    failed = session.testsfailed
    item = session.items[i]
    item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
    return session.testsfailed == failed


def _try(session: pytest.Session, core: Core, number: int, order: list[int], tests: list[Any]) -> int | None:
    """Return the test that notices a change, -1 if the process ended by it, None if none does."""

    def run() -> Iterator[str]:
        core.active.value = mutation_switch.active = number
        os.environ["JETMLP_MUTANT"] = str(number)
        for i in order:
            _PROGRESS[:32] = json.dumps([i, round(time.monotonic(), 1)]).encode().ljust(32)
            if not _passes(session, i):
                yield str(i)
                return
        yield "none"

    def late() -> int | None:
        said = bytes(_PROGRESS[:32]).strip(b"\0 ")
        if not said:
            return None
        i, begun = json.loads(said)
        return i if time.monotonic() - begun > 20.0 + 10.0 * tests[i]["seconds"] else None

    _PROGRESS[:32] = bytes(32)
    said = _in_a_fork(run, late).decode().strip()
    if said == "none":
        return None
    if said:
        return int(said)
    last = bytes(_PROGRESS[:32]).strip(b"\0 ")
    return json.loads(last)[0] if last else -1


def _in_a_fork(run: Callable[[], Iterator[str]], late: Callable[[], int | None]) -> bytes:
    """Run something in a fork; return its lines, or nothing if it crashed, hung or would not end."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        os.close(out)
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nothing, descriptor)
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        with os.fdopen(into, "w") as told:
            for line in run():
                told.write(line + "\n")
        os._exit(0)
    os.close(into)
    with os.fdopen(out, "rb") as told:
        os.set_blocking(told.fileno(), False)
        said = b""
        while True:
            part = told.read()
            said += part or b""
            if part == b"":
                break
            if part is None:
                if late() is not None:
                    os.killpg(child, signal.SIGKILL)
                    said = b""
                    break
                time.sleep(0.02)
    _, status = os.waitpid(child, 0)
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # what it has left
    return said if os.waitstatus_to_exitcode(status) == 0 else b""
