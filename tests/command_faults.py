"""What goes wrong around a command: each fault ends with one clear line and an exit code, never a traceback.

As a script it runs every command with every fault, signals at ``--signals`` random times each, and prints how
many ended as they must::

    python tests/command_faults.py --signals 20
"""

from __future__ import annotations

import argparse
import os
import random
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent

#: Commands that succeed beside data.csv and m.safetensors; of reproduce its short experiments.
COMMANDS = (
    "info",
    "info m.safetensors --json",
    "fit data.csv --seconds 0.3 --out new.safetensors",
    "predict m.safetensors data.csv",
    "evaluate m.safetensors data.csv",
    "export m.safetensors --out m.npz",
    "reproduce input-gradient ablation --seeds 1 --threads 1 --out results",
)
SAMPLES = "x,f,df_dx\n" + "".join(f"{x / 8},{x * x / 64},{x / 4}\n" for x in range(-4, 5))


class Fault(NamedTuple):
    """What is done to a command, how it may end, and what its line says."""

    name: str
    shell: str = "{command}"
    codes: tuple[int, ...] = (0,)
    says: str = ""
    environment: tuple[tuple[str, str], ...] = ()
    signals: tuple[signal.Signals, ...] = ()
    only: str = ""


FAULTS = (
    Fault("nothing"),
    Fault("output to a full disk", "{command} >/dev/full", (1,), "cannot write to standard output: No space"),
    Fault("output closed", "{command} >&-", (1,), "cannot write to standard output: Bad file"),
    Fault("reader gone", "{command} | exec 0<&-; exit ${{PIPESTATUS[0]}}", (0, 141)),
    Fault("errors to a full disk", "{command} 2>/dev/full", (0,)),
    Fault("errors closed", "{command} 2>&-", (0,)),
    Fault("input closed", "{command} <&-", (0,)),
    Fault("an unknown level", codes=(2,), says="JETMLP_LEVEL: ", environment=(("JETMLP_LEVEL", "fast"),)),
    Fault(
        "an unknown backend",
        codes=(2,),
        says="MPLBACKEND: ",
        environment=(("MPLBACKEND", "x"),),
        only="reproduce",
    ),
    Fault("an unknown backend where nothing is drawn", environment=(("MPLBACKEND", "x"),), only="info"),
    Fault(
        "threads and widths that are no numbers",
        environment=(("OMP_NUM_THREADS", "x"), ("OPENBLAS_NUM_THREADS", "-1"), ("COLUMNS", "x")),
    ),
    Fault("a terminal of ASCII", environment=(("PYTHONIOENCODING", "ascii"), ("LC_ALL", "C"))),
    Fault("no home", environment=(("HOME", "/nowhere"), ("MPLCONFIGDIR", "")), only="reproduce"),
    Fault("files of at most 512 bytes", "ulimit -f 1; {command}", (0, 1), "File too large"),
    Fault("300 MB of memory", "ulimit -v 300000; {command}", (0, 1, 2)),
    *(
        Fault(name, codes=(0, 128 + which[0]), says=says, signals=which)
        for name, says, which in (
            ("Ctrl-C", "interrupted", (signal.SIGINT,)),
            ("Ctrl-C twice", "interrupted", (signal.SIGINT, signal.SIGINT)),
            ("SIGTERM", "terminated", (signal.SIGTERM,)),
            ("SIGHUP", "hung up", (signal.SIGHUP,)),
        )
    ),
)


def cases(n_signals: int) -> Iterator[tuple[str, Fault, int]]:
    """Every command with every fault."""
    for fault in FAULTS:
        for command in COMMANDS:
            if command.startswith(fault.only):
                for repeat in range(n_signals if fault.signals else 1):
                    yield command, fault, repeat


def prepare(folder: Path) -> None:
    """Write the files that commands read."""
    (folder / "data.csv").write_text(SAMPLES, encoding="utf-8")
    fit = [sys.executable, "-m", "jetmlp", "fit", "data.csv", "--out", "m.safetensors", "--seconds", "0.5"]
    subprocess.run(fit, cwd=folder, check=True, capture_output=True)


def run(folder: Path, command: str, fault: Fault, delay: Callable[[], float]) -> str:
    """Run a command with a fault; return what is wrong with its end, or nothing."""
    start = [sys.executable]
    start += [str(HERE / "short_experiments.py")] if command.startswith("reproduce") else ["-m", "jetmlp"]
    line = fault.shell.format(command=f"{shlex.join(start)} {command}")
    # Signals go to the command itself: bash becomes it.
    shell = ["bash", "-c", f"exec {line}" if fault.shell == "{command}" else line]
    running = subprocess.Popen(
        shell,
        cwd=folder,
        env={**os.environ, **dict(fault.environment)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        if fault.signals:
            wait_for_import(running)
        for number in fault.signals:
            time.sleep(delay())
            running.send_signal(number)
        _, err = running.communicate(timeout=300)
    finally:
        running.kill()
    return _wrong(running.returncode, err.decode(), fault)


def wait_for_import(running: subprocess.Popen[bytes]) -> None:
    """Wait until the import of jetmlp has begun: before that a signal finds nothing but Python itself."""
    maps = Path(f"/proc/{running.pid}/maps")
    until = time.monotonic() + 60.0
    while running.poll() is None and time.monotonic() < until and "jetmlp/_core" not in maps.read_text():
        time.sleep(0.001)


def _wrong(code: int, err: str, fault: Fault) -> str:
    if "Traceback" in err:
        return f"a traceback: {err[-500:]}"
    if code not in fault.codes:
        return f"exit code {code}, not of {fault.codes}: {err[-300:]}"
    lines = err.splitlines()
    if code in (0, 141):
        return "" if all(line.startswith("jetmlp: ") for line in lines) else f"other words: {err[-300:]}"
    lines = [line for line in lines if not line.startswith("jetmlp: warning: ")]
    if len(lines) != 1 or not lines[0].startswith("jetmlp: "):
        return f"expected one line: {err[-500:]}"
    return "" if fault.says in lines[0] else f"expected {fault.says!r}: {lines[0]}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--signals", type=int, default=5, help="random times for each signal and command")
    parser.add_argument("--only", default="", help="faults whose name begins like this")
    options = parser.parse_args()
    chance = random.Random(0)
    right: dict[str, list[bool]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        for command, fault, _ in cases(options.signals):
            if fault.name.startswith(options.only):
                wrong = run(folder, command, fault, lambda: chance.uniform(0.0, 1.0))
                right.setdefault(fault.name, []).append(not wrong)
                if wrong:
                    print(f"{fault.name}: jetmlp {command}\n    {wrong}", flush=True)
    for name, all_of in right.items():
        print(f"{name}: {sum(all_of)} of {len(all_of)}")
    total = [one for all_of in right.values() for one in all_of]
    print(f"commands that ended as they must: {sum(total)} of {len(total)}")
    return 0 if all(total) else 1


if __name__ == "__main__":
    sys.exit(main())
