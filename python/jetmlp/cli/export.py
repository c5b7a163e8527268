"""``jetmlp export``: a model for other programs."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np
from numpy.typing import NDArray

from .._files import write_bytes
from ..export import c, fmu, onnx
from ..files.load import read_parts
from .arguments import SETTINGS, examples, file
from .console import EXIT_FAILED, EXIT_OK, EXIT_USAGE, CommandError, say
from .files import Model, expect_output, load_model, writing
from .libraries import expect_libraries


class Source(NamedTuple):
    """What there is to export: the model, and what its file says of it."""

    model: Model
    description: dict[str, Any]
    tensors: dict[str, NDArray[Any]]
    with_jacobian: bool


class Format(NamedTuple):
    """What a file has, how it is written, and whether slopes can be asked for."""

    what: str
    write: Callable[[Path, Source], None]
    has_jacobian: bool = False


def _npz(path: Path, source: Source) -> None:
    arrays: dict[str, Any] = {**source.tensors, "description": np.array(json.dumps(source.description))}
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    write_bytes(path, buffer.getvalue())


def _json(path: Path, source: Source) -> None:
    tensors = {name: array.tolist() for name, array in source.tensors.items()}
    write_bytes(path, (json.dumps({**source.description, "tensors": tensors}, indent=1) + "\n").encode())


def _onnx(path: Path, source: Source) -> None:
    expect_libraries("onnx", extra="onnx")
    try:
        onnx(source.model, path, source.with_jacobian)
    except ValueError as error:
        raise CommandError(str(error), EXIT_FAILED) from None


def _c(path: Path, source: Source) -> None:
    with _named_by(path):
        c(source.model, path)


def _fmu(path: Path, source: Source) -> None:
    with _named_by(path):
        try:
            fmu(source.model, path)
        except RuntimeError as error:  # no compiler
            raise CommandError(str(error), EXIT_FAILED) from None


@contextmanager
def _named_by(path: Path) -> Iterator[None]:
    """Say of a name that cannot be one in C where it comes from."""
    try:
        yield
    except ValueError as error:
        raise CommandError(f"--out {path}: {error}", EXIT_USAGE) from None


#: What the ending of a name means. Another format is one more entry.
FORMATS: dict[str, Format] = {
    ".npz": Format("weights, biases and scales as arrays of NumPy", _npz),
    ".json": Format("the same as JSON text", _json),
    ".onnx": Format("a graph of ONNX, in the units of the data", _onnx, has_jacobian=True),
    ".c": Format("a file of C99 and C++17, in the units of the data, with the Jacobian", _c),
    ".fmu": Format("a functional mock-up unit of FMI 2.0, with directional derivatives", _fmu),
}


@click.command(
    **SETTINGS,
    short_help="weights for other programs",
    epilog="\b\nFormats, by the ending of the name:\n"
    + "\n".join(f"  {ending:<6} {what}" for ending, (what, *_) in FORMATS.items())
    + "\n\n"
    + examples(
        "jetmlp export model.safetensors --out weights.npz",
        "jetmlp export model.safetensors --out weights.json",
        "jetmlp export model.safetensors --out model.onnx --with-jacobian",
        "jetmlp export model.safetensors --out model.c",
        "jetmlp export model.safetensors --out model.fmu",
    ),
)
@click.argument("model", metavar="MODEL", type=file)
@click.option("--out", metavar="FILE", type=file, required=True, help="the file to write")
@click.option("--with-jacobian", is_flag=True, help="also the derivatives, in a file of ONNX")
def export(model: Path, out: Path, with_jacobian: bool) -> int:
    """Write the networks of MODEL for other programs.

    Files of ONNX, C and FMI compute in the units of the data, of a surrogate the mean; in ONNX "y" (N,
    outputs) from "x" (N, inputs); names in C begin with the file's name, an identifier. With arrays a
    surrogate is the average of its members with the weights "weights". Each is a network: inputs less
    "normalization.x_mean" over "normalization.x_scale"; for each layer its "weights" times that, plus "bias",
    and the activation, but for the last layer; times "normalization.y_scale" plus "normalization.y_mean".
    """
    if out.suffix not in FORMATS:
        raise CommandError(
            f"--out: expected a name that ends in {' or '.join(FORMATS)}, got {out}", EXIT_USAGE
        )
    chosen = FORMATS[out.suffix]
    if with_jacobian and not chosen.has_jacobian:
        endings = " or ".join(ending for ending, other in FORMATS.items() if other.has_jacobian)
        raise CommandError(
            f"--with-jacobian: expected --out with a name that ends in {endings}, got {out}", EXIT_USAGE
        )
    expect_output(out, model)
    loaded = load_model(model)  # whatever is exported is sound
    source = Source(loaded, *read_parts(model), with_jacobian)
    with writing(out):
        chosen.write(out, source)
    say(f"Wrote {out}: {chosen.what}.")
    return EXIT_OK
