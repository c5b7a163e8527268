"""The header of a container: what is in the file, and where.

It is that of safetensors: its length in eight bytes, then JSON with metadata and a line for each tensor. The
metadata have the hash, the version of the format, and under the name of its kind what the file describes.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .canonical import canonical, check_count, said
from .errors import brief, refusal

FORMAT_VERSION = 2
#: Bytes of the number that says how long the header is.
PREFIX = 8
#: Longest header, in bytes.
MOST_HEADER = 2**20
#: Largest content, in bytes.
MOST_CONTENT = 2**36
#: The types of tensors, by their names in a file; all are little-endian.
TYPES = {
    name: np.dtype(dtype)
    for name, dtype in {"F64": "<f8", "F32": "<f4", "I64": "<i8", "U64": "<u8", "U8": "|u1"}.items()
}

_HASH, _VERSION = "sha256", "format_version"
#: Where every header begins, and where the digits of the hash are.
_OPENING = '{"__metadata__":'
HASH_PLACE, HASH_DIGITS = len(f'{_OPENING}{{"{_HASH}":"'), 64
_NUMBER = "(?:0|[1-9][0-9]{0,12})"
#: The line of a tensor. As a header is spelled in one way, it is a pattern; numbers are below 10 trillions.
_LINE = re.compile(
    r',"([A-Za-z0-9_.]{1,128})":'
    r'\{"dtype":"([A-Z0-9]{1,8})",'
    rf'"shape":\[((?:{_NUMBER}(?:,{_NUMBER}){{0,7}})?)\],'
    rf'"data_offsets":\[({_NUMBER},{_NUMBER})\]\}}'
)


class Entry(NamedTuple):
    """Where a tensor lies in the content."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    begin: int


class Header(NamedTuple):
    """What a header says."""

    kind: str
    description: str  # JSON, not parsed
    entries: dict[str, Entry]
    n_content: int  # bytes
    sha256: str


