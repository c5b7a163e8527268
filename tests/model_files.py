"""Files of models taken apart and put together again, written down from the description of the format."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
from numpy.typing import NDArray

TYPES = {"F64": "<f8", "F32": "<f4", "I64": "<i8", "U64": "<u8", "U8": "u1"}


def text_of(value: object, *, ordered: bool = True) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=ordered)


@dataclass
class Parts:
    """What a file of a model holds, each part to be changed."""

    kind: str
    description: dict[str, Any]
    tensors: dict[str, NDArray[Any]]
    version: str = "2"
    #: Keys of the metadata besides.
    more: dict[str, Any] = field(default_factory=dict)

    def header(self) -> dict[str, Any]:
        """Make the header, without its hash."""
        names = {np.dtype(dtype): name for name, dtype in TYPES.items()}
        metadata = {"sha256": "", "format_version": self.version, self.kind: text_of(self.description)}
        header: dict[str, Any] = {"__metadata__": {**metadata, **self.more}}
        at = 0
        for name in self.names():
            tensor = self.tensors[name]
            offsets = [at, at + tensor.nbytes]
            header[name] = {
                "dtype": names[tensor.dtype],
                "shape": list(tensor.shape),
                "data_offsets": offsets,
            }
            at += tensor.nbytes
        return header

    def names(self) -> list[str]:
        return sorted(self.tensors, key=lambda name: (-self.tensors[name].itemsize, name))

    def content(self) -> bytes:
        return b"".join(self.tensors[name].tobytes() for name in self.names())

    def file(self) -> bytes:
        return hashed(text_of(self.header(), ordered=False), self.content())


def hashed(header: str, content: bytes) -> bytes:
    """Make a file of a header whose hash is empty, if it has one, and of its content."""
    raw, empty = header.encode(), b'"sha256":""'
    n_digits = 64 if empty in raw else 0
    raw += b" " * (-(8 + len(raw) + n_digits) % 8)
    length = (len(raw) + n_digits).to_bytes(8, "little")
    digits = hashlib.sha256(length + raw + content).hexdigest().encode()
    return length + raw.replace(empty, empty[:-1] + digits + b'"', 1) + content


def parts_of(path: Path) -> Parts:
    """Take a file apart, as any program does that reads safetensors."""
    with safetensors.safe_open(path, framework="numpy") as file:
        metadata = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  not a dict
    kind = next(name for name in metadata if name.startswith("jetmlp."))
    return Parts(kind, json.loads(metadata[kind]), tensors, metadata["format_version"])
