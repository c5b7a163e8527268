"""How many processors there are to use."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

_known_quota: list[int | None] = []


def available_processors() -> int:
    """Return the number of processors that this process may use.

    Those that it is bound to, as far as the quota of time reaches that its control group has of them, rounded
    up: in a container started with ``--cpus=1.5`` it is 2. ``PYTHON_CPU_COUNT`` counts from Python 3.13 on.
    In a browser (Pyodide) there are no threads, whatever the machine has.
    """
    if sys.platform == "emscripten":
        return 1
    if hasattr(os, "process_cpu_count"):
        count = os.process_cpu_count() or 1
    elif hasattr(os, "sched_getaffinity"):  # not on every system
        count = len(os.sched_getaffinity(0))
    else:
        count = os.cpu_count() or 1
    quota = _own_quota()
    return count if quota is None else min(count, quota)


def _own_quota() -> int | None:
    """Read the quota once: a prediction may take less time than these files do."""
    if not _known_quota:
        _known_quota.append(cpu_quota())
    return _known_quota[0]


def cpu_quota(root: Path = Path("/")) -> int | None:
    """Return the processors' time that this process's control groups allow, as processors; None for any."""
    return min(_quotas(root), default=None)


def _quotas(root: Path) -> Iterator[int]:
    """Quotas of processor time of this process's control groups and those around them, as processors.

    ``/proc/self/cgroup`` has a line ``id:controllers:path`` for each hierarchy: version 2 is the one without
    controllers, and its quota stands in ``cpu.max`` as "quota period", in microseconds, or "max"; version 1
    has ``cpu.cfs_quota_us`` and ``cpu.cfs_period_us``, −1 for none. Within a container the path may be that
    of the host, and the files are then at the top of what is mounted.
    """
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        if controllers == "":
            mounts = [root / "sys/fs/cgroup", root / "sys/fs/cgroup/unified"]
        elif "cpu" in controllers.split(","):
            mounts = [root / "sys/fs/cgroup" / name for name in ("cpu", controllers)]
        else:
            continue
        group = PurePosixPath(path)
        for mount in mounts:
            for folder in (group, *group.parents):
                if ".." not in folder.parts:
                    yield from _quota(mount / folder.relative_to("/") if folder.is_absolute() else mount)


def _quota(folder: Path) -> Iterator[int]:
    """Quota of one control group, rounded up; nothing if it has none."""
    texts = _read(folder / "cpu.max").split() or [
        _read(folder / f"cpu.cfs_{name}_us").strip() for name in ("quota", "period")
    ]
    try:
        quota, period = map(int, texts)
    except ValueError:  # "max", or no such file
        return
    if quota > 0 and period > 0:
        yield -(-quota // period)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeError):
        return ""
