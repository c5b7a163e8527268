"""C compiled to a library that can be loaded."""

from __future__ import annotations

import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

#: By the system: FMI's name of the platform, and the ending of its libraries.
_PLATFORMS = {"linux": ("linux64", ".so"), "darwin": ("darwin64", ".dylib"), "win32": ("win64", ".dll")}


def fmi_platform() -> tuple[str, str] | None:
    """Return FMI 2's name of this platform and the ending of its libraries; None where it has no name."""
    if sys.maxsize < 2**32 or (sys.platform == "linux" and platform.machine() != "x86_64"):
        return None
    return _PLATFORMS.get(sys.platform)


def compiled(sources: dict[str, str], name: str) -> bytes:
    """Compile files of C to one library and return its bytes.

    Raises
    ------
    RuntimeError
        If there is no compiler, or it fails.
    """
    command = _compiler()
    with tempfile.TemporaryDirectory(prefix="jetmlp-") as folder:
        for file, text in sources.items():
            (Path(folder) / file).write_text(text, encoding="ascii")
        command += ["-std=c99", "-O2", "-shared", "-fvisibility=hidden", "-o", name, *sources]
        command += [] if sys.platform == "win32" else ["-fPIC", "-lm"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines()
            raise RuntimeError(
                f"{command[0]} did not compile the model: {said[0] if said else 'no reason given'}"
            )
        return (Path(folder) / name).read_bytes()


def _compiler() -> list[str]:
    chosen = shlex.split(os.environ.get("CC", ""))
    if chosen:
        return chosen
    found = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    if found is None:
        raise RuntimeError(
            "binary: expected a C compiler on the PATH, cc, gcc or clang, or its name in CC, got none; "
            "binary=False writes the sources alone, which many tools compile themselves"
        )
    return [found]
