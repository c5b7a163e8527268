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
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import jetmlp

ROOT = Path(__file__).parents[1]


class Group(NamedTuple):
    """Sources, and the tests that are to notice what is wrong with them, quick ones first."""

    sources: tuple[str, ...]
    tests: tuple[str, ...]


GROUPS = {
    "loss": Group(
        (
            "cpp/src/loss/squared_errors.hpp",
            "cpp/src/loss/penalty.hpp",
            "cpp/src/loss/losses.cpp",
            "cpp/src/loss/objective.cpp",
            "cpp/src/loss/dataset.cpp",
        ),
        (
            "tests/test_gradients.py",
            "tests/test_objective.py",
            "tests/test_regularization.py",
            "tests/test_missing_values.py",
            "tests/test_sample_weights.py",
            "tests/test_second_derivative_loss.py",
            "tests/test_directions.py",
            "tests/test_trajectory.py",
            "tests/test_validation.py",
            "tests/test_core_boundary.py",
        ),
    ),
    "gradients": Group(
        (
            "cpp/src/propagation/jet_propagation.cpp",
            "cpp/src/propagation/reverse_propagation.cpp",
            "cpp/src/propagation/forward_propagation.cpp",
            "cpp/src/propagation/second_derivative_jet_propagation.cpp",
        ),
        (
            "tests/test_gradients.py",
            "tests/test_jacobian.py",
            "tests/test_predict.py",
            "tests/test_second_derivative_loss.py",
            "tests/test_second_derivatives.py",
            "tests/test_trajectory.py",
        ),
    ),
    "optimizers": Group(
        (
            "cpp/src/optim/adam.cpp",
            "cpp/src/optim/lbfgs.cpp",
            "cpp/src/optim/quasi_newton.cpp",
            "cpp/src/optim/line_search.cpp",
            "cpp/src/optim/levenberg_marquardt.cpp",
            "cpp/src/optim/self_scaled_broyden.cpp",
            "cpp/src/optim/stochastic_gauss_newton.cpp",
            "cpp/src/optim/normal_equations.cpp",
        ),
        (
            "tests/test_trajectory.py",
            "tests/test_lbfgs.py",
            "tests/test_levenberg_marquardt.py",
            "tests/test_self_scaled_broyden.py",
            "tests/test_stochastic_gauss_newton.py",
            "tests/test_optimizer_conformance.py",
            "tests/test_core_boundary.py",
        ),
    ),
    "evidence": Group(
        ("cpp/src/optim/evidence.cpp", "cpp/src/least_squares/whitened_system.cpp"),
        ("tests/test_evidence.py", "tests/test_evidence_fit.py", "tests/test_core_boundary.py"),
    ),
    "files": Group(
        (
            "python/jetmlp/_files/container.py",
            "python/jetmlp/_files/writing.py",
            "python/jetmlp/files/load.py",
            "python/jetmlp/models/tensors.py",
            "python/jetmlp/surrogate/file.py",
        ),
        (
            "tests/test_storage.py",
            "tests/test_storage_refusals.py",
            "tests/test_staged.py",
            "tests/test_surrogate_file.py",
        ),
    ),
    "runs": Group(
        (
            "python/jetmlp/_runs/record.py",
            "python/jetmlp/_runs/folder.py",
            "python/jetmlp/_runs/lock.py",
            "python/jetmlp/experiments/kept.py",
            "python/jetmlp/report/_runner.py",
        ),
        ("tests/test_reproduce_resume.py",),
    ),
}

#: Operators stand between blanks, which tells them from templates, pointers and arguments.
SWAPS = {
    "+": "-", "-": "+", "*": "/", "/": "*",
    "<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==",
    "&&": "||", "||": "&&", "and": "or", "or": "and",
    "+=": "-=", "-=": "+=", "*=": "/=", "/=": "*=",
    "is": "is not", "is not": "is", "in": "not in", "not in": "in",
}  # fmt: skip
_OPERATOR = re.compile(
    r"(?<= )(\+=|-=|\*=|/=|<=|>=|==|!=|&&|\|\||[-+*/<>]|\b(?:is not|not in|is|in|and|or)\b)(?= )"
)
_NUMBER = re.compile(r"(?<![\w.])(\d+\.\d*(?:e-?\d+)?|\d+(?:e-?\d+)?)(?![\w.])")
_WORD = re.compile(r"\b(true|false|True|False|std::min|std::max)\b|(?<![\w!])!(?=[\w(])|\bnot (?=\w)")
_WORDS = {
    "true": "false", "false": "true", "True": "False", "False": "True",
    "std::min": "std::max", "std::max": "std::min", "!": "", "not ": "",
}  # fmt: skip
#: Lines that say nothing a test could notice: the words of errors, checks of the compiler, imports, and how
#: many threads are worth it, on which no result depends.
_PASSED_OVER = re.compile(
    r".*(team_choice|n_threads\(\) > 1|steady_clock)|"
    r"^\s*(#|//|\*|template|using|static_assert|import |from |raise |throw |assert|def |for \S+ in |class )"
)
_COMMENT = re.compile(r"//.*|(?<![\"'])#(?!include).*")
_TEXT = re.compile(r'f?"(?:[^"\\]|\\.)*"')


class Mutant(NamedTuple):
    """A source with one thing changed."""

    source: str
    line: int
    column: int
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.column}: {self.before!r} -> {self.after!r}"


def mutants(source: str) -> Iterator[Mutant]:
    """Every change of one source."""
    in_text = False
    for number, line in enumerate((ROOT / source).read_text(encoding="utf-8").splitlines(), start=1):
        quotes = line.count('"""')
        if in_text or quotes:
            in_text ^= quotes % 2 == 1
            continue
        if _PASSED_OVER.match(line):
            continue
        # Blanks of the same length: columns stay.
        code = _COMMENT.sub(lambda m: " " * len(m[0]), _TEXT.sub(lambda m: "_" * len(m[0]), line))
        for match in _OPERATOR.finditer(code):
            python = source.endswith(".py")
            if python or match[0] not in ("is", "in", "and", "or", "is not", "not in"):
                yield Mutant(source, number, match.start(), match[0], SWAPS[match[0]])
        for match in _NUMBER.finditer(code):
            yield Mutant(source, number, match.start(), match[0], _other_number(match[0]))
        for match in _WORD.finditer(code):
            yield Mutant(source, number, match.start(), match[0], _WORDS[match[0]])


def _other_number(text: str) -> str:
    if re.fullmatch(r"\d+", text):
        return str(int(text) + 1)
    return repr(2.0 * float(text) if float(text) else 1.0)


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
