"""The files of a report, read strictly."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any


def read_json(path: Path) -> dict[str, Any]:
    """Read what is JSON to the letter: without NaN and Infinity."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{path} holds {constant}")

    document = json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse)
    assert isinstance(document, dict)
    return document


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def check_folder(folder: Path, files: set[str]) -> None:
    """All these files and no other, and the figures are figures."""
    assert {path.name for path in folder.iterdir()} == files
    for path in folder.glob("*.png"):
        content = path.read_bytes()
        assert content.startswith(b"\x89PNG\r\n\x1a\n")
        assert content.endswith(b"IEND\xaeB`\x82")
        assert len(content) > 5_000


def without_times(document: object) -> object:
    if isinstance(document, dict):
        kept = [name for name in document if name not in ("time_s", "cpu_time_s")]
        return {name: without_times(document[name]) for name in kept}
    return [without_times(entry) for entry in document] if isinstance(document, list) else document
