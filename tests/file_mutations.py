"""Files of models changed at random where their structure is, with the hash computed anew.

    python tests/file_mutations.py 1000000 --seed 1

says of so many how many were refused and how many were accepted and sound. Anything else ends it: another
error, a warning, a model that does not predict, one whose file is not the one that was read, or more memory
than `file_bounds` allows. A thousand of them may take a minute.
"""

from __future__ import annotations

import argparse
import copy
import faulthandler
import tempfile
import tracemalloc
import warnings
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from file_bounds import MEMORY
from malformed_files import VALUES, at, places
from malformed_headers import LINES
from model_files import Parts, hashed, parts_of, text_of
from refused_files import refused_or_sound
from small_models import SMALL_MODELS

#: Of one of so many the memory is measured; this takes time.
LOOKED_AT = 50
NUMBERS = (
    0.0,
    -0.0,
    1.0,
    -1.0,
    np.nan,
    np.inf,
    -np.inf,
    5e-324,
    1e-300,
    1e300,
    1.7e308,
    -1.7e308,
    3.5,
    2.0**53,
)
PIECES = (
    '"',
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    " ",
    "0",
    "1",
    "-",
    ".",
    "e",
    "\\",
    "\0",
    "null",
    "true",
    "NaN",
    "é",
)


class Mutations:
    """Changes at random of the files of all kinds."""

    def __init__(self, good: dict[str, Parts], seed: int) -> None:
        self._good = list(good.values())
        self._random = Random(seed)

    def file(self) -> bytes:
        """Return a file with one to three changes."""
        random = self._random
        parts = copy.deepcopy(random.choice(self._good))
        for _ in range(random.choice((1, 1, 1, 2, 3))):
            random.choice(
                (self._describe, self._describe, self._change_tensor, self._change_number, self._mix)
            )(parts)
        header = parts.header()
        for _ in range(random.choice((0, 0, 0, 1, 2))):
            random.choice((self._change_line, self._change_metadata))(header)
        text, content = text_of(header, ordered=False), parts.content()
        if random.random() < 0.1:
            text = self._misspell(text)
        if random.random() < 0.05:
            content = random.choice((content[:-8], content + bytes(8), content[1:], b""))
        return hashed(text, content)

    def _describe(self, parts: Parts) -> None:
        """Put another value, that of another place, another number, or none, into a description."""
        random = self._random
        ways = list(places(parts.description)) if isinstance(parts.description, dict) else []
        if not ways:
            return
        path = random.choice(ways)
        within = at(parts.description, path[:-1])
        value = within[path[-1]]
        how = random.random()
        if how < 0.15:
            del within[path[-1]]
        elif how < 0.3 and isinstance(value, list) and value:
            value.insert(random.randrange(len(value) + 1), copy.deepcopy(random.choice(value)))
        elif how < 0.4 and isinstance(value, dict):
            value[random.choice(("more", "seed", ""))] = copy.deepcopy(random.choice(VALUES))
        elif how < 0.6 and isinstance(value, (int, float)):
            within[path[-1]] = random.choice(
                (value + 1, value - 1, value * 2, float(value), int(value), -value)
            )
        elif how < 0.8:
            within[path[-1]] = copy.deepcopy(at(parts.description, random.choice(ways)))
        else:
            within[path[-1]] = copy.deepcopy(random.choice(VALUES))

    def _change_tensor(self, parts: Parts) -> None:
        """Drop a tensor, double it, or give it another name, type or shape."""
        random, tensors = self._random, parts.tensors
        name = self._name(tensors)
        tensor = tensors.pop(name)
        how = random.randrange(7)
        if how == 1:
            tensors[name] = tensors[name + random.choice(("x", ".0"))] = tensor
        elif how == 2:
            other = self._name(tensors) if tensors else name
            tensors[name], tensors[other] = tensors.get(other, tensor), tensor
        elif how == 3:
            with np.errstate(all="ignore"):
                tensors[name] = tensor.astype(random.choice(("<f4", "<f8", "<i8", "<u8", "u1")))
        elif how == 4:
            tensors[name] = tensor.reshape(random.choice(((-1,), (*tensor.shape, 1), (1, *tensor.shape))))
        elif how == 5:
            tensors[name] = np.concatenate([tensor, tensor]) if tensor.ndim else tensor
        elif how == 6:
            tensors[name] = (
                np.ascontiguousarray(tensor[: random.randrange(len(tensor) + 1)]) if tensor.ndim else tensor
            )

    def _change_number(self, parts: Parts) -> None:
        """Put another number, or any bits, into a tensor."""
        random = self._random
        name = self._name(parts.tensors)
        tensor = parts.tensors[name] = parts.tensors[name].copy()
        if tensor.size and tensor.dtype.kind == "f":
            flat = tensor.reshape(-1)
            place = random.randrange(tensor.size)
            with np.errstate(all="ignore"):
                flat[place] = random.choice((*NUMBERS, -flat[place], 1.001 * flat[place]))
        elif tensor.size:
            raw = tensor.reshape(-1).view(np.uint8)
            raw[random.randrange(raw.size)] ^= 1 << random.randrange(8)

    def _mix(self, parts: Parts) -> None:
        """Take a tensor, or a part of the description, of another file."""
        random = self._random
        other = random.choice(self._good)
        if random.random() < 0.5:
            name = self._name(other.tensors)
            parts.tensors[name] = other.tensors[name]
        elif random.random() < 0.5 and isinstance(parts.description, dict):
            key = random.choice(list(other.description))
            parts.description[key] = copy.deepcopy(other.description[key])
        else:
            parts.kind = other.kind

    def _change_line(self, header: dict[str, Any]) -> None:
        """Change the line of a tensor in the header."""
        random = self._random
        name = random.choice(list(header))
        line = header[name]
        if name == "__metadata__" or not isinstance(line, dict) or set(line) != set(LINES):
            return
        key = random.choice(list(LINES))
        how = random.random()
        if how < 0.1:
            header[random.choice(("", "größe", "x" * 200, "weights.0", "more"))] = header.pop(name)
        elif how < 0.2:
            del line[key]
        elif how < 0.5 and isinstance(line[key], list) and line[key]:
            place = random.randrange(len(line[key]))
            with np.errstate(all="ignore"):
                line[key][place] = random.choice(
                    (0, -1, 1, 8, 2**32, 2**63, 2**64, 0.0, True, None, line[key][0])
                )
        elif how < 0.6:
            begin = line["data_offsets"]
            line["data_offsets"] = copy.deepcopy(
                random.choice(list(header.values())).get("data_offsets", begin)
            )
        else:
            line[key] = copy.deepcopy(random.choice(LINES[key]))

    def _change_metadata(self, header: dict[str, Any]) -> None:
        """Change the metadata."""
        random = self._random
        metadata = header["__metadata__"]
        key = random.choice(list(metadata))
        how = random.randrange(3)
        if how == 0:
            del metadata[key]
        elif how == 1:
            metadata[key] = copy.deepcopy(random.choice((*VALUES, "1", "3", "{}", "[]")))
        elif isinstance(metadata[key], str):
            metadata[key] = self._misspell(metadata[key])

    def _misspell(self, text: str) -> str:
        """Put in, leave out or exchange a piece."""
        random = self._random
        place = random.randrange(len(text) + 1)
        return text[:place] + random.choice(("", *PIECES)) + text[place + random.choice((0, 1, 1, 5)) :]

    def _name(self, tensors: dict[str, Any]) -> str:
        return self._random.choice(sorted(tensors)) if tensors else "none"


def good_files(folder: Path) -> dict[str, Parts]:
    """Take apart a file of each kind."""
    found = {}
    for kind, make in SMALL_MODELS.items():
        make().save(folder / kind)
        found[kind] = parts_of(folder / kind)
    return found


def run(folder: Path, count: int, seed: int) -> Counter[str]:
    """Try so many; raise where one is neither refused nor sound."""
    mutations = Mutations(good_files(folder), seed)
    counts: Counter[str] = Counter()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for tried in range(count):
            if tried % 1000 == 0:
                faulthandler.dump_traceback_later(60, exit=True)
            content = mutations.file()
            if tried % LOOKED_AT == 0:
                tracemalloc.start()
            counts["refused" if refused_or_sound(content) else "sound"] += 1
            if tried % LOOKED_AT == 0:
                assert tracemalloc.get_traced_memory()[1] < MEMORY + 4 * len(content)
                tracemalloc.stop()
    faulthandler.cancel_dump_traceback_later()
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        counts = run(Path(folder), arguments.count, arguments.seed)
    print(f"{arguments.count} mutations: {counts['refused']} refused, {counts['sound']} sound")


if __name__ == "__main__":
    main()
