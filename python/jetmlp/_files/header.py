"""The header of a container: what is in the file, and where.

It is that of safetensors: its length in eight bytes, then JSON with metadata and a line for each tensor. The
metadata have the hash, the version of the format, and under the name of its kind what the file describes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .canonical import canonical, parse_canonical
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

_METADATA, _HASH, _VERSION = "__metadata__", "sha256", "format_version"
#: Where every header begins; the digits of the hash are next.
_BEGINNING = f'{{"{_METADATA}":{{"{_HASH}":"'
HASH_PLACE, HASH_DIGITS = len(_BEGINNING), 64
_NAME = re.compile(r"[A-Za-z0-9_.]{1,128}")
_LINE = ("dtype", "shape", "data_offsets")
_MOST_AXES = 8
#: Beside an axis of 0 the others take no space, and may still not be of any length. Nor may the content.
_LONGEST_AXIS = 2**40


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
    header: dict[str, Any] = {_METADATA: metadata}
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
    stripped = text.rstrip(" ")
    parsed = parse_canonical(stripped, place, "header", ordered=False)
    metadata: Any = parsed.get(_METADATA) if isinstance(parsed, dict) else None
    kind = _kind(metadata, kinds, place)
    if not text.startswith(_BEGINNING) or text != _padded(stripped):
        raise refusal(place, f"header: expected {_METADATA} first and padding to 8 bytes, got {brief(text)}")
    del parsed[_METADATA]
    entries, at = _entries(parsed, place)
    return Header(kind, metadata[kind], entries, at, metadata[_HASH])


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


def _entries(lines: Mapping[str, Any], place: str) -> tuple[dict[str, Entry], int]:
    """Check the lines of the tensors, and that they fill the content one behind the other."""
    entries: dict[str, Entry] = {}
    at = 0
    before = (-math.inf, "")
    for name, line in lines.items():
        entry, end = _entry(name, line, at, place)
        key = order(name, entry.dtype.itemsize)
        if key <= before:
            raise refusal(
                place, f"{name}: expected wide types first, then names in order, got {brief(list(lines))}"
            )
        entries[name], at, before = entry, end, key
    return entries, at


def _entry(name: str, line: Any, at: int, place: str) -> tuple[Entry, int]:  # noqa: ANN401  whatever the file says
    """Check the line of one tensor, which is to begin at `at`; return it and where it ends."""
    if not _NAME.fullmatch(name):
        raise refusal(place, f"header: expected names of letters, digits, _ and ., got {brief(name)}")
    if not isinstance(line, dict) or tuple(line) != _LINE:
        raise refusal(place, f"{name}: expected dtype, shape and data_offsets, got {brief(line)}")
    dtype, shape, offsets = line.values()
    kept = TYPES.get(dtype) if isinstance(dtype, str) else None
    if kept is None:
        raise refusal(place, f"{name}.dtype: expected one of {', '.join(TYPES)}, got {brief(dtype)}")
    if type(shape) is not list or len(shape) > _MOST_AXES or not all(map(_is_length, shape)):
        raise refusal(place, f"{name}.shape: expected at most {_MOST_AXES} lengths, got {brief(shape)}")
    expected = [at, at + math.prod(shape) * kept.itemsize]
    if offsets != expected or not type(offsets[0]) is type(offsets[1]) is int:  # 0.0 and False are equal to 0
        raise refusal(place, f"{name}.data_offsets: expected {brief(expected)}, got {brief(offsets)}")
    return Entry(kept, tuple(shape), at), expected[1]


def _is_length(value: Any) -> bool:  # noqa: ANN401  whatever the file says
    return type(value) is int and 0 <= value <= _LONGEST_AXIS