def header_bytes(kind: str, description: str, tensors: Mapping[str, NDArray[Any]]) -> bytes:
    """Return the header of tensors that follow in this order, with zeros for the digits of the hash."""
    metadata = {_HASH: "0" * HASH_DIGITS, _VERSION: str(FORMAT_VERSION), kind: description}
    header: dict[str, Any] = {"__metadata__": metadata}
    names = {dtype: name for name, dtype in TYPES.items()}
    at = 0
    for name, tensor in tensors.items():
        if tensor.dtype not in names:
            raise TypeError(f"{name}: expected a type of {', '.join(map(str, names))}, got {tensor.dtype}")
        end = at + tensor.nbytes
        header[name] = {"dtype": names[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [at, end]}
        at = end
    return _padded(canonical(header, ordered=False)).encode()


def order(tensor_name: str, itemsize: int) -> tuple[int, str]:
    """Return what tensors are sorted by: wide types first, so that all are aligned."""
    return -itemsize, tensor_name


def header_length(prefix: bytes, size: int, place: str) -> int:
    """Return the length of the header of a file of this size."""
    if len(prefix) < PREFIX:
        raise refusal(place, f"size: expected at least {PREFIX} bytes, got {len(prefix)}; {NOT_ONE}")
    length = int.from_bytes(prefix, "little")
    most = min(size - PREFIX, MOST_HEADER)
    if length > most:
        raise refusal(place, f"header: expected a length of at most {most} bytes, got {length}; {NOT_ONE}")
    return length


NOT_ONE = "it is cut short or is no safetensors file"


def parse_header(header: bytes, kinds: tuple[str, ...], place: str) -> Header:
    """Return what a header says; nothing in it is trusted.

    Raises
    ------
    ModelFileError
        If it is not what `header_bytes` gives for one of these kinds.
    """
    try:
        text = header.decode("ascii")
    except UnicodeDecodeError as error:
        raise refusal(place, f"header: expected ASCII letters, got byte {error.start} otherwise") from None
    check_count(text, place, "header")
    metadata, end = _metadata(text, place)
    kind = _kind(metadata, kinds, place)
    if text[:end] != f"{_OPENING}{canonical(metadata, ordered=False)}":
        raise refusal(place, f"metadata: expected JSON as jetmlp writes it, got {brief(text[:end])}")
    entries, n_content = _entries(text, end, place)
    return Header(kind, metadata[kind], entries, n_content, metadata[_HASH])


def _metadata(text: str, place: str) -> tuple[Any, int]:
    """Return the metadata, whatever they are, and where they end."""
    if not text.startswith(_OPENING):
        raise refusal(
            place, f"metadata: expected those of a model of jetmlp to begin with, got {brief(text[:80])}"
        )
    try:
        return json.JSONDecoder().raw_decode(text, len(_OPENING))
    except (RecursionError, ValueError) as error:
        raise refusal(place, f"metadata: expected JSON as jetmlp writes it, got {said(error)}") from None


def _padded(text: str) -> str:
    return text + " " * (-(PREFIX + len(text)) % 8)


def _kind(metadata: Any, kinds: tuple[str, ...], place: str) -> str:  # noqa: ANN401  whatever the file says
    """Check metadata and return what kind of file it is."""
    if not isinstance(metadata, dict) or not any(name.startswith("jetmlp.") for name in metadata):
        raise refusal(place, f"metadata: expected those of a model of jetmlp, got {brief(metadata)}")
    if _VERSION not in metadata:
        raise refusal(
            place,
            "format_version: expected one in the metadata, got none: it was written before the first "
            "release, by a jetmlp whose files had no hash; save the model again",
        )
    version = metadata[_VERSION]
    if not isinstance(version, str) or not re.fullmatch(r"[1-9][0-9]{0,5}", version):
        raise refusal(place, f"format_version: expected a number in digits, got {brief(version)}")
    if int(version) > FORMAT_VERSION:
        raise refusal(
            place,
            f"format_version: expected at most {FORMAT_VERSION}, got {version}: it was written by a newer "
            "jetmlp; update with pip install --upgrade jetmlp",
        )
    if int(version) < FORMAT_VERSION:
        raise refusal(place, f"format_version: expected {FORMAT_VERSION}, got {version}")
    kind = next((name for name in kinds if name in metadata), None)
    if kind is None:
        its = next(name for name in metadata if name.startswith("jetmlp."))
        raise refusal(place, f"kind: expected {' or '.join(kinds)}, got {brief(its)}")
    if list(metadata) != [_HASH, _VERSION, kind]:
        raise refusal(
            place, f"metadata: expected {[_HASH, _VERSION, kind]} in this order, got {brief(list(metadata))}"
        )
    for name, value in metadata.items():
        if not isinstance(value, str):
            raise refusal(place, f"metadata.{name}: expected a text, got {brief(value)}")
    if not re.fullmatch(f"[0-9a-f]{{{HASH_DIGITS}}}", metadata[_HASH]):
        raise refusal(place, f"sha256: expected {HASH_DIGITS} digits, got {brief(metadata[_HASH])}")
    return kind


def _entries(text: str, at: int, place: str) -> tuple[dict[str, Entry], int]:
    """Take the lines of the tensors from here to the end; they fill the content one behind the other."""
    entries: dict[str, Entry] = {}
    begin = 0
    before = (-math.inf, "")
    shapes: dict[str, tuple[tuple[int, ...], int]] = {"": ((), 1)}  # most are those of many
    for line in _LINE.finditer(text, at):
        if line.start() != at:
            break
        name, kind, lengths, offsets = line.groups()
        dtype = TYPES.get(kind)
        if dtype is None:
            raise refusal(place, f"{name}.dtype: expected one of {', '.join(TYPES)}, got {kind!r}")
        key = order(name, dtype.itemsize)
        if before >= key:
            raise refusal(
                place, f"{name}: expected wide types first, then names in order, got {before[1]} before"
            )
        if lengths not in shapes:
            shape = tuple(map(int, lengths.split(",")))
            shapes[lengths] = shape, math.prod(shape)
        shape, size = shapes[lengths]
        end = begin + size * dtype.itemsize
        if offsets != f"{begin},{end}":
            raise refusal(place, f"{name}.data_offsets: expected [{begin},{end}], got [{offsets}]")
        entries[name] = Entry(dtype, shape, begin)
        at, begin, before = line.end(), end, key
    if text[at:] != _padded(text[:at] + "}")[at:]:
        said = brief(text[at : at + 80])
        raise refusal(place, f"header: expected the line of a tensor, or its end, at {at}, got {said}")
    return entries, begin
