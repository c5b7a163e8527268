"""Do the tests notice a slip? One sign, operator, constant or condition of the sources is changed at a time.

A change that the tests of its file notice is killed, one that they pass is a survivor, and is printed with
its line. What does not compile, or compiles to the same object, does not count::

    python tests/mutation.py                         # all of it: a day
    python tests/mutation.py --sample 20             # twenty of each group
    python tests/mutation.py --group optimizers --sample 50 --seed 1

Needs what a build needs: a compiler, CMake, Ninja, pybind11 and Eigen. The sources in place are left alone.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import jetmlp
from mutants import GROUPS, ROOT, Mutant, mutants


class Tree:
    """A copy of the sources in which mutants live, with a core of its own where that is to be changed."""

    def __init__(self, place: Path, *, with_core: bool, options: list[str]) -> None:
        self.place = place
        self.build = place / "core"
        self.environment = {**os.environ, "PYTHONPATH": str(place / "python"), "PYTHONDONTWRITEBYTECODE": "1"}
        for name in ("cpp", "python", "tests"):
            shutil.rmtree(place / name, ignore_errors=True)
            shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__", "*.so"))
        for name in ("CMakeLists.txt", "pyproject.toml", "README.md", "LICENSE"):
            shutil.copy2(ROOT / name, place / name)
        if not with_core:
            for module in Path(jetmlp._core.__file__).parent.glob("_c*.so"):
                shutil.copy2(module, place / "python" / "jetmlp" / "_core")
            return
        pybind11 = self._run(sys.executable, "-m", "pybind11", "--cmakedir").stdout.strip()
        configured = self._run(
            "cmake", "-S", str(place), "-B", str(self.build), "-G", "Ninja",
            "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_CXX_FLAGS_DEBUG=-O1",
            f"-DCMAKE_PREFIX_PATH={sysconfig.get_path('purelib')}", f"-Dpybind11_DIR={pybind11}",
            f"-DPython_EXECUTABLE={sys.executable}", f"-DCMAKE_INSTALL_PREFIX={place / 'python'}", *options,
        )  # fmt: skip
        if configured.returncode:
            raise SystemExit(configured.stdout + configured.stderr)
        if not self.compiled():
            raise SystemExit("the sources as they are do not compile")
        self.unchanged = self.core()

    def compiled(self) -> bool:
        """Build and install the core; say whether that worked."""
        return all(
            self._run("cmake", verb, str(self.build)).returncode == 0 for verb in ("--build", "--install")
        )

    def core(self) -> str:
        """Hash of the core as it is installed."""
        digest = hashlib.sha256()
        for module in sorted((self.place / "python").rglob("_core_*.so")):
            digest.update(module.read_bytes())
        return digest.hexdigest()

    def tested(self, tests: tuple[str, ...], seconds: float | None) -> bool:
        """Run tests until the first that fails; say whether all passed in time."""
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-n", "0", "-p", "no:cacheprovider", *tests]
        return self._run(*command, seconds=seconds).returncode == 0

    def _run(self, *command: str, seconds: float | None = None) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(
                command,
                cwd=self.place,
                env=self.environment,
                capture_output=True,
                text=True,
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess(command, 1, "", "")


def fate(tree: Tree, mutant: Mutant, tests: tuple[str, ...], seconds: float) -> str:
    """Say what becomes of a mutant: killed, survived, or nothing that counts."""
    path = tree.place / mutant.source
    original = path.read_text(encoding="utf-8")
    lines = original.splitlines(keepends=True)
    line = lines[mutant.line - 1]
    end = mutant.column + len(mutant.before)
    lines[mutant.line - 1] = line[: mutant.column] + mutant.after + line[end:]
    path.write_text("".join(lines), encoding="utf-8")
    try:
        if path.suffix == ".py":
            try:
                compile(path.read_text(encoding="utf-8"), mutant.source, "exec")
            except SyntaxError:
                return "not compiled"
        elif not tree.compiled():
            return "not compiled"
        elif tree.core() == tree.unchanged:
            return "the same"
        return "survived" if tree.tested(tests, seconds) else "killed"
    finally:
        path.write_text(original, encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--group", choices=GROUPS, action="append", help="which sources (default: all)")
    parser.add_argument("--sample", type=int, help="so many changes of each group, drawn by --seed")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--place", type=Path, default=ROOT / "build" / "mutation")
    parser.add_argument(
        "--cmake", default="", help="more options of CMake, such as -DCMAKE_BUILD_TYPE=Release"
    )
    options = parser.parse_args()
    options.place.mkdir(parents=True, exist_ok=True)
    groups = [GROUPS[name] for name in options.group or GROUPS]
    with_core = any(source.startswith("cpp") for group in groups for source in group.sources)
    tree = Tree(options.place, with_core=with_core, options=options.cmake.split())
    report: dict[str, dict[str, list[str]]] = {}
    for name in options.group or GROUPS:
        group = GROUPS[name]
        every = [mutant for source in group.sources for mutant in mutants(source)]
        random.Random(options.seed).shuffle(every)
        started = time.monotonic()
        if not tree.tested(group.tests, None):
            raise SystemExit(f"{name}: the tests fail on the sources as they are")
        seconds = 60.0 + 5.0 * (time.monotonic() - started)
        fates = report[name] = {"killed": [], "survived": [], "not compiled": [], "the same": []}
        for mutant in every:
            if options.sample and len(fates["killed"]) + len(fates["survived"]) >= options.sample:
                break
            found = fate(tree, mutant, group.tests, seconds)
            fates[found].append(str(mutant))
            if found == "survived":
                print(f"survived: {mutant}", flush=True)
            (options.place / "report.json").write_text(json.dumps(report, indent=1), encoding="utf-8")
        killed, counted = len(fates["killed"]), len(fates["killed"]) + len(fates["survived"])
        print(f"{name}: {killed} of {counted} killed, of {len(every)} possible changes", flush=True)
    killed = sum(len(fates["killed"]) for fates in report.values())
    counted = killed + sum(len(fates["survived"]) for fates in report.values())
    print(f"all: {killed} of {counted} killed, {100.0 * killed / max(counted, 1):.1f} %")
    return 0 if killed >= 0.9 * counted else 1


if __name__ == "__main__":
    sys.exit(main())
