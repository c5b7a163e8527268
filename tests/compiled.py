"""C that the library wrote, compiled with every warning as an error, and called."""

from __future__ import annotations

import ctypes
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

WARNINGS = [
    *("-Wall", "-Wextra", "-pedantic", "-Wconversion", "-Wdouble-promotion", "-Wshadow", "-Wvla"),
    *("-Wmissing-declarations", "-Werror"),
]
C99 = ["-std=c99", "-Wstrict-prototypes"]
CPP17 = ["-std=c++17", "-x", "c++"]
REALS = {"double": (ctypes.c_double, np.float64), "float": (ctypes.c_float, np.float32)}


def compiler(language: list[str]) -> str:
    """Find the compiler; there is one wherever the core was built."""
    names = ("c++", "g++", "clang++") if language is CPP17 else ("cc", "gcc", "clang")
    found = next(filter(None, map(shutil.which, names)), None)
    assert found is not None, f"expected one of {names} on the PATH, which the tests of the C code need"
    return found


def built(source: Path, *options: str, language: list[str] = C99) -> Path:
    """Compile a file to a library."""
    library = source.with_name(f"{source.stem}-{'-'.join(options)}-{language[0][5:]}.so".replace("/", ""))
    shared = ["-shared", "-fPIC", "-o", str(library)]
    command = [compiler(language), *WARNINGS, *language, *options, str(source), *shared, "-lm"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return library


def evaluated(
    library: Path,
    name: str,
    X: NDArray[Any],
    m: int,
    *,
    real: str = "double",
    function: str = "jacobian",
) -> list[Any]:
    """Call a function of the library for each row: values and, where it gives them, derivatives."""
    number, dtype = REALS[real]
    X = np.ascontiguousarray(X, dtype=dtype)
    d = X.shape[1]
    shapes = [(m,), (m, d), (m, d, d)][: ["predict", "jacobian", "hessian"].index(function) + 1]
    results = [np.full((len(X), *shape), np.nan, dtype=dtype) for shape in shapes]
    call = getattr(ctypes.CDLL(str(library)), f"{name}_{function}")
    call.restype = None
    for row, *outs in zip(X, *results, strict=True):
        call(*(array.ctypes.data_as(ctypes.POINTER(number)) for array in (row, *outs)))
    return results


def stack_of(usage: Path, chain: tuple[str, ...]) -> int:
    """Add what ``-fstack-usage`` says of functions that call one another; none may grow with anything."""
    total = 0
    for line in usage.read_text().splitlines():
        place, size, kind = line.split("\t")
        assert kind in ("static", "dynamic,bounded"), line
        # A function that was taken into its caller has no line of its own.
        if re.search(rf":(?:void |double |float )?\w*_({'|'.join(chain)})\b", place):
            total += int(size)
    return total
