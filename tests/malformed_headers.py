"""Headers of files of models with one thing wrong in them, and files that are cut otherwise than they say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from model_files import Parts, text_of

#: What stands in the place of a field of a tensor's line.
LINES: dict[str, tuple[Any, ...]] = {
    "dtype": ("f64", "F16", "BF16", "BOOL", "I8", "F32 ", "", None, 3, [], ["F64"]),
    "shape": (
        None,
        3,
        "3",
        {},
        [-1],
        [1.0],
        [True],
        ["3"],
        [[3]],
        [2**63],
        [2**31, 2**33],
        [0],
        [0] * 9,
        [None],
    ),
    "data_offsets": (
        None,
        8,
        "0,8",
        {},
        [0],
        [0, 8, 16],
        [8, 0],
        [0.0, 8.0],
        [-8, 0],
        [0, 2**64],
        [False, True],
    ),
}


def lines(header: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give headers with something wrong in the line of a tensor."""
    for name in header:
        if name == "__metadata__":
            continue

        def changed(line: Any, name: str = name) -> dict[str, Any]:  # noqa: ANN401  any JSON
            return {key: line if key == name else value for key, value in header.items()}

        line = header[name]
        for key, values in LINES.items():
            for value in values:
                if text_of(value) != text_of(line[key]):
                    yield f"{name}.{key} is {value!r:.20}", changed({**line, key: value})
            yield f"{name} without {key}", changed({k: v for k, v in line.items() if k != key})
        begin, end = line["data_offsets"]
        for offsets in (
            [begin + 8, end + 8],
            [begin - 1, end],
            [begin, end + 1],
            [begin + 1, end],
            [0, end - 8],
        ):
            if offsets != [begin, end]:
                yield f"{name} from {offsets}", changed({**line, "data_offsets": offsets})
        yield f"{name} with another key", changed({**line, "more": 1})
        yield f"{name} in another order", changed(dict(reversed(line.items())))
        yield f"{name} a list", changed(list(line.values()))
        yield f"{name} nothing", changed(None)
        for wrong in ("", "größe", "a b", "x" * 200, "a/b", "\0"):
            renamed = {wrong if key == name else key: value for key, value in header.items()}
            yield f"{name} called {wrong!r:.9}", renamed
    names = [name for name in header if name != "__metadata__"]
    swapped = dict(zip(names, [*names[1:], names[0]], strict=True))
    yield "lines in another order", {swapped.get(key, key): header[swapped.get(key, key)] for key in header}
    yield "metadata last", {**{name: header[name] for name in names}, "__metadata__": header["__metadata__"]}
    yield "no metadata", {name: header[name] for name in names}
    yield "nothing but metadata", {"__metadata__": header["__metadata__"]}


