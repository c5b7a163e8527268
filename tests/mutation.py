"""Do the tests notice a slip? One sign, operator, constant or condition of the sources is changed at a time.

A change that the tests of its group notice is killed, one that they pass is a survivor, and is printed with
its line. All changes are compiled at once, each behind a switch, and tried in forks of one process, see
`mutation_runs.py`. Those that cannot be switched, such as a constant of a template, want a build each: they
are done one by one with ``--alone``, and counted apart::

    python tests/mutation.py                         # all that can be switched
    python tests/mutation.py --group optimizers --sample 50 --seed 1
    python tests/mutation.py --alone --sample 10     # ten of each group that want a build each

Needs what a build needs: a compiler, CMake, Ninja, pybind11 and Eigen. The sources in place are left alone.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import random
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

from mutants import EXPLAINED, GROUPS, ROOT, Mutant, mutants
from mutation_switches_cpp import Switched
from mutation_switches_python import switched


class Tree:
    """A copy of the sources in which mutants live, with a core of its own."""

    def __init__(self, place: Path, *, options: list[str]) -> None:
        self.place = place
        self.build = place / "core"
        self.environment = {**os.environ, "PYTHONPATH": str(place / "python"), "PYTHONDONTWRITEBYTECODE": "1"}
        for name in ("cpp", "python", "tests"):
            for path in (ROOT / name).rglob("*"):
                if path.is_file() and path.suffix not in (".so", ".pyc"):
                    _write(place / path.relative_to(ROOT), path.read_bytes())
        for name in ("CMakeLists.txt", "pyproject.toml", "README.md", "LICENSE"):
            _write(place / name, (ROOT / name).read_bytes())
        shutil.copy2(ROOT / "tests" / "mutation_switch.py", place / "python")
        pybind11 = self._run(sys.executable, "-m", "pybind11", "--cmakedir").stdout.strip()
        configured = self._run(
            "cmake", "-S", str(place), "-B", str(self.build), "-G", "Ninja",
            "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_CXX_FLAGS_DEBUG=-O1",
            f"-DCMAKE_PREFIX_PATH={sysconfig.get_path('purelib')}", f"-Dpybind11_DIR={pybind11}",
            f"-DPython_EXECUTABLE={sys.executable}", f"-DCMAKE_INSTALL_PREFIX={place / 'python'}", *options,
        )  # fmt: skip
        if configured.returncode:
            raise SystemExit(configured.stdout + configured.stderr)

    def compiled(self) -> subprocess.CompletedProcess[str]:
        """Build the core and install it if that went."""
        built = self._run("cmake", "--build", str(self.build), "--", "-k", "0")
        return built if built.returncode else self._run("cmake", "--install", str(self.build))

    def core(self) -> str:
        """Hash of the core as it is installed."""
        digest = hashlib.sha256()
        for module in sorted((self.place / "python").rglob("_core_*.so")):
            digest.update(module.read_bytes())
        return digest.hexdigest()

    def pytest(self, *arguments: str, seconds: float | None = None, **environment: str) -> bool:
        """Run tests in one process; say whether that ended well and in time."""
        command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider"]
        command += ["--basetemp", str(self.place / "temporary"), *arguments]
        return self._run(*command, seconds=seconds, **environment).returncode == 0

    def _run(
        self, *command: str, seconds: float | None = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(
                command,
                cwd=self.place,
                env=self.environment | environment,
                capture_output=True,
                text=True,
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess(command, 1, "", "")


def _write(path: Path, content: bytes) -> None:
    """Write what is new, so that the rest is not compiled again."""
    if not path.is_file() or path.read_bytes() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def switch(tree: Tree, changes: dict[int, Mutant]) -> set[int]:
    """Put changes behind switches and compile them; return those for which that went."""
    by_source: dict[str, list[tuple[int, Mutant]]] = {}
    for number, mutant in changes.items():
        by_source.setdefault(mutant.source, []).append((number, mutant))
    able: set[int] = set()
    compiled = []
    for source, those in by_source.items():
        path = tree.place / source
        if path.suffix == ".py":
            text, numbers = switched(path.read_text(encoding="utf-8"), those)
            path.write_text(text, encoding="utf-8")
            able |= numbers
        else:
            compiled.append(Switched(path, those, tree.place / "tests" / "mutation_switch.hpp"))
    for one in compiled:
        one.write()
    while (built := tree.compiled()).returncode:
        at_fault = {
            one: {
                int(line)
                for line in re.findall(
                    rf"{re.escape(one.path.name)}:(\d+):\d+: (?:fatal )?error", built.stdout
                )
            }
            for one in compiled
        }
        if not any(at_fault.values()):
            raise SystemExit(built.stdout[-3000:] + built.stderr)
        for one, lines in at_fault.items():
            if lines:
                one.give_up(lines)
                one.write()
    return able.union(*(one.numbers() for one in compiled))


def alone(tree: Tree, mutant: Mutant, tests: tuple[str, ...], seconds: float) -> str:
    """Say what becomes of a mutant by itself: killed, survived, or nothing that counts."""
    path = tree.place / mutant.source
    before, original = path.read_bytes(), (ROOT / mutant.source).read_text(encoding="utf-8")
    lines = original.splitlines(keepends=True)
    line = lines[mutant.line - 1]
    end = mutant.column + len(mutant.before)
    lines[mutant.line - 1] = line[: mutant.column] + mutant.after + line[end:]
    try:
        if path.suffix == ".py":
            path.write_text("".join(lines), encoding="utf-8")
            try:
                compile("".join(lines), mutant.source, "exec")
            except SyntaxError:
                return "not compiled"
        else:
            path.write_text(original, encoding="utf-8")
            tree.compiled()
            unchanged = tree.core()
            path.write_text("".join(lines), encoding="utf-8")
            if tree.compiled().returncode:
                return "not compiled"
            if tree.core() == unchanged:
                return "the same"
        return "survived" if tree.pytest("-x", *tests, seconds=seconds) else "killed"
    finally:
        path.write_bytes(before)


def interval(killed: int, counted: int) -> tuple[float, float]:
    """Wilson's interval of 95 % for the share that is killed."""
    if not counted:
        return 0.0, 1.0
    z, share = 1.96, killed / counted
    middle = share + z * z / (2 * counted)
    half = z * math.sqrt(share * (1 - share) / counted + z * z / (4 * counted * counted))
    return (middle - half) / (1 + z * z / counted), (middle + half) / (1 + z * z / counted)


