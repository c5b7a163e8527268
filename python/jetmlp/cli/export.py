"""``jetmlp export``: a model for other programs."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from .._files import write_bytes
from ..files.load import read_parts
from .arguments import SETTINGS, examples, file
from .console import EXIT_OK, EXIT_USAGE, CommandError, say
from .files import expect_output, load_model, writing

Tensors = dict[str, NDArray[Any]]


def _npz(path: Path, description: dict[str, Any], tensors: Tensors) -> None:
    arrays: dict[str, Any] = {**tensors, "description": np.array(json.dumps(description))}
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    write_bytes(path, buffer.getvalue())


def _json(path: Path, description: dict[str, Any], tensors: Tensors) -> None:
    document = {**description, "tensors": {name: array.tolist() for name, array in tensors.items()}}
    write_bytes(path, (json.dumps(document, indent=1) + "\n").encode())


#: What the ending of a name means. Another format, such as ONNX or C, is one more entry.
FORMATS: dict[str, tuple[str, Callable[[Path, dict[str, Any], Tensors], None]]] = {
    ".npz": ("weights, biases and scales as arrays of NumPy", _npz),
    ".json": ("the same as JSON text", _json),
}


@click.command(
    **SETTINGS,
    short_help="weights for other programs",
    epilog="\b\nFormats, by the ending of the name:\n"
    + "\n".join(f"  {ending:<6} {what}" for ending, (what, _) in FORMATS.items())
    + "\n\n"
    + examples(
        "jetmlp export model.safetensors --out weights.npz",
        "jetmlp export model.safetensors --out weights.json",
    ),
)
@click.argument("model", metavar="MODEL", type=file)
@click.option("--out", metavar="FILE", type=file, required=True, help="the file to write")
def export(model: Path, out: Path) -> int:
    """Write the networks of MODEL for other programs.

    A surrogate is the average of its members with the weights "weights". Each is a network: inputs less
    "normalization.x_mean" over "normalization.x_scale"; for each layer its "weights" times that, plus "bias",
    and the activation, but for the last layer; times "normalization.y_scale" plus "normalization.y_mean".
    """
    if out.suffix not in FORMATS:
        raise CommandError(
            f"--out: expected a name that ends in {' or '.join(FORMATS)}, got {out}", EXIT_USAGE
        )
    expect_output(out, model)
    load_model(model)  # whatever is exported is sound
    description, tensors = read_parts(model)
    with writing(out):
        FORMATS[out.suffix][1](out, description, tensors)
    say(f"Wrote {out}: {FORMATS[out.suffix][0]}, {len(tensors)} in all.")
    return EXIT_OK
