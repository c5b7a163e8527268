"""Files with one thing wrong, made from a good one field by field; their hashes are right."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from malformed_headers import contents, lines, metadata, raw_headers, texts
from model_files import Parts, hashed, text_of

Malformed = tuple[str, bytes]

#: What is put in the place of every value of a description, unless it is there already.
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 65, 2**64, 10**19, 0.5, -0.0, 3.0, 1e300),
    *("", "x", "tanh", "float16", "1", [], [[]], {}, {"x": 1}, [None], [0.5], ["x", "x"]),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401  any JSON
    """Give the way to every value within a value."""
    if path:
        yield path
    entries = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, entry in entries:
        yield from places(entry, (*path, key))


def at(value: Any, path: tuple[Any, ...]) -> Any:  # noqa: ANN401  any JSON
    for key in path:
        value = value[key]
    return value


def descriptions(parts: Parts) -> Iterator[tuple[str, Any]]:
    """Give descriptions with another value in one place, with one value fewer, and with one more."""
    for path in places(parts.description):
        name = ".".join(map(str, path))
        for value in VALUES:
            if text_of(value) == text_of(at(parts.description, path)):
                continue
            changed = copy.deepcopy(parts.description)
            at(changed, path[:-1])[path[-1]] = value
            yield f"{name} is {value!r:.20}", changed
        changed = copy.deepcopy(parts.description)
        del at(changed, path[:-1])[path[-1]]
        yield f"without {name}", changed
        value = at(parts.description, path)
        if isinstance(value, list):
            changed = copy.deepcopy(parts.description)
            at(changed, path).append(copy.deepcopy(value[-1]))
            yield f"{name} with one more", changed
        if isinstance(value, dict):
            changed = copy.deepcopy(parts.description)
            at(changed, path)["more"] = 1
            yield f"{name} with another key", changed
    yield "another key", {**parts.description, "more": 1}
    for value in VALUES:
        yield f"the description is {value!r}", value


def tensor_changes(parts: Parts) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give tensors of which one is missing, has another name, type, shape, or a number that is none."""
    for name, tensor in parts.tensors.items():
        others = {key: array for key, array in parts.tensors.items() if key != name}
        yield f"without {name}", others
        yield f"{name} by another name", {**others, f"{name}x": tensor}
        yield f"{name} twice", {**others, name: tensor, f"{name}.0": tensor}
        for dtype in ("<f4", "<f8", "<i8", "<u8", "u1"):
            if np.dtype(dtype) != tensor.dtype:
                with np.errstate(invalid="ignore"):
                    yield f"{name} as {dtype}", {**others, name: tensor.astype(dtype)}
        shapes: dict[str, Any] = {
            "flat": tensor.reshape(-1),
            "turned": np.ascontiguousarray(tensor.T),
            "with an axis more": tensor[np.newaxis],
            "with an axis behind": tensor[..., np.newaxis],
            "doubled": np.concatenate([tensor, tensor]),
            "empty": tensor[:0],
            "one row": tensor[:1],
            "a number": np.array(0.5, tensor.dtype),
        }
        for how, changed in shapes.items():
            if changed.shape != tensor.shape:
                yield f"{name} {how}", {**others, name: changed}
        for number in (np.nan, np.inf, -np.inf, 0.0, -1.0, np.finfo(tensor.dtype).max):
            if tensor.size:
                changed = tensor.copy()
                changed.reshape(-1)[-1] = number
                yield f"{name} with {number}", {**others, name: changed}
    yield "one more", {**parts.tensors, "more": np.zeros(1)}


def malformed(parts: Parts, kinds: tuple[str, ...]) -> Iterator[Malformed]:
    """Give every file with one thing wrong, or with something else that is right."""
    content = parts.content()

    def of_header(header: dict[str, Any], content: bytes = content) -> bytes:
        return hashed(text_of(header, ordered=False), content)

    for name, description in descriptions(parts):
        yield f"description: {name}", Parts(parts.kind, description, parts.tensors).file()
    for name, tensors in tensor_changes(parts):
        yield f"tensors: {name}", Parts(parts.kind, parts.description, tensors).file()
    headers: list[Callable[[], Iterator[tuple[str, dict[str, Any]]]]] = [
        lambda: lines(parts.header()),
        lambda: metadata(parts, kinds),
    ]
    for give in headers:
        for name, header in give():
            yield f"header: {name}", of_header(header)
    for name, text in texts(parts):
        header = parts.header()
        header["__metadata__"][parts.kind] = text
        yield f"text: {name}", of_header(header)
    for name, raw in raw_headers(parts):
        yield f"header: {name}", hashed(raw, content)
    yield from contents(parts.file())
