"""The one container of models.

The container is safetensors: tensors by name, and a JSON text in the metadata under one key that says what
they are.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .writing import write_bytes

FORMAT_VERSION = 1


class Container(NamedTuple):
    """What a file of models holds."""

    kind: str
    description: dict[str, Any]
    tensors: dict[str, NDArray[Any]]


def write_container(path: str | os.PathLike[str], container: Container) -> None:
    """Write a container; the same content gives the same bytes.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    from safetensors.numpy import save

    # One entry: safetensors writes several in an order that changes from call to call.
    text = json.dumps({"format_version": FORMAT_VERSION, **container.description})
    tensors = {name: np.ascontiguousarray(tensor) for name, tensor in container.tensors.items()}
    write_bytes(Path(path), save(tensors, {container.kind: text}))


def read_container(path: Path, kinds: tuple[str, ...]) -> Container:
    """Read a container of one of these kinds.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is none, is damaged, or has another format version.
    """
    from safetensors import SafetensorError, safe_open

    path.open("rb").close()  # an OSError of the usual kind if there is nothing to read
    try:
        with safe_open(str(path), framework="numpy") as file:
            metadata: Mapping[str, str] = file.metadata() or {}
            kind = next((kind for kind in kinds if kind in metadata), None)
            if kind is None:
                raise ValueError(f"path: {path} holds no model of jetmlp, its metadata is {dict(metadata)}")
            description = _parse(path, metadata[kind])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  not a dict
    except SafetensorError as error:
        raise ValueError(f"path: {path} is not a readable safetensors file ({error})") from error
    return Container(kind, description, tensors)


def _parse(path: Path, text: str) -> dict[str, Any]:
    try:
        description = json.loads(text)
        version = description.pop("format_version")
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise ValueError(f"path: {path} does not describe a network ({error!r})") from error
    if version != FORMAT_VERSION:
        raise ValueError(
            f"path: {path} has format version {version!r}, this jetmlp reads version {FORMAT_VERSION}"
        )
    return dict(description)
