"""The one container of models: safetensors with a description, a format version and a hash.

The description is a JSON text in the metadata. The hash is SHA-256 over the whole file, length, header and
content, with the hash's own digits left out. It has no key and anybody can compute it anew: it finds damage,
not attackers. So nothing in a file is trusted because its hash is right.

The same content gives the same bytes, and only these bytes are read: a header or a description that is
spelled in another way is refused.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._parts import joined
from .canonical import canonical, parse_canonical
from .errors import place_of, refusal
from .header import (
    HASH_DIGITS,
    HASH_PLACE,
    MOST_CONTENT,
    MOST_HEADER,
    PREFIX,
    Header,
    header_bytes,
    header_length,
    order,
    parse_header,
)
from .reading import BLOCK, regular_file
from .writing import write_bytes

_LITTLE_ENDIAN = sys.byteorder == "little"


class Container(NamedTuple):
    """What a file of models holds.

    Parameters
    ----------
    kind : str
        "jetmlp." and a name.
    description : dict
        Of what JSON can hold; no NaN or infinity.
    tensors : dict of ndarray
        Of float64, float32, int64, uint64 or uint8. Names have letters, digits, "_" and ".". Those that were
        read are read-only and share the memory of the file.
    """

    kind: str
    description: dict[str, Any]
    tensors: dict[str, NDArray[Any]]


def pack(container: Container) -> bytes:
    """Return the bytes of a container; the same content gives the same bytes.

    Raises
    ------
    ValueError
        If it is more than `unpack` takes.
    """
    return packed(container).tobytes()


def packed(container: Container) -> NDArray[np.uint8]:
    """Return the bytes of `pack` as an array."""
    tensors = _sorted(container.tensors)
    header = header_bytes(container.kind, canonical(container.description), tensors)
    place = f"saving a {container.kind}"
    if len(header) > MOST_HEADER:
        raise refusal(place, f"header: expected at most {MOST_HEADER} bytes, got {len(header)}")
    parsed = parse_header(header, (container.kind,), place)  # what is written can be read
    if parsed.n_content > MOST_CONTENT:
        raise refusal(place, f"size: expected at most {MOST_CONTENT} bytes, got {parsed.n_content}")
    parse_canonical(parsed.description, place, "description")
    contents = [tensor.reshape(-1).view(np.uint8) for tensor in tensors.values()]
    digits = _sha256(header, [content.data for content in contents]).encode()
    whole = (header[:HASH_PLACE], digits, header[HASH_PLACE + HASH_DIGITS :])
    start = np.frombuffer(b"".join((len(header).to_bytes(PREFIX, "little"), *whole)), np.uint8)
    return joined((start, *contents), len(start) + parsed.n_content, np.dtype(np.uint8))


def unpack(data: bytes | NDArray[np.uint8], kinds: tuple[str, ...], place: str) -> Container:
    """Return the container of these bytes; `place` is what messages call them.

    Raises
    ------
    ModelFileError
        If they are not what `pack` gives for a container of one of these kinds.
    """
    length = header_length(bytes(data[:PREFIX]), len(data), place)
    raw = bytes(data[PREFIX : PREFIX + length])
    header = parse_header(raw, kinds, place)
    _check_size(len(data), raw, header, place)
    return _container(raw, header, np.frombuffer(data, np.uint8, header.n_content, PREFIX + length), place)


def write_container(path: str | os.PathLike[str], container: Container) -> None:
    """Write a container; the same content gives the same bytes.

    Raises
    ------
    OSError
        If the file cannot be written.
    ValueError
        If it is more than `read_container` takes.
    """
    write_bytes(path, packed(container).data)


def read_container(path: Path, kinds: tuple[str, ...]) -> Container:
    """Read a container of one of these kinds: once, and no more than its header says.

    Raises
    ------
    OSError
        If the file cannot be read.
    ModelFileError
        If it is not what `write_container` writes.
    """
    place = place_of(path)
    with regular_file(path) as file:
        prefix = file.read(min(PREFIX, file.size)).tobytes()
        raw = file.read(header_length(prefix, file.size, place)).tobytes()
        header = parse_header(raw, kinds, place)
        _check_size(file.size, raw, header, place)
        content = file.read(header.n_content)
        file.expect_end()
    content.flags.writeable = False
    return _container(raw, header, content, place)


def _check_size(size: int, raw: bytes, header: Header, place: str) -> None:
    expected = PREFIX + len(raw) + header.n_content
    if size != expected:
        raise refusal(place, f"size: expected {expected} bytes, as its header says, got {size}")


def _container(raw: bytes, header: Header, content: NDArray[np.uint8], place: str) -> Container:
    """Check the hash and take the tensors out of the content."""
    sha256 = _sha256(raw, [content.data])
    if sha256 != header.sha256:
        raise refusal(
            place,
            f"sha256: expected {sha256}, as its bytes have, got {header.sha256}: it is damaged; get it anew",
        )
    description = parse_canonical(header.description, place, "description")
    if not isinstance(description, dict):
        raise refusal(place, "description: expected names with values, got none")
    tensors = {}
    for name, (dtype, shape, begin) in header.entries.items():
        tensor = np.ndarray(shape, dtype, content, begin)
        tensors[name] = tensor if _LITTLE_ENDIAN else tensor.astype(dtype.newbyteorder("="))
    return Container(header.kind, description, tensors)


def _sorted(tensors: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return tensors as they stand in a file: contiguous, little-endian, in order."""
    kept = {
        name: np.asarray(tensor, dtype=tensor.dtype.newbyteorder("<"), order="C")
        for name, tensor in tensors.items()
    }
    return dict(sorted(kept.items(), key=lambda item: order(item[0], item[1].itemsize)))


def _sha256(header: bytes, contents: list[memoryview]) -> str:
    """Hash everything but the digits of the hash itself."""
    sha = hashlib.sha256(len(header).to_bytes(PREFIX, "little"))
    sha.update(header[:HASH_PLACE])
    sha.update(header[HASH_PLACE + HASH_DIGITS :])
    for content in contents:
        for at in range(0, len(content), BLOCK):
            sha.update(content[at : at + BLOCK])
    return sha.hexdigest()