def metadata(parts: Parts, kinds: tuple[str, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give headers with something wrong in the metadata."""
    header = parts.header()
    said = header["__metadata__"]

    def changed(other: Any) -> dict[str, Any]:  # noqa: ANN401  any JSON
        return {**header, "__metadata__": other}

    for value in (None, [], "jetmlp.MLP", {}, {"format": "pt"}):
        yield f"metadata {value!r}", changed(value)
    for key in said:
        yield f"metadata without {key}", changed({k: v for k, v in said.items() if k != key})
        for value in (None, 2, ["2"], {}, True):
            yield f"metadata.{key} is {value!r}", changed({**said, key: value})
    yield "metadata with another key", changed({**said, "format": "pt"})
    yield "metadata in another order", changed(dict(reversed(said.items())))
    for version in ("1", "3", "10", "02", "2.0", "-2", "0", "", " 2", "two", "9" * 999, "²"):
        yield f"version {version:.9}", changed({**said, "format_version": version})
    for kind in (*kinds, "jetmlp.Other", "jetmlp."):
        if kind != parts.kind:
            renamed = {kind if key == parts.kind else key: value for key, value in said.items()}
            yield f"kind {kind}", changed(renamed)
            yield f"kind {kind} besides", changed({**said, kind: said[parts.kind]})


def texts(parts: Parts) -> Iterator[tuple[str, str]]:
    """Give texts of a description that is spelled in another way, or is none."""
    right = text_of(parts.description)
    key = next(iter(json.loads(right)))
    yield from {
        "a key twice": f'{{"{key}":0,{right[1:]}',
        "spaces": json.dumps(parts.description, sort_keys=True),
        "a line break": right + "\n",
        "another order": text_of(dict(sorted(parts.description.items(), reverse=True)), ordered=False)
        + ("" if len(parts.description) > 1 else " "),
        "an escaped letter": right.replace(key[0], f"\\u{ord(key[0]):04x}", 1),
        "a letter that is not": right.replace('"', '"ä', 1),
        "NaN": f'{{"{key}":NaN}}',
        "infinity": f'{{"{key}":Infinity}}',
        "a number too large": f'{{"{key}":1e999}}',
        "a long number": f'{{"{key}":{"1" * 30}}}',
        "a very long number": f'{{"{key}":{"1" * 9999}}}',
        "a number with zeros": f'{{"{key}":1.50}}',
        "too deep": "[" * 40000,
        "deep": "[" * 20000 + "]" * 20000,
        "too many": "[" + "1," * 60000 + "1]",
        "empty": "",
        "no end": right[:-1],
        "more": right + "{}",
        "no JSON": "hello",
        "single quotes": right.replace('"', "'"),
        "a comma more": right[:-1] + ",}",
        "a remark": right + "//",
    }.items()


def raw_headers(parts: Parts) -> Iterator[tuple[str, str]]:
    """Give headers that are spelled in another way, or are none."""
    right = text_of(parts.header(), ordered=False)
    first = next(name for name in parts.header() if name != "__metadata__")
    line = text_of(parts.header()[first], ordered=False)
    yield from {
        "a space before": " " + right,
        "a space within": right.replace(":", ": ", 1),
        "a tensor twice": right[:-1] + f',"{first}":{line}}}',
        "metadata twice": right[:-1] + ',"__metadata__":{}}',
        "a shape twice": right.replace('"shape":', '"shape":[1],"shape":', 1),
        "NaN": right.replace('"shape":[', '"shape":[NaN,', 1),
        "a fraction": right.replace('"data_offsets":[0,', '"data_offsets":[0.0,', 1),
        "an exponent": right.replace('"data_offsets":[0,', '"data_offsets":[0e0,', 1),
        "minus nothing": right.replace('"data_offsets":[0,', '"data_offsets":[-0,', 1),
        "an escaped letter": right.replace('"dtype"', '"\\u0064type"', 1),
        "a letter": right.replace('"dtype"', '"dtypé"', 1),
        "more": right + "{}",
        "more padding": right + " " * 8,
        "a tab": right + "\t",
        "no end": right[:-1],
        "a list": f"[{right}]",
        "a number": "7",
        "nothing": "null",
        "empty": "",
        "brackets": "[" * 40000,
        "many": '{"__metadata__":{' + ",".join(f'"{k}":""' for k in range(60000)) + "}}",
        "large": right[:-1] + f',"{"x" * 2**20}":0}}',
    }.items()


def contents(file: bytes) -> Iterator[tuple[str, bytes]]:
    """Give files of another size, of another length of the header, and with another hash."""
    length = int.from_bytes(file[:8], "little")
    for said in (
        0,
        1,
        8,
        length - 8,
        length - 1,
        length + 1,
        length + 8,
        len(file),
        2**20 + 1,
        2**63,
        2**64 - 1,
    ):
        yield f"a header of {said} bytes", said.to_bytes(8, "little") + file[8:]
    yield "one byte more", file + b"\0"
    yield "twice", file + file
    yield "without content", file[: 8 + length]
    yield "a page of zeros", bytes(4096)
    for what in (b"", b"PK\x03\x04", b"\x80\x04", b"\x89HDF\r\n\x1a\n", b"GIF89a", b"{}", b"hello " * 99):
        yield f"another file {what[:4]!r}", what
    digits = file.index(b'"sha256":"') + 10
    for wrong in (
        b"0" * 64,
        file[digits : digits + 64].upper(),
        file[digits : digits + 63] + b"g",
        b" " * 64,
    ):
        yield f"hash {wrong[:4]!r}", file[:digits] + wrong + file[digits + 64 :]