def explained(mutant: Mutant) -> str:
    """Why a change makes no difference, if that has been found out."""
    line = (ROOT / mutant.source).read_text(encoding="utf-8").splitlines()[mutant.line - 1]
    for source, text, swap, why in EXPLAINED:
        if mutant.source == source and text in line and (mutant.before, mutant.after) == swap:
            return why
    return ""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--group", choices=GROUPS, action="append", help="which sources (default: all)")
    parser.add_argument("--sample", type=int, help="so many changes of each group, drawn by --seed")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--alone", action="store_true", help="those that cannot be switched, one by one")
    parser.add_argument("--only", default="", help="changes whose description holds this")
    parser.add_argument("--place", type=Path, default=ROOT / "build" / "mutation")
    parser.add_argument(
        "--cmake", default="", help="more options of CMake, such as -DJETMLP_LEVELS=x86-64-v3"
    )
    options = parser.parse_args()
    options.place.mkdir(parents=True, exist_ok=True)
    names = options.group or list(GROUPS)
    tree = Tree(options.place, options=options.cmake.split())
    every = {name: [m for source in GROUPS[name].sources for m in mutants(source)] for name in GROUPS}
    changes = dict(enumerate(m for name in names for m in every[name]))
    able = switch(tree, changes)
    print(f"{len(able)} of {len(changes)} changes can be switched", flush=True)
    totals = {"killed": 0, "survived": 0}
    for name in names:
        wanted = [n for n, m in changes.items() if m in set(every[name]) and options.only in str(m)]
        random.Random(options.seed).shuffle(wanted)
        wanted = [n for n in wanted if (n in able) is not options.alone]
        fates = _alone if options.alone else _switched
        found = fates(tree, name, {n: changes[n] for n in wanted[: options.sample]})
        killed, counted = found["killed"], found["killed"] + found["survived"]
        low, high = interval(killed, counted)
        print(
            f"{name}: {killed} of {counted} killed "
            f"({100 * low:.0f} to {100 * high:.0f} % with 95 % confidence), "
            f"{found['explained']} others change nothing, {found['uncounted']} cannot be tried so, "
            f"of {len(every[name])} possible changes",
            flush=True,
        )
        totals = {key: totals[key] + found[key] for key in totals}
    killed, counted = totals["killed"], totals["killed"] + totals["survived"]
    print(f"all: {killed} of {counted} killed, {100.0 * killed / max(counted, 1):.1f} %")
    return 0 if killed >= 0.9 * counted else 1


def _count(found: dict[str, int], mutant: Mutant, fate: str) -> None:
    if fate == "survived" and explained(mutant):
        fate = "explained"
    if fate == "survived":
        print(f"survived: {mutant}", flush=True)
    found[fate if fate in found else "uncounted"] += 1


def _switched(tree: Tree, name: str, changes: dict[int, Mutant]) -> dict[str, int]:
    report = tree.place / f"report_{name}.jsonl"
    plan = tree.place / "plan.json"
    plan.write_text(json.dumps({"changes": list(changes), "report": str(report)}), encoding="utf-8")
    report.unlink(missing_ok=True)
    tree.pytest("-s", "-p", "mutation_runs", *GROUPS[name].tests, JETMLP_MUTATION_PLAN=str(plan))
    first, *lines = [json.loads(line) for line in report.read_text(encoding="utf-8").splitlines()]
    for test in first["failing"]:
        print(f"left out, for it fails on the sources with switches: {test}", flush=True)
    found = {"killed": 0, "survived": 0, "explained": 0, "uncounted": 0}
    for line in lines:
        _count(found, changes[line["change"]], line["fate"])
    return found


def _alone(tree: Tree, name: str, changes: dict[int, Mutant]) -> dict[str, int]:
    tests = GROUPS[name].tests
    tree.compiled()
    started = time.monotonic()
    if not tree.pytest("-x", *tests):
        raise SystemExit(f"{name}: the tests fail on the sources as they are")
    seconds = 60.0 + 5.0 * (time.monotonic() - started)
    found = {"killed": 0, "survived": 0, "explained": 0, "uncounted": 0}
    for mutant in changes.values():
        _count(found, mutant, alone(tree, mutant, tests, seconds))
    return found


if __name__ == "__main__":
    sys.exit(main())
