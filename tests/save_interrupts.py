"""Ctrl-C at every step of a save, for test_saving_interrupts.py.

    python tests/save_interrupts.py FOLDER [--long]

A signal is sent before every instruction that Python runs during a save, then at random from another process.
Says as JSON what was counted, and in "wrong" whatever is not as it must be: the old file or the new one,
nothing beside it, no descriptor open, no exception but KeyboardInterrupt, the umask as it was.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import jetmlp
from jetmlp._files import try_writing, write_bytes

UMASK = 0o027
Save = Callable[[], object]


class Saving:
    """Saves into a folder, and what is seen there afterwards."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.path = folder, folder / "model"
        self.models = [jetmlp.MLP([1, 3, 1], seed=seed) for seed in (0, 1)]
        self.whole: set[bytes] = set()
        for model in self.models:
            model.save(self.path)
            self.whole.add(self.path.read_bytes())
        self.counts: Counter[str] = Counter()
        self.wrong: list[str] = []
        gc.collect()
        self.n_descriptors = self.descriptors()

    def descriptors(self) -> int:
        return len(os.listdir("/proc/self/fd"))

    def look(self, *where: object, n_files: int = 1) -> None:
        found = {
            "content": self.path.read_bytes() in self.whole,
            "beside it": len(os.listdir(self.folder)) == n_files,
            "descriptors": self.descriptors() == self.n_descriptors,
        }
        self.wrong += [" ".join(map(str, (*where, what))) for what, good in found.items() if not good]

    def judge(self, raised: BaseException, *where: object) -> None:
        # Python itself handles exceptions on the way (pathlib); none is to be one of a clean-up.
        if type(raised) is not KeyboardInterrupt or isinstance(raised.__context__, OSError):
            self.wrong.append(" ".join(map(str, (*where, repr(raised), repr(raised.__context__)))))


@contextmanager
def at_instruction(number: int) -> Iterator[list[int]]:
    """Send Ctrl-C before this instruction of the block, counted from 1; gives the count of instructions."""
    count = [0]

    def trace(frame: FrameType, event: str, argument: object) -> object:
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        if event == "opcode":
            count[0] += 1
            if count[0] == number:
                signal.raise_signal(signal.SIGINT)
        return trace

    sys.settrace(trace)  # of the calls in the block
    try:
        yield count
    finally:
        sys.settrace(None)


def at_every_instruction(saving: Saving, name: str, save: Save, step: int) -> None:
    with at_instruction(-1) as count:
        save()
    n_instructions = count[0]
    assert n_instructions > 50
    for number in range(1, n_instructions + 1, step):
        try:
            with at_instruction(number):
                save()
            saving.wrong.append(f"{name}, instruction {number}: Ctrl-C is lost")
        except BaseException as raised:
            saving.judge(raised, name, number)
        saving.look(name, number)
        saving.counts[f"Ctrl-C at an instruction of {name}"] += 1
    saving.counts[f"instructions of {name}"] = n_instructions


def at_random(saving: Saving, n: int, save: Callable[[int], object]) -> None:
    """Real ones, from another process, at any time of saves one after the other."""
    asking, asked = os.pipe()
    ours = os.getpid()
    if (sender := os.fork()) == 0:
        os.close(asked)
        chance = random.Random(0)
        while os.read(asking, 1):
            time.sleep(chance.uniform(0, 0.004))
            os.kill(ours, signal.SIGINT)
        os._exit(0)
    os.close(asking)
    before = saving.n_descriptors
    saving.n_descriptors = saving.descriptors()
    n_saves = 0
    for k in range(n):
        try:
            os.write(asked, b"!")
            while True:
                save(n_saves)
                n_saves += 1
        except BaseException as raised:
            saving.judge(raised, "random", k)
        saving.look("random", k)
        saving.counts["Ctrl-C at any time"] += 1
    os.close(asked)
    os.waitpid(sender, 0)
    saving.n_descriptors = before


def under_a_timer(saving: Saving, n: int) -> None:
    """A program with a clock: signals that raise nothing break off calls of the system, and nothing else."""
    ticks = [0]

    def tick(*_: object) -> None:
        ticks[0] += 1

    signal.signal(signal.SIGALRM, tick)
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    try:
        for k in range(n):
            saving.models[k % 2].save(saving.path)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    saving.look("under a timer")
    saving.counts["saves under a timer"] = n
    saving.counts["ticks"] = ticks[0]


def beside_a_thread(saving: Saving, n: int) -> None:
    """Ctrl-C raises in the main thread; another one that saves is not touched."""
    ended = threading.Event()
    raised: list[BaseException] = []

    def save() -> None:
        try:
            while not ended.is_set():
                saving.models[0].save(saving.path)
                saving.counts["saves in a thread"] += 1
        except BaseException as error:
            raised.append(error)

    other = threading.Thread(target=save)
    other.start()
    for _ in range(n):
        try:
            signal.raise_signal(signal.SIGINT)
            time.sleep(10)
        except KeyboardInterrupt:
            time.sleep(0.001)
    ended.set()
    other.join()
    saving.wrong += [f"in a thread: {error!r}" for error in raised]
    saving.look("in a thread")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--long", action="store_true")
    options = parser.parse_args()
    os.umask(UMASK)
    saving = Saving(options.folder)
    content = saving.path.read_bytes()
    saves = {
        "write_bytes": lambda: write_bytes(saving.path, content),
        "try_writing": lambda: try_writing(saving.path),
        "MLP.save": lambda: saving.models[0].save(saving.path),
    }
    for name, save in saves.items():
        at_every_instruction(saving, name, save, 1 if options.long or name != "MLP.save" else 7)
    at_random(saving, 2000 if options.long else 50, lambda k: saving.models[k % 2].save(saving.path))
    # In several parts, between which the core looks for signals.
    large = [bytes([k]) * (30 << 20) for k in (0, 1)]
    saving.whole |= set(large)
    at_random(saving, 50 if options.long else 3, lambda k: write_bytes(saving.path, large[k % 2]))
    under_a_timer(saving, 300 if options.long else 20)
    beside_a_thread(saving, 300 if options.long else 20)
    if os.umask(0) != UMASK:
        saving.wrong.append("the umask is another one")
    print(json.dumps({"counts": saving.counts, "wrong": saving.wrong}))


if __name__ == "__main__":
    main()
