"""Files that commands read and write, and one clear line where that fails."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .._files import try_writing
from ..files.checkpoints import described_checkpoint
from ..files.load import load
from ..fitting.staged import StagedMLP
from ..models.mlp import MLP
from ..surrogate.surrogate import Surrogate
from ..tables.errors import TableError
from ..tables.mapping import Mapping, read_mapping
from ..tables.read import read_table
from ..tables.table import Table
from .console import EXIT_FAILED, EXIT_USAGE, CommandError, warn

Model = MLP | StagedMLP | Surrogate

#: The ending of the name of a model's file.
MODEL = ".safetensors"


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what goes wrong with a file that is read into the end of the command."""
    try:
        yield
    except TableError as error:
        raise CommandError(str(error), EXIT_USAGE) from None
    except OSError as error:
        raise CommandError(f"cannot read {path}: {error.strerror or error}", EXIT_USAGE) from None
    except MemoryError:
        raise CommandError(f"cannot read {path}: it is too large for the memory", EXIT_FAILED) from None


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what goes wrong with a file that is written into the end of the command."""
    try:
        yield
    except TableError as error:
        raise CommandError(str(error), EXIT_USAGE) from None
    except OSError as error:
        raise CommandError(f"cannot write {path}: {error.strerror or error}", EXIT_FAILED) from None


def load_model(path: Path) -> Model:
    """Read a model."""
    with reading(path):
        try:
            return load(path)
        except ValueError as error:
            reason = str(error).removeprefix(f"path: {path}: ")
            raise CommandError(
                f"{path}: expected the file of a model, as jetmlp fit writes it; {reason:.200}", EXIT_USAGE
            ) from None


def read_checkpoint(path: Path) -> dict[str, Any] | None:
    """Say where the fit of a checkpoint stands; None if the file is none."""
    with reading(path):
        try:
            return described_checkpoint(path)
        except ValueError as error:
            reason = str(error).removeprefix(f"path: {path}: ")
            raise CommandError(f"{path}: expected a checkpoint; {reason:.200}", EXIT_USAGE) from None


def load_mapping(path: Path | None) -> Mapping | None:
    """Read a mapping, if there is one."""
    if path is None:
        return None
    with reading(path):
        return read_mapping(path)


def load_table(path: Path, mapping: Mapping | None) -> Table:
    """Read a table."""
    with reading(path):
        return read_table(path, None if mapping is None else mapping.layout)


def expect_output(path: Path, *read: Path | None) -> None:
    """End the command, before it works, if a file cannot be written or is one of those that are read."""
    for source in read:
        if source is not None and _same(path, source):
            raise CommandError(
                f"--out: expected another file than {source}, which is read, got {path}", EXIT_USAGE
            )
    try:
        try_writing(path)
    except OSError as error:
        raise CommandError(f"--out: cannot write {path}: {error.strerror or error}", EXIT_USAGE) from None


@contextmanager
def warnings_as_lines(told: list[str]) -> Iterator[None]:
    """Say warnings in a line each, and collect them."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for warning in caught:
        text = str(warning.message)
        told.append(text)
        warn(text)


def _same(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except OSError:  # one of them is not there
        return path.absolute() == other.absolute()
