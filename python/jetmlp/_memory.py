"""What memory a computation may still take, asked before it begins: in place of a process that is killed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

try:
    import resource
except ImportError:  # on Windows
    resource = None  # type: ignore[assignment]

#: Needs below this are not compared with anything: asking takes a tenth of a millisecond.
SMALL = 2**26
#: Where control groups of the first version say that there is no limit.
UNLIMITED = 2**60
ROOT = Path("/")


class Limit(NamedTuple):
    """How many bytes are left, and of what."""

    n_bytes: int
    whose: str


def require_memory(what: str, n_bytes: float, cure: str = "") -> None:
    """Raise a ``MemoryError`` that says need and limit unless this many bytes are to be had."""
    if n_bytes < SMALL:
        return
    limit = memory_limit()
    if limit is not None and n_bytes > limit.n_bytes:
        raise MemoryError(
            f"{what}: expected to need no more than {size_in_words(limit.n_bytes)} of memory, which is left "
            f"of {limit.whose}, got a need of {size_in_words(n_bytes)}{cure and f'; {cure}'}"
        )


def fits_memory(n_bytes: float) -> bool:
    """Whether this many bytes are to be had, as far as the system says."""
    limit = None if n_bytes < SMALL else memory_limit()
    return limit is None or n_bytes <= limit.n_bytes


def memory_limit(root: Path = ROOT) -> Limit | None:
    """Return the tightest of the limits that the system tells of; None where it tells of none."""
    limits = [_of_address_space(root), _of_control_group(root), _of_machine(root)]
    known = [limit for limit in limits if limit is not None]
    return min(known, key=lambda limit: limit.n_bytes) if known else None


def size_in_words(n_bytes: float) -> str:
    """Write a size as people read it."""
    for unit, size in (("TB", 1e12), ("GB", 1e9)):
        if n_bytes >= size:
            return f"{n_bytes / size:,.1f} {unit}"
    return f"{n_bytes / 1e6:,.0f} MB"


def _of_address_space(root: Path) -> Limit | None:
    """Return what `ulimit -v` leaves."""
    if resource is None:
        return None
    try:
        allowed = resource.getrlimit(resource.RLIMIT_AS)[0]
    except (OSError, ValueError):
        return None
    if allowed == resource.RLIM_INFINITY or allowed >= UNLIMITED:
        return None
    pages = _text(root / "proc/self/statm").split()
    used = int(pages[0]) * resource.getpagesize() if pages else 0
    return Limit(max(allowed - used, 0), "the address space that RLIMIT_AS allows")


def _of_control_group(root: Path) -> Limit | None:
    """Return what the control groups of the process and those above leave: containers, batch systems."""
    tightest: Limit | None = None
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        if not controllers:
            place, files = root / "sys/fs/cgroup", ("memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            place = root / "sys/fs/cgroup/memory"
            files = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        else:
            continue
        # Inside of a container the path may be that of the host, which is not to be seen there.
        parts = [part for part in path.split("/") if part not in ("", "..")]
        for depth in range(len(parts) + 1):
            left = _left_of_group(place.joinpath(*parts[:depth]), *files)
            if left is not None and (tightest is None or left < tightest.n_bytes):
                tightest = Limit(left, "the control group (cgroup) of this process")
    return tightest


def _left_of_group(group: Path, limit: str, used: str, reclaimed: str) -> int | None:
    allowed = _number(_text(group / limit))
    if allowed is None or allowed >= UNLIMITED:
        return None
    taken = _number(_text(group / used)) or 0
    # Files that were read are counted, and make room when it is wanted.
    statistics = dict(line.split()[:2] for line in _text(group / "memory.stat").splitlines() if " " in line)
    return max(allowed - max(taken - (_number(statistics.get(reclaimed, "")) or 0), 0), 0)


def _of_machine(root: Path) -> Limit | None:
    """Return what is free of the machine's memory, or where only that is to be had all of it."""
    free = {}
    for line in _text(root / "proc/meminfo").splitlines():
        name, _, rest = line.partition(":")
        free[name] = _number(rest.removesuffix("kB").strip())
    available = free.get("MemAvailable")
    if available is not None:
        return Limit(1024 * (available + (free.get("SwapFree") or 0)), "the memory of this machine")
    try:
        return Limit(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"), "the memory of this machine")
    except (AttributeError, OSError, ValueError):
        return None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, ValueError):
        return ""


def _number(text: str) -> int | None:
    return int(text) if text.strip().isdigit() else None
