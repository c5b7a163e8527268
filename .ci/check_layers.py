"""The layers of the C++ core: which folder may include which.

The contract is the section ``[cpp_layers]`` of ``.importlinter``, beside the one of the Python package:

    [cpp_layers]
    layers =
        optim
        predict | least_squares
        network

The highest layer comes first; rooms on one line are siblings, which may not include each other. A room is a
folder of ``cpp/src``, of ``cpp/include/jetmlp`` or of both. What must hold:

- every file stands in a room of the contract, and every room of the contract has a folder;
- a file includes only its own room and lower ones;
- an include is spelled from the root of its tree, ``"room/file.hpp"`` or ``<jetmlp/room/file.hpp>``;
- public headers include no header of ``cpp/src``;
- headers do not include each other in a circle.

Usage: ``python .ci/check_layers.py [ROOT]``, with the folder that holds ``.importlinter`` and ``cpp``.
"""

from __future__ import annotations

import configparser
import re
import sys
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

PRIVATE = Path("cpp/src")
PUBLIC = Path("cpp/include/jetmlp")

DIRECTIVE = re.compile(r"^\s*#\s*include\b\s*(?P<target>.*)$")
TARGET = re.compile(r'(?P<opening>[<"])(?P<path>[^>"]+)[>"]')


class ContractError(Exception):
    """The contract cannot be read."""


@dataclass(frozen=True)
class Include:
    """One include of a project's file by another; files are named from the root of the repository."""

    source: Path
    line: int
    target: Path


def read_contract(path: Path) -> dict[str, int]:
    """Return the height of each room: of two rooms the one with the larger number is the higher one."""
    parser = configparser.ConfigParser(interpolation=None)
    if not parser.read(path, encoding="utf-8"):
        raise ContractError(f"{path}: expected a file with the section [cpp_layers], found none")
    lines = parser.get("cpp_layers", "layers", fallback="").split("\n")
    layers = [[room.strip() for room in line.split("|")] for line in lines if line.strip()]
    rooms = [room for layer in layers for room in layer]
    if not rooms or "" in rooms or len(set(rooms)) < len(rooms):
        raise ContractError(
            f"{path}: expected 'layers' in [cpp_layers] to name every room once, the highest layer first, "
            f"got {layers}"
        )
    return {room: -depth for depth, layer in enumerate(layers) for room in layer}


def room_of(file: Path) -> str:
    """Return the folder of its tree that a file stands in; empty at the root of the tree."""
    (tree,) = (tree for tree in (PRIVATE, PUBLIC) if file.is_relative_to(tree))
    inside = file.relative_to(tree)
    return inside.parts[0] if len(inside.parts) > 1 else ""


def resolve(root: Path, source: Path, written: str) -> Path | str | None:
    """Return the project's file that an include means, what is wrong with it, or None for others' headers."""
    match = TARGET.match(written)
    if match is None:
        return 'expected <...> or "..."'
    path = Path(match["path"])
    if ".." in path.parts:
        return 'expected a path without ".."'
    if match["opening"] == "<":
        if path.parts[0] == PUBLIC.name:
            target = PUBLIC.parent / path
            return target if (root / target).is_file() else f"there is no {target.as_posix()}"
        if (root / PRIVATE / path).is_file():
            return f'a header of {PRIVATE.as_posix()} is included as "{path.as_posix()}"'
        return None
    if source.is_relative_to(PUBLIC):
        return "a public header includes only <jetmlp/room/file.hpp> and the headers of others"
    target = PRIVATE / path
    if not (root / target).is_file():
        return f'expected "room/file.hpp", a file of {PRIVATE.as_posix()} as seen from there'
    return target


def includes_of(root: Path, source: Path) -> tuple[list[Include], list[str]]:
    """Return what a file includes of the project, and the includes that name nothing or name it wrongly."""
    found, errors = [], []
    for line, text in enumerate((root / source).read_text(encoding="utf-8").splitlines(), start=1):
        directive = DIRECTIVE.match(text)
        if directive is None:
            continue
        written = directive["target"].strip()
        target = resolve(root, source, written)
        if isinstance(target, Path):
            found.append(Include(source, line, target))
        elif target is not None:
            errors.append(f"{source.as_posix()}:{line}: includes {written}: {target}")
    return found, errors


def layer_errors(include: Include, heights: dict[str, int]) -> list[str]:
    """Say what is wrong with an include between rooms; empty if nothing is."""
    source, target = room_of(include.source), room_of(include.target)
    if source == target or source not in heights or target not in heights:
        return []  # a file outside the rooms is reported as itself
    if heights[target] < heights[source]:
        return []
    siblings = heights[target] == heights[source]
    why = "siblings, which may not include each other" if siblings else f"{target} is the higher layer"
    return [
        f"{include.source.as_posix()}:{include.line}: includes {include.target.as_posix()}: "
        f"{source} may not include {target} ({why})"
    ]


def circle_errors(includes: list[Include]) -> list[str]:
    """Name one circle of files that include each other, if there is any."""
    graph: dict[Path, set[Path]] = {}
    for include in includes:
        graph.setdefault(include.source, set()).add(include.target)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as cycle:
        circle: list[Path] = cycle.args[1][::-1]  # as given, each file is included by the next
        line = min(i.line for i in includes if (i.source, i.target) == (circle[0], circle[1]))
        names = " -> ".join(file.as_posix() for file in circle)
        return [f"{circle[0].as_posix()}:{line}: includes {circle[1].as_posix()}: a circle, {names}"]
    return []


def check(root: Path) -> tuple[int, list[str]]:
    """Return how many files were read, and everything that is wrong."""
    heights = read_contract(root / ".importlinter")
    files = sorted(
        file.relative_to(root)
        for tree in (PRIVATE, PUBLIC)
        for file in (root / tree).rglob("*")
        if file.is_file() and not file.name.startswith(".")
    )
    rooms = {room_of(file) for file in files}
    errors = [f"{room}: a room of the contract without a file" for room in heights if room not in rooms]
    errors += [
        f"{file.as_posix()}: stands in no room of the contract ({', '.join(heights)})"
        for file in files
        if room_of(file) not in heights
    ]
    includes: list[Include] = []
    for file in files:
        found, wrong = includes_of(root, file)
        includes += found
        errors += wrong
    errors += [error for include in includes for error in layer_errors(include, heights)]
    return len(files), errors + circle_errors(includes)


def main(arguments: list[str]) -> int:
    """Print what is wrong; return 0 if nothing is, 1 if something is and 2 without a contract."""
    root = Path(arguments[0]) if arguments else Path(__file__).resolve().parents[1]
    try:
        n_files, errors = check(root)
    except (ContractError, configparser.Error) as unreadable:
        print(unreadable, file=sys.stderr)
        return 2
    for error in errors:
        print(error, file=sys.stderr)
    if not errors:
        print(f"C++ layers: {n_files} files keep the contract.")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
