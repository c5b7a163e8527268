"""What it takes to load a file or to refuse it: at most four times its size and 16 MiB, and little time.

    python tests/file_bounds.py

prints the time on the processor, the least of five, and the peak of the memory of Python and NumPy for files
that are large, that have as much in them as there may be, or that say more than they hold.
"""

from __future__ import annotations

import os
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

import jetmlp
from jetmlp._files import pack
from model_files import Parts, hashed, parts_of, text_of
from small_models import SMALL_MODELS, Model, surrogate

#: Bytes beside four times the file.
MEMORY = 2**24
#: Seconds, and seconds for each byte.
TIME, TIME_OF_BYTE = 10e-3, 1e-8


def widened(n: int, second: bool = False) -> bytes:
    """Return a surrogate with so many samples, whose errors of all are known."""
    parts = _parts(surrogate())
    with_samples = (
        "samples.",
        "calibration.value_e",
        "calibration.value_d",
        "calibration.value_n",
        "calibration.slope_",
    )
    for name, tensor in parts.tensors.items():
        if name.startswith(with_samples) and not name.endswith("factor"):
            parts.tensors[name] = np.ascontiguousarray(np.resize(tensor, (n, *tensor.shape[1:])))
    if second:
        parts.tensors["samples.d2YdX2"] = np.zeros((n, 1, 1, 1))
    for candidate in parts.description["candidates"]:
        candidate["start"] = "varying noise"
    for name in [name for name in parts.tensors if name.endswith("precisions")]:
        del parts.tensors[name]
    return parts.file()


def _parts(model: Model) -> Parts:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        model.save(path)
        return parts_of(path)


def _of_mlp(**architecture: object) -> bytes:
    parts = _parts(SMALL_MODELS["mlp"]())
    parts.description["architecture"].update(architecture)
    return parts.file()


def _with_tensors(count: int) -> bytes:
    parts = _parts(SMALL_MODELS["mlp"]())
    parts.tensors |= {f"more.{k}": np.zeros(0) for k in range(count)}
    return parts.file()


def _of_header(more: str) -> bytes:
    parts = _parts(SMALL_MODELS["mlp"]())
    return hashed(f"{text_of(parts.header(), ordered=False)[:-1]},{more}}}", parts.content())


def _of_stages(sizes: list[list[int]], count: int) -> bytes:
    parts = _parts(jetmlp.StagedMLP(sizes))
    parts.description["architectures"] *= count
    return parts.file()


#: Small, and made in no time.
SMALL: dict[str, Callable[[], bytes]] = {
    **{kind: (lambda make=make: pack(make()._container())) for kind, make in SMALL_MODELS.items()},
    "1000 layers": lambda: pack(jetmlp.MLP([2, *[3] * 999, 1])._container()),
    "64 stages": lambda: pack(jetmlp.StagedMLP([[1, *[2] * 14, 1]] * 64)._container()),
    "a thousand stages said": lambda: _of_stages([[1, 2, 1]], 1000),
    "sizes beyond memory": lambda: _of_mlp(layer_sizes=[2, *[2**24] * 999, 1]),
    "20,000 sizes": lambda: _of_mlp(layer_sizes=[1] * 20_000),
    "a long activation": lambda: _of_mlp(activation="x" * 900_000),
    "3000 tensors": lambda: _with_tensors(3000),
    "24,000 lists": lambda: _of_header(f'"x":[{",".join(["[]"] * 12_000)}]'),
    "24,000 objects": lambda: _of_header(f'"x":[{",".join(["{}"] * 12_000)}]'),
    "24,000 numbers": lambda: _of_header(f'"x":[{",".join(["1.5"] * 24_000)}]'),
    "a million lists": lambda: _of_header(f'"x":[{",".join(["[]"] * 10**6)}]'),
    "a million brackets": lambda: _of_header('"x":' + "[" * 10**6),
    "a million letters": lambda: _of_header(f'"{"x" * 10**6}":0'),
    "a million digits": lambda: _of_header(f'"x":{"1" * 10**6}'),
}
LARGE: dict[str, Callable[[], bytes]] = {
    "4 million of float64": lambda: pack(jetmlp.MLP([10, 2000, 2000, 1])._container()),
    "9 million of float32": lambda: pack(jetmlp.MLP([10, 3000, 3000, 1], dtype="float32")._container()),
    "4 stages of a million": lambda: pack(jetmlp.StagedMLP([[10, 1000, 1000, 1]] * 4)._container()),
    "300,000 samples": lambda: widened(300_000),
    "300,000 samples with second derivatives": lambda: widened(300_000, second=True),
}


def tried(path: Path) -> str:
    """Load a file; say how that went."""
    try:
        jetmlp.load(path)
    except jetmlp.ModelFileError:
        return "refused"
    return "loaded"


def peak(path: Path) -> int:
    """Most bytes that are in use while a file is loaded."""
    tracemalloc.start()
    try:
        tried(path)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def files(folder: Path, made: dict[str, Callable[[], bytes]]) -> Iterator[tuple[str, Path]]:
    """Write the files, one after the other."""
    path = folder / "model.safetensors"
    for name, content in made.items():
        path.write_bytes(content())
        yield name, path
        path.unlink()


def main() -> None:
    print(f"{'':40s} {'MB':>8s} {'ms':>8s} {'at most':>8s} {'MB used':>8s} {'at most':>8s}")
    with tempfile.TemporaryDirectory() as folder:
        for name, path in files(Path(folder), SMALL | LARGE):
            size, seconds = os.path.getsize(path), []
            for _ in range(5):
                start = time.process_time()
                how = tried(path)
                seconds.append(time.process_time() - start)
            times = f"{1e3 * min(seconds):8.1f} {1e3 * (TIME + TIME_OF_BYTE * size):8.1f}"
            memory = f"{peak(path) / 1e6:8.1f} {(4 * size + MEMORY) / 1e6:8.1f}"
            print(f"{name:40s} {size / 1e6:8.3f} {times} {memory} {how}")


if __name__ == "__main__":
    main()
