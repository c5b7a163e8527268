"""What may stand on a disk after the power failed during a save: worked out from the calls that were made.

What a system promises is little. Bytes written are on the disk once ``fsync`` of their file has returned;
before, none, some, or zeros in their place. Names made, moved or removed are there once ``fsync`` of their
folder has returned; before, any of these steps may have been taken and others not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from file_calls import Call

#: A disk's block, which is written whole or not.
BLOCK = 512


def contents_after_power_cut(
    calls: Sequence[Call], name: str, old: bytes | None, new: bytes
) -> Iterator[tuple[int, bytes | None]]:
    """Give (n_calls, content of `name`) for all that may stand there after the first `n_calls` calls."""
    for n_calls in range(len(calls) + 1):
        for content in _contents(calls[:n_calls], name, old, new):
            yield n_calls, content


def _contents(calls: Sequence[Call], name: str, old: bytes | None, new: bytes) -> Iterator[bytes | None]:
    temporary = None  # name of the new file
    file = folder = -1
    written = synced = 0
    steps: list[Call] = []  # of names, not on the disk for sure
    moved_for_sure = False
    for call in calls:
        if call.result < 0:
            continue
        if call.name == "open":
            folder = call.result
        elif call.name == "openat":
            file, temporary = call.result, call.path
        elif call.name == "write" and call.number == file:
            written += call.result
        elif call.name == "fsync" and call.number == file:
            synced = written
        elif call.name == "renameat":
            assert temporary is not None
            assert call.path == name
            steps.append(call)
        elif call.name == "fsync" and call.number == folder and steps:
            moved_for_sure, steps = True, []
    for taken in (taken for n in range(len(steps) + 1) for taken in combinations(steps, n)):
        if moved_for_sure or taken:
            yield from _torn(new[:written], synced)
        else:
            yield old


def _torn(content: bytes, synced: int) -> Iterator[bytes]:
    """Give what may be there of a content of which so many bytes are there for sure."""
    sure, rest = content[:synced], content[synced:]
    yield content
    if rest:
        yield sure
        yield sure + bytes(len(rest))
        yield sure + rest[: len(rest) // 2]
        yield sure + rest[:BLOCK] + bytes(max(0, len(rest) - BLOCK))
        yield sure + bytes(min(BLOCK, len(rest))) + rest[BLOCK:]
