"""A file that says which columns hold what, where their names do not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from .errors import TableError
from .npz import LAYOUTS, Layout

KEYS = ("inputs", "outputs", "derivatives", "layout")


class Mapping(NamedTuple):
    """What a file of a mapping says; None for what it does not.

    Parameters
    ----------
    source : str
        What messages call the file.
    inputs, outputs : dict of str to str, or None
        The column of each, by the name that it shall have.
    derivatives : dict of str to str, or None
        The column of each derivative, by a name of one of the usual forms; empty to use none.
    layout : {"samples first", "features first"}, optional
        Of the arrays of an NPZ file.
    """

    source: str = ""
    inputs: dict[str, str] | None = None
    outputs: dict[str, str] | None = None
    derivatives: dict[str, str] | None = None
    layout: Layout | None = None


def read_mapping(path: Path) -> Mapping:
    """Read a mapping: a JSON object such as

        {"inputs": {"thickness": "t [mm]", "load": "F [N]"}, "outputs": {"stress": "column 7"},
         "derivatives": {"stress:load": "column 9"}}

    A list of columns will do where names and columns are the same.

    Raises
    ------
    OSError
        If the file cannot be read.
    TableError
        If it is no mapping; the message names the key.
    """  # noqa: D400  an example follows
    try:
        found = json.loads(path.read_bytes().decode("utf-8-sig"), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:  # JSON's is one, and that of what is no UTF-8
        raise TableError(f"{path}: expected JSON, got {error!s:.80}") from None
    if not isinstance(found, dict):
        raise TableError(f"{path}: expected a JSON object with {', '.join(KEYS)}, got {found!r:.40}")
    for key in found:
        if key not in KEYS:
            raise TableError(f"{path}: expected only the keys {', '.join(KEYS)}, got {key!r}")
    layout = found.get("layout")
    if layout is not None and layout not in LAYOUTS:
        raise TableError(f"{path}, layout: expected {' or '.join(map(repr, LAYOUTS))}, got {layout!r}")
    inputs, outputs, derivatives = (_names(path, key, found.get(key)) for key in KEYS[:3])
    for key, names in (("inputs", inputs), ("outputs", outputs)):
        if names is not None and not names:
            raise TableError(f"{path}, {key}: expected at least one, got none")
    return Mapping(str(path), inputs, outputs, derivatives, layout)


def _names(path: Path, key: str, value: Any) -> dict[str, str] | None:  # noqa: ANN401  whatever it says
    if value is None:
        return None
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        pairs = [(name, name) for name in value]
    elif isinstance(value, dict) and all(isinstance(column, str) for column in value.values()):
        pairs = list(value.items())
    else:
        raise TableError(
            f'{path}, {key}: expected {{"name": "column", …}} or ["column", …], got {value!r:.60}'
        )
    columns = [column for _, column in pairs]
    if len(set(columns)) < len(columns):
        raise TableError(f"{path}, {key}: expected each column once, got {', '.join(columns)}")
    return dict(pairs)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    twice = next((key for key in keys if keys.count(key) > 1), None)
    if twice is not None:
        raise ValueError(f"the key {twice!r} twice")
    return dict(pairs)
