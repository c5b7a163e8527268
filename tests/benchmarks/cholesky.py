"""Times of the core's Cholesky factorization beside Eigen's.

``python tests/benchmarks/cholesky.py [level ...]`` prints the rows of the table in
cpp/src/linear_algebra/cholesky.cpp, in milliseconds, for each level that this processor can run. It needs a
C++ compiler and the package cmeel-eigen.
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from jetmlp._core import _cpu

ROOT = Path(__file__).parents[2]
SOURCES = ("src/linear_algebra/cholesky.cpp", "src/machine/threads.cpp")
OPTIONS = (
    "-std=c++20",
    "-O3",
    "-DNDEBUG",
    "-pthread",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-ffp-contract=fast",
)
HEAD = "    n       own       LLT   blocked |  own, 2  blocked, 2"


def main(levels: list[str]) -> None:
    """Compile and run for each level."""
    site_packages = (Path(sysconfig.get_path("purelib")), *map(Path, sys.path))
    eigen = next(
        folder / "cmeel.prefix/include/eigen3"
        for folder in site_packages
        if (folder / "cmeel.prefix/include/eigen3").is_dir()
    )
    with tempfile.TemporaryDirectory() as folder:
        for level in levels:
            program = Path(folder) / level
            subprocess.run(
                [
                    "c++",
                    *OPTIONS,
                    *([] if level == "generic" else [f"-march={level}"]),
                    *(["-mprefer-vector-width=512"] if level == "x86-64-v4" else []),
                    *(f"-I{path}" for path in (ROOT / "cpp/include", ROOT / "cpp/src", eigen)),
                    Path(__file__).with_suffix(".cpp"),
                    *(ROOT / "cpp" / source for source in SOURCES),
                    "-o",
                    program,
                ],
                check=True,
            )
            print(f"{level}\n{HEAD}", flush=True)
            subprocess.run([program], check=True)


if __name__ == "__main__":
    main(sys.argv[1:] or _cpu.supported_levels())
